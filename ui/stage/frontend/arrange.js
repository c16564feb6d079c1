// @ts-check
/** Where the views stand: in a grid of places, each with one view or several behind tabs, as many as the window has room for. */
import { el } from "./dom.js";

/**
 * @typedef {import("./views.js").View} View
 * @typedef {{ rows: string[][], heights?: string, widths?: string }} Drawing  names of places by row; a place that several
 *   views share has their names with + between; heights and widths as CSS has them
 */

const WIDE = 60, MEDIUM = 40, PAIR = 44, COLUMN = 17; // rem of the stage's own width: from here on a grid, two columns, one more

export class Arrangement {
  /** @type {View[]} */
  recent = []; // those that the reader has brought to the front, the last one first
  /** @type {View[] | null} */
  only = null; // no others are in view
  /** @type {View | null} */
  lead = null; // stands at the front for a while, whatever the reader has chosen
  /** @type {string} */
  made = ""; // which drawing stands

  /**
   * @param {import("./types.js").Scene} scene
   * @param {View[]} views
   * @param {(view: View) => void} chosen  the reader has brought it to the front
   */
  constructor(scene, views, chosen) {
    this.scene = scene;
    this.views = views;
    this.chosen = chosen;
    this.node = el("div", { class: "stage-views" });
  }

  /** Those that are in view. */
  get shown() {
    return this.views.filter(({ node }) => !node.hidden && node.isConnected);
  }

  /** Those that stand alone: with one that leads among them. */
  get alone() {
    const { only, lead } = this;
    return only && lead && !only.includes(lead) ? [only[0], lead] : only;
  }

  /**
   * Bring a view to the front of its place.
   * @param {View} view
   */
  front(view) {
    this.lead = null;
    this.recent = [view, ...this.recent.filter((other) => other !== view)];
    this.turn();
  }

  /**
   * Place the views anew, in the richest of the drawings whose views all have the height they need.
   * @param {number} width  of the stage, in rem
   * @param {() => boolean} fits  whether what stands now does without scrolling
   * @param {boolean} [again]  the views need more than was known: none but the drawing that stands, and those after it
   */
  fit(width, fits, again = false) {
    const drawings = this.candidates(width);
    if (again) drawings.splice(0, drawings.findIndex((drawing) => JSON.stringify(drawing) === this.made));
    for (const drawing of drawings) {
      this.place(drawing);
      if (drawing === drawings.at(-1) || fits()) return;
    }
  }

  /**
   * @param {number} width
   * @returns {Drawing[]}
   */
  candidates(width) {
    const { views, alone } = this;
    const names = views.map(({ view }) => view.id);
    /** @type {Drawing} */
    const single = { rows: [[names.join("+")]] };
    if (alone) return [width < MEDIUM ? { rows: alone.map(({ view }) => [view.id]) } : { rows: [alone.map(({ view }) => view.id)] }];
    if (width < MEDIUM || views.length < 2) return [single];
    const pair = { rows: [[names[0], names.slice(1).join("+")]] };
    return [...this.drawing(width < WIDE ? "medium" : "wide"), ...this.drawing("low"), width < PAIR ? single : pair]
      .filter(({ rows }) => width >= COLUMN * rows[0].length);
  }

  /**
   * One of the scene's, if it has it.
   * @param {"wide" | "medium" | "low"} name
   * @returns {Drawing[]}
   */
  drawing(name) {
    const { areas, columns, rows } = this.scene;
    const drawn = areas?.[name] ?? (name === "medium" ? areas?.wide : undefined);
    return drawn ? [{ rows: drawn.map((row) => row.trim().split(/\s+/)), heights: rows?.[name], widths: columns?.[name] }] : [];
  }

  /** @param {Drawing} drawing */
  place(drawing) {
    const made = JSON.stringify(drawing);
    const { rows, heights, widths } = drawing;
    if (made === this.made) return;
    this.made = made;
    const places = [...new Set(rows.flat())];
    const areas = rows.map((row) => `"${row.map((name) => `p${places.indexOf(name)}`).join(" ")}"`).join(" ");
    const sizes = heights ?? `repeat(${rows.length}, minmax(min-content, 1fr))`;
    const shares = widths ?? `repeat(${rows[0].length}, minmax(0, 1fr))`;
    Object.assign(this.node.style, { gridTemplateAreas: areas, gridTemplateRows: sizes, gridTemplateColumns: shares });
    const focused = document.activeElement;
    this.node.replaceChildren(...places.map((name, number) => this.deck(name.split("+"), number)));
    if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
    this.turn();
  }

  /**
   * One place: the views that share it, behind tabs where there are several.
   * @param {string[]} names
   * @param {number} number
   */
  deck(names, number) {
    const views = names.map((name) => this.views.find(({ view }) => view.id === name)).filter((view) => view !== undefined);
    const tabs = views.map((view) => (view.tab = views.length < 2 ? null : el("button", {
      type: "button", role: "tab", class: "stage-tab", title: view.view.title, on: {
        click: () => this.choose(view),
        keydown: (event) => this.step(event, views, view),
      } }, view.name)));
    const list = views.length < 2 ? null
      : el("div", { class: "stage-tabs", role: "tablist", "aria-label": views.map(({ name }) => name).join(", ") }, ...tabs);
    for (const { node } of views) {
      if (list) node.setAttribute("role", "tabpanel");
      else node.removeAttribute("role");
    }
    return el("div", { class: list ? "stage-place stage-deck" : "stage-place", style: { "grid-area": `p${number}` } },
      list, ...views.map(({ node }) => node));
  }

  /** @param {View} view */
  choose(view) {
    this.front(view);
    this.chosen(view);
  }

  /**
   * Arrow keys on a tab go to the next one.
   * @param {KeyboardEvent} event
   * @param {View[]} views
   * @param {View} view
   */
  step(event, views, view) {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const next = views[(views.indexOf(view) + way + views.length) % views.length];
    this.choose(next);
    next.tab?.focus();
  }

  /** Of the views that share a place the one that was brought to the front last is in view. */
  turn() {
    for (const place of this.node.children) {
      const views = this.views.filter(({ node }) => node.parentElement === place);
      const front = [...(this.lead ? [this.lead] : []), ...this.recent].find((view) => views.includes(view)) ?? views[0];
      for (const view of views) {
        view.node.hidden = view !== front;
        view.tab?.setAttribute("aria-selected", String(view === front));
        if (view.tab) view.tab.tabIndex = view === front ? 0 : -1;
      }
    }
  }
}
