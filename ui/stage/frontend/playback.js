// @ts-check
/** Where in the run the reader is, and how they move: by presses, by the clock of Play, by work done slice by slice. */
import { History } from "./history.js";
import { atPicture } from "./pulse.js";

/** @typedef {import("./types.js").Act} Act */

const AT_REST = 250; // milliseconds after which the cursor counts as at rest
const AHEAD = 3; // seconds of playing that should be known in advance
const ENOUGH = 1; // of them whole: no more is asked for before, as each answer is a message to take in between two half-steps

export class Playback {
  history = new History();
  cursor = 0;
  /** @type {number | null} */
  turn = null; // the last order to move that we have followed
  /** @type {number | null} */
  destination = null; // the frame that presses of Next have asked for, beyond the known ones
  /** @type {number | null} */
  reported = null; // the frame of which Python knows that we are there
  /** @type {string | null} */
  ended = null; // why the run cannot be extended
  playing = false;
  working = false; // what was asked for goes on, slice by slice
  opening = false; // it has not yet come to where the reader is to stand
  emptyAnswers = 0; // to Play, one after another, that brought no frame
  due = 0; // when the frame in view was to come
  missed = false; // it was not there when it was due
  callOff = () => {}; // the next beat of Play
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  resting;

  /**
   * `on`: arrived(glide) at the frame of the cursor, changed() in what is known of it, moving(whether by itself),
   * speed() in frames a second, free() whether a place can be reported now, report(place), known(frame) has the frame be
   * there if it was told ahead.
   * @param {import("./asks.js").Asks} asks
   * @param {{ arrived: (glide: boolean) => void, changed: () => void, moving: (on: boolean) => void,
   *   speed: () => number, free: () => boolean, report: (place: import("./types.js").Place) => void,
   *   known?: (frame: number) => boolean }} on
   */
  constructor(asks, on) {
    this.asks = asks;
    this.on = on;
  }

  get frame() {
    return this.history.frames[this.cursor];
  }

  /** Whether the stage moves by itself. */
  get moving() {
    return this.playing || this.working;
  }

  /** Another run is about to come. */
  restart() {
    this.history = new History();
    this.destination = this.reported = null;
  }

  /**
   * Move the cursor to a known frame; `byReader` marks the reader's own move, as opposed to an order from Python.
   * @param {number} frame
   * @param {{ byReader?: boolean, glide?: boolean }} [how]
   */
  go(frame, { byReader = false, glide = true } = {}) {
    if (byReader) {
      this.pause();
      this.forget();
    }
    this.cursor = Math.max(0, Math.min(frame, this.history.last));
    this.on.arrived(glide);
    this.rest();
    this.fill();
  }

  /** Ask for what the frame in view, those beside it or those that Play comes to lack. */
  fill() {
    const { history, cursor, playing } = this;
    const [ahead, near] = [AHEAD, ENOUGH].map((seconds) => (playing ? Math.ceil(seconds * this.on.speed()) : 1));
    const [from, to] = [Math.max(cursor - (playing ? 0 : 1), 0), Math.min(cursor + near, history.last)];
    let lacks = false;
    for (let n = from; n <= to; n++) lacks ||= !history.whole(n);
    if (!lacks || this.working || (playing && this.asks.busy)) return;
    this.asks.add({ act: "fill", ...(playing && { ahead }), at: cursor, turn: this.turn }); // not where Next leads
  }

  /** Next: within the known frames without Python; beyond them every press asks for one frame more. */
  next() {
    this.pause();
    const target = Math.max(this.destination ?? 0, this.cursor) + 1;
    if (target <= this.history.last) this.go(target);
    else if (this.history.frames.at(-1)?.next) this.further(target);
  }

  /**
   * Ask for all frames up to this one, and go there.
   * @param {number} frame
   */
  further(frame) {
    this.pause();
    if (this.on.known?.(frame)) this.go(frame);
    else if (this.ask({ act: "advance", to: frame })) this.destination = frame;
  }

  back() {
    this.pause();
    const { destination, cursor } = this;
    if (destination === null || destination <= cursor) this.go(cursor - 1, { byReader: true });
    else if (destination - 1 > cursor) this.destination = destination - 1;
    else this.forget(); // the one frame that was due
  }

  end() {
    this.pause();
    this.forget();
    if (this.ended) {
      this.go(this.history.last, { byReader: true, glide: false });
      return;
    }
    this.work();
    this.ask({ act: "end", since: this.history.last });
  }

  work() {
    this.working = true;
    this.on.moving(true);
  }

  /** No longer go where Next has asked to. */
  forget() {
    this.destination = null;
    this.asks.drop("advance");
  }

  /** Space: pauses whatever runs, Play as well as End. */
  toggle() {
    if (!this.moving) {
      this.play();
      return;
    }
    this.pause();
    this.forget();
  }

  play() {
    this.forget();
    this.emptyAnswers = 0;
    if (this.ended && this.cursor === this.history.last) this.go(0, { glide: false });
    this.playing = true;
    this.due = performance.now();
    this.on.moving(true);
    this.tick();
  }

  tick() {
    if (this.cursor === this.history.last) this.on.known?.(this.cursor + 1);
    const { last } = this.history;
    const perSecond = this.on.speed();
    this.missed = !this.history.whole(this.cursor + 1);
    if (!this.missed) this.go(this.cursor + 1);
    else if (this.cursor < last) this.fill();
    else if (this.ended) {
      this.pause();
      return;
    }
    if (!this.ended && last - this.cursor < AHEAD * perSecond && !this.asks.busy && !this.asks.has("ahead")) {
      this.ask({ act: "ahead" });
    }
    // counted from when this frame was due, not from when it came: a slow one is made up for by the next
    const now = performance.now(), period = 1000 / perSecond;
    this.due = Math.max(this.due + period, now - period);
    if (this.playing) this.callOff = atPicture(this.due, () => this.tick());
  }

  /** More is there: what was due before goes on at once, rather than with the next beat. */
  catchUp() {
    if (!this.playing || !this.missed || !this.history.whole(this.cursor + 1)) return;
    this.callOff();
    this.due = performance.now();
    this.tick();
  }

  pause() {
    if (!this.moving) return;
    this.callOff();
    const { working } = this;
    this.playing = this.working = this.opening = false;
    if (working) this.on.changed();
    this.on.moving(false);
    this.rest();
  }

  /** Tell Python where the cursor is, once it rests and nothing is being computed: a report would interrupt that. */
  rest(delay = AT_REST) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      if (this.playing || this.cursor === this.reported) return;
      if (!this.on.free()) {
        this.rest();
        return;
      }
      this.reported = this.cursor;
      this.on.report({ at: this.cursor, turn: this.turn, n: Date.now() }); // a number, so that the same frame again is news too
    }, delay);
  }

  /**
   * Ask from where we are, or will be once what Next asked for is here. The turn tells Python whether that place came
   * after its own last order to move.
   * @param {Act} act
   * @param {boolean} [byReader]
   */
  ask(act, byReader) {
    return this.asks.add({ ...act, at: this.destination ?? this.cursor, turn: this.turn }, byReader);
  }

  destroy() {
    this.pause();
    clearTimeout(this.resting);
  }
}
