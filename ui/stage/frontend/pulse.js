// @ts-check
/** When half-steps come while the stage plays: with a picture of the screen, one each, so that none is drawn and not seen. */

const NEAR = 8; // milliseconds, half of what the screen shows a picture for: what is due no later comes with this one

/**
 * Call at the picture of the screen that comes next to a time; by the clock alone where nobody looks. Returns what calls it off.
 * @param {number} due
 * @param {() => void} call
 */
export function atPicture(due, call) {
  const left = due - performance.now();
  let frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = () => {
    if (due - performance.now() <= NEAR) call();
    else frame = requestAnimationFrame(look);
  };
  const seen = typeof document !== "undefined" && !document.hidden;
  if (!seen) timer = setTimeout(call, Math.max(0, left));
  else if (left <= 2 * NEAR) frame = requestAnimationFrame(look);
  else timer = setTimeout(() => (frame = requestAnimationFrame(look)), left - 2 * NEAR);
  return () => {
    clearTimeout(timer);
    if (frame) cancelAnimationFrame(frame);
  };
}
