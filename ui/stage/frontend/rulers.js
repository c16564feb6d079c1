// @ts-check
/**
 * Axes whose range or ticks have changed, drawn on the marks, grid lines and labels that stand there already: with plotly.js and axes.js,
 * all that Plotly is asked for and not documented to have. Which ticks there are, and what is written at them, Plotly finds; it would
 * make all elements anew, each with its style, and look how large each is.
 */

import { BREAK, fit, put, set, write } from "./marks.js";

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {import("./plotly.js").Layout} Layout
 * @typedef {import("./marks.js").Node} Node
 * @typedef {Record<string, any> & { x: number, text: string }} Tick
 * @typedef {{ left: number, right: number, bottom: number }} Box  in pixels of the figure, but for where the label is along its axis
 * @typedef {{ nodes: Node[], ticks: Tick[], d: string | null }} Marks  those that stand there, those that are to, and their path
 * @typedef {{ axis: Record<string, any>, marks: Marks[], labels: Node[], layer: Record<string, any>, told: Tick[] }} Ruler
 */

const BETWEEN = 2; // pixels between two labels of a horizontal axis, at least: else Plotly turns them
const KEPT = 500; // boxes

/** @type {Map<string, Box>} */
const boxes = new Map();

/**
 * Whether it is an axis of numbers at the left or below, with marks, grid and labels and nothing else.
 * @param {Record<string, any>} axis
 */
function simple({ visible, type, side, anchor, mirror, minor, zeroline, automargin, overlaying, autoshift, tickangle, ticklabelmode, ticklabelposition,
  ticklabeloverflow, tickson, showticklabels, rangebreaks, _id, _anchorAxis, _shift, _selections, _tickAngles }) {
  const turned = Object.values(_tickAngles ?? {});
  return visible && (type === "linear" || type === "log") && side === (_id.startsWith("x") ? "bottom" : "left") && anchor !== "free" && _anchorAxis && !_shift
    && !mirror && !minor && !zeroline && !overlaying && !autoshift && !rangebreaks && showticklabels && !(ticklabelmode && ticklabelmode !== "instant") && !tickson
    && automargin === (_id.startsWith("x") ? false : "left") && ticklabelposition === "outside" && ticklabeloverflow === "allow"
    && (tickangle === "auto" || tickangle === 0) && turned.length > 0 && turned.every((angle) => angle === 0) && _selections?.[`${_id}tick`];
}

/**
 * The ticks of axes, which Plotly finds before it draws any: it draws none of an axis that is not to be seen.
 * @param {Record<string, any>[]} axes
 * @param {() => void} pass
 */
function find(axes, pass) {
  const before = axes.map(({ _selections, _tickAngles, _prevTickAngles, _depth }) => ({ visible: true, _selections, _tickAngles, _prevTickAngles, _depth }));
  for (const axis of axes) axis.visible = false;
  try {
    pass();
  } finally {
    axes.forEach((axis, n) => Object.assign(axis, before[n]));
  }
}

/**
 * @param {Element | undefined} parent
 * @param {string} name
 */
const those = (parent, name) => /** @type {Node[]} */ ([...parent?.children ?? []].filter((node) => node.classList.contains(name)));

/**
 * What stands along an axis and what is to stand there; null where one cannot be made of the other.
 * @param {Layout} layout
 * @param {Record<string, any>} axis
 * @returns {Ruler | null}
 */
function ruler(layout, axis) {
  const { _id: id, _length: length, _vals: ticks, _mainSubplot, _subplotsWith } = axis, across = id.startsWith("x");
  const layer = layout._plots[_mainSubplot][across ? "xaxislayer" : "yaxislayer"];
  const inner = ticks.filter((/** @type {Tick} */ { x }) => axis.l2p(x) > 1 && axis.l2p(x) < length - 1);
  /** @type {Marks[]} */
  const marks = axis.ticks ? [{ nodes: those(layer.node(), `${id}tick`).filter(({ tagName }) => tagName === "path"), ticks, d: null }] : [];
  const seen = new Set();
  for (const name of axis.showgrid ? _subplotsWith : []) {
    const plot = layout._plots[name], other = across ? plot.yaxis : plot.xaxis;
    if (seen.has(other._mainAxis._id)) continue;
    seen.add(other._mainAxis._id);
    const d = across ? `M0,${other._offset}v${other._length}` : `M${other._offset},0h${other._length}`;
    marks.push({ nodes: those(plot.gridlayer.select(`.${id}`).node(), `${id}grid`), ticks: inner, d });
  }
  const labels = those(layer.node(), `${id}tick`).filter(({ tagName }) => tagName === "g"), told = ticks.filter((/** @type {Tick} */ { text }) => text);
  const plain = told.every((/** @type {Tick} */ { text }) => set(text) && (across || !text.includes(BREAK)));
  const made = [...marks, { nodes: labels, ticks: told }].every(({ nodes, ticks: needed }) => nodes.length > 0 || !needed.length);
  const whole = labels.every(({ children }) => children.length === 1 && children[0].tagName === "text");
  axis._gridVals = inner;
  return plain && made && whole && told.length ? { axis, marks, labels, layer, told } : null;
}

/** @param {Ruler} ruler */
function draw({ axis, marks, labels, layer, told }) {
  const { _id: id, _offset } = axis;
  /** @param {Tick} tick */
  const place = ({ x }) => (id.startsWith("x") ? `translate(${_offset + axis.l2p(x)},0)` : `translate(0,${_offset + axis.l2p(x)})`);
  for (const { nodes, ticks, d } of marks) {
    fit(nodes, ticks.length).forEach((node, n) => {
      node.setAttribute("transform", place(ticks[n]));
      if (d !== null) put(node, "d", d);
      node.__data__ = ticks[n];
    });
  }
  const fitted = fit(labels, told.length);
  fitted.forEach((node, n) => {
    const text = /** @type {Node} */ (node.firstElementChild);
    text.setAttribute("transform", place(told[n]));
    write(text, told[n].text);
    text.__data__ = node.__data__ = told[n];
  });
  axis._selections = { [`${id}tick`]: layer.selectAll(`g.${id}tick`) };
  return fitted;
}

/**
 * How large labels are, as Plotly measures them: in its own place for that, once for the same words.
 * @param {Node[]} labels
 * @returns {Box[]}
 */
function measure(labels) {
  const keys = labels.map(({ firstElementChild: text }) => ["data-unformatted", "x", "y", "text-anchor", "style"].map((name) => text?.getAttribute(name)).join("|"));
  if (boxes.size > KEPT) boxes.clear();
  const tester = document.getElementById("js-plotly-tester"), zero = tester?.querySelector(".js-reference-point");
  if (tester && zero) {
    const fresh = [...new Map(keys.map((key, n) => /** @type {const} */ ([key, labels[n]]))).entries()].filter(([key]) => !boxes.has(key)).map(([key, label]) => {
      const copy = /** @type {SVGGraphicsElement} */ (label.cloneNode(true));
      copy.firstElementChild?.removeAttribute("transform");
      tester.append(copy);
      return { key, copy };
    });
    for (const { key, copy } of fresh) {
      const [box, origin] = [copy, zero].map((node) => node.getBoundingClientRect());
      boxes.set(key, { left: box.left - origin.left, right: box.right - origin.left, bottom: box.bottom - origin.top });
    }
    for (const { copy } of fresh) copy.remove();
  }
  return keys.map((key) => /** @type {Box} */ (boxes.get(key)));
}

/**
 * Whether the labels of a horizontal axis stand clear of one another, as they are.
 * @param {Record<string, any>} axis
 * @param {Tick[]} ticks
 * @param {Box[]} sizes
 */
function clear(axis, ticks, sizes) {
  if (!axis.autotickangles) return true;
  const places = ticks.map(({ x }, n) => [axis.l2p(x) - (sizes[n].right - sizes[n].left) / 2, axis.l2p(x) + (sizes[n].right - sizes[n].left) / 2 + BETWEEN]);
  return places.slice(1).every(([left, right], n) => left > places[n][1] || right < places[n][0]);
}

/**
 * Claim the room that the labels need, and keep how much it is.
 * @param {Layout} layout
 * @param {Record<string, any>} axis
 * @param {Box[]} sizes
 */
function claim(layout, axis, sizes) {
  const { _id: id, _anchorAxis, _depth, _mainLinePosition, ticks, ticklen, title } = axis;
  if (id.startsWith("x")) {
    axis._depth = Object.hasOwn(title, "standoff") ? Math.max(...sizes.map(({ bottom }) => bottom)) - _mainLinePosition : null;
    return;
  }
  axis._depth = Math.max(_anchorAxis._offset - Math.min(...sizes.map(({ left }) => left)), ticks === "outside" ? ticklen : 0);
  layout._pushmargin[`${id}.automargin`].l.size += axis._depth - _depth;
}

/**
 * Draw these axes, `pass` being Plotly's way to do so. Returns whether they are drawn; if not, nothing stands in Plotly's way.
 * @param {Host} host
 * @param {Record<string, any>[]} axes
 * @param {() => void} pass
 */
export function rule(host, axes, pass) {
  const layout = /** @type {Layout} */ (host._fullLayout);
  if (!axes.every(simple) || !axes.every(({ _id }) => _id.startsWith("x") || layout._pushmargin[`${_id}.automargin`])) return false;
  find(axes, pass);
  const rulers = axes.map((axis) => ruler(layout, axis));
  if (!rulers.every((one) => one !== null)) return false;
  const drawn = rulers.map((one) => draw(one)), sizes = measure(drawn.flat());
  return rulers.every(({ axis, told }, n) => {
    const own = sizes.splice(0, drawn[n].length);
    if (own.some((box) => !box) || (axis._id.startsWith("x") && !clear(axis, told, own))) return false;
    claim(layout, axis, own);
    return true;
  });
}
