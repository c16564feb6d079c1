// @ts-check
/**
 * A change of numbers, drawn without the rest of the figure: the traces concerned, and the axes where these move. What draws is
 * Plotly's own, so that the figure is the same to the last attribute; what is left out is looking through all that has not changed.
 * Where more would have to follow (margins, a legend, what appears or vanishes), nothing is done, and Plotly draws the figure.
 */
import { address, many, read, write } from "./attributes.js";
import { drawAxes, entitle, widen } from "./axes.js";
import { stroke } from "./strokes.js";
import { axesOf, calculate, clear, inForce, kin, plot, plotAll, plotly, repaint } from "./plotly.js";

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {[key: string, value: any]} Change
 * @typedef {{ trace: number, path: string, value: any }} OfTrace
 * @typedef {{ axis: string, path: string, value: any }} OfAxis
 */

// what a trace may change without a word about anything else; where a legend stands, only what it does not show
const PLAIN = /^(x|y|text|customdata|textposition|marker\.(color|symbol|size|opacity))$/;
const BESIDE_LEGEND = /^(x|y|text|customdata|textposition)$/;
const OF_AXIS = /^([xy]axis\d*)\.(range|tickvals|ticktext|title\.text)$/;
// Plotly derives other colours and sizes from one that holds for the whole trace
const EACH = /^marker\./;

/** @param {any} value  of an axis */
const filled = (value) => many(value) && value.length > 0;
/** @param {any[]} range */
const proper = (range) => many(range) && range.length === 2 && Array.from(range).every(Number.isFinite) && range[0] !== range[1];

/**
 * Whether a trace is not to be seen, whatever it holds.
 * @param {Host} host
 * @param {number} trace
 */
const absent = (host, trace) => host.data[trace].visible === false;

/**
 * Draw these changes and nothing else. Returns whether it could; if not, the figure is as it was.
 * @param {Host} host
 * @param {Change[]} changes
 * @param {boolean} [brisk]  whether margins may be wider than need be
 */
export function redraw(host, changes, brisk = false) {
  /** @type {OfTrace[]} */
  const traces = [];
  /** @type {OfAxis[]} */
  const axes = [];
  for (const [key, value] of changes) {
    const { trace, path } = address(key), [, axis = "", part = ""] = OF_AXIS.exec(path) ?? [];
    if (trace !== null) traces.push({ trace, path, value });
    else if (axis) axes.push({ axis, path: part, value });
    else return false;
  }
  if (!stands(host) || !traces.every((one) => suits(host, one)) || !axes.every((one) => moves(host, one))) return false;
  const followed = axes.length ? follow(host, axes, brisk) : false, titled = followed === null;
  /** @type {Map<number, Set<string>>} */
  const changed = new Map();
  for (const { trace, path, value } of traces) {
    write(host.data[trace], path, value);
    if (absent(host, trace)) continue;
    write(inForce(host).traces[trace], path, value);
    changed.set(trace, (changed.get(trace) ?? new Set()).add(path));
  }
  const before = new Map([...changed.keys()].map((trace) => [trace, calculate(host, trace)]));
  clear(host);
  if (titled && retitle(host, axes)) return true;
  if (titled) {
    plotAll(host);
    return true;
  }
  const moved = followed || axes.some(({ path }) => path === "range");
  const concerned = moved ? host.calcdata.flatMap(([{ trace }]) => (trace.visible === true ? [trace.index] : [])) : changed.keys();
  plot(host, kin(host, concerned).filter((group) => {
    const [only] = group, paths = changed.get(only), old = before.get(only);
    return !(group.length === 1 && !moved && paths && old && repaint(host, only, paths, old)) && !stroke(host, group, before);
  }).flat());
  if (followed) host.emit("plotly_afterplot"); // what lies over the figure follows it
  return true;
}

/**
 * Whether the figure is one of lines, points and words on axes that stay where they are until they are told.
 * @param {Host} host
 */
function stands(host) {
  const { traces } = inForce(host);
  return axesOf(host).every(({ autorange, type }) => autorange === false && (type === "linear" || type === "log"))
    && traces.every(({ type, stackgroup, ids, selectedpoints, error_x: across, error_y: along }) =>
      type === "scatter" && !stackgroup && !ids && !selectedpoints && !across?.visible && !along?.visible);
}

/**
 * @param {Host} host
 * @param {OfTrace} change
 */
function suits(host, { trace, path, value }) {
  const { layout, traces } = inForce(host), full = traces[trace];
  if (absent(host, trace)) return path !== "visible";
  if (full.visible !== true || !host.data[trace].mode || !(layout.showlegend ? BESIDE_LEGEND : PLAIN).test(path)) return false;
  const now = read(full, path);
  if (path === "x" || path === "y") return filled(value) && filled(now);
  if (path === "customdata") return many(value) && many(now);
  if (EACH.test(path)) return filled(value) && filled(now) && typeof value[0] === typeof now[0] && (path !== "marker.color" || typeof now[0] === "string");
  return many(value) ? many(now) : typeof value === "string" && typeof now === "string";
}

/**
 * @param {Host} host
 * @param {OfAxis} change
 */
function moves(host, { axis, path, value }) {
  const { layout } = inForce(host), now = layout[axis];
  if (!now || now.matches || now.scaleanchor || layout._axisMatchGroups?.length || layout._axisConstraintGroups?.length) return false;
  if (path === "title.text") return typeof value === "string" && value !== "" && Boolean(now.title?.text);
  return path === "range" ? proper(value) : now.tickmode === "array" && filled(value) && filled(now[path]);
}

/**
 * Move the axes, with what is told along them and their titles. Returns whether the figure stands elsewhere with them; null where they
 * are not drawn: where more would have to follow.
 * @param {Host} host
 * @param {OfAxis[]} changes
 * @param {boolean} brisk
 */
function follow(host, changes, brisk) {
  const { layout } = inForce(host), told = changes.filter(({ path }) => path !== "title.text");
  for (const { axis, path, value } of told) {
    layout[axis][path] = [...value];
    write(host.layout, `${axis}.${path}`, layout[axis][path]);
  }
  const drawn = told.length ? drawAxes(host, [...new Set(told.map(({ axis }) => axis))], brisk) : { widths: new Map(), moved: false };
  if (!drawn) return null;
  const { widths, moved } = drawn, titles = new Map([...widths.keys()].map((axis) => [axis, layout[axis].title.text]));
  for (const { axis, path, value } of changes) if (path === "title.text") titles.set(axis, value);
  return [...titles].every(([axis, words]) => entitle(host, axis, words, widths.get(axis) ?? layout[axis]._depth, brisk)) ? moved : null;
}

/**
 * Draw all axes of the figure with their titles, and make room for them. Returns whether all the rest is drawn with them, as it is
 * where the margins follow.
 * @param {Host} host
 * @param {OfAxis[]} changes
 */
function retitle(host, changes) {
  const titles = changes.filter(({ path }) => path === "title.text").map(({ axis, path, value }) => [`${axis}.${path}`, value]);
  const [{ axis }] = changes; // whose title may be the one that it has
  for (const [path, words] of titles) write(host.layout, path, words);
  if (widen(host, axis)) return true;
  plotly().relayout(host, titles.length ? Object.fromEntries(titles) : { [`${axis}.title.text`]: inForce(host).layout[axis].title.text });
  return false;
}
