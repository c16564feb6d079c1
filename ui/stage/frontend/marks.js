// @ts-check
/** Elements of a figure that are used again: as many as are needed, with other words. */
import { setText } from "./dom.js";

/** @typedef {SVGGraphicsElement & { __data__?: any }} Node  with what Plotly knows of it */

/** Words in which Plotly finds nothing to set otherwise. */
export const PLAIN = /^[^<>&$%\n\r]+$/;
const POWER = /^([^<>&$%\n\r]+)<sup>([^<>&$%\n\r]+)<\/sup>$/; // a number with an exponent at its end
const NOTHING = "\u200b"; // as wide as that, around what is raised
/** Between two lines. */
export const BREAK = "<br>";
/** From one line of words to the next, in parts of the size of letters. */
export const LINE = 1.3;

/** @param {Element} node @param {string} name @param {string} value */
export const put = (node, name, value) => node.getAttribute(name) === value || node.setAttribute(name, value);

/** @type {WeakMap<Element, { look: string, node: Node }>} */
const spares = new WeakMap(); // by the place from which the last one was taken

/** @param {Node} parent @param {string} look @param {Node} node */
export const spare = (parent, look, node) => spares.set(parent, { look, node });

/**
 * What was taken away there, if it is to look as it did.
 * @param {Node} parent
 * @param {string} look
 */
export function spared(parent, look) {
  const kept = spares.get(parent);
  return kept?.look === look ? kept.node : undefined;
}

/**
 * As many nodes as that: copies of the last, or fewer.
 * @param {Node[]} nodes
 * @param {number} count
 * @param {Node | null} [parent]  where they come last
 * @param {Node} [pattern]  where there are none
 */
export function fit(nodes, count, parent, pattern) {
  for (const node of nodes.slice(count)) node.remove();
  const kept = nodes.slice(0, count), last = kept[kept.length - 1] ?? pattern;
  while (kept.length < count) {
    const copy = /** @type {Node} */ (last.cloneNode(true));
    if (parent) parent.append(copy);
    else last.after(copy);
    kept.push(copy);
  }
  return kept;
}

/**
 * Whether words can be set: lines that are plain, or a number with an exponent.
 * @param {string} words
 */
export const set = (words) => POWER.test(words) || words.split(BREAK).every((line) => PLAIN.test(line));

/**
 * @param {Node} parent
 * @param {string} words
 * @param {[string, string | null][]} attributes
 */
function span(parent, words, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
  for (const [name, value] of attributes) node.setAttribute(name, String(value));
  node.textContent = words;
  parent.append(node);
}

/**
 * Words in place of others, in as many lines as they have.
 * @param {Node} text
 * @param {string} words
 */
export function write(text, words) {
  if (text.getAttribute("data-unformatted") === words) return;
  text.setAttribute("data-unformatted", words);
  const lines = words.split(BREAK), [, number, exponent] = POWER.exec(words) ?? [];
  if (number || lines.length > 1) text.textContent = number ? `${number}${NOTHING}` : "";
  else setText(text, words);
  if (number) {
    span(text, exponent, [["style", "font-size:70%"], ["dy", "-0.6em"]]);
    span(text, NOTHING, [["dy", "0.42em"]]);
  } else if (lines.length > 1) {
    lines.forEach((line, n) => span(text, line, [["class", "line"], ["dy", `${n * LINE}em`], ["x", text.getAttribute("x")], ["y", text.getAttribute("y")]]));
  }
}
