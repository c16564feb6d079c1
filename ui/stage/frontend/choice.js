// @ts-check
/** Which number key shows which view, and which of them are shown: a row above the views in presenter mode. */
import { el } from "./dom.js";

/** @typedef {import("./views.js").View} View */

export class Choice {
  /**
   * @param {View[]} views
   * @param {string} name
   * @param {(number: number, second: boolean) => void} pick  this view, alone or beside one other
   */
  constructor(views, name, pick) {
    this.buttons = views.slice(0, 9).map((view, number) => ({ view, node: el("button", {
      type: "button", on: { click: ({ shiftKey }) => pick(number, shiftKey) },
    }, el("kbd", { "aria-hidden": "true" }, String(number + 1)), view.name) }));
    this.node = el("div", { class: "stage-choice", role: "group", "aria-label": name }, ...this.buttons.map(({ node }) => node));
    this.show(null);
  }

  /** @param {View[] | null} only  the views that are shown, in presenter mode */
  show(only) {
    this.node.hidden = !only || this.buttons.length < 2;
    for (const { view, node } of this.buttons) node.setAttribute("aria-pressed", String(Boolean(only?.includes(view))));
  }
}
