/** Colours follow the page: light or dark is decided from the background that is really there. */

const channels = (css) => (css.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number);

/** Relative luminance of a computed CSS colour (WCAG 2.2). */
function luminance(css) {
  const [r, g, b] = channels(css).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** What the page looks like now; `signature` changes exactly when anything here does. */
export function readTheme(root, palettes) {
  const style = getComputedStyle(root);
  const dark = luminance(style.backgroundColor) < 0.4;
  const [r, g, b] = channels(style.color);
  const faint = (alpha) => `rgba(${r},${g},${b},${alpha})`;
  const theme = {
    dark,
    font: style.fontFamily,
    size: parseFloat(style.fontSize) * 0.9,
    background: style.backgroundColor,
    colors: { text: style.color, muted: faint(0.62), grid: faint(0.13), ...palettes?.[dark ? "dark" : "light"] },
  };
  return { ...theme, signature: JSON.stringify(theme) };
}

/** Replace "$name" by the theme's colour, anywhere inside a value. Returns the value itself where nothing changes. */
export function paint(value, colors) {
  if (typeof value === "string") return value[0] === "$" ? (colors[value.slice(1)] ?? value) : value;
  if (!value || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, paint(v, colors)]));
  const plain = value.every((v) => typeof v === "number" || v === null || (typeof v === "string" && v[0] !== "$"));
  return plain ? value : value.map((v) => paint(v, colors));
}

/** Black or white, whichever reads better on a colour. */
export function readable(color) {
  const probe = document.createElement("i");
  probe.style.color = color;
  document.body.append(probe);
  const light = luminance(getComputedStyle(probe).color);
  probe.remove();
  return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) * 1.4 ? "#000" : "#fff";
}
