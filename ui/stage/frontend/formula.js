// @ts-check
/** Formulas: TeX as KaTeX sets it. What stands in it is ours and numbers, never text from outside. */
import { el, setText } from "./dom.js";

const SMALLEST = 0.62; // of its size, which a line that is too long for its place takes before it is scrolled
const SMALLER = 0.68; // what would be smaller is broken
const BROKEN = 0.82; // the size of its two lines, which need no more height than one

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

  /** A line that is too long is set smaller, or broken at a relation. */
  fit() {
    const line = /** @type {HTMLElement | null} */ (this.node.firstElementChild);
    if (!line || !this.node.clientWidth) return;
    const { paddingLeft, paddingRight } = getComputedStyle(this.node);
    const room = this.node.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const share = () => 0.98 * room / (line.scrollWidth || 1);
    const size = (/** @type {number} */ part) => {
      line.style.fontSize = part < 1 ? `calc(var(--formula) * ${Math.max(part, SMALLEST).toFixed(3)})` : "";
    };
    this.node.classList.remove("broken");
    size(1);
    const whole = share();
    this.node.classList.toggle("broken", whole < SMALLER);
    size(whole < SMALLER ? BROKEN : whole);
    if (whole < SMALLER) size(BROKEN * Math.min(1, share()));
    if (this.node.scrollWidth > this.node.clientWidth) this.node.tabIndex = 0; // so that it can be scrolled by keys
    else this.node.removeAttribute("tabindex");
  }
}
