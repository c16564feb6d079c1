/** The equation with a number beneath each term, and the big metrics. */
import { el, setText } from "./dom.js";
import { paint } from "./theme.js";

function typeset(tex) {
  const node = el("span", { class: "stage-tex" });
  window.katex.render(tex, node, { throwOnError: false, output: "htmlAndMathml" });
  return node;
}

export class Header {
  constructor(scene, act) {
    this.terms = new Map(); // id -> node
    this.numbers = []; // [slot, node]
    this.tinted = []; // [color, node]
    this.metrics = el("div", { class: "stage-metrics", "aria-live": "polite" }, ...(scene.metrics ?? []).map((m) => this.metric(m)));
    this.node = el("div", { class: "stage-header" },
      el("div", { class: "stage-equation", role: "group", "aria-label": scene.names?.Equation ?? "Equation" },
        ...(scene.equation ?? []).map((item) => this.term(item, act))),
      this.metrics);
    this.node.hidden = !scene.metrics?.length && !scene.equation?.length;
  }

  term(item, act) {
    const number = item.slot && el("span", { class: "stage-number" });
    const node = el(item.act ? "button" : "div",
      { class: item.id ? "stage-term" : "stage-sign", title: item.title, type: item.act && "button" }, typeset(item.tex), number);
    if (item.act) node.addEventListener("click", () => act(item.act));
    if (item.id) this.terms.set(item.id, node);
    if (item.color) this.tinted.push([item.color, node]);
    if (number) this.numbers.push([item.slot, number]);
    return node;
  }

  metric({ slot, label, color, title }) {
    const value = el("output", { "aria-label": label, "aria-live": "off" });
    this.numbers.push([slot, value]);
    const node = el("div", { class: "stage-metric", title }, el("span", { "aria-hidden": "true" }, label), value);
    if (color) this.tinted.push([color, node]);
    return node;
  }

  show(slot, lit) {
    for (const [name, node] of this.numbers) {
      const { text = "", value } = slot(name) ?? {};
      setText(node, text);
      if (value === undefined || value === null) delete node.dataset.value;
      else node.dataset.value = value;
    }
    this.terms.forEach((node, id) => {
      node.classList.toggle("lit", lit.includes(id));
      if (lit.includes(id)) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    });
  }

  quiet(playing) {
    this.metrics.setAttribute("aria-live", playing ? "off" : "polite");
  }

  retheme(theme) {
    for (const [color, node] of this.tinted) node.style.setProperty("--tint", paint(color, theme.colors));
  }
}
