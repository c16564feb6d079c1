// @ts-check
/** A view as a picture for a slide: 16:9, large letters, light colours on white or on nothing, whatever the page looks like. */
import { el } from "./dom.js";
import { Picture } from "./figures.js";
import { plain } from "./mathtext.js";
import { plotly } from "./plotly.js";

/**
 * @typedef {{ id: string, figure: import("./types.js").Figure, held: Map<string, any>, title: string, sentence: string, note?: string,
 *   formula?: string, colors?: import("./types.js").Colors }} Sight  what is in view of one of a view's figures; held: as History.figure
 *   gives it; formula: TeX
 */

export const WIDTH = 1280, HEIGHT = 720; // pixels, of which a slide has as many
const SHARP = 2; // pixels of a PNG for each of these
const EDGE = 24, INSET = 12; // beside words, beside the figure
// what every program has: what measures the text here and what shows it later have letters of about the same width
const FONT = "Arial, Helvetica, sans-serif";
const [TEXT, MUTED, GRID, PAPER] = ["#16202c", "rgba(22,32,44,0.72)", "rgba(22,32,44,0.16)", "#ffffff"];
const SCALE = 5 / 3; // of the lengths that figures give: 12 pixels, as words at ticks are high, are 20
const LEAST = 20; // pixels of all words, but for indices
const COMING = /\s*\bNext,\s.*?\.(?=\s|$)/; // what comes next is not in a picture that stands still
const SVG = "http://www.w3.org/2000/svg";

/** @param {import("./types.js").Colors} [colors] */
const theme = (colors) => ({
  dark: false, font: FONT, size: 13.5 * SCALE, scale: SCALE, background: PAPER, primary: TEXT,
  colors: { text: TEXT, muted: MUTED, grid: GRID, ...colors }, signature: "slide",
});

/**
 * What one of a view's figures shows, with the words around it.
 * @param {import("./types.js").Scene} scene
 * @param {import("./types.js").View} view
 * @param {string} figure
 * @param {Map<string, any>} held
 * @param {import("./types.js").Slots} slot
 * @returns {Sight}
 */
export function sightOf(scene, view, figure, held, slot) {
  const said = (/** @type {string | null | undefined} */ name) => (name && slot(name)?.text) || "";
  const label = view.figures.length > 1 ? view.figures.find(({ id }) => id === figure)?.label : undefined;
  const own = said(view.heading && `${view.heading}.${figure}`), title = own || said(view.heading) || view.title;
  // the title is that of the figure that comes first; others without their own say which they are
  const whole = own || !label || label === title || figure === view.figures[0].id;
  return {
    id: figure, figure: scene.figures[figure], held, title: whole ? title : `${title} – ${label}`,
    sentence: said(scene.caption).replace(COMING, ""), note: said(view.note), formula: said(view.formula), colors: scene.colors?.light,
  };
}

/**
 * The picture as SVG, in which words are text.
 * @param {Sight} sight
 * @param {boolean} white  rather than see-through
 */
export async function svg(sight, white) {
  const { title, sentence, note, formula } = sight;
  const whole = node("svg", { xmlns: SVG, width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "font-family": FONT });
  whole.append(node("title", {}, title), node("desc", {}, sentence));
  if (white) whole.append(node("rect", { width: WIDTH, height: HEIGHT, fill: PAPER }));
  let top = write(whole, title, 8, { size: 32, fill: TEXT, weight: "bold" });
  if (formula) top = write(whole, plain(formula), top, { size: 26, fill: TEXT });
  top = write(whole, sentence, top + 2, { size: 22, fill: TEXT });
  if (note) top = write(whole, note, top + 2, { size: 20, fill: MUTED });
  top += 10;
  whole.append(node("g", { transform: `translate(${INSET} ${top})` }, ...await figure(sight, HEIGHT - top - 6)));
  return new XMLSerializer().serializeToString(whole);
}

/**
 * The same in pixels.
 * @param {string} text  of the SVG
 * @returns {Promise<HTMLCanvasElement>}
 */
export async function pixels(text) {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(new Error("the browser cannot read the picture"));
      image.src = address;
    });
    const canvas = el("canvas", { width: SHARP * WIDTH, height: SHARP * HEIGHT });
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * What Plotly draws of the figure at this height.
 * @param {Sight} sight
 * @param {number} height
 */
async function figure({ id, figure: spec, held, colors }, height) {
  const width = WIDTH - 2 * INSET;
  const host = /** @type {import("./plotly.js").Host} */ (el("div", { style: { width: `${width}px`, height: `${height}px` } }));
  const place = el("div", { class: "stage-canvas", "aria-hidden": "true", inert: true }, host);
  document.body.append(place);
  try {
    const picture = new Picture(id, spec, [], host);
    picture.measure();
    picture.show(held, theme(colors), false);
    const text = await plotly().toImage(host, { format: "svg", width, height, imageDataOnly: true });
    const drawn = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    for (const background of drawn.querySelectorAll(":scope > rect")) background.remove();
    for (const { style } of /** @type {NodeListOf<SVGTextElement>} */ (drawn.querySelectorAll("text"))) {
      if (parseFloat(style.fontSize) < LEAST) style.fontSize = `${LEAST}px`;
    }
    return [...drawn.children].map((child) => document.importNode(child, true));
  } finally {
    place.remove();
  }
}

/**
 * Words in as many lines as they need. Returns where what stands below them may begin.
 * @param {Element} whole
 * @param {string} words
 * @param {number} top
 * @param {{ size: number, fill: string, weight?: string }} look
 */
function write(whole, words, top, { size, fill, weight = "normal" }) {
  const lines = broken(words, `${weight} ${size}px ${FONT}`, WIDTH - 2 * EDGE);
  const rise = Math.round(1.25 * size);
  lines.forEach((line, n) => whole.append(node("text", { x: EDGE, y: top + (n + 1) * rise, "font-size": `${size}px`, "font-weight": weight, fill }, line)));
  return top + lines.length * rise;
}

/**
 * @param {string} words
 * @param {string} font
 * @param {number} width
 */
function broken(words, font, width) {
  const pen = el("canvas").getContext("2d");
  if (pen) pen.font = font;
  /** @type {string[]} */
  const lines = [];
  for (const word of words.split(" ")) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && (pen?.measureText(longer).width ?? 0) > width) lines.push(word);
    else lines[Math.max(lines.length - 1, 0)] = longer;
  }
  return lines;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
function node(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) if (attribute !== "xmlns") made.setAttribute(attribute, String(value));
  made.append(...children);
  return made;
}
