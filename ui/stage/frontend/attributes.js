// @ts-check
/** Attributes of a figure by their addresses, and parts of the way from one value to another. */

/** @param {string} path */
const steps = (path) => path.match(/[^.[\]]+/g) ?? [];
/**
 * @param {any} object
 * @param {string} path
 */
export const read = (object, path) => steps(path).reduce((o, step) => o?.[step], object);

/**
 * @param {any} object
 * @param {string} path
 * @param {unknown} value
 */
export function write(object, path, value) {
  const names = steps(path);
  const leaf = names.pop() ?? path;
  names.reduce((o, name) => (o[name] ??= {}), object)[leaf] = value;
}

/**
 * "figure/2/marker.color" is an attribute of trace 2, "figure/xaxis.range" one of the layout.
 * @param {string} key
 */
export function address(key) {
  const [, trace, ...path] = key.split("/");
  return path.length ? { trace: Number(trace), path: path.join("/") } : { trace: null, path: trace };
}

/**
 * @param {any} value
 * @returns {value is ArrayLike<any>}
 */
export const many = (value) => Array.isArray(value) || ArrayBuffer.isView(value);

/**
 * Part of the way from one list of numbers to another.
 * @param {ArrayLike<any>} from
 * @param {ArrayLike<any>} to
 * @param {number} t
 */
export const between = (from, to, t) =>
  Array.from(to, (end, i) => (Number.isFinite(end) && Number.isFinite(from[i]) ? from[i] + t * (end - from[i]) : end));

/**
 * How many steps these are, the first and the last included.
 * @param {import("./types.js").Steps} steps
 */
export const count = ({ each, first, last }) => (each ?? first ?? last ?? []).length;

/**
 * The number of the step at a part of the way.
 * @param {import("./types.js").Steps} steps
 * @param {number} t
 */
export const stepAt = (steps, t) => Math.min(Math.floor(t * count(steps)), count(steps) - 1);

/**
 * What an attribute holds at one of the steps: never anything between two of them, which nobody has computed.
 * @param {import("./types.js").Steps} steps
 * @param {any} value  at the end of the way
 * @param {number} step
 */
export function underway({ each, first, last }, value, step) {
  if (each) return each[step];
  return first ? value.slice(0, first[step]) : [...value.slice(0, -1), last[step]];
}

/**
 * Whether a figure that holds the one need not be given the other: it holds the same numbers and words. A range that is as it was
 * leaves the reader's zoom.
 * @param {any} one
 * @param {any} other
 * @returns {boolean}
 */
export function alike(one, other) {
  if (Object.is(one, other)) return true;
  if (!one || !other || typeof one !== "object" || typeof other !== "object") return false;
  if (many(one) || many(other)) {
    if (!many(one) || !many(other) || one.length !== other.length) return false;
    for (let n = 0; n < one.length; n++) if (!alike(one[n], other[n])) return false;
    return true;
  }
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => name in other && alike(one[name], other[name]));
}

/**
 * A range for Plotly to keep: it writes the reader's zoom into it.
 * @param {any} value
 */
export const own = (value) => (Array.isArray(value) && value.length === 2 ? [...value] : value);

/**
 * The entries that concern one figure.
 * @template T
 * @param {string} figure
 * @param {Record<string, T>} entries  by address
 * @returns {Map<string, T>}
 */
export const within = (figure, entries) => new Map(Object.entries(entries).filter(([key]) => key.startsWith(`${figure}/`)));
