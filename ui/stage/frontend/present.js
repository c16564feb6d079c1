// @ts-check
/** Showing the stage to others: what is in view, what is lit, the keys for it, and the list of all keys. */
import { el } from "./dom.js";

/**
 * @typedef {import("./types.js").Look} Look
 * @typedef {import("./display.js").Display} Display
 */

const NAMES = {
  Keys: "Keys", Close: "Close",
  next: "next step, previous step", back: "previous step", play: "play or pause", ends: "go to the start, run to the end",
  present: "presenter mode", pages: "next and previous step in presenter mode, as on a clicker",
  digits: "show this view; in presenter mode, this view alone", second: "in presenter mode: this view too, or no longer",
  full: "full screen for the view under the pointer or with the focus, otherwise for everything", blank: "black screen",
  spot: "spotlight on the view or term under the pointer or with the focus, otherwise on the next view", help: "this list",
  points: "in a figure with the focus: to the next point that way, or to another curve; Enter: to the points that can be moved",
  inside: "step inside the next step, one beat further; → ← Space go on, back and play there, Esc leaves", unit: "inside: follow the one before, the one after",
  room: "a room for a class: open one, ask what comes next, close the vote, vote again, reveal; then PgDn too in presenter mode, and Esc ends the question",
  escape: "end spotlight, black screen or full screen",
};
/** @type {[string, keyof typeof NAMES][]} */
const KEYS = [
  ["→ ←", "next"], ["Space", "play"], ["Home End", "ends"], [".", "present"], ["PgDn PgUp", "pages"], ["1 … 9", "digits"],
  ["Shift 1 … 9", "second"], ["F", "full"],
  ["X", "spot"], [",", "blank"], ["Q", "room"], ["Tab → ← ↓ ↑", "points"], ["Esc", "escape"], ["?", "help"],
];
/** @type {[string, keyof typeof NAMES][]} where one can step inside */
const INSIDE = [["I", "inside"], ["↑ ↓", "unit"]];
const PRESENTING = "data-presenting"; // on the root of the page: Streamlit's parts and the size of all text follow it
const MOST = 2; // views side by side
const TELL = 200; // milliseconds after which Python is told of a change

export class Presenter {
  present = false;
  /** @type {string | null} */
  spot = null; // the id of a view, or a term's as equation.id
  /** @type {HTMLDialogElement | null} */
  help = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  telling;

  /**
   * `on`: display() that stands, fit() it into the room there is, step(way) through the frames, inside() which beat is in view, report(look) to Python, free()
   * whether it may be told now.
   * @param {HTMLElement} node  of the stage
   * @param {{ display: () => Display | undefined, fit: () => void, step: (way: number) => void,
   *   inside: () => { beat: number | null, unit: number | null }, free: () => boolean,
   *   report: (look: Look) => void }} on
   */
  constructor(node, on) {
    this.node = node;
    this.on = on;
    this.black = el("div", { class: "stage-black", popover: "manual", on: { click: () => this.blank(false) } });
    this.node.append(this.black);
  }

  /**
   * What is in view, to be told to Python.
   * @returns {Look}
   */
  get look() {
    const display = this.on.display();
    const views = display ? (this.present ? display.arrangement.only : display.arrangement.recent) ?? [] : [];
    return { present: this.present, views: views.map((view) => view.token), spot: this.spot, inner: display?.innerStop ?? null, ...this.on.inside() };
  }

  /** Tell Python what is in view, once nothing is being computed: a report would interrupt that. */
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      if (this.on.free()) this.on.report(this.look);
      else this.tell();
    }, TELL);
  }

  /**
   * Take a look that Python gives; views that the scene does not have are left out.
   * @param {Look} look
   */
  follow({ present, views, spot }) {
    const display = this.on.display();
    if (!display) return;
    const found = views.map((token) => display.named(token)).filter((view) => view !== undefined);
    [...found].reverse().forEach((view) => display.arrangement.front(view));
    this.spot = spot;
    this.show(present, found);
  }

  /**
   * Presenter mode on or off.
   * @param {boolean} on
   * @param {import("./views.js").View[]} [views]  that it shows; else those in view
   */
  show(on, views) {
    const display = this.on.display();
    this.present = on;
    document.documentElement.toggleAttribute(PRESENTING, on);
    this.node.toggleAttribute("data-present", on);
    if (!display) return;
    const { arrangement } = display;
    arrangement.only = on ? (views?.length ? views : arrangement.shown).slice(0, MOST) : null;
    this.light();
    this.on.fit();
  }

  /** On another scene, or another size of the window. */
  renew() {
    const display = this.on.display();
    if (this.present && display && !display.arrangement.only) this.show(true, display.arrangement.recent);
    this.light();
  }

  /**
   * Use a key, if it is one of ours.
   * @param {string} key
   */
  press(key) {
    const display = this.on.display();
    if (!display) return false;
    /** @type {Record<string, (() => void) | undefined>} */
    const does = {
      ".": () => this.toggle(),
      ",": () => this.blank(!this.black.matches(":popover-open")),
      "?": () => this.list(display),
      f: () => this.full(),
      x: () => this.spotlight(display),
    };
    const deed = does[key.toLowerCase()];
    if (deed) deed();
    else if (this.present && (key === "PageDown" || key === "PageUp")) this.on.step(key === "PageDown" ? 1 : -1);
    else if (/^(shift\+)?[1-9]$/.test(key)) return this.pick(display, Number(key.at(-1)) - 1, key.length > 1);
    else if (key === "Escape") return this.escape();
    else return false;
    return true;
  }

  toggle() {
    this.show(!this.present); // what stood at the front before stands there again
    this.tell();
  }

  /**
   * A number's view: to the front; in presenter mode it stands alone, or comes beside one other, or goes from there.
   * @param {Display} display
   * @param {number} number
   * @param {boolean} second
   */
  pick(display, number, second) {
    const { arrangement } = display;
    const view = display.views[number];
    if (!view) return false;
    const { only } = arrangement;
    if (!only) arrangement.choose(view);
    else {
      const rest = second ? only.filter((other) => other !== view) : [];
      const both = rest.length === only.length ? [...rest.slice(1 - MOST), view] : rest;
      arrangement.only = second ? (both.length ? both : only) : [view];
      display.resized();
      this.tell();
    }
    return true;
  }

  /** The view under the pointer or with the focus fills the screen; a second time, all is as before. */
  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else (this.pointed(".stage-view") ?? this.node).requestFullscreen?.().catch(() => {}); // a browser, or a frame, may not allow it
  }

  /** @param {string} selector */
  pointed(selector) {
    const under = [...this.node.querySelectorAll(selector)].find((node) => node.matches(":hover"));
    const found = under ?? (this.node.contains(document.activeElement) ? document.activeElement?.closest(selector) : null);
    return /** @type {HTMLElement | null} */ (found ?? null);
  }

  /** @param {Display} display */
  spotlight(display) {
    const node = this.pointed(".stage-view, .stage-term");
    const named = this.places(display);
    const ids = display.arrangement.shown.map(({ view }) => view.id);
    const under = [...named].find(([, place]) => place === node)?.[0];
    const next = ids[(this.spot === null ? -1 : ids.indexOf(this.spot)) + 1] ?? null;
    this.spot = under ? (under === this.spot ? null : under) : next;
    this.light();
    this.tell();
  }

  /**
   * What the spotlight can fall on.
   * @param {Display} display
   * @returns {Map<string, HTMLElement>}
   */
  places({ views, header }) {
    const terms = [...header.terms].map(([id, node]) => /** @type {[string, HTMLElement]} */ ([`equation.${id}`, node]));
    return new Map([...views.map(({ view, node }) => /** @type {[string, HTMLElement]} */ ([view.id, node])), ...terms]);
  }

  light() {
    const display = this.on.display();
    if (!display) return;
    const places = this.places(display);
    const lit = this.spot === null ? undefined : places.get(this.spot);
    const seen = lit && !lit.hidden && lit.isConnected ? lit : undefined;
    places.forEach((node) => node.toggleAttribute("data-spot", node === seen));
    this.node.toggleAttribute("data-spotlight", Boolean(seen));
  }

  /** @param {boolean} on */
  blank(on) {
    if (on) this.black.showPopover();
    else this.black.hidePopover();
  }

  escape() {
    if (this.black.matches(":popover-open")) this.blank(false);
    else if (this.spot !== null) {
      this.spot = null;
      this.light();
      this.tell();
    } else return false;
    return true;
  }

  /**
   * All keys, in a window of their own.
   * @param {Display} display
   */
  list({ scene, views }) {
    if (this.help) {
      this.help.close();
      return;
    }
    const names = { ...NAMES, ...scene.names };
    /** @param {string} keys @param {string} does */
    const row = (keys, does) => el("div", {},
      el("dt", {}, ...keys.split(" ").map((key) => (key === "…" ? key : el("kbd", {}, key)))), el("dd", {}, does));
    const dialog = el("dialog", { class: "stage-help", "aria-label": names.Keys, on: { close: () => {
      dialog.remove();
      this.help = null;
    } } },
    el("form", { method: "dialog" }, el("h2", {}, names.Keys), el("button", { class: "stage-tool" }, names.Close)),
    el("dl", {},
      ...[...KEYS, ...(scene.inside ? INSIDE : [])].map(([keys, name]) => row(keys, names[name])),
      ...views.map(({ name }, number) => row(String(number + 1), name)),
      ...(scene.help ?? []).map(({ key, does }) => row(key, does))));
    this.node.append(dialog);
    this.help = dialog;
    dialog.showModal();
  }

  destroy() {
    clearTimeout(this.telling);
    if (this.present) document.documentElement.removeAttribute(PRESENTING);
    this.help?.close();
  }
}
