// @ts-check
/** A page that is nothing but the picture of one view, for whoever reads it: `python -m ui.export svg` and `png`. */
import { el } from "./dom.js";
import { History } from "./history.js";
import { pixels, sightOf, svg } from "./picture.js";

/**
 * @typedef {{ message: Pick<import("./types.js").Message, "scene" | "frames">, at: number, view: string, figure: string, white: boolean,
 *   kind: "svg" | "png" }} Wanted
 */

/**
 * The page then holds the SVG, or the PNG as an address of its own bytes; or why there is none.
 * @param {Wanted} wanted
 */
export default async function draw({ message: { scene, frames }, at, view: id, figure, white, kind }) {
  const history = new History();
  history.accept({ first: 0, after: null, frames });
  history.visit(at);
  const view = scene.views.find((one) => one.id === id);
  let result = el("pre", { id: "failed" }, "no such view");
  try {
    if (view) {
      const text = await svg(sightOf(scene, view, figure, history.figure(figure, at), (slot) => history.slot(slot, at)), white);
      result = el("pre", { id: "picture" }, kind === "svg" ? text : (await pixels(text)).toDataURL("image/png"));
    }
  } catch (error) {
    result = el("pre", { id: "failed" }, String(error));
  }
  document.head.replaceChildren();
  document.body.replaceChildren(result);
}
