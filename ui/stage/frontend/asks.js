// @ts-check
/** What the stage asks of Python: one at a time, in order, each with a rising number. */

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {import("./types.js").Ask} Ask
 */

const LATE = 4000; // milliseconds after which an ask may have been lost
const PATIENCE = 10_000; // milliseconds after which an unanswered ask no longer holds up the next
const MOST = 8; // acts of the reader's own that wait
const AUTOMATIC = new Set(["ahead", "controls", "fill", "foresee", "inner", "resend", "rest"]); // what the stage asks by itself
const LATEST_COUNTS = new Set(["inner", "inside", "drag", "fill"]); // the same asked again replaces what still waits

let number = 0;

export class Asks {
  /** @type {Act[]} */
  waiting = [];
  /** @type {Ask | null} */
  current = null; // the one that is out
  lost = false; // which must be sent again
  /** @type {WeakSet<Act>} */
  byReader = new WeakSet(); // those that the reader has made
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  late;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  patience;

  /**
   * `on`: send(ask) to Python, with what comes along() with each, changed(ask) with the one that is out, or null, ready() whether one can be sent now,
   * late(still) when an answer is late, time and again: still() says whether it still is, full() when one is refused.
   * @param {{ send: (ask: Ask) => void, along?: () => Partial<Act>, changed: (ask: Ask | null) => void, ready: () => boolean,
   *   late: (still: () => boolean) => void, full: () => void }} on
   */
  constructor(on) {
    this.on = on;
  }

  get busy() {
    return this.current !== null;
  }

  get all() {
    return this.current ? [this.current, ...this.waiting] : this.waiting;
  }

  /** @param {string} name */
  has(name) {
    return this.all.some((ask) => ask.act === name);
  }

  /**
   * Returns whether it will be asked. Only what the reader does may be too much.
   * @param {Act} ask
   * @param {boolean} [byReader]
   */
  add(ask, byReader = !AUTOMATIC.has(ask.act)) {
    let taken = true;
    const same = this.waiting.find((other) => other.act === ask.act && other.turn === ask.turn && !other.live === !ask.live
      && other.handle === ask.handle);
    if (same && ask.act === "advance") same.to = Math.max(same.to ?? 0, ask.to ?? 0);
    else if (same && LATEST_COUNTS.has(ask.act)) Object.assign(same, ask);
    else if (!byReader || this.waiting.filter((other) => this.byReader.has(other)).length < MOST) {
      this.waiting.push(ask);
      if (byReader) this.byReader.add(ask);
    } else taken = false;
    this.next();
    if (!taken) this.on.full();
    return taken;
  }

  /** @param {string} name */
  drop(name) {
    this.waiting = this.waiting.filter((ask) => ask.act !== name);
  }

  /** What the reader no longer holds need not be asked. */
  withdraw() {
    this.waiting = this.waiting.filter((ask) => !ask.live);
  }

  next() {
    if (this.on.ready()) {
      if (this.current) {
        if (this.lost) this.send(this.current);
      } else {
        const ask = this.waiting.shift();
        if (ask) {
          number = Math.max(number + 1, Date.now()); // rising also over remounts and reloads
          this.current = { ...ask, ...this.on.along?.(), n: number };
          this.send(this.current);
        }
      }
    }
    this.on.changed(this.current);
  }

  /** @param {Ask} ask */
  send(ask) {
    this.lost = false;
    this.watch(ask);
    this.wait();
    this.on.send(ask);
  }

  /**
   * Say so, time and again, while this one has no answer.
   * @param {Ask} ask
   */
  watch(ask) {
    clearTimeout(this.late);
    this.late = setTimeout(() => {
      if (!this.on.ready()) this.wait(); // patience begins when there is nothing else to wait for
      this.on.late(() => this.current === ask);
      this.watch(ask);
    }, LATE);
  }

  wait() {
    clearTimeout(this.patience);
    this.patience = setTimeout(() => {
      if (!this.on.ready()) return this.wait(); // its answer may be slow, or it will be asked again
      this.finish();
      return this.next();
    }, PATIENCE);
  }

  /** The one that is out may have been lost: ask it again. Python does none twice. */
  again() {
    this.lost = true;
    this.next();
  }

  /**
   * What was asked after one order to move now counts as asked after another: the place is the same.
   * @param {number | null} before
   * @param {number} after
   */
  turned(before, after) {
    for (const ask of this.all) if (ask.turn === before) ask.turn = after;
  }

  /**
   * Python has answered ask `n`: returns it, if it is the one we were waiting for.
   * @param {number | null} n
   */
  answered(n) {
    return this.current && n === this.current.n ? this.finish() : null;
  }

  finish() {
    clearTimeout(this.patience);
    clearTimeout(this.late);
    const done = this.current;
    this.current = null;
    return done;
  }

  destroy() {
    clearTimeout(this.patience);
    clearTimeout(this.late);
    this.waiting = [];
  }
}
