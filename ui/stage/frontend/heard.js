// @ts-check
/** What a screen reader says of the frame in view, as one: a sentence that is heard alone, then the words on the page, once all is at rest. */
import { el, setText } from "./dom.js";

const REST = 250; // milliseconds without another frame

export class Heard {
  text = "";
  all = ""; // that was last to be said
  held = false; // the stage moves by itself, or the reader holds a handle
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {HTMLElement[]} words  that stand on the page
   * @param {() => void} rested  hears that what is in view stays
   */
  constructor(words, rested) {
    this.words = words;
    this.rested = rested;
    this.line = el("p", { class: "stage-said" });
    // busy: nothing is said of what changes meanwhile
    this.node = el("div", { class: "stage-words", role: "status", "aria-busy": "true" }, this.line, ...words);
  }

  /** @param {string} text  of the frame in view, before the words on the page; of frames that follow fast, the last is said */
  say(text) {
    const all = [text, ...this.words.map(({ textContent }) => textContent)].join(" ");
    if (all !== this.all) this.node.setAttribute("aria-busy", "true"); // else it would be said once more
    Object.assign(this, { text, all });
    this.wait();
  }

  /** @param {boolean} on  whether to wait, until it is off again */
  hold(on) {
    this.held = on;
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    if (this.held) return;
    this.timer = setTimeout(() => {
      if (this.node.closest("[data-gliding]")) {
        this.wait();
        return;
      }
      setText(this.line, this.text);
      this.node.setAttribute("aria-busy", "false");
      this.rested();
    }, REST);
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
