// @ts-check
/** The cards of the grid: a title row, one or more figures of which one is in view, handles, the inner slider. */
import { el, setText } from "./dom.js";
import { Picture } from "./figures.js";
import { Formula } from "./formula.js";
import { Handles } from "./handles.js";
import { Hands } from "./hands.js";
import { InnerControl } from "./inner.js";
import { Note } from "./note.js";
import { Numbers } from "./numbers.js";
import { freeAxes, inForce, trueMinus } from "./plotly.js";
import { sightOf } from "./picture.js";
import { Save } from "./save.js";
import { described } from "./series.js";
import { Sliders } from "./sliders.js";
import { Told } from "./told.js";
import { Units } from "./units.js";
import { Zoom, zooms } from "./zoom.js";

/**
 * @typedef {{ id: string, label?: string, host: import("./plotly.js").Host, handles: Handles, told: Told,
 *   node: HTMLElement, picture: Picture, button?: HTMLElement }} Face  one of the figures of a card
 * @typedef {{ held: (figure: string) => Map<string, any>, slot: import("./types.js").Slots, theme: import("./types.js").Theme, glide: boolean, brisk: boolean,
 *   way: (figure: string) => Map<string, import("./types.js").Steps> }} Shown  a frame, as it is to be drawn
 * @typedef {{ wanted: () => void, moved: (index: number) => void }} InnerEvents
 * @typedef {{ begin: () => void, chosen: (unit: number) => boolean, other: (way: number) => void }} UnitEvents
 */

const LOWEST = 180; // pixels that the largest plot of a figure is high, at least

export class View {
  /**
   * @param {import("./types.js").View} view
   * @param {import("./types.js").Scene} scene
   * @param {{ seek: (frame: number) => void, now: () => number | null, hand: import("./types.js").HandleEvents,
   *   point: (deed: string, figure: string, x: number, y: number) => void, switched: (face: Face) => void, grown: () => void, inner: InnerEvents, units: UnitEvents }} on
   */
  constructor(view, scene, on) {
    this.view = view;
    this.name = view.tab ?? view.title;
    /** @type {HTMLButtonElement | null} */
    this.tab = null; // where it shares a place with others
    this.need = ""; // the least height of its figure
    this.seen = false; // rather than behind another
    /** @type {Shown | undefined} */
    this.frame = undefined; // in view
    this.on = on;
    this.figures = view.figures.map(({ id, label }) => this.figure(id, label, scene));
    this.chosen = this.figures[0];
    // where the tab says as much, the title need not
    const said = !view.heading && view.title === this.name;
    this.title = el("h2", { class: said ? "stage-said" : null }, view.title);
    this.note = view.note ? new Note(view.note, Boolean(view.apart)) : null;
    this.sliders = new Sliders(on.hand);
    this.chooses = scene.inside?.chooses ?? {};
    const inside = scene.inside?.view === view.id ? scene.inside : null;
    this.units = inside ? new Units(inside, on.units) : null;
    this.formula = view.formula ? new Formula(inside?.hint ?? "") : null;
    this.inner = scene.inner?.view === view.id ? new InnerControl(scene.inner, on.inner) : null;
    const switcher = this.figures.length > 1 ? this.switcher() : null;
    const zoomed = this.figures.map(({ picture }) => picture).filter(zooms);
    this.zoom = zoomed.length ? new Zoom(view.title, zoomed, () => this.chosen.picture) : null;
    const open = view.hands && this.figures.find(({ id }) => id === view.hands?.figure);
    this.hands = view.hands && open ? new Hands(view.hands, open, (deed, x, y) => on.point(deed, open.id, x, y)) : null;
    this.save = new Save(view.title, () => this.sight(scene));
    this.numbers = new Numbers(view.title, () => this.chosen.host);
    this.description = ""; // what the page itself says of the picture
    this.plots = el("div", { class: "stage-figures" }, ...this.figures.map(({ node }) => node), this.numbers.panel);
    this.node = el("section", { class: "stage-view", "aria-label": view.title, "data-view": view.id },
      el("header", { class: "stage-title" }, this.title,
        el("div", { class: "stage-side" }, this.hands?.node, this.zoom?.node, this.numbers.node, this.save.node, this.units?.node), switcher, this.note?.node),
      this.hands?.note, this.formula?.node, this.plots,
      this.sliders.node, this.inner?.node);
    this.choose(this.chosen);
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.resize()));
    this.observer.observe(this.plots);
  }

  /**
   * @param {string} id
   * @param {string | undefined} label
   * @param {import("./types.js").Scene} scene
   * @returns {Face}
   */
  figure(id, label, scene) {
    const plot = el("div", { class: "stage-plot", role: "img", id: `stage-${id}`, "aria-label": label ?? this.view.title });
    const host = /** @type {import("./plotly.js").Host} */ (plot); // which it becomes with the first drawing
    const handles = new Handles(host, this.on.hand);
    // an application: a screen reader leaves it the arrow keys
    const node = el("div", { class: "stage-figure", "data-figure": id, tabindex: 0, role: "application",
      "aria-label": `${label ?? this.view.title}: its points, by arrow keys`, "aria-describedby": `${plot.id} ${handles.told.id}` }, host, handles.node, handles.told, handles.keys);
    const frames = this.view.click === "x" ? { now: this.on.now, chosen: this.on.seek } : null;
    const told = new Told(node, host, handles, frames);
    return { id, label, host, handles, told, node, picture: new Picture(id, scene.figures[id], scene.glide ?? [], host) };
  }

  switcher() {
    const buttons = this.figures.map((figure) => {
      const click = () => {
        this.choose(figure);
        this.on.switched(figure);
      };
      return (figure.button = el("button", { type: "button", on: { click } }, figure.label));
    });
    return el("div", { class: "stage-switch", role: "group", "aria-label": this.view.title }, ...buttons);
  }

  /** @param {Face} figure */
  choose(figure) {
    this.chosen = figure;
    for (const other of this.figures) {
      other.node.hidden = other !== figure;
      other.button?.setAttribute("aria-pressed", String(other === figure));
    }
    if (this.zoom) this.zoom.node.hidden = !zooms(figure.picture);
    this.grow();
  }

  /** The view, and which of its figures where that is not the first, as one word. */
  get token() {
    return this.chosen === this.figures[0] ? this.view.id : `${this.view.id}.${this.chosen.id}`;
  }

  /**
   * The figure in view as it is on the screen, the reader's zoom with it; and what its picture is called.
   * @param {import("./types.js").Scene} scene
   */
  sight(scene) {
    const { chosen: { id, host, picture }, frame, token, view } = this;
    if (!frame || !picture.built) return null;
    const { layout } = inForce(host);
    const zoomed = freeAxes(host).filter(([name]) => !layout[name].autorange).map(([name, range]) => /** @type {const} */ ([`${id}/${name}.range`, range]));
    const held = new Map([...frame.held(id), ...zoomed]);
    return { sight: sightOf(scene, view, id, held, frame.slot), name: `elbo-room-${token.replace(".", "-")}-${this.on.now() ?? 0}` };
  }

  /** Keep the figure so high that its largest plot is as high as it has to be, whatever stands above and below. */
  grow() {
    const { around, share } = this.chosen.picture;
    const need = `calc(${around.toFixed(1)}rem / var(--root, 16) + ${Math.ceil(2 + LOWEST / share)}px)`;
    if (this.need === need) return;
    this.need = this.plots.style.minHeight = need;
    this.on.grown();
  }

  /** Look whether it is in view, and how large. */
  measure() {
    const width = this.plots.offsetWidth;
    this.seen = width > 0;
    if (this.note?.fit(this.plots)) this.on.grown();
    if (this.seen) this.chosen.picture.measure();
  }

  /**
   * The words of a frame, and its sliders: what stands around the figures.
   * @param {{ slot: import("./types.js").Slots, handles: import("./types.js").Handle[] }} frame
   */
  say({ slot, handles }) {
    const { chosen: { id }, title, view } = this;
    this.sliders.show(handles.filter((handle) => handle.kind === "slider").filter(({ figure }) => this.figures.some((face) => face.id === figure)));
    if (!this.seen) return; // behind another
    this.formula?.show(slot(view.formula ?? ""));
    const unit = slot(`unit.${view.id}`)?.text;
    this.units?.show(unit);
    this.save.node.hidden = this.units !== null && unit === undefined; // there is no picture outside
    const found = view.heading && (slot(`${view.heading}.${id}`) ?? slot(view.heading))?.text;
    if (view.heading) setText(title, found || view.title);
    this.note?.show(slot);
    this.description = (view.describe && slot(view.describe)?.text) || "";
  }

  /** What is in view stays: say in words, and where the reader asks in numbers, what the figure shows. */
  rested() {
    const { chosen: { host, label, picture }, numbers, title, view } = this;
    if (!this.seen || !picture.built || !host.isConnected) return;
    const called = label && label !== title.textContent ? `${title.textContent}: ${label}` : title.textContent;
    host.setAttribute("aria-label", [`${called}.`, this.description, described(host, view.click === "x" ? this.on.now() : null)].filter(Boolean).join(" "));
    numbers.show();
    if (this.note?.fit(this.plots)) this.on.grown();
  }

  /**
   * Draw the values of one frame. Returns the tween of the figure in view, if it has one.
   * @param {Shown} frame
   */
  draw(frame) {
    if (!this.seen) return null; // behind another
    const { held, theme, glide, way, brisk } = this.frame = frame;
    const { id, picture } = this.chosen;
    const fresh = !picture.built;
    const tween = picture.show(held(id), theme, glide, way(id), brisk);
    if (fresh) this.connect(this.chosen);
    return tween;
  }

  /** Half-steps no longer follow fast. */
  settle() {
    if (this.seen) this.chosen.picture.settle();
  }

  /**
   * Show the handles of one frame, and its words.
   * @param {{ slot: import("./types.js").Slots, handles: import("./types.js").Handle[], theme: import("./types.js").Theme }} frame
   */
  tell({ slot, handles, theme }) {
    this.say({ slot, handles });
    if (!this.seen) return;
    const { id } = this.chosen;
    this.chosen.handles.show(handles.filter((handle) => handle.kind !== "slider").filter(({ figure }) => figure === id), theme);
    this.chosen.told.renew();
  }

  /** @param {Face} face */
  connect({ host, handles, told, picture }) {
    host.on("plotly_relayout", () => handles.follow());
    host.on("plotly_beforehover", () => trueMinus(host));
    host.on("plotly_afterplot", () => {
      handles.follow();
      told.watch();
      this.grow();
    });
    const { chooses } = this;
    // a point of a trace that stands for units of the data: the followed one
    host.on("plotly_click", ({ points }) => points.some((/** @type {Record<string, any>} */ { data, pointNumber }) => {
      const units = chooses[`${picture.id}/${data.meta}`];
      return units !== undefined && this.on.units.chosen(units === null ? pointNumber : units[pointNumber]);
    }));
    if (this.view.click === "x") {
      host.classList.add("stage-clickable");
      host.on("plotly_click", ({ points }) => this.on.seek(Math.round(points[0].x)));
    }
  }

  resize() {
    this.formula?.fit();
    if (this.note?.fit(this.plots)) this.on.grown();
    this.chosen.picture.resize();
  }

  /** What is in the reader's hand goes back to where the frame has it. */
  release() {
    this.sliders.release();
    for (const { handles } of this.figures) handles.release();
  }

  destroy() {
    this.observer.disconnect();
    this.release();
    for (const { picture, told } of this.figures) {
      told.destroy();
      picture.destroy();
    }
  }
}

/**
 * Have the views that go together with this one show the same of their figures. Returns it.
 * @param {View[]} views
 * @param {number} number
 */
export function together(views, number) {
  const switched = views[number];
  const place = switched.figures.indexOf(switched.chosen);
  for (const other of views) if (switched.view.together && other.view.together === switched.view.together) other.choose(other.figures[place]);
  return switched;
}
