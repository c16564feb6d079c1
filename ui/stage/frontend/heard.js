// @ts-check
/** What a screen reader says of the frame in view: one sentence, once the stage has come to rest. */
import { el, setText } from "./dom.js";

const REST = 250; // milliseconds without another frame

export class Heard {
  text = "";
  held = false; // the stage moves by itself, or the reader holds a handle
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /** @param {() => void} rested  hears that what is in view stays */
  constructor(rested) {
    this.rested = rested;
    this.node = el("p", { class: "stage-said stage-heard", role: "status" });
  }

  /** @param {string} text  of the frame in view; of several that follow fast, the last is said */
  say(text) {
    this.text = text;
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
      if (this.node.closest("[data-gliding]")) this.wait();
      else {
        setText(this.node, this.text);
        this.rested();
      }
    }, REST);
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
