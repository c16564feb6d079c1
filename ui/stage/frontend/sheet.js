// @ts-check
/** A run as a printed sheet: its formulas are set and its figures drawn once, at opening, to stay as they are. */
import { Picture } from "./figures.js";
import { typeset } from "./formula.js";
import { History } from "./history.js";
import { readTheme } from "./theme.js";

/**
 * @typedef {{ figures: Record<string, import("./types.js").Figure>, colors: { light?: import("./types.js").Colors },
 *   frames: import("./types.js").Frame[] }} Saved
 */

/**
 * Set what stands in `[data-tex]`.
 * @param {HTMLElement} root
 */
export function formulas(root) {
  /** @type {NodeListOf<HTMLElement>} */
  const nodes = root.querySelectorAll("[data-tex]");
  for (const node of nodes) {
    const { tex = "" } = node.dataset;
    node.replaceChildren(typeset(node.classList.contains("display") ? `\\displaystyle ${tex}` : tex));
  }
}

/**
 * Draw what belongs in each `[data-figure]`: as it is at the half-step `data-frame`. They come in the order of the half-steps, so that
 * series go as far as each has come. Returns how many there are.
 * @param {Saved} saved
 * @param {HTMLElement} root
 * @param {HTMLElement} paper  what they are drawn on, whose colours they take
 */
export function pictures({ figures, frames, colors }, root, paper = root) {
  /** @type {NodeListOf<HTMLElement>} */
  const places = root.querySelectorAll("[data-figure]");
  const history = new History();
  history.accept({ first: 0, after: null, frames });
  const theme = readTheme(paper, colors);
  for (const node of places) {
    const { figure = "", frame = "" } = node.dataset;
    const picture = new Picture(figure, figures[figure], [], /** @type {import("./plotly.js").Host} */ (node));
    history.visit(Number(frame));
    picture.still = true;
    picture.measure();
    picture.show(history.figure(figure, Number(frame)), theme, false);
  }
  return places.length;
}

/**
 * @param {Saved} saved
 * @param {HTMLElement} root
 */
export default function draw(saved, root) {
  formulas(root);
  root.dataset.drawn = String(pictures(saved, root));
}
