/** Handles of fixed size over a figure, which the reader drags with a pointer or moves with the arrow keys. */
import { el } from "./dom.js";
import { paint } from "./theme.js";

const PAUSE = 600; // milliseconds without a key before a handle moved by keys counts as dropped
const STEP = 0.01; // of the axis, per arrow key; ten times that with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Handles {
  nodes = new Map();

  /** `dropped(id, x, y)` is called when a handle comes to rest somewhere else. */
  constructor(host, dropped) {
    this.host = host; // the Plotly figure beneath
    this.dropped = dropped;
    this.node = el("div", { class: "stage-handles" });
  }

  show(handles, theme) {
    const ids = new Set(handles.map(({ id }) => id));
    this.nodes.forEach((node, id) => {
      if (ids.has(id)) return;
      clearTimeout(node.timer);
      node.remove();
      this.nodes.delete(id);
    });
    for (const handle of handles) {
      const node = this.nodes.get(handle.id) ?? this.add(handle.id);
      clearTimeout(node.timer); // a frame that arrives is what counts
      node.style.setProperty("--tint", paint(handle.color ?? "$text", theme.colors));
      node.title = handle.label;
      node.axes = handle.axes ?? ["xaxis", "yaxis"];
      this.place(node, handle.x, handle.y, handle.label);
    }
  }

  /** Zoom and size may have changed: put every handle back over its point. */
  follow() {
    this.nodes.forEach((node) => this.place(node, node.x, node.y, node.label));
  }

  axes(node) {
    return node.axes.map((name) => this.host._fullLayout?.[name]);
  }

  place(node, x, y, label) {
    Object.assign(node, { x, y, label });
    const [horizontal, vertical] = this.axes(node);
    if (!vertical) return;
    const left = horizontal._offset + horizontal.d2p(x), top = vertical._offset + vertical.d2p(y);
    node.style.transform = `translate(${left}px, ${top}px)`;
    const within = (axis, p) => p >= axis._offset - 1 && p <= axis._offset + axis._length + 1;
    node.hidden = !within(horizontal, left) || !within(vertical, top);
    node.setAttribute("aria-label", `${label}: ${Number(x.toPrecision(4))}, ${Number(y.toPrecision(4))}`);
  }

  add(id) {
    const node = el("button", { class: "stage-handle", type: "button", "aria-roledescription": "drag handle" });
    let grip = null; // where inside the handle the pointer took hold
    node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const box = node.getBoundingClientRect();
      grip = { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2, moved: false };
      node.setPointerCapture(event.pointerId);
    });
    node.addEventListener("pointermove", (event) => {
      if (!grip) return;
      grip.moved = true;
      const box = this.host.getBoundingClientRect();
      this.move(node, event.clientX - grip.x - box.left, event.clientY - grip.y - box.top);
    });
    node.addEventListener("pointerup", () => {
      const moved = grip?.moved;
      grip = null;
      if (moved) this.dropped(id, node.x, node.y);
    });
    node.addEventListener("pointercancel", () => (grip = null));
    node.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const size = STEP * (event.shiftKey ? 10 : 1);
      const [horizontal, vertical] = this.axes(node);
      this.move(node,
        horizontal._offset + horizontal.d2p(node.x) + arrow[0] * size * horizontal._length,
        vertical._offset + vertical.d2p(node.y) - arrow[1] * size * vertical._length);
      clearTimeout(node.timer);
      node.timer = setTimeout(() => this.dropped(id, node.x, node.y), PAUSE);
    });
    this.nodes.set(id, node);
    this.node.append(node);
    return node;
  }

  /** Move to a pixel of the figure, kept inside the axes. */
  move(node, left, top) {
    const [horizontal, vertical] = this.axes(node);
    const inside = (axis, p) => axis.p2d(Math.min(Math.max(p - axis._offset, 0), axis._length));
    this.place(node, inside(horizontal, left), inside(vertical, top), node.label);
  }

  destroy() {
    this.nodes.forEach((node) => clearTimeout(node.timer));
  }
}
