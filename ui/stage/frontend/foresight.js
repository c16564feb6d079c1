// @ts-check
/** What comes next, known before the reader asks for it: kept apart from all that is shown until they go there. */

/**
 * @typedef {import("./types.js").Foreseen} Foreseen
 * @typedef {Foreseen & { frame: import("./types.js").Frame }} Known  whose frame is here
 * @typedef {import("./types.js").Message} Message
 * @typedef {ReturnType<typeof setTimeout>} Timer
 */

const PAUSE = 40; // milliseconds after which the browser may have time
const BUSY = 300; // milliseconds that it has not: then it asks all the same
const AGAIN = 250; // milliseconds until it looks again whether it can ask
const BESIDE = new Set(["foresee", "controls"]); // what Python may be doing meanwhile: it changes nothing of the run

export class Foresight {
  /** @type {Known[]} */
  ahead = []; // the frames after the last one that is shown to be there
  /** @type {{ id: string, at: number } | null} */
  seen = null; // the last of them that the reader has come to, of which Python has not heard
  most = 0; // so many may be known
  asked = ""; // for what: once for each rest
  /** @type {Timer | undefined} */
  timer;

  /**
   * @param {Pick<import("./stage.js").Stage, "playback" | "message" | "display" | "address" | "connection" | "live" | "beats" | "quiet">} stage
   */
  constructor(stage) {
    this.stage = stage;
    this.playback = stage.playback;
  }

  /** What every ask says besides. */
  get along() {
    return this.seen ? { seen: this.seen.id } : {};
  }

  /** Another scene. */
  clear() {
    this.ahead = [];
    this.seen = null;
    this.asked = "";
  }

  /**
   * What Python knows ahead. Frames that the reader has come to meanwhile, of which it had not heard, stay.
   * @param {Pick<Message, "first" | "after" | "frames" | "foreseen" | "foresees">} message
   * @returns {boolean} whether the message follows what is here
   */
  accept(message) {
    const { history } = this.playback, { foreseen = [], foresees = 0 } = message;
    const complete = history.accept(message, this.seen ? foreseen.map(({ id }) => id) : []);
    const told = message.first + message.frames.length;
    /** @type {Known[]} */
    const ahead = [];
    for (const entry of complete ? foreseen.slice(history.frames.length - told) : []) {
      const frame = entry.frame ?? this.ahead.find(({ id }) => id === entry.id)?.frame;
      if (!frame) break;
      ahead.push({ ...entry, frame });
    }
    this.ahead = ahead;
    this.most = foresees;
    if (this.seen && (this.seen.at < told || history.frames[this.seen.at]?.id !== this.seen.id)) this.seen = null;
    return complete;
  }

  /**
   * Make frame `to` one that is there, if it is known. Not while Python does something else: that comes first.
   * @param {number} to
   */
  reach(to) {
    const { asks, history } = this.playback, { connection } = this.stage, count = to - history.last;
    const elsewhere = connection.holding || (connection.running && !BESIDE.has(asks.current?.act ?? ""));
    if (count > this.ahead.length || elsewhere || asks.all.some(({ act }) => !BESIDE.has(act) && act !== "fill")) return false;
    this.ahead.splice(0, count).forEach((known) => this.come(known));
    return true;
  }

  /**
   * As if a message had just said it.
   * @param {Known} known
   */
  come({ id, frame, coming, ended, address }) {
    const { stage, playback: { history } } = this, { display, message } = stage;
    history.push(frame);
    this.seen = { id, at: history.last };
    if (message) stage.message = { ...message, coming, ended, paused: "", goal: null, aside: "" };
    this.playback.ended = ended;
    if (display?.theme) {
      display.transport.frames(history.frames, display.theme);
      display.transport.coming(coming, display.theme);
    }
    stage.address.go(address);
  }

  /**
   * Go where presses that still wait lead, once that is known.
   * @param {number | null} turn  of what Python has said last
   */
  catchUp(turn) {
    const { playback } = this, { destination, asks, history } = playback;
    if (destination === null || destination <= history.last || asks.busy || turn !== playback.turn) return;
    if (asks.all.some(({ act }) => act !== "advance") || destination - history.last > this.ahead.length) return;
    asks.drop("advance");
    this.ahead.splice(0, destination - history.last).forEach((known) => this.come(known));
    playback.destination = null;
    playback.go(destination);
  }

  /** Python can be asked again. */
  free() {
    this.catchUp(this.playback.turn);
    this.playback.asks.next();
  }

  /** What is to be told or asked, as soon as the browser has nothing else to do. */
  rest() {
    clearTimeout(this.timer);
    if (!this.seen && !this.lacks) return;
    this.timer = setTimeout(() => whenIdle(() => this.ask()), PAUSE);
  }

  /** What the reader does outside comes next: before that, Python hears where they are. */
  tell() {
    if (this.seen) this.ask();
  }

  ask() {
    clearTimeout(this.timer);
    if (!this.seen && !this.lacks) return;
    if (!this.stage.quiet || this.playback.asks.all.length) {
      this.timer = setTimeout(() => this.ask(), AGAIN);
      return;
    }
    this.asked = this.rested;
    const { cursor, turn, asks } = this.playback;
    asks.add({ act: "foresee", at: cursor, turn, has: this.ahead.length });
  }

  /** Where the reader rests, and what is known there. */
  get rested() {
    return `${this.playback.history.frames.at(-1)?.id}/${this.ahead.length}`;
  }

  /** Whether the reader rests at the end of what is there, and too little is known of what comes. */
  get lacks() {
    const { cursor, history, moving, destination } = this.playback, { live, beats } = this.stage;
    const rests = cursor === history.last && !moving && destination === null && !live.hand && !beats.inside;
    return rests && this.ahead.length < this.most && Boolean(history.frames.at(-1)?.next)
      && document.visibilityState !== "hidden" && this.asked !== this.rested;
  }

  destroy() {
    clearTimeout(this.timer);
  }
}

/** @param {() => void} deed */
function whenIdle(deed) {
  if (typeof requestIdleCallback === "function") requestIdleCallback(deed, { timeout: BUSY });
  else deed();
}
