// @ts-check
/** Handles of fixed size over a figure, which the reader drags with a pointer or moves with the arrow keys. */
import { el } from "./dom.js";
import { axisOf } from "./plotly.js";
import { paint } from "./theme.js";

/**
 * @typedef {import("./plotly.js").Axis} Axis
 * @typedef {{ node: HTMLButtonElement, x: number, y: number, label: string, axes: [string, string],
 *   timer?: ReturnType<typeof setTimeout> }} Grip  a handle as it is on the screen
 */

const PAUSE = 600; // milliseconds without a key before a handle moved by keys counts as dropped
const STEP = 0.01; // of the axis, per arrow key; ten times that with Shift
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @param {Axis} axis
 * @param {number} pixel  of the figure
 */
const within = (axis, pixel) => pixel >= axis._offset - 1 && pixel <= axis._offset + axis._length + 1;

/**
 * What the axis has at a pixel of the figure, or at its nearer end.
 * @param {Axis} axis
 * @param {number} pixel
 */
const inside = (axis, pixel) => axis.p2d(Math.min(Math.max(pixel - axis._offset, 0), axis._length));

export class Handles {
  /** @type {Map<string, Grip>} */
  grips = new Map(); // by the handle's id

  /**
   * `dropped(id, x, y)` is called when a handle comes to rest somewhere else.
   * @param {import("./plotly.js").Host} host  the figure beneath
   * @param {(id: string, x: number, y: number) => void} dropped
   */
  constructor(host, dropped) {
    this.host = host;
    this.dropped = dropped;
    this.node = el("div", { class: "stage-handles" });
  }

  /**
   * @param {import("./types.js").Handle[]} handles
   * @param {import("./types.js").Theme} theme
   */
  show(handles, theme) {
    const ids = new Set(handles.map(({ id }) => id));
    this.grips.forEach((grip, id) => {
      if (ids.has(id)) return;
      clearTimeout(grip.timer);
      grip.node.remove();
      this.grips.delete(id);
    });
    for (const { id, x, y, label, color = "$text", axes = ["xaxis", "yaxis"] } of handles) {
      const grip = this.grips.get(id) ?? this.add(id);
      clearTimeout(grip.timer); // a frame that arrives is what counts
      grip.node.style.setProperty("--tint", paint(color, theme.colors));
      grip.node.title = label;
      Object.assign(grip, { axes, label });
      this.place(grip, x, y);
    }
  }

  /** Zoom and size may have changed: put every handle back over its point. */
  follow() {
    this.grips.forEach((grip) => this.place(grip, grip.x, grip.y));
  }

  /**
   * The handle's two axes, null before they are drawn.
   * @param {Grip} grip
   * @returns {[Axis, Axis] | null}
   */
  axes(grip) {
    const [horizontal, vertical] = grip.axes.map((name) => axisOf(this.host, name));
    return horizontal && vertical ? [horizontal, vertical] : null;
  }

  /**
   * @param {Grip} grip
   * @param {number} x
   * @param {number} y
   */
  place(grip, x, y) {
    Object.assign(grip, { x, y });
    const axes = this.axes(grip);
    if (!axes) return;
    const [horizontal, vertical] = axes;
    const left = horizontal._offset + horizontal.d2p(x), top = vertical._offset + vertical.d2p(y);
    grip.node.style.transform = `translate(${left}px, ${top}px)`;
    grip.node.hidden = !within(horizontal, left) || !within(vertical, top);
    grip.node.setAttribute("aria-label", `${grip.label}: ${Number(x.toPrecision(4))}, ${Number(y.toPrecision(4))}`);
  }

  /** @param {string} id */
  add(id) {
    const node = el("button", { class: "stage-handle", type: "button", "aria-roledescription": "drag handle" });
    /** @type {Grip} */
    const grip = { node, x: 0, y: 0, label: "", axes: ["xaxis", "yaxis"] };
    /** @type {{ x: number, y: number, moved: boolean } | null} */
    let held = null; // where inside the handle the pointer took hold
    node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const box = node.getBoundingClientRect();
      held = { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2, moved: false };
      node.setPointerCapture(event.pointerId);
    });
    node.addEventListener("pointermove", (event) => {
      if (!held) return;
      held.moved = true;
      const box = this.host.getBoundingClientRect();
      this.move(grip, event.clientX - held.x - box.left, event.clientY - held.y - box.top);
    });
    node.addEventListener("pointerup", () => {
      const moved = held?.moved;
      held = null;
      if (moved) this.dropped(id, grip.x, grip.y);
    });
    node.addEventListener("pointercancel", () => (held = null));
    node.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key], axes = this.axes(grip);
      if (!arrow || !axes || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const size = STEP * (event.shiftKey ? 10 : 1);
      const [horizontal, vertical] = axes;
      this.move(grip,
        horizontal._offset + horizontal.d2p(grip.x) + arrow[0] * size * horizontal._length,
        vertical._offset + vertical.d2p(grip.y) - arrow[1] * size * vertical._length);
      clearTimeout(grip.timer);
      grip.timer = setTimeout(() => this.dropped(id, grip.x, grip.y), PAUSE);
    });
    this.grips.set(id, grip);
    this.node.append(node);
    return grip;
  }

  /**
   * Move to a pixel of the figure, kept inside the axes.
   * @param {Grip} grip
   * @param {number} left
   * @param {number} top
   */
  move(grip, left, top) {
    const axes = this.axes(grip);
    if (axes) this.place(grip, inside(axes[0], left), inside(axes[1], top));
  }

  destroy() {
    this.grips.forEach(({ timer }) => clearTimeout(timer));
  }
}
