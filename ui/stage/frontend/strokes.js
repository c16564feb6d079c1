// @ts-check
/**
 * Traces of lines, points and words drawn on the elements that stand there already: with plotly.js and axes.js, all that Plotly is asked
 * for and not documented to have. Plotly would look through all elements of a trace, and give each its style anew.
 */
import { path, pieces } from "./lines.js";
import { BREAK, fit, LINE, put, set, spare, spared, write } from "./marks.js";

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {import("./marks.js").Node} Node
 * @typedef {import("./lines.js").Pixel} Pixel
 * @typedef {Record<string, any>} Point  of a trace, as Plotly has it
 * @typedef {{ trace: Record<string, any>, cd: Point[], old: Point[], group: Node, layers: Record<"lines" | "points" | "text", Node>, xa: any, ya: any,
 *   clipped: boolean, pixels: (Pixel | null)[], segments: Pixel[][], paths: Node[], marks: Node[], words: Node[], said: number[], shapes: Map<string, string | null> }} Stroke  said: the points that have words
 */

const MOVES = new Set(["x", "y", "i", "tx", "htx", "data", "tp", "mx", "mrc", "om", "mcc", "node3", "t", "trace", "vis"]); // what of a point is no style
const SIGN = { start: 1, end: -1, middle: 0, bottom: 1, top: -1 };
const MIDDLE = 0.75; // of the size of letters, from the point to the line on which they stand

/** @param {unknown} value */
const plain = (value) => typeof value === "string" && set(value);
/** @param {Point} point @param {Record<string, any>} trace */
const wordsOf = (point, { text }) => point.tx ?? text;

/** @param {Point} point  that may have a look of its own */
const bare = (point) => Object.keys(point).every((name) => MOVES.has(name) || point[name] === undefined);
/** @param {Record<string, any>} trace */
const lineLook = ({ line: { color, width, dash }, opacity }) => [color, width, dash, opacity].join();
/** @param {Record<string, any>} trace */
const wordsLook = ({ textfont, opacity }) => JSON.stringify([textfont, opacity]);

/**
 * Whether two points look the same but for where they are, their shape and their words.
 * @param {Point} one
 * @param {Point} other
 */
function like(one, other) {
  for (const name in one) if (!MOVES.has(name) && one[name] !== other[name]) return false;
  for (const name in other) if (!MOVES.has(name) && !(name in one) && other[name] !== undefined) return false;
  return (one.data === undefined) === (other.data === undefined) && one.data !== null;
}

/**
 * What stands there of a trace and what is to; null where one cannot be made of the other.
 * @param {Host} host
 * @param {number} number
 * @param {Point[]} old
 * @returns {Stroke | null}
 */
function prepare(host, number, old) {
  const trace = host._fullData[number], cd = host.calcdata[number], { line, marker, mode, fill } = trace;
  const group = /** @type {Node | null} */ (host.querySelector(`.trace${trace.uid}`)), plot = host._fullLayout?._plots[trace.xaxis + trace.yaxis];
  if (!group || !plot || trace.visible !== true || !["none", "tozeroy", "tonexty"].includes(fill) || (fill === "tonexty") !== Boolean(trace._prevtrace)) return null;
  if (trace.hoveron?.includes("fills") || trace.texttemplate || trace.selectedpoints || trace.connectgaps || trace._needsCull || marker?.maxdisplayed || trace.ids) return null;
  const [lines, points, text] = ["lines", "points", "text"].map((name) => /** @type {Node | null} */ (group.querySelector(`:scope > .${name}`)));
  if (!lines || !points || !text) return null;
  const { xaxis: xa, yaxis: ya } = plot, hasLines = mode.includes("lines"), hasMarks = mode.includes("markers"), hasWords = mode.includes("text");
  /** @type {(Pixel | null)[]} */
  const pixels = cd.map(({ x, y }) => {
    const [right, down] = [xa.c2p(x), ya.c2p(y)];
    return Number.isFinite(right) && Number.isFinite(down) ? [right, down] : null;
  });
  const whole = pixels.every((pixel) => pixel !== null);
  if (!whole && (hasMarks || xa.type === "log" || ya.type === "log")) return null;
  /** @type {Pixel[][] | null} */
  let segments = [];
  if (hasLines || fill !== "none") {
    const arrows = marker && (line.backoff !== "auto" || [marker.symbol].flat().some((symbol) => String(symbol).includes("arrow")));
    if ((line.shape !== "linear" && line.shape !== "spline") || arrows) return null;
    segments = pieces(pixels, { shape: line.shape, smoothing: line.smoothing, simplify: line.simplify, width: line.width, filled: fill !== "none", across: xa._length, along: ya._length });
    if (!segments || ((fill !== "none" || trace._nexttrace) && !segments.length)) return null;
  }
  const paths = /** @type {Node[]} */ ([...lines.children]), marks = /** @type {Node[]} */ ([...points.children]), words = /** @type {Node[]} */ ([...text.children]);
  if (hasLines ? segments.length && !paths.length && !spared(lines, lineLook(trace)) : paths.length) return null;
  /** @param {Point[]} some */
  const spoken = (some) => some.flatMap((point, n) => (hasWords && Number.isFinite(xa.c2p(point.x)) && Number.isFinite(ya.c2p(point.y)) && wordsOf(point, trace) !== "" ? [n] : []));
  const said = spoken(cd), before = spoken(old);
  if (marks.length !== (hasMarks ? old.length : 0) || words.length !== before.length) return null;
  if (hasMarks && !cd.every((point, n) => like(point, old[Math.min(n, old.length - 1)]))) return null;
  if (said.length && !before.length && !spared(text, wordsLook(trace))) return null;
  if (!said.every((n, place) => (before.length ? like(cd[n], old[before[Math.min(place, before.length - 1)]]) : bare(cd[n])))) return null;
  /** @type {Stroke["shapes"]} */
  const shapes = new Map();
  if (hasMarks && cd.some(({ mx }, n) => mx !== old[Math.min(n, old.length - 1)].mx)) {
    old.forEach(({ mx, om }, n) => om || shapes.set(mx, marks[n].getAttribute("d")));
    if (!cd.every(({ mx, ms }) => shapes.has(mx) && ms === old[0].ms && !String(mx).includes("open")) || old.some(({ om, ms }) => om || ms !== old[0].ms)) return null;
  }
  if (hasWords && !(said.every((n) => plain(wordsOf(cd[n], trace))) && words.every(({ children }) => children.length === 1 && children[0].tagName === "text"))) return null;
  return { trace, cd, old, group, layers: { lines, points, text }, xa, ya, clipped: Boolean(plot.layerClipId), pixels, segments, paths, marks, words, said, shapes };
}

/**
 * Lines, and what is shaded below them or between them and the line before.
 * @param {Stroke} stroke
 */
function drawLines({ trace, cd, layers, ya, segments, paths }) {
  const { line, fill, mode, _prevtrace: before } = trace, forward = segments.map((points) => path(points, line));
  if (mode.includes("lines")) {
    if (paths.length) spare(layers.lines, lineLook(trace), paths[0]);
    fit(paths, segments.length, layers.lines, spared(layers.lines, lineLook(trace))).forEach((node, n) => {
      put(node, "d", forward[n]);
      node.__data__ = cd;
    });
  }
  trace._polygons = trace._ownPolygons = [];
  if (fill === "none" && !trace._nexttrace) return;
  const back = segments.map((points) => path([...points].reverse(), line)), along = fill === "tozeroy";
  const full = forward.map((one, n) => (n && along ? `L${one.slice(1)}` : one)).join(along ? "" : "Z");
  trace._prevRevpath = back.reverse().map((one, n) => (n && along ? `L${one.slice(1)}` : one)).join(along ? "" : "Z");
  trace._fillsegments = along ? [segments.flat()] : segments;
  if (fill === "none") return;
  const shaded = along ? trace._ownFill : before._nextFill, node = /** @type {Node} */ (shaded.node());
  if (along) {
    const last = /** @type {Pixel[]} */ (segments.at(-1)), zero = ya.c2p(0, true);
    put(node, "d", `M${last[last.length - 1][0]},${zero}L${segments[0][0][0]},${zero}L${full.slice(1)}`);
  } else put(node, "d", full && before._prevRevpath ? `${full}L${before._prevRevpath.slice(1)}Z` : "M0,0Z");
  trace._fillElement = shaded;
  node.__data__ = cd;
}

/** @param {Stroke} stroke @param {Point} point @param {Node} node */
function hide({ clipped, xa, ya }, point, node) {
  if (!clipped) return;
  if (xa.isPtWithinRange(point) && ya.isPtWithinRange(point)) node.removeAttribute("display");
  else put(node, "display", "none");
}

/** @param {Stroke} stroke */
function drawMarks(stroke) {
  const { cd, old, layers, pixels, marks, shapes } = stroke;
  fit(marks, cd.length, layers.points).forEach((node, n) => {
    const point = cd[n], { mrc, om, mcc } = old[Math.min(n, old.length - 1)], [x, y] = /** @type {Pixel} */ (pixels[n]);
    put(node, "transform", `translate(${x},${y})`);
    if (shapes.size) put(node, "d", shapes.get(point.mx) ?? "");
    hide(stroke, point, node);
    Object.assign(point, { mrc, om, mcc });
    node.__data__ = point;
  });
}

/** @param {Stroke} stroke */
function drawWords(stroke) {
  const { trace, cd, old, layers, pixels, words, said } = stroke, look = wordsLook(trace);
  if (words.length && old.every(bare)) spare(layers.text, look, words[0]);
  fit(words, said.length, layers.text, spared(layers.text, look)).forEach((node, place) => {
    const n = said[place], point = cd[n], text = /** @type {Node} */ (node.firstElementChild), [x, y] = /** @type {Pixel} */ (pixels[n]).map(String), told = wordsOf(point, trace);
    const where = point.tp || trace.textposition, size = point.ts || trace.textfont.size, radius = point.mrc ? point.mrc / 0.8 + 1 : 0;
    const upright = where.includes("top") ? "top" : where.includes("bottom") ? "bottom" : "middle";
    const anchor = where.includes("left") ? "end" : where.includes("right") ? "start" : "middle";
    const rows = (told.split(BREAK).length - 1) * LINE + 1;
    const down = size * MIDDLE + SIGN[upright] * radius + ((SIGN[upright] - 1) * rows * size) / 2;
    put(node, "transform", `translate(${SIGN[anchor] * radius},${down})`);
    hide(stroke, point, node);
    put(text, "text-anchor", anchor);
    for (const [name, value] of [["x", x], ["y", y]]) for (const one of [text, ...text.querySelectorAll("tspan.line")]) put(one, name, value);
    write(text, told);
    text.__data__ = node.__data__ = point;
  });
}

/**
 * Draw traces that are drawn together. Returns whether they are; if not, nothing has been changed.
 * @param {Host} host
 * @param {number[]} numbers  in their order
 * @param {Map<number, Point[]>} before  what those were that have changed
 */
export function stroke(host, numbers, before) {
  const strokes = numbers.map((number) => prepare(host, number, before.get(number) ?? host.calcdata[number]));
  if (!strokes.every((one) => one !== null)) return false;
  for (const one of strokes) {
    const { cd, old, group, layers: { points, text }, marks, words } = one;
    group.__data__ = points.__data__ = text.__data__ = cd;
    cd[0].node3 = old[0].node3;
    drawLines(one);
    if (marks.length) drawMarks(one);
    if (words.length || one.said.length) drawWords(one);
  }
  return true;
}
