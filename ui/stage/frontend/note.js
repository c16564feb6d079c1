// @ts-check
/** The line of words beside a card's title, which takes a line of its own where it would be cut. */
import { el, setText } from "./dom.js";

const ROOM = 300; // pixels that a card's figures must have for a line to be taken from them: on lower ones views would lose their place

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
   * @param {{ offsetWidth: number, offsetHeight: number }} figures  of the card
   * @returns {boolean} whether it takes another line
   */
  fit({ offsetWidth: width, offsetHeight: height }) {
    const { apart, node } = this;
    if (apart || !width) return false;
    if (this.width !== width) node.classList.remove("apart");
    this.width = width;
    if (height < ROOM || node.classList.contains("apart") || node.scrollWidth <= node.clientWidth) return false;
    node.classList.add("apart");
    return true;
  }
}
