// @ts-check
/** What a figure holds, as names, columns and numbers: what is told of it in words, and in a table. */
import { inForce } from "./plotly.js";
import { points } from "./told.js";

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {import("./told.js").Place} Place
 * @typedef {{ label: string, of: "x" | "y" | "z" | "told", said: boolean, value: (place: Place) => unknown }} Column  said: under the mouse
 * @typedef {{ name: string, trace: Record<string, any>, places: Place[], columns: Column[] }} Series
 */

const DIGITS = 7; // that numbers of four bytes hold
const LISTED = 6; // numbers that are told one by one
const NAMED = 12; // traces that are told of
const PART = /%\{([^}:]+)(?::[^}]*)?\}/g;
/** @type {Record<string, string>} */
const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"' };

/**
 * Words as they are read, without Plotly's tags.
 * @param {unknown} text
 */
export const plain = (text) => String(text).replace(/<br\s*\/?>/g, "; ").replace(/<[^>]*>/g, "")
  .replace(/&(lt|gt|amp|quot);/g, (found) => ENTITIES[found]).replace(/[\s\u2000-\u200a]+/g, " ").replace(/^[;\s]+|[;\s]+$/g, "");

/**
 * A value as it is read: a number to the digits that it has, with a true minus sign.
 * @param {unknown} value
 * @param {number} [digits]
 */
export function shown(value, digits = DIGITS) {
  if (typeof value !== "number") return value === null || value === undefined ? "" : plain(value);
  if (Number.isNaN(value)) return "";
  return (Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : value > 0 ? "∞" : "-∞").replaceAll("-", "−");
}

/**
 * The axis of a trace.
 * @param {Record<string, any>} layout
 * @param {Record<string, any>} trace
 * @param {"x" | "y"} of
 * @returns {Record<string, any>}
 */
const axis = (layout, trace, of) => layout[String(trace[`${of}axis`] ?? of).replace(/^[xy]/, "$&axis")] ?? {};

/**
 * The title of a trace's axis; where none is drawn, as the figure says in `meta.across` what lies along x.
 * @param {Record<string, any>} layout
 * @param {Record<string, any>} trace
 * @param {"x" | "y"} of
 */
export const titleOf = (layout, trace, of) => plain(axis(layout, trace, of).title?.text ?? "") || (of === "x" && layout.meta?.across) || "";

/**
 * @param {Record<string, any>} trace
 * @param {"x" | "y"} of
 * @param {Place} place
 */
const along = (trace, of, place) => trace[of]?.[Array.isArray(place) ? place[of === "x" ? 1 : 0] : place];

/**
 * @param {Record<string, any>} trace
 * @param {Place} place
 */
const cell = ({ z }, place) => (Array.isArray(place) ? z[place[0]]?.[place[1]] : undefined);

/**
 * Every trace of which something is told, with its columns: what stands at a point under the mouse, and its place.
 * @param {Host} host
 * @returns {Series[]}
 */
export function series(host) {
  const { layout, traces } = inForce(host);
  return (traces ?? []).map((trace, number) => ({ trace, places: points(trace), given: host.data[number]?.name }))
    .filter(({ places }) => places.length)
    .map(({ trace, places, given }) => {
      const columns = told(trace);
      for (const of of /** @type {const} */ (["y", "x"])) {
        if (!columns.some((column) => column.of === of)) columns.unshift({ label: "", of, said: false, value: (place) => along(trace, of, place) });
      }
      if (trace.z && !columns.some(({ of }) => of === "z")) columns.push({ label: "value", of: "z", said: false, value: (place) => cell(trace, place) });
      else columns.sort((a, b) => Number(b.of === "x") - Number(a.of === "x")); // the place first
      const name = given || called(trace, places, columns);
      for (const column of columns) {
        const title = column.of === "x" || column.of === "y" ? titleOf(layout, trace, column.of) : "";
        if (column.of === "x") column.label = title || column.label || "x";
        column.label ||= column.of === "told" ? "what it says" : title || name;
      }
      return { name: plain(name), trace, places, columns };
    });
}

/**
 * The columns that what is told under the mouse has.
 * @param {Record<string, any>} trace
 * @returns {Column[]}
 */
function told(trace) {
  const { hovertemplate, text, customdata } = trace;
  if (typeof hovertemplate !== "string" || !hovertemplate) {
    return text ? [{ label: "", of: "told", said: true, value: (place) => (typeof text === "string" ? text : text[/** @type {number} */ (place)]) }] : [];
  }
  const lines = hovertemplate.replace(/<extra>.*$/, "").split("<br>");
  return lines.flatMap((line) => {
    let end = 0;
    return [...line.matchAll(PART)].map(({ 0: { length }, 1: of, index }) => {
      const label = plain(line.slice(end, index)).replace(/^[:,.)→\s]+|[:,=(→\s]+$/g, "");
      end = index + length;
      const [, entry] = /^customdata\[(\d+)\]$/.exec(of) ?? [];
      /** @type {(place: Place) => unknown} */
      const value = of === "x" || of === "y" ? (place) => along(trace, of, place)
        : of === "z" ? (place) => cell(trace, place)
          : (place) => {
            const held = Array.isArray(place) ? (of === "text" ? text : customdata)?.[place[0]]?.[place[1]]
              : of === "text" ? (typeof text === "string" ? text : text?.[place]) : customdata?.[place];
            return entry === undefined ? held : held?.[Number(entry)];
          };
      return { label, of: of === "x" || of === "y" || of === "z" ? of : "told", said: true, value };
    });
  });
}

/**
 * What a trace without a name is called: what is said of its only point, what its heights are called, else what it is in the figure.
 * @param {Record<string, any>} trace
 * @param {Place[]} places
 * @param {Column[]} columns
 */
function called(trace, places, columns) {
  const told = columns.filter(({ of }) => of === "told");
  if (places.length === 1 && told.length === 1) return plain(String(told[0].value(places[0])).split("<br>")[0]);
  return columns.find(({ of, label }) => of === "y" && label && columns.length <= 2)?.label || String(trace.meta ?? "");
}

/**
 * What is written in the figure, line by line from the top.
 * @param {Host} host
 * @returns {string[]}
 */
export function written(host) {
  /** @type {{ x: number, y: number, axis: string, text: string }[]} */
  const words = [];
  for (const { type, mode, visible, hovertemplate, x, y, text, yaxis = "y" } of inForce(host).traces ?? []) {
    if (type !== "scatter" || visible !== true || hovertemplate || !/text/.test(mode ?? "")) continue;
    Array.from(x ?? []).forEach((across, n) => {
      const found = plain(typeof text === "string" ? text : text?.[n] ?? "");
      if (found && y?.[n] !== null && y?.[n] !== undefined) words.push({ x: Number(across), y: Number(y[n]), axis: yaxis, text: found });
    });
  }
  /** @type {Map<string, typeof words>} */
  const rows = new Map();
  for (const word of words) {
    const key = `${word.axis} ${word.y.toPrecision(5)}`;
    rows.set(key, [...(rows.get(key) ?? []), word]);
  }
  const reversed = ([from, to] = [0, 1]) => from > to;
  const { layout } = inForce(host);
  return [...rows.values()]
    .sort(([a], [b]) => (b.y - a.y) * (reversed(layout[a.axis.replace("y", "yaxis")]?.range) ? -1 : 1))
    .map((row) => row.sort((a, b) => a.x - b.x).map(({ text }) => text).join(" "));
}

/**
 * The least and the most of some values that are numbers.
 * @param {unknown[]} values
 */
function range(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low < high ? `${shown(low, 4)} to ${shown(high, 4)}` : low === high ? shown(low, 4) : `${new Set(values).size} kinds`;
}

/**
 * A trace in a few words. now: the x of the frame in view, where x is a frame's number.
 * @param {Series} series
 * @param {number | null} now
 */
function inWords({ name, trace, places, columns }, now) {
  const said = columns.filter((column) => column.said && column.of !== "x"), y = columns.find(({ of }) => of === "y"), x = columns.find(({ of }) => of === "x");
  if (!x || !y) return name;
  const here = now === null ? undefined : places.find((place) => x.value(place) === now);
  if (here !== undefined) {
    const says = (said.length ? said : [y]).map(({ value }) => shown(value(here))).join(", ");
    return `${name}: at ${now} of ${range(places.map(x.value))}: ${says}`;
  }
  if (places.length === 1) {
    const text = (said.some(({ of }) => of === "told") ? said : columns).map(({ label, of, value }) => `${of === "told" ? "" : `${label} `}${shown(value(places[0]))}`).join(", ");
    return text.startsWith(name) ? text : `${name}: ${text}`;
  }
  if (trace.z) return `${name}: ${trace.z.length} by ${trace.z[0]?.length ?? 0} cells, ${range(places.map((place) => cell(trace, place)))}`;
  if (places.length <= LISTED && trace.type === "bar") {
    return `${name}: ${places.map((place) => `${shown(x.value(place), 4)} ${shown(y.value(place), 4)}`).join(", ")}`;
  }
  return `${name}: ${places.length} points, ${[x, y].map(({ label, value }) => `${label} ${range(places.map(value))}`).join(", ")}`;
}

/**
 * Where the frame in view stands on the curves: traces of that name, which tell nothing themselves.
 * @param {Host} host
 */
function here(host) {
  const { layout, traces } = inForce(host);
  return (traces ?? []).filter(({ meta, visible, type, hoverinfo }) => visible === true && type === "scatter" && hoverinfo === "skip" && /\bhere$/.test(meta))
    .flatMap((trace) => {
      const { x, y, meta } = trace, [at] = x ?? [], heights = Array.from(y ?? []).filter(Number.isFinite);
      if (typeof at !== "number" || !heights.length || Array.from(x).some((other) => other !== at)) return [];
      const across = titleOf(layout, trace, "x") || "x", along = titleOf(layout, trace, "y");
      return [`Now${meta === "here" ? "" : ` (${meta})`} at ${across} ${shown(at, 4)}: ${heights.map((height) => shown(height)).join(" and ")}${along ? `, ${along}` : ""}`];
    });
}

/**
 * What the figure shows now. now: the number of the frame in view, where a point's x is a frame's number.
 * @param {Host} host
 * @param {number | null} [now]
 */
export function described(host, now = null) {
  const lines = written(host).join("; "), all = series(host), named = all.slice(0, NAMED);
  const more = all.length - named.length;
  return [...(lines ? [`Written in it: ${lines}`] : []), ...(now === null ? here(host) : []), ...named.map((one) => inWords(one, now)), ...(more > 0 ? [`and ${more} more`] : [])]
    .map((sentence) => `${sentence.replace(/[.\s]+$/, "")}.`).join(" ");
}
