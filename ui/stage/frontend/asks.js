/** What the stage asks of Python: one at a time, in order, each with a rising number. */

const DOUBT = 4000; // milliseconds after which an ask may have been lost
const PATIENCE = 10_000; // milliseconds after which an unanswered ask no longer holds up the next
const MOST = 8; // acts of the reader's own that wait
const AUTOMATIC = new Set(["ahead", "fill", "inner", "resend", "rest"]); // what the stage asks by itself

let number = 0;

export class Asks {
  waiting = [];
  current = null;
  lost = false; // the one that is out must be sent again
  own = new WeakSet(); // those that the reader has made

  /**
   * `on`: { send(ask) to Python, changed(ask) with the one that is out, or null, ready() whether one can be sent now,
   * doubt(still) when an answer is late, time and again: still() says whether it still is, full() when one is refused }.
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

  has(name) {
    return this.all.some((ask) => ask.act === name);
  }

  /** Returns whether it will be asked. Only the reader's `own` acts may be too many. */
  add(ask, own = !AUTOMATIC.has(ask.act)) {
    let taken = true;
    const same = this.waiting.find((other) => other.act === ask.act && other.turn === ask.turn);
    if (same && ask.act === "advance") same.to = Math.max(same.to, ask.to);
    else if (same && (ask.act === "inner" || ask.act === "drag" || ask.act === "fill")) Object.assign(same, ask);
    else if (!own || this.waiting.filter((other) => this.own.has(other)).length < MOST) {
      this.waiting.push(ask);
      if (own) this.own.add(ask);
    } else taken = false;
    this.next();
    if (!taken) this.on.full();
    return taken;
  }

  drop(name) {
    this.waiting = this.waiting.filter((ask) => ask.act !== name);
  }

  next() {
    if (this.on.ready()) {
      if (this.current && this.lost) this.send();
      else if (!this.current && this.waiting.length) {
        number = Math.max(number + 1, Date.now()); // rising also over remounts and reloads
        this.current = { ...this.waiting.shift(), n: number };
        this.send();
      }
    }
    this.on.changed(this.current);
  }

  send() {
    const ask = this.current;
    this.lost = false;
    this.doubt();
    this.wait();
    this.on.send(ask);
  }

  doubt() {
    const ask = this.current;
    clearTimeout(this.doubting);
    this.doubting = setTimeout(() => {
      if (!this.on.ready()) this.wait(); // patience begins when there is nothing else to wait for
      this.on.doubt(() => this.current === ask);
      this.doubt();
    }, DOUBT);
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
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

  /** What was asked after one order to move now counts as asked after another: the place is the same. */
  turned(before, after) {
    for (const ask of this.all) if (ask.turn === before) ask.turn = after;
  }

  /** Python has answered ask `n`: returns it, if it is the one we were waiting for. */
  answered(n) {
    return this.current && n === this.current.n ? this.finish() : null;
  }

  finish() {
    clearTimeout(this.timer);
    clearTimeout(this.doubting);
    const done = this.current;
    this.current = null;
    return done;
  }

  destroy() {
    clearTimeout(this.timer);
    clearTimeout(this.doubting);
    this.waiting = [];
  }
}
