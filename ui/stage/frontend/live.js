// @ts-check
/**
 * What the reader holds: while a handle is in their hand, Python is asked what would be shown with it there, always for
 * the latest place and never before it has answered; the answer lies over the frame in view until they let go.
 */
import { decode } from "./decode.js";

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {import("./types.js").Held} Held
 */

const INTERVAL = 33; // milliseconds between two asks, at least
const BEHIND = 250; // milliseconds that other pictures may stay behind the one under the hand, while places come fast

export class Live {
  /** @type {{ handle: string, x: number, y: number, since: number } | null} */
  hand = null; // the handle that is in it, where it is, and since when
  /** @type {{ handle: string, since: number } | null} */
  left = null; // the one that was let go of, until Python has done it
  /** @type {string | null} */
  frame = null; // the id of the frame that it lies over
  /** @type {import("./types.js").Preview | null} */
  preview = null; // the last good one
  refused = ""; // why the latest place cannot be
  brief = false; // whether other pictures than the one under the hand can wait: a newer place is on its way
  whole = 0; // when all of them were drawn
  drawing = 0; // the animation frame in which an answer is to be drawn
  wanted = false; // whether a newer place is to be asked for
  asked = 0; // when one was
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  clock;

  /**
   * `on`: frame() the id of the one in view, ask(act) of Python, withdraw() what still waits to be asked of this kind,
   * free() whether nothing is out, changed() in what is to be shown, holding(whether the reader holds something).
   * @param {{ frame: () => string | undefined, ask: (act: Act, byReader: boolean) => boolean, withdraw: () => void,
   *   free: () => boolean, changed: () => void, holding: (on: boolean) => void }} on
   */
  constructor(on) {
    this.on = on;
  }

  /** Whether anything is over the frame in view. */
  get over() {
    return this.frame !== null;
  }

  /**
   * A handle is in the reader's hand, here.
   * @param {string} handle
   * @param {number} x
   * @param {number} y
   */
  held(handle, x, y) {
    const frame = this.on.frame();
    if (!frame) return;
    if (this.hand?.handle !== handle || this.frame !== frame) {
      this.clear();
      this.frame = frame;
      this.on.holding(true);
    }
    this.hand = { since: Date.now(), ...this.hand, handle, x, y };
    this.wanted = true;
    this.next();
  }

  /** Ask for the latest place, as soon as that can be. */
  next() {
    clearTimeout(this.clock);
    if (!this.hand || !this.wanted || !this.on.free()) return;
    const early = this.asked + INTERVAL - Date.now();
    if (early > 0) {
      this.clock = setTimeout(() => this.next(), early);
      return;
    }
    const { handle, x, y } = this.hand;
    this.wanted = false;
    this.asked = Date.now();
    this.on.ask({ act: "drag", live: true, handle, x, y }, false);
  }

  /**
   * Python has answered an ask: with what is shown meanwhile, if it was one of ours.
   * @param {Act | null} answered
   * @param {Held | null | undefined} told
   */
  take(answered, told) {
    if (answered?.act !== "drag") return;
    if (!answered.live) {
      if (!this.hand) this.clear(); // what came of it is on the tape
      return;
    }
    const { frame } = this, hand = this.hand ?? this.left;
    // taken back meanwhile, or taken hold of again
    if (!hand || told?.frame !== frame || answered.handle !== hand.handle || (answered.n ?? 0) < hand.since) return;
    this.next(); // Python looks at the next place while this one is drawn
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => {
      this.refused = told.refused;
      if (told.shown) this.preview = decode(told.shown);
      const now = Date.now(), more = this.wanted || !this.on.free();
      this.brief = more && this.hand !== null && now - this.whole < BEHIND;
      if (!this.brief) this.whole = now;
      this.on.changed();
      this.brief = false;
    });
  }

  /**
   * The reader has let go: what is shown stays until Python has done it.
   * @param {string} handle
   * @param {number} x
   * @param {number} y
   */
  dropped(handle, x, y) {
    this.left = this.hand;
    this.rest();
    if (this.on.ask({ act: "drag", handle, x, y }, true)) return;
    this.clear();
    this.on.changed();
  }

  /** The reader takes it back: the frame in view is shown as it is. Returns whether there was anything to take back. */
  cancelled() {
    if (!this.hand) return false;
    this.clear();
    this.on.changed();
    return true;
  }

  /** Nothing is over the frame any more. */
  clear() {
    this.rest();
    cancelAnimationFrame(this.drawing);
    this.preview = this.frame = this.left = null;
    this.refused = "";
  }

  rest() {
    clearTimeout(this.clock);
    this.on.withdraw();
    this.wanted = false;
    const { hand } = this;
    this.hand = null;
    if (hand) this.on.holding(false);
  }
}
