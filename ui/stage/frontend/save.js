// @ts-check
/** A tool of a card: what it shows, saved as a picture for a slide. */
import { el, setText } from "./dom.js";
import { pixels, svg } from "./picture.js";
import { pictured } from "./tool.js";

/** @typedef {import("./picture.js").Sight} Sight */

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>}
 */
const packed = (canvas) => new Promise((resolve, reject) => {
  canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("too large for this browser"))), "image/png");
});

export class Save {
  white = true;
  shown = false; // the bar

  /**
   * @param {string} title  of the card
   * @param {() => { sight: Sight, name: string } | null} seen  what is in view, and what the file is called
   */
  constructor(title, seen) {
    this.seen = seen;
    const name = `Save picture: ${title}`;
    this.button = pictured("save", name, () => this.open(!this.shown));
    this.kinds = ["SVG", "PNG"].map((kind) => el("button", { type: "button", class: "wide", title: `Save as ${kind}, for a slide`,
      on: { click: () => this.save(kind) } }, kind));
    this.ground = el("button", { type: "button", class: "wide", title: "No white behind the picture", "aria-pressed": "false",
      on: { click: () => this.paint(!this.white) } }, "Transparent");
    this.told = el("span", { class: "stage-saved", role: "status" });
    this.bar = el("div", { class: "stage-zoombar", role: "group", "aria-label": name }, ...this.kinds, this.ground, this.told);
    this.node = el("div", { class: "stage-save", on: { keydown: (event) => this.escape(event) } }, this.button, this.bar);
    /** @param {Event} event */
    this.aside = (event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !event.composedPath().includes(this.node)) this.open(false);
    };
    this.open(false);
  }

  /** @param {boolean} on */
  open(on) {
    this.shown = on;
    this.bar.hidden = !on;
    this.button.setAttribute("aria-expanded", String(on));
    // it lies over the figure: a press elsewhere, or what comes over the figure, puts it away
    for (const type of ["pointerdown", "keydown"]) document.removeEventListener(type, this.aside);
    if (on) for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, this.aside);
    setText(this.told, "");
  }

  /** @param {boolean} white */
  paint(white) {
    this.white = white;
    this.ground.setAttribute("aria-pressed", String(!white));
  }

  /** @param {string} kind */
  async save(kind) {
    const seen = this.seen();
    if (!seen || this.node.ariaBusy === "true") return;
    this.node.ariaBusy = "true";
    setText(this.told, "");
    try {
      const text = await svg(seen.sight, this.white);
      const blob = kind === "SVG" ? new Blob([text], { type: "image/svg+xml" }) : await packed(await pixels(text));
      download(blob, `${seen.name}.${kind.toLowerCase()}`);
      setText(this.told, "Saved");
    } catch (error) {
      setText(this.told, `The picture could not be made: ${/** @type {Error} */ (error).message}`);
    } finally {
      this.node.ariaBusy = "false";
    }
  }

  /** @param {KeyboardEvent} event */
  escape(event) {
    if (event.key !== "Escape" || !this.shown) return;
    this.open(false);
    this.button.focus();
  }
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function download(blob, name) {
  const href = URL.createObjectURL(blob);
  const link = el("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
