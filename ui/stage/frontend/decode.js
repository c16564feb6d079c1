// @ts-check
/** What a frame holds, from the compact forms in which it is sent. */

const ARRAYS = {
  f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array,
  i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
};

/** @param {string} base64 */
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** @param {import("./types.js").Packed} packed */
function numbers({ dtype, bdata, shape }) {
  const flat = new ARRAYS[/** @type {keyof typeof ARRAYS} */ (dtype)](bytes(bdata).buffer);
  const [rows, columns] = String(shape ?? "").split(",").map(Number);
  if (!columns) return flat;
  return Array.from({ length: rows }, (_, row) => flat.subarray(row * columns, (row + 1) * columns));
}

/** @param {string} base64 */
function rgb(base64) {
  const b = bytes(base64);
  return Array.from({ length: b.length / 3 }, (_, i) => `rgb(${b[3 * i]},${b[3 * i + 1]},${b[3 * i + 2]})`);
}

const TURN = 48; // places on an outline

/**
 * One coordinate of an ellipse, c + a cos φ + b sin φ, with a break after it.
 * @param {[number, number, number]} ellipse
 */
const outline = ([c, a, b]) => Array.from({ length: TURN + 2 }, (_, n) =>
  n > TURN ? NaN : c + a * Math.cos(2 * Math.PI * n / TURN) + b * Math.sin(2 * Math.PI * n / TURN));

/**
 * Rows of numbers that are told with three digits, which remember their columns.
 * @param {number[][]} columns  in thousandths
 */
function rows(columns) {
  const table = columns[0].map((_, row) => columns.map((column) => column[row] / 1000));
  return Object.assign(table, { columns });
}

/**
 * Columns as in the frame before are null; others may say by how much they differ, or what is left of that once it has made up for
 * the columns before.
 * @param {any} value
 * @param {any} before
 */
export function complete(value, before) {
  if (!Array.isArray(value?.columns) || Array.isArray(value)) return value;
  /** @type {number[]} */
  let moved = [];
  return rows(value.columns.map((/** @type {any} */ column, /** @type {number} */ n) => {
    /** @type {number[]} */
    const by = column?.by ?? column?.rest?.map((/** @type {number} */ left, /** @type {number} */ row) => left - (moved[row] ?? 0));
    if (!by) return column ?? before.columns[n];
    moved = by.map((more, row) => more + (moved[row] ?? 0));
    return by.map((more, row) => more + before.columns[n][row]);
  }));
}

/**
 * Colours mixed in the proportions of the columns of a table, or the name of each row's largest number.
 * @param {{ mixed?: number[][], names?: string[], but?: [number, number][] }} how  but: rows where it is another's
 * @param {any} table
 */
export function follows({ mixed, names = [], but = [] }, table) {
  /** @type {number[][]} */
  const columns = table.columns.slice(0, (mixed ?? names).length);
  if (mixed) {
    return columns[0].map((_, row) => {
      const whole = columns.reduce((sum, column) => sum + column[row], 0);
      const [r, g, b] = [0, 1, 2].map((part) => Math.round(columns.reduce((sum, column, k) => sum + column[row] * mixed[k][part], 0) / whole));
      return `rgb(${r},${g},${b})`;
    });
  }
  const chosen = columns[0].map((_, row) => columns.reduce((most, column, k) => (column[row] > columns[most][row] ? k : most), 0));
  for (const [row, one] of but) chosen[row] = one;
  return chosen.map((k) => names[k]);
}

/**
 * Replace every packed array inside a value by a real one.
 * @param {any} value
 * @returns {any}
 */
export function decode(value) {
  if (Array.isArray(value)) return value.some((v) => v && typeof v === "object") ? value.map(decode) : value;
  if (!value || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (value.bdata !== undefined) return numbers(value);
  if (typeof value.rgb === "string") return rgb(value.rgb);
  if (value.round) return value.round.flatMap(outline);
  if (value.each && value.names) return value.each.map((/** @type {number} */ one) => value.names[one]);
  if (value.of) return value;
  if (value.columns) return value.columns.every(Array.isArray) ? rows(value.columns) : value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, decode(v)]));
}
