// @ts-check
/** Points strewn in the plane, and the way from one to the next by arrow keys. */

/**
 * Whether points stand in the plane in no order: then an arrow goes to the next one that way.
 * @param {Record<string, any>} trace
 * @param {import("./told.js").Place[]} places
 */
export function strewn({ type, mode, x }, places) {
  if (type !== "scatter" || mode !== "markers") return false;
  return places.some((place, n) => n > 0 && x[/** @type {number} */ (place)] < x[/** @type {number} */ (places[n - 1])]);
}

/**
 * Which of some places on the screen comes next to the right, left, below or above; those in the same place one after another.
 * @param {[number, number][]} places  to the right and down
 * @param {number} from
 * @param {[number, number]} way  one of (1, 0), (-1, 0), (0, 1), (0, -1)
 */
export function nextThatWay(places, from, [right, down]) {
  let found = from, best = Infinity;
  places.forEach(([x, y], n) => {
    const across = x - places[from][0], along = y - places[from][1];
    const ahead = right * across + down * along, aside = Math.abs(down * across) + Math.abs(right * along);
    const here = ahead === 0 && aside === 0 && (n - from) * (right + down) > 0;
    // what lies within 45° comes before all that does not
    const far = here ? Math.abs(n - from) * 1e-9 : Math.hypot(ahead, aside) + (aside > ahead ? 1e6 : 0);
    if ((!here && ahead <= 0) || far >= best) return;
    best = far;
    found = n;
  });
  return found;
}
