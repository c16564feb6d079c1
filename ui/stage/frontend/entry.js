// @ts-check
/** What Streamlit calls: loads what the stage needs, and has a stage for each place that Python names. */
import { askForControls } from "./controls.js";
import { load } from "./dom.js";
import { unpacked } from "./packed.js";
import { Stage } from "./stage.js";

/** @param {string} path */
const here = (path) => new URL(path, import.meta.url).href;
/** @type {Map<string, Stage>} */
const stages = new Map(); // by the key that Python gave: Streamlit calls the entry again for every message
// the letters of formulas, whose files the page announces (ui/assets.py): without them the header is higher, and the figures
// would be drawn again when they come
const LETTERS = ["KaTeX_Main", "KaTeX_Math", "KaTeX_Caligraphic", "KaTeX_Size1"];
const WAIT = 500; // milliseconds for them at most

/** @param {string} family  of which Streamlit has one of its own too: the page draws with the one that came last */
const face = (family) => [...document.fonts].reverse().find((one) =>
  one.family.includes(family) && one.weight === "400" && one.style === (family === "KaTeX_Math" ? "italic" : "normal"));
/** @type {Promise<unknown> | undefined} */
let lettered;
const letters = () => (lettered ??= Promise.race([
  Promise.allSettled(LETTERS.map((family) => face(family)?.load())),
  new Promise((resolve) => setTimeout(resolve, WAIT)),
]));

/**
 * Streamlit's entry, called for every message and every change of its theme.
 * @param {Omit<import("./types.js").Component, "data"> & { data: Uint8Array }} given
 * @param {string} plotly  where the library is
 */
export default async function receive(given, plotly) {
  const root = given.parentElement;
  try {
    const ours = ["vendor/katex/katex.min.js", "vendor/katex/katex.min.css", "stage.css", "lesson.css", "class.css"].map(here);
    await Promise.all([...[plotly, ...ours].map(load), load(here("vendor/katex/katex.min.css")).then(letters)]);
  } catch (error) {
    const place = root.querySelector(".stage-loading");
    place?.setAttribute("role", "alert");
    const reason = /** @type {Error} */ (error).message;
    if (place) place.textContent = `The figures could not be loaded (${reason}). Reload the page to try again.`;
    given.setTriggerValue("act", { act: "controls", n: Date.now() }); // they come all the same
    return undefined;
  }
  // A click right after a change in the sidebar can make Streamlit take the root away and bring another a moment later
  // (it drops the one message that says that the root is still in use): the stage moves over, with all it holds.
  // Streamlit also runs the cleanup of a call that a newer one overtook.
  const data = unpacked(given.data);
  if (!data) {
    stages.forEach((stage) => stage.lacks());
    return undefined;
  }
  const component = { ...given, data };
  const { key } = data;
  const stage = stages.get(key) ?? new Stage(component);
  stages.set(key, stage);
  stage.moveTo(root);
  stage.receive(component);
  askForControls(stage);
  return () => setTimeout(() => stage.leave(() => stages.delete(key)));
}
