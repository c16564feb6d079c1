// @ts-check
/** In the card of the beats: which unit of the data is followed, and buttons to the ones beside it; outside, the way in. */
import { el, setText } from "./dom.js";

export class Units {
  /**
   * @param {import("./types.js").Inside} inside
   * @param {import("./views.js").UnitEvents} on
   */
  constructor({ label, title, previous, following }, on) {
    this.name = el("span");
    /** @param {string} text @param {string} told @param {number} way */
    const button = (text, told, way) => el("button", { type: "button", class: "stage-tool", title: told, "aria-label": told, on: { click: () => on.other(way) } }, text);
    this.row = el("span", {}, button("‹", previous, -1), this.name, button("›", following, 1));
    this.enter = el("button", { type: "button", class: "stage-tool", title, on: { click: on.begin } }, label);
    this.node = el("div", { class: "stage-units" }, this.row, this.enter);
    this.show(undefined);
  }

  /** @param {string | undefined} text  what the unit is called; undefined outside */
  show(text) {
    setText(this.name, text ?? "");
    this.row.hidden = !text;
    this.enter.hidden = text !== undefined;
  }
}
