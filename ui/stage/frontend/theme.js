// @ts-check
/** Colours follow the page: light or dark is decided from the background that is really there. */

/**
 * @typedef {import("./types.js").Colors} Colors
 * @typedef {import("./types.js").Theme} Theme
 */

export const AXIS = /^[xy]axis\d*$/; // names of axes in a layout
// what is a length on the screen, by the end of its address
const LENGTH = /(font|marker)\.size$|line\.width$|(^|\.)margin\.\w+$|standoff$|(entry|item)width$|[xy]shift$/;

/** @param {string} css */
const channels = (css) => (css.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number);

/**
 * Relative luminance of a computed CSS colour (WCAG 2.2).
 * @param {string} css
 */
function luminance(css) {
  const [r, g, b] = channels(css).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * What the page looks like now; `signature` changes exactly when anything here does.
 * @param {Element} root
 * @param {{ light?: Colors, dark?: Colors }} [palettes]
 * @returns {Theme}
 */
export function readTheme(root, palettes) {
  const style = getComputedStyle(root);
  const page = getComputedStyle(document.documentElement);
  const size = parseFloat(page.fontSize);
  const dark = luminance(style.backgroundColor) < 0.4;
  const [r, g, b] = channels(style.color);
  /** @param {number} alpha */
  const faint = (alpha) => `rgba(${r},${g},${b},${alpha})`;
  const theme = {
    dark,
    font: style.fontFamily,
    size: parseFloat(style.fontSize) * 0.9,
    scale: size / (parseFloat(page.getPropertyValue("--root")) || size), // figures give lengths for a root of that size
    background: style.backgroundColor,
    primary: style.getPropertyValue("--st-primary-color").trim(),
    colors: { text: style.color, muted: faint(0.62), grid: faint(0.13), ...palettes?.[dark ? "dark" : "light"] },
  };
  return { ...theme, signature: JSON.stringify(theme) };
}

/**
 * Replace "$name" by the theme's colour, anywhere inside a value. Returns the value itself where nothing changes.
 * @template T
 * @param {T} value
 * @param {Colors} colors
 * @returns {T}
 */
export function paint(value, colors) {
  return /** @type {T} */ (painted(value, colors));
}

/**
 * @param {unknown} value
 * @param {Colors} colors
 * @returns {unknown}
 */
function painted(value, colors) {
  if (typeof value === "string") return value[0] === "$" ? (colors[value.slice(1)] ?? value) : value;
  if (!value || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, painted(v, colors)]));
  const plain = value.every((v) => typeof v === "number" || v === null || (typeof v === "string" && v[0] !== "$"));
  return plain ? value : value.map((v) => painted(v, colors));
}

/**
 * Lengths of a figure as long as the page's root size has them. Returns the value itself where nothing changes.
 * @param {any} value
 * @param {number} scale
 * @param {string} [path]
 * @returns {any}
 */
export function sized(value, scale, path = "") {
  if (scale === 1 || value === null || value === undefined) return value;
  if (LENGTH.test(path)) {
    const many = Array.isArray(value) || ArrayBuffer.isView(value);
    return many ? Array.from(/** @type {number[]} */ (value), (length) => length * scale) : value * scale;
  }
  if (typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return typeof value[0] === "object" ? value.map((each) => sized(each, scale, path)) : value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, sized(part, scale, `${path}.${name}`)]));
}

/**
 * Fill in what the scene leaves to the theme.
 * @param {Record<string, any>} layout
 * @param {Theme} theme
 */
export function dress(layout, theme) {
  const { text, muted, grid } = theme.colors;
  const axes = Object.keys(layout).filter((name) => AXIS.test(name));
  const axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, tickcolor: grid, tickfont: { color: muted } };
  return {
    autosize: false,
    uirevision: "stage",
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: sized({ margin: { l: 52, r: 14, t: 10, b: 40 } }, theme.scale).margin,
    ...layout,
    font: { family: theme.font, size: theme.size, color: text, ...layout.font },
    hoverlabel: { bgcolor: theme.background, bordercolor: muted, ...layout.hoverlabel, font: { family: theme.font, color: text, ...layout.hoverlabel?.font } },
    ...Object.fromEntries([...new Set(["xaxis", "yaxis", ...axes])].map((name) => [name, { ...axis, ...layout[name] }])),
  };
}

/**
 * Black or white, whichever reads better on a colour.
 * @param {string} color
 */
export function readable(color) {
  const probe = document.createElement("i");
  probe.style.color = color;
  document.body.append(probe);
  const light = luminance(getComputedStyle(probe).color);
  probe.remove();
  return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) ? "#000" : "#fff";
}
