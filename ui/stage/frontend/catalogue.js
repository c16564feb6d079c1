// @ts-check
/** The list of all lessons, in a window of its own: how long each takes, and whether it is done. */
import { el } from "./dom.js";
import { finished, marks } from "./progress.js";

/** @typedef {import("./types.js").Catalogue} Catalogue */

const NAMES = { Lessons: "Lessons", Close: "Close", minutes: "{} min", done: "✓ done", begun: "{} of {}", here: "here", left: "Left out:" };

export class ListOfLessons {
  /** @type {HTMLDialogElement | null} */
  dialog = null;

  /**
   * @param {HTMLElement} node  of the stage
   * @param {(lesson: string) => void} chosen
   */
  constructor(node, chosen) {
    this.node = node;
    this.chosen = chosen;
  }

  /**
   * Open it, or close it.
   * @param {Catalogue} catalogue
   * @param {string | undefined} here  the lesson that is on the page
   */
  toggle({ lessons, broken }, here) {
    if (this.dialog) {
      this.dialog.close();
      return;
    }
    const rows = lessons.map(({ name, title, minutes, steps }) => {
      const done = Object.keys(marks(name)).filter((step) => steps.includes(step)).length;
      const state = finished(name, steps) ? NAMES.done : done ? NAMES.begun.replace("{}", String(done)).replace("{}", String(steps.length)) : "";
      return el("li", {}, el("button", { type: "button", "aria-current": name === here ? "true" : null, on: { click: () => this.choose(name) } },
        el("span", {}, title), el("small", {}, NAMES.minutes.replace("{}", String(minutes))), el("small", { class: "stage-done" }, state)));
    });
    const dialog = el("dialog", { class: "stage-help stage-catalogue", "aria-label": NAMES.Lessons, on: { close: () => {
      dialog.remove();
      this.dialog = null;
    } } },
    el("form", { method: "dialog" }, el("h2", {}, NAMES.Lessons), el("button", { class: "stage-tool" }, NAMES.Close)),
    el("ol", {}, ...rows),
    broken.length ? el("p", {}, NAMES.left) : null,
    broken.length ? el("ul", {}, ...broken.map((line) => el("li", {}, line))) : null);
    this.node.append(dialog);
    this.dialog = dialog;
    dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector("[aria-current]"))?.focus();
  }

  /** @param {string} name */
  choose(name) {
    this.dialog?.close();
    this.chosen(name);
  }
}
