// @ts-check
/**
 * What a word means, beside it: under the pointer, with the focus and after a tap. The pointer may go over to it, Escape
 * sends it away, and it never lies over the word itself (WCAG 2.2, 1.4.13).
 */
import { el, setText } from "./dom.js";

/** @typedef {{ text: string, tip?: string }} Piece  of a sentence; some are explained */

const REST = 350; // milliseconds that the pointer rests on a word before it is explained
const LINGER = 300; // milliseconds to go over to the explanation
const APART = 6; // pixels between word and explanation
const TITLES = ".infolayer text[class$=title]"; // of axes, which Plotly draws
const LINE = ".stage-note"; // which may be cut: then it is told in full

/** @type {WeakMap<Record<string, string>, RegExp>} */
const patterns = new WeakMap();

/**
 * The words of a glossary, the longest first; not within a longer word or a formula.
 * @param {Record<string, string>} glossary
 */
function pattern(glossary) {
  const known = patterns.get(glossary);
  if (known) return known;
  const words = Object.keys(glossary).sort((a, b) => b.length - a.length).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const made = new RegExp(`(?<![\\p{L}\\p{N}_(|*‖=-])(?:${words.join("|")})(?![\\p{L}\\p{N}_(|*‖²=-])`, "gu");
  patterns.set(glossary, made);
  return made;
}

/**
 * A sentence in pieces: the first mention of each thing that the glossary explains, and what stands between.
 * @param {string} text
 * @param {Record<string, string>} glossary
 * @returns {Piece[]}
 */
export function pieces(text, glossary) {
  if (!Object.keys(glossary).length) return [{ text }];
  /** @type {Piece[]} */
  const result = [];
  const told = new Set();
  let done = 0;
  for (const { 0: word, index } of text.matchAll(pattern(glossary))) {
    const tip = glossary[word];
    if (told.has(tip)) continue;
    told.add(tip);
    if (index > done) result.push({ text: text.slice(done, index) });
    result.push({ text: word, tip });
    done = index + word.length;
  }
  if (done < text.length) result.push({ text: text.slice(done) });
  return result;
}

/**
 * Set text, its words explained, where it differs.
 * @param {Element} node
 * @param {string} text
 * @param {Record<string, string>} glossary
 */
export function setExplained(node, text, glossary) {
  if (node.textContent === text) return;
  node.replaceChildren(...pieces(text, glossary).map((piece) => (piece.tip ? explained("dfn", piece.tip, piece.text) : piece.text)));
}

/**
 * Something that is explained: the Tab key finds it.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} tip
 * @param {string} text
 */
export function explained(tag, tip, text) {
  return el(tag, { class: "stage-explained", "data-tip": tip, tabindex: 0 }, text);
}

export class Tips {
  /** @type {Element | null} */
  target = null; // what is explained now
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  waiting;

  /**
   * @param {HTMLElement} node  of the stage
   * @param {() => Record<string, string>} glossary  for the titles of axes
   */
  constructor(node, glossary) {
    this.glossary = glossary;
    this.tip = el("div", { class: "stage-tip", role: "tooltip", id: "stage-tip", popover: "manual", on: {
      pointerenter: () => clearTimeout(this.waiting),
      pointerleave: () => this.part(),
    } });
    node.append(this.tip);
    node.addEventListener("pointerover", ({ target, pointerType }) => pointerType !== "touch" && this.over(target));
    node.addEventListener("focusin", ({ target }) => this.show(this.found(target)));
    node.addEventListener("focusout", () => this.hide());
    node.addEventListener("click", ({ target }) => this.show(this.found(target)));
    /** @param {KeyboardEvent} event */
    this.escape = (event) => {
      if (event.key !== "Escape" || !this.hide()) return;
      event.preventDefault();
      event.stopImmediatePropagation(); // nothing else ends with it
    };
    this.elsewhere = (/** @type {Event} */ { target }) => !this.tip.contains(/** @type {Node} */ (target)) && this.found(target) !== this.target && this.hide();
    this.move = () => this.place();
    document.addEventListener("keydown", this.escape, true);
    document.addEventListener("pointerdown", this.elsewhere, true);
    document.addEventListener("scroll", this.move, true);
  }

  /**
   * The explained thing at a place, with its explanation.
   * @param {EventTarget | null} place
   */
  found(place) {
    if (!(place instanceof Element)) return null;
    const title = place.closest(TITLES);
    if (title && this.glossary()[title.textContent ?? ""]) return title;
    const line = place.closest(LINE);
    if (line && line.scrollWidth > line.clientWidth) return line;
    return place.closest("[data-tip]");
  }

  /** @param {EventTarget | null} place  under the pointer */
  over(place) {
    if (place instanceof Node && this.tip.contains(place)) return;
    const found = this.found(place);
    if (found === this.target) clearTimeout(this.waiting);
    else if (found) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.show(found), REST);
    } else this.part();
  }

  /** The pointer has left; the focus may still be there. */
  part() {
    clearTimeout(this.waiting);
    if (this.target && this.target !== document.activeElement) this.waiting = setTimeout(() => this.hide(), LINGER);
  }

  /** @param {Element | null} target */
  show(target) {
    clearTimeout(this.waiting);
    if (!target?.isConnected || target === this.target) return;
    this.hide();
    this.target = target;
    const text = target.textContent ?? "";
    setText(this.tip, target.getAttribute("data-tip") ?? this.glossary()[text] ?? text);
    this.tip.showPopover();
    target.setAttribute("aria-describedby", this.tip.id);
    this.place();
  }

  /** Below what is explained, above it where there is no room below; away with what has left the page. */
  place() {
    if (!this.target) return;
    const box = this.target.getBoundingClientRect();
    if (!this.target.isConnected || !box.width) {
      this.hide();
      return;
    }
    const { offsetWidth: wide, offsetHeight: high } = this.tip;
    const below = box.bottom + APART, left = Math.min(box.left, innerWidth - wide - APART);
    this.tip.style.left = `${Math.max(APART, left)}px`;
    this.tip.style.top = `${below + high > innerHeight ? Math.max(0, box.top - APART - high) : below}px`;
  }

  /** Returns whether anything was explained. */
  hide() {
    clearTimeout(this.waiting);
    if (!this.target) return false;
    this.target.removeAttribute("aria-describedby");
    this.target = null;
    this.tip.hidePopover();
    return true;
  }

  destroy() {
    this.hide();
    document.removeEventListener("keydown", this.escape, true);
    document.removeEventListener("pointerdown", this.elsewhere, true);
    document.removeEventListener("scroll", this.move, true);
  }
}
