// @ts-check
/** The rest of the page, its own controls: to draw them costs a browser as much as the picture, which therefore comes first. */

/** @typedef {import("./stage.js").Stage} Stage */

const HIDDEN = 1000; // milliseconds after which a picture counts as drawn
const AGAIN = 30; // milliseconds until it looks again whether there is something else to do
const LATEST = 1000; // milliseconds after which the controls come all the same

/** @type {WeakSet<Stage>} */
const waiting = new WeakSet(); // those for which it is not yet time

/** @param {number} time */
const after = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** @param {Stage} stage */
const free = ({ asks, foresight }) => !asks.all.length && !foresight.lacks && !foresight.seen;

/** Once what was drawn is on the screen. In a page that is hidden nothing ever is. */
const painted = () => Promise.race([new Promise(requestAnimationFrame).then(() => after(0)), after(HIDDEN)]);

/**
 * Have the page show its controls, if it waits for that: once the picture is there, and what comes next, so that going
 * on need not wait for them. What the reader asks for comes before.
 * @param {Stage} stage
 */
export async function askForControls(stage) {
  if (!stage.told?.alone || waiting.has(stage)) return;
  waiting.add(stage);
  await painted();
  const latest = performance.now() + LATEST;
  while (!free(stage) && performance.now() < latest) await after(AGAIN);
  waiting.delete(stage);
  if (stage.told.alone && !stage.asks.has("controls")) stage.asks.add({ act: "controls" });
}
