// @ts-check
/** Points put into a figure, and taken out, by clicks: only while the tool on its card is on. */
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { axisOf, inForce } from "./plotly.js";

/**
 * @typedef {"put" | "take"} Deed
 * @typedef {import("./plotly.js").Axis} Axis
 */

const REACH = 16; // pixels from a click to the point that it means

/**
 * What the axis has at a pixel of the figure, to the last digit that a pixel makes a difference to.
 * @param {Axis} axis
 * @param {number} pixel
 */
function place(axis, pixel) {
  const at = pixel - axis._offset, digits = Math.ceil(-Math.log10(Math.abs(axis.p2d(at + 1) - axis.p2d(at))));
  return Number(axis.p2d(at).toFixed(Math.min(Math.max(digits, 0), 100)));
}

export class Hands {
  /** @type {Deed | null} */
  deed = null; // of a click; none while the tool is off

  /**
   * @param {import("./types.js").Hands} hands
   * @param {import("./views.js").Face} face  the figure
   * @param {(deed: Deed, x: number, y: number) => void} did
   */
  constructor(hands, face, did) {
    this.hands = hands;
    this.face = face;
    this.did = did;
    this.ground = el("div", { class: "stage-ground", on: { click: (event) => this.click(event) } });
    face.host.after(this.ground);
    this.tool = this.button("put", hands.tool, () => this.turn(this.deed ? null : "put"));
    this.choices = {
      put: this.button("put", hands.put, () => this.turn("put")),
      take: this.button("take", hands.take, () => this.turn("take")),
    };
    this.bar = el("div", { class: "stage-zoombar", role: "group", "aria-label": hands.tool }, ...Object.values(this.choices));
    this.note = el("p", { class: "stage-hint", role: "status" });
    face.node.append(this.note);
    this.node = el("div", { class: "stage-zoom stage-hands", on: {
      keydown: (event) => this.escape(event),
      click: ({ target, detail }) => detail && target.closest("button")?.blur(), // the keys are the stage's again
    } }, this.bar, this.tool);
    this.turn(null);
  }

  /**
   * @param {Deed} picture
   * @param {string} name
   * @param {() => void} click
   */
  button(picture, name, click) {
    return el("button", { type: "button", "aria-label": name, title: name, on: { click } }, icon(picture));
  }

  /**
   * From now on a click does this, or nothing.
   * @param {Deed | null} deed
   */
  turn(deed) {
    this.deed = deed;
    this.bar.hidden = this.ground.hidden = this.note.hidden = !deed;
    this.note.textContent = deed ? `${this.hands[deed]}. ${this.hands.note}` : "";
    this.tool.setAttribute("aria-pressed", String(Boolean(deed)));
    for (const [name, node] of Object.entries(this.choices)) node.setAttribute("aria-pressed", String(name === deed));
  }

  /** @param {MouseEvent} event */
  click({ clientX, clientY, shiftKey }) {
    const { host } = this.face;
    const x = axisOf(host, "xaxis"), y = axisOf(host, "yaxis");
    if (!x || !y || !this.deed) return;
    const box = host.getBoundingClientRect();
    const left = clientX - box.left, top = clientY - box.top;
    if (left < x._offset || left > x._offset + x._length || top < y._offset || top > y._offset + y._length) return;
    const putting = (this.deed === "put") !== shiftKey;
    const where = putting ? [place(x, left), place(y, top)] : this.nearest(x, y, left, top);
    if (where) this.did(putting ? "put" : "take", where[0], where[1]);
  }

  /**
   * The point that a click means, if any is near.
   * @param {Axis} x
   * @param {Axis} y
   * @param {number} left
   * @param {number} top
   * @returns {[number, number] | null}
   */
  nearest(x, y, left, top) {
    const trace = inForce(this.face.host).traces.find(({ meta }) => meta === this.hands.trace);
    /** @type {[number, number] | null} */
    let found = null;
    let closest = REACH;
    Array.from(trace?.x ?? []).forEach((across, n) => {
      const apart = Math.hypot(x._offset + x.d2p(across) - left, y._offset + y.d2p(trace?.y[n]) - top);
      if (apart > closest) return;
      closest = apart;
      found = [across, trace?.y[n]];
    });
    return found;
  }

  /** @param {KeyboardEvent} event */
  escape(event) {
    if (event.key !== "Escape" || !this.deed) return;
    this.turn(null);
    this.tool.focus();
  }
}
