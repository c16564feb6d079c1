// @ts-check
/** What a figure tells of a point under the mouse, told by key too: arrows go from point to point, and a line says the same. */
import { el, setText } from "./dom.js";
import { axisOf, inForce, plotly, trueMinus } from "./plotly.js";
import { nextThatWay, strewn } from "./strewn.js";

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {number | [number, number]} Place  of a point in its trace; of an image's, row and column
 * @typedef {{ trace: number, place: Place }} Point
 */

/** @typedef {[number, number]} Way  traces and points further; where the points are strewn, to the right and down */
/** @type {Record<string, Way>} */
const ARROWS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
/** @type {Record<string, number>} traces further, wherever the points are */
const PAGES = { PageDown: 1, PageUp: -1 };
const HINTS = {
  strewn: "Arrow keys: to the next point that way · Page Down: other marks · Esc: leave",
  ordered: "← →: from point to point · ↑ ↓: to another curve · Esc: leave",
  handles: "Enter: move a point",
};
const DRAWN = 80; // milliseconds until Plotly has drawn what it tells
const SETTLED = 400; // milliseconds after which a new frame has arrived
const NEAR = 1; // pixels
const APART = 12; // pixels between a point and what is told of it, where that stands above or below

/** @param {any} value */
const there = (value) => value !== null && value !== undefined && !Number.isNaN(value);

/**
 * The points of a trace that something is told of; one of a trace that tells the same everywhere.
 * @param {Record<string, any>} trace  as Plotly has filled it in
 * @returns {Place[]}
 */
export function points({ type, visible, hoverinfo, hoveron, x, y, z, text, customdata }) {
  if (visible !== true || hoverinfo === "skip" || hoverinfo === "none" || hoveron === "fills") return [];
  if (type === "heatmap") {
    /** @type {[number, number][]} */
    const places = [];
    Array.from(z ?? []).forEach((row, r) => Array.from(row).forEach((value, c) => there(value) && places.push([r, c])));
    return places;
  }
  const places = Array.from(x ?? []).map((_, n) => n).filter((n) => there(x[n]) && there(y?.[n]));
  return text && typeof text === "string" && !customdata ? places.slice(0, 1) : places;
}

export class Told {
  /** @type {Point | null} */
  point = null; // that is told, or was last
  /** @type {import("./handles.js").Grip | null} */
  grip = null; // whose point is told
  pointed = false; // the focus comes from a pointer
  moved = ""; // where what is told was put, out of its point's way
  /** @type {Element | null} */
  layer = null; // where Plotly tells
  watcher = new MutationObserver(() => this.uncover());
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {HTMLElement} node  with the figure and its handles in it
   * @param {Host} host
   * @param {import("./handles.js").Handles} handles
   * @param {{ now: () => number | null, chosen: (x: number) => void } | null} frames  where a point's x is a frame's
   *   number: the one in view, and how to go to another
   */
  constructor(node, host, handles, frames) {
    this.node = node;
    this.host = host;
    this.handles = handles;
    this.frames = frames;
    this.line = el("p", { class: "stage-said", "aria-live": "polite" });
    node.append(this.line);
    node.addEventListener("pointerdown", () => {
      this.pointed = true;
      setTimeout(() => (this.pointed = false));
    });
    node.addEventListener("focus", () => {
      if (this.pointed) node.blur(); // arrows after a click go on to move the stage
      else this.hint();
    });
    node.addEventListener("blur", () => this.end());
    node.addEventListener("keydown", (event) => this.press(event));
    for (const type of ["pointerover", "focusin"]) handles.node.addEventListener(type, (event) => this.over(event.target));
    for (const type of ["pointerout", "pointerdown", "focusout"]) handles.node.addEventListener(type, () => this.end());
  }

  /** Every trace of which something is told, with its points. */
  get traces() {
    const { traces } = inForce(this.host);
    return (traces ?? []).map((trace, number) => ({ number, trace, places: points(trace) })).filter(({ places }) => places.length);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.target !== this.node || event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = ARROWS[event.key], { point } = this;
    if (event.key === "Enter" && point && this.frames) this.frames.chosen(this.x(point));
    else if (arrow) this.stride(arrow) || this.move(...arrow);
    else if (event.key in PAGES) this.move(PAGES[event.key], 0);
    else if (event.key === "Home" || event.key === "End") this.move(0, event.key === "End" ? Infinity : -Infinity);
    else if (event.key === "Escape" && point) this.node.blur(); // the keys are the stage's again, and Tab goes on from here
    else if (event.key !== "Enter" || !this.handles.enter()) return;
    event.preventDefault();
  }

  /** What the arrows do here, until they do it. */
  hint() {
    const [first] = this.traces, held = this.handles.seen.length ? HINTS.handles : "";
    const moves = first && (strewn(first.trace, first.places) ? HINTS.strewn : HINTS.ordered);
    if (!moves && !held) delete this.node.dataset.hint;
    else this.node.dataset.hint = [moves, held].filter(Boolean).join(" · ");
  }

  /**
   * The next point this way, where the points of the trace that is told are strewn.
   * @param {Way} way
   */
  stride([down, right]) {
    const { point } = this, line = this.traces.find(({ number }) => number === point?.trace);
    const from = line?.places.findIndex((place) => place === point?.place) ?? -1;
    if (!line || from < 0 || !strewn(line.trace, line.places)) return false;
    const { trace: { xaxis, yaxis, x, y }, number, places } = line;
    const [across, along] = [xaxis, yaxis].map((name) => axisOf(this.host, name.replace(/^[xy]/, "$&axis")));
    if (!across || !along) return false;
    /** @type {[number, number][]} */
    const pixels = places.map((place) => [across.d2p(x[/** @type {number} */ (place)]), along.d2p(y[/** @type {number} */ (place)])]);
    this.tell({ trace: number, place: places[nextThatWay(pixels, from, [right, down])] });
    return true;
  }

  /**
   * So many traces further, and so many points; to the point where one begins, when none was told yet.
   * @param {number} across
   * @param {number} along
   */
  move(across, along) {
    const { traces, point } = this;
    if (!traces.length) return;
    /** @param {number} value @param {number} most */
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    const held = point ? traces.findIndex(({ number }) => number === point.trace) : -1;
    const line = traces[within(Math.max(held, 0) + (held < 0 ? 0 : across), traces.length - 1)];
    const before = held < 0 ? -1 : traces[held].places.findIndex((place) => String(place) === String(point?.place));
    const begin = before < 0 && Number.isFinite(along);
    const place = within(begin ? this.start(line) : before + along, line.places.length - 1);
    this.tell({ trace: line.number, place: line.places[place] });
  }

  /**
   * Where one begins: at the frame in view, where a point's x is a frame's number.
   * @param {{ trace: Record<string, any>, places: Place[] }} line
   */
  start({ trace, places }) {
    const now = this.frames?.now() ?? null;
    return now === null ? 0 : places.filter((place) => trace.x[/** @type {number} */ (place)] <= now).length - 1;
  }

  /** @param {Point} point */
  x({ trace, place }) {
    return inForce(this.host).traces[trace].x[/** @type {number} */ (place)];
  }

  /**
   * Show what is told of a point, and say it.
   * @param {Point} point
   */
  tell(point) {
    this.point = point;
    delete this.node.dataset.hint;
    this.node.toggleAttribute("data-told", this.grip === null);
    const { trace: curveNumber, place } = point;
    const { layout, traces } = inForce(this.host);
    const { xaxis = "x", yaxis = "y", x, y } = traces[curveNumber];
    // Plotly takes a cell of an image by its place on the axes alone
    /** @param {string} axis @param {ArrayLike<number> | undefined} along @param {number} n */
    const value = (axis, along, n) => (layout[axis.replace(/^[xy]/, "$&axis")].type === "category" ? n : along?.[n] ?? n);
    const where = Array.isArray(place) ? { xval: value(xaxis, x, place[1]), yval: value(yaxis, y, place[0]) } : { pointNumber: place };
    trueMinus(this.host);
    plotly().Fx.hover(this.host, [{ curveNumber, ...where }], `${xaxis}${yaxis}`);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => setText(this.line, this.text), DRAWN);
  }

  /** Once the figure is drawn: look at all that Plotly tells, which it also writes anew where the point is the same. */
  watch() {
    const layer = this.host.querySelector(".hoverlayer");
    if (!layer || layer === this.layer) return;
    this.layer = layer;
    this.watcher.disconnect();
    this.watcher.observe(layer, { childList: true, subtree: true, attributeFilter: ["transform"] });
  }

  /** What is wider than the room on both sides of its point Plotly lays over it: then it goes above, or else below. */
  uncover() {
    const { left, top } = this.host.getBoundingClientRect();
    for (const node of this.host.querySelectorAll(".hoverlayer .hovertext")) {
      const transform = node.getAttribute("transform") ?? "", found = /^translate\(([-\d.]+),\s*([-\d.]+)\)$/.exec(transform);
      if (!found || transform === this.moved) continue;
      const [x, y] = found.slice(1).map(Number), box = node.getBoundingClientRect();
      const [low, high] = [box.top - top, box.bottom - top];
      if (box.left - left > x - NEAR || box.right - left < x + NEAR || low > y - NEAR || high < y + NEAR) continue;
      const above = y - APART - high, below = y + APART - low;
      this.moved = `translate(${x},${y + (low + above < 0 ? below : above)})`;
      node.setAttribute("transform", this.moved);
    }
  }

  /** What stands beside the point now. */
  get text() {
    const texts = [...this.host.querySelectorAll(".hoverlayer .hovertext .nums")];
    return texts.map((node) => {
      const lines = [...node.querySelectorAll("tspan.line")];
      return (lines.length ? lines : [node]).map(({ textContent }) => textContent).join("; ");
    }).join("; ");
  }

  /** Another frame: the same point is told anew, if one is. */
  renew() {
    if (!this.active) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { traces, point, grip } = this;
      const same = grip ? this.beneath(grip) : point;
      const known = same && traces.find(({ number }) => number === same.trace)?.places.some((place) => String(place) === String(same.place));
      if (known) this.tell(same);
    }, SETTLED);
  }

  get active() {
    return this.grip !== null || (this.point !== null && document.activeElement === this.node);
  }

  /**
   * The marker on which a handle lies, told while the pointer or the focus is on the handle.
   * @param {EventTarget | null} target
   */
  over(target) {
    const grip = [...this.handles.grips.values()].find(({ node }) => node === target);
    const point = grip && this.beneath(grip);
    if (!grip || !point) return;
    this.grip = grip;
    grip.node.removeAttribute("title"); // the same place would say two things
    this.tell(point);
  }

  /**
   * The only point of a trace, where a handle lies on one: data may lie there too.
   * @param {import("./handles.js").Grip} grip
   * @returns {Point | null}
   */
  beneath(grip) {
    const axes = this.handles.axes(grip);
    if (!axes) return null;
    const [left, top] = [axes[0].d2p(grip.x), axes[1].d2p(grip.y)];
    const names = grip.axes.map((name) => name.replace("axis", ""));
    for (const { number, trace, places } of this.traces) {
      if (trace.type !== "scatter" || trace.xaxis !== names[0] || trace.yaxis !== names[1] || !/markers/.test(trace.mode)) continue;
      const place = places.find((n) => {
        const at = /** @type {number} */ (n);
        return Math.abs(axes[0].d2p(trace.x[at]) - left) < NEAR && Math.abs(axes[1].d2p(trace.y[at]) - top) < NEAR;
      });
      if (place !== undefined && places.length === 1) return { trace: number, place };
    }
    return null;
  }

  end() {
    clearTimeout(this.timer);
    this.grip = null;
    delete this.node.dataset.told;
    setText(this.line, "");
    if (inForce(this.host).traces) plotly().Fx.unhover(this.host);
  }

  destroy() {
    this.watcher.disconnect();
    clearTimeout(this.timer);
  }
}
