// @ts-check
/** A place that the reader points to on a figure: by a click, by dragging, or by the arrow keys. */
import { el } from "./dom.js";
import { Handles } from "./handles.js";
import { axisOf } from "./plotly.js";

/**
 * @typedef {import("./views.js").Face} Face
 * @typedef {import("./types.js").Theme} Theme
 * @typedef {{ x: number, y: number }} Spot
 */

const NAMES = { own: "Your answer", right: "Where it is" };

export class Mark {
  /** @type {Spot | null} */
  own = null; // where the reader has put it
  /** @type {Spot | null} */
  truth = null;

  /**
   * @param {Face} face  the figure
   * @param {{ x?: number, y?: number, label?: string, color?: string }} begin  where a handle stands, if it is one that is dragged
   * @param {() => void} moved
   * @param {() => void} chosen  Enter was pressed on the ring where the reader has put it
   */
  constructor(face, begin, moved, chosen) {
    this.face = face;
    this.begin = begin;
    this.moved = moved;
    this.handles = new Handles(face.host, {
      held: (_id, x, y) => this.put({ x, y }),
      dropped: (_id, x, y) => this.put({ x, y }),
      cancelled: () => {},
    });
    this.handles.node.classList.add("stage-marked");
    this.handles.node.addEventListener("click", ({ detail }) => (this.own && !detail && !this.truth ? chosen() : this.stay())); // a key clicks 0 times
    this.ground = el("div", { class: "stage-ground", on: { click: (event) => this.click(event) } });
    face.host.after(this.ground, this.handles.node);
    this.watch = new ResizeObserver(() => requestAnimationFrame(() => this.handles.follow()));
    this.watch.observe(face.node);
  }

  /** @param {Spot} spot */
  put(spot) {
    this.own = spot;
    this.moved();
  }

  /** The ring is pressed where it stands: there. */
  stay() {
    const grip = this.handles.grips.get("own");
    if (grip && !this.own) this.put({ x: grip.x, y: grip.y });
  }

  focus() {
    this.handles.grips.get("own")?.node.focus();
  }

  get axes() {
    const x = axisOf(this.face.host, "xaxis"), y = axisOf(this.face.host, "yaxis");
    return x && y ? [x, y] : null;
  }

  /** @param {MouseEvent} event */
  click({ clientX, clientY }) {
    const axes = this.axes;
    if (!axes || this.truth) return;
    const box = this.face.host.getBoundingClientRect(), [x, y] = axes;
    const left = clientX - box.left - x._offset, top = clientY - box.top - y._offset;
    if (left < 0 || left > x._length || top < 0 || top > y._length) return;
    this.put({ x: x.p2d(left), y: y.p2d(top) });
  }

  /**
   * Show it where it stands; in the middle of the figure before the reader has moved it.
   * @param {Theme | undefined} theme
   */
  show(theme) {
    const { axes, begin } = this;
    if (!axes || !theme) return;
    const [x, y] = axes;
    const own = this.own ?? { x: begin.x ?? x.p2d(x._length / 2), y: begin.y ?? y.p2d(y._length / 2) };
    const { handles } = this;
    handles.show([
      { id: "own", figure: "", ...own, label: begin.label ?? NAMES.own, color: begin.color ?? "$text" },
      ...(this.truth ? [{ id: "right", figure: "", ...this.truth, label: NAMES.right, color: "$text" }] : []),
    ], theme);
    handles.follow();
    handles.node.toggleAttribute("data-over", this.truth !== null);
    const ring = handles.grips.get("own")?.node;
    ring?.toggleAttribute("data-put", this.own !== null);
    if (ring) ring.tabIndex = this.truth ? -1 : 0; // it is what is to be answered with
    handles.grips.get("right")?.node.toggleAttribute("data-right", true);
    this.ground.hidden = this.truth !== null;
  }

  destroy() {
    this.watch.disconnect();
    this.handles.release();
    this.handles.node.remove();
    this.ground.remove();
  }
}
