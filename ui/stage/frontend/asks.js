/** What the stage asks of Python: one at a time, in order, each with a rising number. */

const PATIENCE = 10_000; // milliseconds after which an unanswered ask no longer holds up the next

let number = 0;

export class Asks {
  waiting = [];
  current = null;

  /** send: an ask to Python; changed: called with the ask that is out, or null; ready: whether one can be sent now. */
  constructor(send, changed, ready) {
    this.send = send;
    this.changed = changed;
    this.ready = ready;
  }

  get busy() {
    return this.current !== null;
  }

  has(name) {
    return this.current?.act === name || this.waiting.some((ask) => ask.act === name);
  }

  add(ask) {
    const same = this.waiting.find((other) => other.act === ask.act && other.turn === ask.turn);
    if (same && ask.act === "advance") same.to = Math.max(same.to, ask.to);
    else if (same && (ask.act === "inner" || ask.act === "drag" || ask.act === "fill")) Object.assign(same, ask);
    else this.waiting.push(ask);
    this.next();
  }

  drop(name) {
    this.waiting = this.waiting.filter((ask) => ask.act !== name);
  }

  next() {
    if (this.current || !this.waiting.length || !this.ready()) return this.changed(this.current);
    number = Math.max(number + 1, Date.now()); // rising also over remounts and reloads
    this.current = { ...this.waiting.shift(), n: number };
    this.timer = setTimeout(() => {
      this.finish();
      this.next();
    }, PATIENCE);
    this.send(this.current);
    this.changed(this.current);
  }

  /** Python has answered ask `n`: returns it, if it is the one we were waiting for. */
  answered(n) {
    return this.current && n === this.current.n ? this.finish() : null;
  }

  finish() {
    clearTimeout(this.timer);
    const done = this.current;
    this.current = null;
    return done;
  }

  destroy() {
    clearTimeout(this.timer);
    this.waiting = [];
  }
}
