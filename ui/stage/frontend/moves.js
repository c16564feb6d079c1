// @ts-check
/** The moves that a step of a lesson offers, as buttons; their keys stay. */
import { el } from "./dom.js";

/** @typedef {import("./types.js").Act} Act */

const NAMES = { Moves: "Moves" };

export class Moves {
  told = ""; // which stand here

  /** @param {(act: Act) => void} act */
  constructor(act) {
    this.act = act;
    this.node = el("div", { class: "stage-moves", role: "group", "aria-label": NAMES.Moves, hidden: true });
  }

  /** @param {{ letter: string, word: string }[]} moves */
  show(moves) {
    const told = JSON.stringify(moves);
    if (told === this.told) return; // a button that has the focus keeps it
    this.told = told;
    this.node.hidden = !moves.length;
    this.node.replaceChildren(...moves.map(({ letter, word }) => el("button", { class: "stage-tool", type: "button",
      on: { click: () => this.act({ act: "move", letter }) } }, el("kbd", {}, letter), ` ${word}`)));
  }
}
