// @ts-check
/** Handles of fixed size over a figure, which the reader drags with a pointer or moves with the arrow keys. */
import { el, setText } from "./dom.js";
import { axisOf } from "./plotly.js";
import { paint } from "./theme.js";

/**
 * @typedef {import("./plotly.js").Axis} Axis
 * @typedef {{ node: HTMLButtonElement, x: number, y: number, label: string, axes: [string, string],
 *   along?: "x" | "y" | null, timer?: ReturnType<typeof setTimeout> }} Grip  a handle as it is on the screen
 */

const PAUSE = 600; // milliseconds without a key before a handle moved by keys counts as dropped
const STEP = 0.01; // of the axis, per arrow key; ten times that with Shift
/** @type {Record<string, number>} handles further */
const PAGES = { PageDown: 1, PageUp: -1 };
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
  /** @type {{ id: string, x: number, y: number, moved: boolean } | null} */
  pulled = null; // the one under the pointer, and where inside it that took hold
  /** @type {string | null} */
  keyed = null; // the one that keys move
  /** @type {string | null} */
  last = null; // the one that had the focus last

  /**
   * @param {import("./plotly.js").Host} host  the figure beneath
   * @param {import("./types.js").HandleEvents} on
   */
  constructor(host, on) {
    this.host = host;
    this.on = on;
    this.node = el("div", { class: "stage-handles" });
    // handles are no stops of the Tab key: it would take many to pass a figure
    this.told = el("p", { class: "stage-said", id: `${host.id}-handles` });
    this.keys = el("p", { class: "stage-said", id: `${host.id}-keys` }, "Arrow keys move it, with Shift ten times as far. Page Down: the next one. Escape: back to the figure.");
  }

  /**
   * @param {import("./types.js").PlacedHandle[]} handles
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
    for (const { id, x, y, label, color = "$text", axes = ["xaxis", "yaxis"], along } of handles) {
      const grip = this.grips.get(id) ?? this.add(id);
      if (id === this.pulled?.id || id === this.keyed) { // it is where the hand is; beside its own way, where that leads
        if (along) this.place(grip, along === "x" ? grip.x : x, along === "y" ? grip.y : y);
        continue;
      }
      grip.node.style.setProperty("--tint", paint(color, theme.colors));
      grip.node.title = label;
      Object.assign(grip, { axes, label, along });
      this.place(grip, x, y);
    }
    const many = this.seen.length;
    setText(this.told, many ? `Enter: ${many === 1 ? "a point" : `${many} points`} to move by arrow keys` : "");
  }

  /** Those in the picture, by id. */
  get seen() {
    return [...this.grips].filter(([, { node }]) => !node.hidden);
  }

  /** Put the focus on one of them, the one that had it last. Returns whether there is any. */
  enter() {
    const { seen } = this, found = seen.find(([id]) => id === this.last) ?? seen[0];
    found?.[1].node.focus();
    return found !== undefined;
  }

  /**
   * So many handles further.
   * @param {string} id  of the one with the focus
   * @param {number} way
   */
  further(id, way) {
    const { seen } = this, at = seen.findIndex(([other]) => other === id);
    seen[(at + way + seen.length) % seen.length]?.[1].node.focus();
  }

  /** Where the focus is without one of them. @returns {HTMLElement | null} */
  get figure() {
    return this.node.closest(".stage-figure");
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
    const told = grip.along ? [grip.along === "x" ? x : y] : [x, y];
    grip.node.setAttribute("aria-label", `${grip.label}: ${told.map((number) => Number(number.toPrecision(4))).join(", ")}`);
  }

  /** @param {string} id */
  add(id) {
    const node = el("button", { class: "stage-handle", type: "button", tabindex: -1, "aria-roledescription": "drag handle",
      "aria-describedby": this.keys.id, on: { focus: () => (this.last = id) } });
    /** @type {Grip} */
    const grip = { node, x: 0, y: 0, label: "", axes: ["xaxis", "yaxis"] };
    node.addEventListener("pointerdown", (event) => {
      if (event.button || this.pulled) return; // a second finger holds nothing
      const box = node.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
      this.pulled = { id, x, y, moved: false };
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true }); // not every browser does so, and Escape is for the one that is held
    });
    node.addEventListener("pointermove", (event) => {
      const { pulled } = this;
      if (pulled?.id !== id) return;
      pulled.moved = true;
      const box = this.host.getBoundingClientRect();
      this.move(grip, event.clientX - pulled.x - box.left, event.clientY - pulled.y - box.top);
      this.on.held(id, grip.x, grip.y);
    });
    node.addEventListener("pointerup", () => {
      const { pulled } = this;
      if (pulled?.id !== id) return;
      this.pulled = null;
      if (pulled.moved) this.on.dropped(id, grip.x, grip.y);
    });
    node.addEventListener("pointercancel", () => this.pulled?.id === id && this.on.cancelled());
    node.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.on.cancelled()) this.figure?.focus();
      if (event.key in PAGES) {
        event.preventDefault();
        this.further(id, PAGES[event.key]);
      }
      const arrow = ARROWS[event.key], axes = this.axes(grip);
      if (!arrow || !axes || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const size = STEP * (event.shiftKey ? 10 : 1);
      const [horizontal, vertical] = axes;
      this.move(grip,
        horizontal._offset + horizontal.d2p(grip.x) + arrow[0] * size * horizontal._length,
        vertical._offset + vertical.d2p(grip.y) - arrow[1] * size * vertical._length);
      this.keyed = id;
      this.on.held(id, grip.x, grip.y);
      clearTimeout(grip.timer);
      grip.timer = setTimeout(() => {
        this.keyed = null;
        this.on.dropped(id, grip.x, grip.y);
      }, PAUSE);
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
    if (!axes) return;
    const { along, x, y } = grip;
    this.place(grip, along === "y" ? x : inside(axes[0], left), along === "x" ? y : inside(axes[1], top));
  }

  /** What is in the reader's hand goes back to where the frame has it. */
  release() {
    this.grips.forEach(({ timer }) => clearTimeout(timer));
    this.pulled = this.keyed = null;
  }
}
