// @ts-check
/** The line of words beside a card's title, which takes a line of its own where it would be cut. */
import { el, setText } from "./dom.js";

export class Note {
  width = 0; // of the card, when it was last looked at

  /**
   * @param {string} slot  of its words
   * @param {boolean} apart  whether it has a line of its own anyway
   */
  constructor(slot, apart) {
    this.slot = slot;
    this.apart = apart;
    this.node = el("p", { class: "stage-note" });
    this.node.classList.toggle("apart", apart);
  }

  /** @param {import("./types.js").Slots} slot */
  show(slot) {
    setText(this.node, slot(this.slot)?.text ?? "");
  }

  /**
   * Look whether it is cut. A line that it took it keeps, also for fewer words, until the card has another width: figures would jump
   * from frame to frame.
   * @param {number} width  of the card
   * @returns {boolean} whether it takes another line
   */
  fit(width) {
    const { apart, node } = this;
    if (apart || !width) return false;
    if (this.width !== width) node.classList.remove("apart");
    this.width = width;
    if (node.classList.contains("apart") || node.scrollWidth <= node.clientWidth) return false;
    node.classList.add("apart");
    return true;
  }
}
