// @ts-check
/** A lesson as a printed sheet: of each step the formulas and the pictures of its own run, drawn once at opening. */
import { formulas, pictures } from "./sheet.js";

/**
 * Each part in `[data-run]` is drawn from that one of the runs.
 * @param {import("./sheet.js").Saved[]} runs
 * @param {HTMLElement} root
 */
export default function draw(runs, root) {
  formulas(root);
  /** @type {NodeListOf<HTMLElement>} */
  const parts = root.querySelectorAll("[data-run]");
  let drawn = 0;
  for (const part of parts) drawn += pictures(runs[Number(part.dataset.run)], part, root);
  root.dataset.drawn = String(drawn);
}
