// @ts-check
/** How far the reader is in each lesson: kept in this browser, and nowhere else. */

/** @typedef {"seen" | "right" | "wrong" | "done"} Mark  of a step */

const KEPT = "stage.lessons"; // where the browser keeps it
const MOST = 100; // lessons; the one that was looked at longest ago goes first
const LONGEST = 100_000; // characters

/** @type {Map<string, Record<string, Mark>>} */
let known = new Map(); // also where the browser keeps nothing
let read = false;
// another window of the same browser has kept something
globalThis.addEventListener?.("storage", ({ key }) => {
  if (key === KEPT || key === null) read = false;
});

/** @returns {Map<string, Record<string, Mark>>} */
function all() {
  if (read) return known;
  read = true;
  try {
    const told = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    known = new Map(Object.entries(told).filter(([, steps]) => typeof steps === "object" && steps !== null));
  } catch {
    known = new Map(); // a browser that keeps nothing, or something else under this name
  }
  return known;
}

/**
 * What the reader has done of a lesson, by step.
 * @param {string} lesson
 * @returns {Record<string, Mark>}
 */
export function marks(lesson) {
  return all().get(lesson) ?? {};
}

/**
 * Keep what became of a step. What was answered stays so when the step is only looked at again.
 * @param {string} lesson
 * @param {string} step
 * @param {Mark} mark
 */
export function keep(lesson, step, mark) {
  const lessons = all(), steps = lessons.get(lesson) ?? {};
  if (mark === "seen" && steps[step]) return;
  lessons.delete(lesson); // so that it stands last
  lessons.set(lesson, { ...steps, [step]: mark });
  while (lessons.size > MOST) lessons.delete(/** @type {string} */ (lessons.keys().next().value));
  const text = JSON.stringify(Object.fromEntries(lessons));
  try {
    if (text.length <= LONGEST) localStorage.setItem(KEPT, text);
  } catch {
    // full, or closed to us: it is known until the page is left
  }
}

/**
 * Keep what became of an answer: right where all of it is; that the step was seen, where the answer was only shown.
 * @param {string} lesson
 * @param {string} step
 * @param {import("./types.js").Outcome} told
 */
export function keepAnswer(lesson, step, { parts }) {
  keep(lesson, step, parts.some(({ right }) => right === null) ? "seen" : parts.every(({ right }) => right) ? "right" : "wrong");
}

/**
 * Whether every step of a lesson is done with.
 * @param {string} lesson
 * @param {string[]} steps
 */
export function finished(lesson, steps) {
  const done = marks(lesson);
  return steps.every((step) => done[step] !== undefined);
}

/** @param {import("./types.js").Message} [message]  how often a step was begun */
const opened = (message) => (message?.lesson && "opened" in message.lesson ? message.lesson.opened : 0);

/**
 * Whether a message begins a step: Python then says how it is looked at.
 * @param {import("./types.js").Message} message
 * @param {import("./types.js").Message} [before]
 */
export const begins = (message, before) => opened(message) > opened(before);
