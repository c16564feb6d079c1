// @ts-check
/** What a figure holds, as tables: curves over the same places are columns of one. */
import { inForce } from "./plotly.js";
import { plain, series, titleOf } from "./series.js";
import { points } from "./told.js";

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {import("./series.js").Series} Series
 * @typedef {import("./told.js").Place} Place
 * @typedef {{ name: string, heads: string[], places: Place[], cells: ((place: Place) => unknown)[] }} Table
 */

/**
 * Where a series lies, as a key that those over the same places share; "" where it shares with none.
 * @param {Series} series
 */
function along({ trace, places }) {
  const { type, mode, x, xaxis } = trace;
  return type === "scatter" && /lines/.test(mode) ? `${xaxis} ${places.map((place) => x[/** @type {number} */ (place)]).join()}` : "";
}

/**
 * Curves that are called something and tell nothing themselves, since another over the same places tells it.
 * @param {Host} host
 * @returns {Series[]}
 */
function silent(host) {
  const { traces } = inForce(host);
  return (traces ?? []).flatMap((trace, number) => {
    const name = plain(host.data[number]?.name ?? "");
    if (!name || trace.type !== "scatter" || trace.hoverinfo !== "skip" || !/lines/.test(trace.mode)) return [];
    const places = points({ ...trace, hoverinfo: "" });
    return places.length ? [{ name, trace, places, columns: [{ label: name, of: "y", said: false, value: (place) => trace.y[/** @type {number} */ (place)] }] }] : [];
  });
}

/**
 * The tables of a figure. What lies on axes that are called nothing has no coordinates, where it says what it is.
 * @param {Host} host
 * @returns {Table[]}
 */
export function tables(host) {
  const { layout } = inForce(host), told = series(host), quiet = silent(host);
  /** @type {Map<string, Table>} */
  const made = new Map();
  told.forEach((one, number) => {
    const { trace, places, columns } = one, key = along(one), speaks = columns.some(({ of }) => of === "told");
    const table = key && made.get(key);
    const shown = columns.filter(({ of }) => of === "told" || of === "z" || !speaks || titleOf(layout, trace, of));
    if (table) {
      for (const { label, of, value } of shown.filter(({ of }) => of !== "x")) {
        table.heads.push(of === "y" ? one.name : label);
        table.cells.push(value);
      }
      table.name += `, ${one.name}`;
      return;
    }
    const shares = key ? quiet.filter((other) => along(other) === key) : [];
    const several = shares.length > 0 || (key && told.some((other, n) => n > number && along(other) === key));
    const heads = shown.map(({ label, of }) => (several && of === "y" ? one.name : label));
    const cells = shown.map(({ value }) => value);
    const last = heads.length - (shown.at(-1)?.of === "told" ? 1 : 0); // what is told of all of them stands at the end
    heads.splice(last, 0, ...shares.map(({ name }) => name));
    cells.splice(last, 0, ...shares.map(({ columns: [{ value }] }) => value));
    made.set(key || String(number), { name: [one, ...shares].map(({ name }) => name).join(", "), heads, places, cells });
  });
  return [...made.values()];
}
