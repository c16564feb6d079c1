// @ts-check
/** A card's numbers as a table, in the place of its figure: for who reads better than they see, and for who copies. */
import { tables } from "./columns.js";
import { el } from "./dom.js";
import { shown, written } from "./series.js";
import { pictured } from "./tool.js";

/** @typedef {import("./plotly.js").Host} Host */

const ROWS = 200; // of one trace
const TABLES = 40; // of one figure

/**
 * The numbers of a figure, then its words. Text alone: nothing that a figure holds is read as HTML.
 * @param {Host} host
 */
function shownAsTables(host) {
  const lines = written(host), all = tables(host), few = all.slice(0, TABLES);
  const made = few.map(({ name, heads, places, cells }) => {
    const first = places.slice(0, ROWS), left = places.length - first.length;
    const head = el("tr", {}, ...heads.map((label) => el("th", { scope: "col" }, label)));
    const rows = first.map((place) => el("tr", {}, ...cells.map((value) => el("td", {}, shown(value(place))))));
    return el("table", {}, el("caption", {}, left ? `${name}: the first ${ROWS} of ${places.length} rows` : name), el("thead", {}, head), el("tbody", {}, ...rows));
  });
  const more = all.length - few.length;
  const words = lines.length ? el("table", {}, el("caption", {}, "Written in the figure"), el("tbody", {}, ...lines.map((line) => el("tr", {}, el("td", {}, line))))) : null;
  const found = [...made, more > 0 ? el("p", {}, `And ${more} more like these.`) : null, words];
  return found.some(Boolean) ? found : [el("p", {}, "There are no numbers in this figure yet.")];
}

export class Numbers {
  open = false;

  /**
   * @param {string} title  of the card
   * @param {() => Host} host  of the figure in view
   */
  constructor(title, host) {
    this.host = host;
    this.button = pictured("numbers", `Numbers: ${title}`, () => this.turn(!this.open));
    this.node = el("div", { class: "stage-read" }, this.button);
    this.panel = el("div", { class: "stage-numbers", role: "region", "aria-label": `Numbers: ${title}`, tabindex: 0 });
    for (const node of [this.node, this.panel]) node.addEventListener("keydown", (event) => this.escape(event));
    this.turn(false);
  }

  /** @param {boolean} open */
  turn(open) {
    this.open = open;
    this.panel.hidden = !open;
    this.button.setAttribute("aria-pressed", String(open));
    this.show();
    if (open) this.panel.focus();
  }

  /** The numbers of the frame in view, where they are open. */
  show() {
    if (this.open) this.panel.replaceChildren(...shownAsTables(this.host()).filter((node) => node !== null));
    else this.panel.replaceChildren();
  }

  /** @param {KeyboardEvent} event */
  escape(event) {
    if (event.key !== "Escape" || !this.open) return;
    event.preventDefault();
    this.turn(false);
    this.button.focus();
  }
}
