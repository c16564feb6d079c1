// @ts-check
/**
 * All that Plotly is asked for and not documented to have, in one place with axes.js: what begins with an underscore here may
 * change with any version of it (constraints.txt holds the one that is tested).
 */

/**
 * @typedef {{ _offset: number, _length: number, autorange: unknown, d2p: (value: number) => number,
 *   p2d: (pixel: number) => number }} Axis
 * @typedef {Record<string, any> & { showlegend?: boolean }} Layout  as Plotly has filled it in
 * @typedef {HTMLDivElement & { data: Record<string, any>[], layout: Record<string, any>, calcdata: Record<string, any>[][], on: (event: string, listener: (event: any) => void) => void,
 *   emit: (event: string) => void, removeAllListeners: () => void, _fullLayout?: Layout, _fullData: Record<string, any>[],
 *   _transitionData?: { _interruptCallbacks: unknown[] } }} Host  the element of a figure, once it is drawn
 */

/**
 * The library, a classic script that is loaded before anything is drawn.
 * @returns {Record<string, any>}
 */
export const plotly = () => /** @type {any} */ (window).Plotly;

/**
 * An axis as it is on the screen, undefined before the figure is drawn: Plotly has no other way from a number to a pixel.
 * @param {Host} host
 * @param {string} name
 * @returns {Axis | undefined}
 */
export const axisOf = (host, name) => host._fullLayout?.[name];

/**
 * Layout and traces with all that Plotly has filled in: what it will really do at the next change.
 * @param {Host} host
 * @returns {{ layout: Layout, traces: Record<string, any>[] }}
 */
export const inForce = (host) => ({ layout: host._fullLayout ?? {}, traces: host._fullData });

/**
 * The axes that may be zoomed, with what they show: numbers, or exponents of ten.
 * @param {Host} host
 * @returns {[string, [number, number]][]}
 */
export const freeAxes = (host) => Object.entries(host._fullLayout ?? {})
  .filter(([name, axis]) => /^[xy]axis\d*$/.test(name) && !axis.fixedrange && !axis.matches)
  .map(([name, { range: [from, to] }]) => [name, [Number(from), Number(to)]]);

/**
 * Plotly writes a hyphen for the minus sign of numbers in what it tells of a point (on axes it does not), and takes no other from
 * a locale. What writes them is made anew with every change of the figure: to be called before anything is told.
 * @param {Host} host
 */
export function trueMinus(host) {
  const locale = host._fullLayout?._d3locale;
  if (!locale || locale.minus) return;
  const plain = locale.numberFormat;
  locale.minus = "\u2212";
  locale.numberFormat = (/** @type {string} */ format) => {
    const write = plain(format);
    return (/** @type {number} */ value) => String(write(value)).replaceAll("-", locale.minus);
  };
}

/**
 * @param {Host} host
 * @returns {Record<string, any>[]}
 */
export const axesOf = (host) => Object.entries(host._fullLayout ?? {}).filter(([name]) => /^[xy]axis\d*$/.test(name)).map(([, axis]) => axis);

/**
 * Whether the axes stand where the margins have them: with its first drawing Plotly leaves them where they are if what the words
 * at the ticks need is a pixel more.
 * @param {Host} host
 */
export function settled(host) {
  const { l: left, w: width } = host._fullLayout?._size ?? {};
  const across = axesOf(host).filter(({ _id, domain }) => _id?.startsWith("x") && domain);
  return across.every(({ _offset, domain: [from] }) => Math.abs(_offset - left - from * width) < 0.01);
}

/** @param {Host} host */
export const cartesian = (host) => host._fullLayout?._basePlotModules.find((/** @type {Record<string, any>} */ { name }) => name === "cartesian");

/**
 * A point whose words were empty keeps a place without any, in which Plotly would not write again at once.
 * @param {Host} host
 */
export const clear = (host) => host.querySelectorAll(".textpoint:empty").forEach((node) => node.remove());

/**
 * Make anew what Plotly draws and tells of a trace, whose values have changed. Returns what it was.
 * @param {Host} host
 * @param {number} number
 * @returns {Record<string, any>[]}
 */
export function calculate(host, number) {
  const trace = host._fullData[number], before = host.calcdata[number];
  trace._length = Math.min(trace.x.length, trace.y.length);
  trace._extremes = {};
  const points = trace._length ? trace._module.calc(host, trace) : [];
  host.calcdata[number] = points.length ? points : [{ x: undefined, y: undefined }];
  const [first] = host.calcdata[number];
  first.t ??= {};
  first.trace = trace;
  return before;
}

/**
 * The traces in groups that are drawn together: what is shaded between two curves is drawn with either of them, and wants both.
 * @param {Host} host
 * @param {Iterable<number>} changed
 * @returns {number[][]}
 */
export function kin(host, changed) {
  /** @type {number[][]} */
  const groups = [];
  const seen = new Set();
  for (const number of changed) {
    if (seen.has(number)) continue;
    let trace = host._fullData[number];
    while (trace._prevtrace) trace = trace._prevtrace;
    /** @type {number[]} */
    const group = [];
    for (; trace; trace = trace._nexttrace) group.push(trace.index);
    group.forEach((one) => seen.add(one));
    groups.push(group);
  }
  return groups;
}

/**
 * Draw some traces, those of a plot together. Plotly looks through all traces of the plot, and has those it is given follow one another:
 * so it is shown these alone, and they stay where they are.
 * @param {Host} host
 * @param {number[]} numbers
 */
export function plot(host, numbers) {
  /** @type {Map<Element | null, { node: Element, number: number }[]>} */
  const layers = new Map();
  for (const number of [...numbers].sort((one, other) => one - other)) {
    const node = host.querySelector(`.trace${host._fullData[number].uid}`);
    if (node) layers.set(node.parentElement, [...layers.get(node.parentElement) ?? [], { node, number }]);
  }
  for (const [parent, traces] of layers) {
    const { xaxis, yaxis, _module } = host._fullData[traces[0].number];
    const plots = host._fullLayout?._plots[xaxis + yaxis], { plotgroup } = plots;
    const chosen = plotgroup.selectAll(() => traces.map(({ node }) => node)), { data } = chosen;
    chosen.data = (/** @type {unknown[]} */ ...given) => {
      const joined = data.apply(chosen, given);
      joined.order = () => joined;
      return joined;
    };
    const layer = plotgroup.selectAll(() => [parent]);
    const seen = { selectAll: (/** @type {string} */ which) => (which === "g.trace" ? chosen : layer.selectAll(which)) };
    _module.plot(host, plots, traces.map(({ number }) => host.calcdata[number]), seen, { duration: 0 });
  }
}

/** @param {Host} host */
export const plotAll = (host) => cartesian(host).plot(host);

// what tells one point of a trace from another, where nothing else differs than its look and what is told of it
const LOOKS = new Set(["x", "y", "text", "customdata", "marker.color", "marker.symbol"]);
const SOLID = /^rgb\(\d+, ?\d+, ?\d+\)$/;

/**
 * Give points that stay where they are other colours and shapes, where that is all that has changed in a trace of as many points.
 * Returns whether it is.
 * @param {Host} host
 * @param {number} number
 * @param {Set<string>} paths  that have changed
 * @param {Record<string, any>[]} before
 */
export function repaint(host, number, paths, before) {
  const trace = host._fullData[number], now = host.calcdata[number], { marker, mode } = trace;
  if (mode !== "markers" || paths.has("x") || paths.has("y") || now.length !== before.length || marker.gradient?.type !== "none") return false;
  if (marker.maxdisplayed || trace.fill !== "none" || !trace._arrayAttrs.every((/** @type {string} */ path) => LOOKS.has(path))) return false;
  const group = host.querySelector(`.trace${trace.uid}`), points = group?.querySelectorAll("path.point") ?? [];
  if (!group || points.length !== now.length) return false;
  /** @type {Map<string, string | null>} */
  const shapes = new Map(before.map(({ mx }, n) => [mx, points[n].getAttribute("d")]));
  const fits = now.every(({ mc, mx, data }, n) => (mc === before[n].mc || (SOLID.test(mc) && SOLID.test(before[n].mc)))
    && (mx === before[n].mx || (shapes.has(mx) && !String(mx).includes("open") && !before[n].om)) && (data === undefined) === (before[n].data === undefined) && data !== null);
  if (!fits) return false;
  now.forEach((point, n) => {
    const old = before[n], node = /** @type {SVGPathElement & { __data__: unknown }} */ (points[n]);
    if (point.mc !== old.mc) node.style.fill = point.mc;
    if (point.mx !== old.mx) node.setAttribute("d", shapes.get(point.mx) ?? "");
    Object.assign(point, { mrc: old.mrc, om: old.om, mcc: point.mc });
    node.__data__ = point;
  });
  now[0].node3 = before[0].node3;
  for (const node of [group, ...group.querySelectorAll(".points, .text")]) /** @type {any} */ (node).__data__ = now;
  return true;
}
