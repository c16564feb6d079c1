// @ts-check
/** The equation with a number beneath each term, short lines that say whether something holds, and the big metrics. */
import { stepAt } from "./attributes.js";
import { el, setText } from "./dom.js";
import { typeset } from "./formula.js";
import { paint } from "./theme.js";
import { explained } from "./tips.js";

/** @typedef {import("./types.js").Act} Act */

export class Header {
  /** @type {Map<string, HTMLElement>} */
  terms = new Map(); // by the term's id
  /** @type {[string, HTMLElement][]} */
  numbers = []; // slot, and where it is shown
  /** @type {[string, HTMLElement][]} */
  tinted = []; // colour, and what wears it

  /**
   * @param {import("./types.js").Scene} scene
   * @param {(act: Act) => void} act
   */
  constructor(scene, act) {
    const metrics = (scene.metrics ?? []).map((metric) => this.metric(metric));
    const terms = (scene.equation ?? []).map((term) => this.term(term, act));
    const double = (scene.metrics ?? []).some(({ beside }) => beside?.length);
    this.metrics = el("div", { class: `stage-metrics${double ? " double" : ""}` }, ...metrics);
    const equation = { class: "stage-equation", role: "group", "aria-label": scene.names?.Equation ?? "Equation" };
    const marks = (scene.marks ?? []).map((mark) => this.mark(mark));
    const list = marks.length ? el("ul", { class: "stage-marks" }, ...marks) : null;
    this.node = el("div", { class: "stage-header" }, el("div", equation, ...terms), list, this.metrics);
    this.node.hidden = !metrics.length && !terms.length;
  }

  /**
   * @param {import("./types.js").Term} term
   * @param {(act: Act) => void} press
   */
  term({ id, tex, color, slot, title, act }, press) {
    const number = slot ? el("span", { class: "stage-number" }) : null;
    const attributes = { class: id ? "stage-term" : "stage-sign", "data-tip": title, role: title && !act ? "term" : null, tabindex: title && !act ? 0 : null,
      type: act && "button" };
    // a formula alone is no name for a button, and on a phone its number is hidden
    const name = act && title ? el("span", { class: "stage-named" }, title.split(": ")[0]) : null;
    const node = el(act ? "button" : "div", attributes, name, typeset(tex), number);
    // a tap explains the term, as it does wherever there are words
    if (act) node.addEventListener("click", (event) => /** @type {PointerEvent} */ (event).pointerType === "touch" || press(act));
    if (id) this.terms.set(id, node);
    if (color) this.tinted.push([color, node]);
    if (slot && number) this.numbers.push([slot, number]);
    return node;
  }

  /** @param {import("./types.js").Mark} mark */
  mark({ slot, title, color }) {
    const said = explained("dfn", title, ""), number = el("span");
    this.numbers.push([slot, said], [`${slot}.number`, number]);
    const node = el("li", {}, said, " ", number);
    this.tinted.push([color, node]);
    return node;
  }

  /** @param {import("./types.js").Metric} metric */
  metric({ slot, label, color, title, beside = [] }) {
    const value = el("output", { "aria-label": label, "aria-live": "off" });
    this.numbers.push([slot, value]);
    const name = title ? explained("dfn", title, label) : el("span", { "aria-hidden": "true" }, label);
    const small = beside.map((other) => {
      const number = el("small", {});
      this.numbers.push([other, number]);
      return number;
    });
    const node = el("div", { class: "stage-metric" }, name, value, small.length ? el("div", { class: "stage-beside" }, ...small) : null);
    if (color) this.tinted.push([color, node]);
    return node;
  }

  /**
   * @param {import("./types.js").Slots} slot
   * @param {string[]} lit
   */
  show(slot, lit) {
    for (const [name, node] of this.numbers) {
      const { text = "", value } = slot(name) ?? {};
      setText(node, text);
      if (node.tagName === "DFN") node.parentElement?.classList.toggle("amiss", text.startsWith("✗"));
      if (value === undefined || value === null) delete node.dataset.value;
      else node.dataset.value = String(value);
    }
    this.node.toggleAttribute("data-lit", lit.some((id) => this.terms.has(id)));
    this.terms.forEach((node, id) => {
      node.classList.toggle("lit", lit.includes(id));
      if (lit.includes(id)) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    });
  }

  /**
   * What the numbers are at a part of the way to the frame in view; their exact values are those of its end.
   * @param {Record<string, string[]>} texts  by slot, at equal steps
   * @param {number} t
   */
  count(texts, t) {
    this.metrics.setAttribute("aria-busy", String(t < 1)); // a screen reader says where they come to
    for (const [name, node] of this.numbers) if (texts[name]) setText(node, texts[name][stepAt({ each: texts[name] }, t)]);
  }

  /** @param {import("./types.js").Theme} theme */
  retheme(theme) {
    for (const [color, node] of this.tinted) node.style.setProperty("--tint", paint(color, theme.colors));
  }
}
