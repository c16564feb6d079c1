// @ts-check
/** A tool of a card, on or off: while it is on, a bar beside its button says what the pointer does. */
import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./icons.js").Icon} Icon */

/**
 * A button with a picture.
 * @param {Icon} picture
 * @param {string} name
 * @param {() => void} click
 */
export function pictured(picture, name, click) {
  return el("button", { type: "button", "aria-label": name, title: name, on: { click } }, icon(picture));
}

/** @template {Icon} Choice  of what the pointer does; its picture has the same name */
export class Tool {
  /** @type {Choice | null} */
  chosen = null; // none while the tool is off

  /**
   * `turned()` hears of every choice.
   * @param {{ name: string, picture: Icon, choices: [Choice, string][], more?: HTMLElement[], kind?: string }} what  the first of
   *   the choices comes with the tool; more: further buttons in the bar
   * @param {() => void} turned
   */
  constructor({ name, picture, choices, more = [], kind = "" }, turned) {
    this.turned = turned;
    this.button = pictured(picture, name, () => this.turn(this.chosen ? null : choices[0][0]));
    this.choices = choices.map(([choice, label]) => ({ choice, node: pictured(choice, label, () => this.turn(choice)) }));
    this.bar = el("div", { class: "stage-zoombar", role: "group", "aria-label": name }, ...this.choices.map(({ node }) => node), ...more);
    this.node = el("div", { class: `stage-zoom ${kind}`, on: { keydown: (event) => this.escape(event) } }, this.bar, this.button);
  }

  /**
   * From now on the pointer does this, or nothing.
   * @param {Choice | null} chosen
   */
  turn(chosen) {
    this.chosen = chosen;
    this.bar.hidden = !chosen;
    this.button.setAttribute("aria-pressed", String(Boolean(chosen)));
    for (const { choice, node } of this.choices) node.setAttribute("aria-pressed", String(choice === chosen));
    this.turned();
  }

  /** @param {KeyboardEvent} event */
  escape(event) {
    if (event.key !== "Escape" || !this.chosen) return;
    this.turn(null);
    this.button.focus();
  }
}
