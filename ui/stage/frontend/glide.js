// @ts-check
/** The clock of what glides from one frame to the next. */
import { count } from "./attributes.js";

/** @typedef {import("./figures.js").Tween} Tween */

const GLIDE = 300; // milliseconds
const STEP = 50; // milliseconds for each step of a way that a frame describes
const APART = 30; // milliseconds at least between two drawings on the way: every other one that a screen of 60 a second could show
const SLOW_ENOUGH = 400; // milliseconds between frames, below which a glide would only cost frames

export class Glide {
  /** @type {unknown} */
  towards = null; // what pictures and numbers are on their way to
  drawing = 0;

  /** @param {HTMLElement} node  that says whether anything glides */
  constructor(node) {
    this.node = node;
    this.reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /**
   * Whether frames follow faster than they can be read.
   * @param {number} perSecond
   */
  brisk(perSecond) {
    return 1000 / perSecond < SLOW_ENOUGH;
  }

  /**
   * How long it takes.
   * @param {number | null} perSecond  frames, while playing
   * @param {import("./types.js").Way | null} way
   */
  time(perSecond, way) {
    if (this.reducedMotion.matches) return 0;
    const steps = Object.values(way?.set ?? {}).map(count);
    const wanted = steps.length ? STEP * (Math.max(...steps) - 1) : GLIDE;
    if (perSecond === null) return wanted;
    const interval = 1000 / perSecond;
    return this.brisk(perSecond) ? 0 : Math.min(wanted, (steps.length ? 0.8 : 0.6) * interval);
  }

  /**
   * @param {unknown} towards
   * @param {Tween[]} tweens
   * @param {number} duration
   */
  start(towards, tweens, duration) {
    this.towards = towards;
    const start = performance.now();
    let last = start;
    this.node.dataset.gliding = "";
    const tick = () => {
      const now = performance.now(), t = Math.min((now - start) / duration, 1);
      const eased = t < 1 ? t * t * (3 - 2 * t) : 1;
      if (t === 1 || now - last >= APART) {
        last = now;
        tweens.forEach((tween) => tween(eased));
      }
      if (t < 1) this.drawing = requestAnimationFrame(tick);
      else this.settle();
    };
    this.drawing = requestAnimationFrame(tick);
  }

  /** What glides stays where it is: the next drawing puts it where it belongs. */
  settle() {
    cancelAnimationFrame(this.drawing);
    this.towards = null;
    delete this.node.dataset.gliding;
  }
}
