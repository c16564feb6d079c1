// @ts-check
/** Points put into a figure, and taken out, by clicks: only while the tool on its card is on. */
import { el } from "./dom.js";
import { axisOf, inForce } from "./plotly.js";
import { Tool } from "./tool.js";

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
    this.note = el("p", { class: "stage-hint", role: "status" }); // above the figures, and over none of them
    /** @type {Tool<Deed>} */
    this.tool = new Tool({
      name: hands.tool, picture: "edit", choices: [["put", hands.put], ["take", hands.take]], kind: "stage-hands",
    }, () => this.turned());
    this.node = this.tool.node;
    this.tool.turn(null);
  }

  turned() {
    const { chosen } = this.tool;
    this.ground.hidden = this.note.hidden = !chosen;
    this.note.textContent = chosen ? `${this.hands[chosen]}. ${this.hands.note}` : "";
  }

  /** @param {MouseEvent} event */
  click({ clientX, clientY, shiftKey }) {
    const { host } = this.face;
    const x = axisOf(host, "xaxis"), y = axisOf(host, "yaxis");
    if (!x || !y || !this.tool.chosen) return;
    const box = host.getBoundingClientRect();
    const left = clientX - box.left, top = clientY - box.top;
    if (left < x._offset || left > x._offset + x._length || top < y._offset || top > y._offset + y._length) return;
    const putting = (this.tool.chosen === "put") !== shiftKey;
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
}
