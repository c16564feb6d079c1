// @ts-check
/** One Plotly figure that is built once and afterwards only restyled. */
import { address, alike, between, own, read, stepAt, underway, write } from "./attributes.js";
import { placed } from "./blocks.js";
import { decode } from "./decode.js";
import { Owed, unseen, wasWide } from "./haste.js";
import { inForce, plotly, settled } from "./plotly.js";
import { redraw } from "./redraw.js";
import { dress, paint, sized } from "./theme.js";

/**
 * @typedef {import("./types.js").Theme} Theme
 * @typedef {(t: number) => void} Tween  from 0, the start of the way, to 1, its end
 * @typedef {[key: string, value: any]} Change
 * @typedef {"pan" | "zoom" | false} Drag  what a drag on the figure does
 */

const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, showAxisDragHandles: false, doubleClick: "reset", showTips: false };

/**
 * A value as the theme has it: colours by name, lengths by the size of text.
 * @param {any} value
 * @param {Theme} theme
 * @param {string} key
 */
const worn = (value, { colors, scale }, key) => sized(paint(value, colors), scale, key.slice(key.lastIndexOf("/") + 1));

export class Picture {
  /** @type {Map<string, any>} */
  shown = new Map(); // key -> the value (as sent) that the figure has now
  /** @type {Map<string, any>} */
  latest = new Map(); // key -> the value that Plotly was given last
  /** @type {Map<string, any>} */
  drawn = new Map(); // key of a gliding trace -> the numbers on screen, possibly on their way
  built = false;
  size = { width: 0, height: 0 }; // of its place
  /** @type {Drag} */
  drag = false; // unless the reader asks for more
  still = false; // whether it is to be looked at and nothing else
  /** @type {Theme | undefined} */
  theme;

  /**
   * @param {string} id
   * @param {import("./types.js").Figure} spec
   * @param {string[]} glides
   * @param {import("./plotly.js").Host} host
   */
  constructor(id, spec, glides, host) {
    this.id = id;
    /** @type {{ data: Record<string, any>[], layout: Record<string, any> }} */
    this.spec = { data: decode(spec.data ?? []), layout: decode(spec.layout ?? {}) };
    // frames know traces by name, which stands in their `meta`; Plotly by number
    this.numbers = new Map(this.spec.data.map(({ meta }, number) => [`${id}/${meta}`, `${id}/${number}`]));
    this.glides = new Set(glides.map((trace) => this.numbers.get(trace) ?? trace));
    this.owed = new Owed(new Set(this.spec.data.flatMap((trace, number) => (unseen(trace) ? [`${id}/${number}`] : []))));
    this.host = host;
  }

  /**
   * Show the values of `named` (see History.figure). Returns a tween `t -> void`, t from 0 to 1, when some trace has a
   * way to glide and `glide` allows it, or `way` says what is in between; everything else changes at once, in a single
   * restyle.
   * @param {Map<string, any>} named
   * @param {Theme} theme
   * @param {boolean} glide
   * @param {Map<string, import("./types.js").Steps>} [way]
   * @param {boolean} [brisk]  whether the next frame comes before this one can be read
   * @returns {Tween | null}
   */
  show(named, theme, glide, way = new Map(), brisk = false) {
    const held = this.numbered(named);
    const steps = this.numbered(way);
    for (const key of this.shown.keys()) if (!held.has(key)) held.set(key, undefined);
    if (!this.built || theme.signature !== this.theme?.signature) return this.draw(held, theme);
    this.adapt();
    /** @type {Change[]} */
    const now = [];
    /** @type {{ key: string, value: any, target: any, at: (t: number) => any }[]} */
    const moving = [];
    for (const [key, value] of held) {
      const stops = steps.get(key);
      if (stops && value) {
        this.shown.delete(key); // until it has arrived, no value counts as shown
        let present = 0;
        now.push([key, underway(stops, value, present)]);
        moving.push({ key, value, target: value, at: (t) => {
          if (present === stepAt(stops, t)) return undefined; // as it is on screen
          present = stepAt(stops, t);
          return underway(stops, value, present);
        } });
        continue;
      }
      if (this.shown.has(key) ? alike(this.shown.get(key), value) : value === undefined) continue;
      const { trace, path } = address(key);
      const target = value ?? this.original(key);
      const from = this.drawn.get(key);
      const travels = (path === "x" || path === "y") && this.glides.has(`${this.id}/${trace}`);
      if (travels && glide && from && target && from.length === target.length) {
        this.shown.delete(key);
        moving.push({ key, value, target, at: (t) => between(from, target, t) });
        continue;
      }
      this.shown.set(key, value);
      if (travels) this.drawn.set(key, target);
      now.push([key, own(worn(target, theme, key))]);
    }
    if (brisk) this.restyle(this.owed.put(now), true);
    else this.settle(now);
    if (!moving.length) return null;
    return (t) => {
      /** @type {Change[]} */
      const changes = [];
      for (const { key, value, target, at } of moving) {
        const present = t < 1 ? at(t) : target;
        if (t >= 1) this.shown.set(key, value);
        if (present === undefined) continue;
        this.drawn.set(key, present);
        changes.push([key, present]);
      }
      this.restyle(changes);
    };
  }

  /**
   * The same values with traces by number: "figure/elbo/x" is "figure/0/x".
   * @param {Map<string, any>} named
   */
  numbered(named) {
    /** @param {string} key */
    const number = (key) => key.replace(/^[^/]+\/[^/]+(?=\/)/, (trace) => this.numbers.get(trace) ?? trace);
    /** @type {Map<string, any>} */
    const result = new Map();
    for (const [key, value] of named) result.set(number(key), value);
    return result;
  }

  /** @param {string} key */
  original(key) {
    const { trace, path } = address(key);
    return read(trace === null ? this.spec.layout : this.spec.data[trace], path) ?? null;
  }

  /**
   * One Plotly call for all changes: traces that an attribute does not concern get `undefined`, which Plotly skips.
   * @param {Change[]} changes
   * @param {boolean} [brisk]
   */
  restyle(changes, brisk = false) {
    if (!changes.length) return;
    for (const [key, value] of changes) this.latest.set(key, value);
    if (redraw(this.host, changes, brisk)) return;
    const traces = [...new Set(changes.map(([key]) => address(key).trace).filter((trace) => trace !== null))];
    /** @type {Record<string, any[]>} */
    const style = {};
    /** @type {Record<string, any>} */
    const layout = {};
    for (const [key, value] of changes) {
      const { trace, path } = address(key);
      if (trace === null) layout[path] = own(value);
      else (style[path] ??= traces.map(() => undefined))[traces.indexOf(trace)] = value;
    }
    if (!Object.keys(layout).length) plotly().restyle(this.host, style, traces);
    else if (!traces.length) plotly().relayout(this.host, layout);
    else plotly().update(this.host, style, layout, traces);
  }

  /**
   * Draw all that was left for later, as it is to be at rest.
   * @param {Change[]} [changes]  which come with it
   */
  settle(changes = []) {
    if (!this.built) return;
    this.restyle(this.owed.take(changes));
    if (wasWide(this.host)) plotly().redraw(this.host);
  }

  /**
   * The whole figure: at the start, and again (in place) when the theme has changed.
   * @param {Map<string, any>} held
   * @param {Theme} theme
   */
  draw(held, theme) {
    this.theme = theme;
    this.owed.take([]);
    wasWide(this.host);
    const data = worn(this.spec.data, theme, "").map((/** @type {Record<string, any>} */ trace) => ({ ...trace }));
    const layout = { ...dress(worn(structuredClone(this.spec.layout), theme, ""), theme), ...this.size, dragmode: this.drag };
    for (const [path, value] of Object.entries(placed(layout, this.size, theme.scale))) write(layout, path, value);
    for (const [key, value] of held) {
      const { trace, path } = address(key);
      const target = value ?? this.original(key);
      this.shown.set(key, value);
      if (this.glides.has(`${this.id}/${trace}`)) this.drawn.set(key, target);
      const painted = own(worn(target, theme, key));
      this.latest.set(key, painted);
      // what stands nowhere is no null: Plotly puts the zoom that it keeps into what it finds, and fails on that
      if (painted !== null) write(trace === null ? layout : data[trace], path, trace === null ? own(painted) : painted);
    }
    plotly()[this.built ? "react" : "newPlot"](this.host, data, layout, { ...CONFIG, staticPlot: this.still });
    if (!this.built && !settled(this.host)) plotly().redraw(this.host);
    this.built = true;
    return null;
  }

  /** How high what stands above and below the plots is, as figures give lengths: it grows with the text also where nobody looks. */
  get around() {
    const { _size: size, margin } = { ...this.spec.layout, ...(this.built ? inForce(this.host).layout : {}) };
    return size ? (size.t + size.b) / (this.theme?.scale ?? 1) : (margin?.t ?? 10) + (margin?.b ?? 40);
  }

  /** The share of the height between them that the highest plot has. */
  get share() {
    const { layout } = this.spec;
    const heights = Object.keys(layout).filter((name) => /^yaxis\d*$/.test(name))
      .map((name) => { const [low, high] = layout[name].domain ?? [0, 1]; return high - low; });
    return Math.max(...heights, 0) || 1;
  }

  /**
   * Look how large its place is: before anything is written, or the browser has to lay out the page in between. Plotly is told:
   * what it finds out by itself it takes over at any change of the figure, also at one after which the traces alone are drawn,
   * beside axes that stay as they were.
   */
  measure() {
    const { offsetWidth: width, offsetHeight: height } = this.host;
    this.size = { width, height };
  }

  /** Whether it was drawn for another size than its place has. */
  get stale() {
    const { size, built } = this;
    if (!built || !size.width || !size.height) return false;
    const { width, height } = inForce(this.host).layout;
    return width !== size.width || height !== size.height;
  }

  resize() {
    this.measure();
    this.adapt();
  }

  /** Draw it for the size of its place, zoom kept, also that of the toolbar, which Plotly forgets where a figure is drawn whole. */
  adapt() {
    if (!this.stale) return;
    const { layout } = inForce(this.host);
    plotly().relayout(this.host, { ...this.size, ...placed(layout, this.size, this.theme?.scale ?? 1) });
  }

  /**
   * Let go of the figure. It is not purged: Plotly goes on with a drawing under way, a hover that is due or a drag that has
   * not ended, and fails where it finds a purged figure. It keeps no figure that has left the page, so memory stays flat.
   */
  destroy() {
    if (this.built) this.host.removeAllListeners();
    this.built = false;
  }
}
