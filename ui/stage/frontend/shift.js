// @ts-check
/**
 * A figure whose margin at the left has become wider or narrower, without all of it drawn anew: what stands at its place is moved; axes and
 * traces are drawn after it. With plotly.js and axes.js, all that Plotly is asked for and not documented to have.
 */

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {import("./plotly.js").Layout} Layout
 */

/** @param {Element} node @param {string} name @param {number} by */
const more = (node, name, by) => node.setAttribute(name, String(Number(node.getAttribute(name)) + by));

/**
 * The path of straight pieces that begin so much further to the right, and end where they did.
 * @param {Element} node
 * @param {number} by
 */
const begun = (node, by) => (node.getAttribute("d") ?? "").replace(/M(-?[\d.]+)/g, (_, x) => `M${Number(x) + by}`);

/**
 * Whether all of the figure is between its margins, and nothing in it but axes and traces.
 * @param {Host} host
 * @param {Record<string, any>[]} axes
 * @param {boolean} brisk  whether a title may keep out of the way of the figure's edge as far as before
 */
function suits(host, axes, brisk) {
  const { annotations, images, shapes, sliders, updatemenus, showlegend, _plots } = /** @type {Layout} */ (host._fullLayout);
  const across = axes.filter(({ _id }) => _id.startsWith("x"));
  return ![annotations, images, shapes, sliders, updatemenus].some((some) => some?.length) && !showlegend
    && across.every(({ visible, domain: [from, to] }) => visible && from === 0 && to === 1) && axes.every(({ visible }) => visible)
    && Object.keys(_plots).length === axes.length - across.length
    && (brisk || [...host.querySelectorAll(".infolayer g")].every((node) => !node.hasAttribute("transform")));
}

/**
 * Make the margin at the left so wide. Returns whether it is; if not, nothing has changed.
 * @param {Host} host
 * @param {Record<string, any>[]} axes  all of the figure
 * @param {number} left
 * @param {boolean} brisk
 */
export function shift(host, axes, left, brisk) {
  const { _size: size, _plots: plots } = /** @type {Layout} */ (host._fullLayout), by = left - size.l, { l: before, w: wide } = size;
  if (!suits(host, axes, brisk)) return false;
  Object.assign(size, { l: left, w: wide - by });
  for (const rect of host.querySelectorAll(".clips rect, .bglayer rect, .draglayer rect")) {
    if (Number(rect.getAttribute("width")) !== wide) continue;
    more(rect, "width", -by);
    if (Number(rect.getAttribute("x")) === before) more(rect, "x", by);
  }
  for (const axis of axes) {
    axis.setScale();
    const { _id: id } = axis, across = id.startsWith("x");
    if (!across) axis._mainLinePosition += by;
    const lines = host.querySelectorAll(`.${across ? "x" : "y"}lines-above, .${across ? "x" : "y"}lines-below`);
    for (const node of across ? [] : host.querySelectorAll(`path.${id}tick, g.${id}tick text, g.${id}tick tspan, .${id}title, .${id}title tspan`)) {
      if (node.tagName === "path") node.setAttribute("d", begun(node, by));
      else more(node, "x", by);
    }
    const title = host.querySelector(`.infolayer .${id}title`);
    if (title && !across) title.setAttribute("transform", `rotate(-90,${title.getAttribute("x")},${title.getAttribute("y")})`);
    if (title && across) for (const node of [title, ...title.querySelectorAll("tspan.line")]) node.setAttribute("x", String(axis._offset + axis._length / 2));
    if (axis === axes.find(({ _id }) => _id[0] === id[0])) for (const node of lines) if (node.hasAttribute("d")) node.setAttribute("d", begun(node, by));
  }
  for (const { plot, xaxis, yaxis } of Object.values(plots)) plot.node().setAttribute("transform", `translate(${xaxis._offset},${yaxis._offset})`);
  return true;
}
