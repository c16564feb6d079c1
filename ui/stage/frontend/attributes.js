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
 * Part of the way from one list of numbers to another.
 * @param {ArrayLike<any>} from
 * @param {ArrayLike<any>} to
 * @param {number} t
 */
export const between = (from, to, t) =>
  Array.from(to, (end, i) => (Number.isFinite(end) && Number.isFinite(from[i]) ? from[i] + t * (end - from[i]) : end));

/**
 * What is given to Plotly's layout, of which it changes ranges in place when the reader moves a picture.
 * @param {any} value
 */
export const own = (value) => (Array.isArray(value) ? [...value] : value);
