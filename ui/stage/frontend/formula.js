// @ts-check
/** Formulas: TeX as KaTeX sets it. What stands in it is ours and numbers, never text from outside. */
import { el, setText } from "./dom.js";

const SMALLEST = 0.62; // of its size, which a line that is too long for its place takes before it is scrolled

/** @param {string} tex */
export function typeset(tex) {
  const node = el("span", { class: "stage-tex" });
  /** @type {any} */ (window).katex.render(tex, node, { throwOnError: false, output: "htmlAndMathml" });
  return node;
}

/** A line of TeX in a card; where there is none, a hint. */
export class Formula {
  shown = "";

  /** @param {string} hint */
  constructor(hint) {
    this.hint = hint;
    this.node = el("div", { class: "stage-formula" });
    this.show(undefined);
  }

  /** @param {import("./types.js").SlotText | undefined} slot  what its slot holds now */
  show(slot) {
    const { text = "", value } = slot ?? {};
    if (value === undefined || value === null) delete this.node.dataset.value;
    else this.node.dataset.value = String(value);
    if (text !== this.shown || !this.node.firstChild) {
      this.shown = text;
      this.node.classList.toggle("hint", !text);
      if (text) this.node.replaceChildren(typeset(text));
      else setText(this.node, this.hint);
    }
    this.fit();
  }

  /** A line that is too long is set smaller. */
  fit() {
    const line = /** @type {HTMLElement | null} */ (this.node.firstElementChild);
    if (!line || !this.node.clientWidth) return;
    line.style.fontSize = "";
    const share = this.node.clientWidth / (line.scrollWidth || 1);
    if (share < 1) line.style.fontSize = `calc(var(--formula) * ${Math.max(share * 0.98, SMALLEST).toFixed(3)})`;
    if (this.node.scrollWidth > this.node.clientWidth) this.node.tabIndex = 0; // so that it can be scrolled by keys
    else this.node.removeAttribute("tabindex");
  }
}
