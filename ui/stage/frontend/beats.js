// @ts-check
/**
 * The beats on the way from the frame in view to the next: each is laid over the frame in view, and after the last one
 * the stage is at the next frame, by the ordinary road. One unit of the data is followed through them.
 */
import { decode } from "./decode.js";

/**
 * @typedef {import("./types.js").Within} Within
 * @typedef {{ beat: number, unit: number | null }} Due  a beat, from 0, that comes into view as soon as it is here
 */

export class Beats {
  /** @type {Within | null} */
  told = null; // what Python has said last
  /** @type {number | null} */
  beat = null; // the one in view, from 0; null outside
  /** @type {number | null} */
  unit = null; // the one that is followed
  /** @type {Due | null} */
  due = null;
  why = ""; // what is said where there are none
  playing = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  clock;

  /**
   * `on`: scene() that stands, show(whether it glides) what is in view, lead(whether its view stands at the front), moved() hears
   * that the reader stands elsewhere, moving(whether by itself), speed() in beats a second.
   * @param {import("./playback.js").Playback} playback
   * @param {{ scene: () => import("./types.js").Scene | undefined, show: (glide: boolean) => void, lead: (on: boolean) => void,
   *   moved: () => void, moving: (on: boolean) => void, speed: () => number }} on
   */
  constructor(playback, on) {
    this.playback = playback;
    this.on = on;
  }

  get inside() {
    return this.beat !== null;
  }

  /**
   * What lies over the frame in view.
   * @returns {import("./types.js").Beat | null}
   */
  get shown() {
    return this.beat === null || this.told?.frame !== this.playback.frame?.id ? null : this.told?.beats[this.beat] ?? null;
  }

  /** Where the reader stands, as an address has it. */
  get place() {
    return this.beat === null ? { beat: null, unit: null } : { beat: this.beat + 1, unit: this.unit };
  }

  /** One beat on; outside, the first one of the way to the next frame. */
  further() {
    if (!this.next()) this.begin();
  }

  /** @param {number} [beat] */
  begin(beat = 0) {
    const { playback, on } = this;
    if (!on.scene()?.inside || !playback.frame) return;
    playback.pause();
    if (this.known) this.arrive({ beat, unit: this.unit }, /** @type {Within} */ (this.told));
    else this.ask(beat, this.unit);
  }

  /** Whether the beats from here are known: the reader has been inside before. */
  get known() {
    const { told, unit, playback: { history, cursor, frame } } = this;
    return told !== null && told.beats.length > 0 && told.frame === frame?.id && told.next === history.frames[cursor + 1]?.id
      && (unit === null || unit === told.unit);
  }

  /**
   * @param {number} beat
   * @param {number | null} unit
   */
  ask(beat, unit) {
    this.due = { beat, unit };
    this.playback.ask({ act: "inside", ...(unit !== null && { unit }) });
  }

  /**
   * Python has said something.
   * @param {import("./types.js").Act | null} answered
   * @param {Within | null | undefined} told
   */
  take(answered, told) {
    const { playback, due } = this;
    const here = playback.frame?.id;
    if (told && answered?.act === "inside") this.told = { ...told, beats: told.beats.map(decode) };
    if (due && answered?.act === "inside") {
      if (this.told?.frame === here) this.arrive(due, this.told);
      else if (answered.turn !== playback.turn) this.ask(due.beat, due.unit); // Python took the reader to be elsewhere
      else this.due = null;
      if (this.playback.asks.has("inside")) this.due = due; // asked again meanwhile: that answer counts
    } else if (this.inside && this.told?.frame !== here && !due) this.ask(this.beat ?? 0, this.unit); // the same frame, told anew
  }

  /**
   * Python may lead elsewhere while an ask waits, as on the way to the end: its answer is of the place then.
   * @param {() => void} follow
   */
  ordered(follow) {
    const { due } = this;
    follow();
    if (this.playback.asks.has("inside")) this.due = due;
  }

  /**
   * @param {Due} due
   * @param {Within} told
   */
  arrive({ beat }, { beats, unit, why }) {
    this.due = null;
    if (!beats.length) {
      this.leave();
      this.why = why;
      this.on.show(false);
      return;
    }
    const begins = !this.inside;
    this.why = "";
    this.unit = unit;
    this.beat = Math.min(this.beat ?? beat, beats.length - 1); // inside, the reader may have gone on meanwhile
    if (begins) this.on.lead(true);
    this.on.show(!begins);
    this.on.moved();
    if (this.playing) this.wait(() => this.tick());
  }

  /** One beat on, and from the last one to the next frame. Returns whether that was ours to do. */
  next() {
    if (!this.inside && !this.due) return false;
    this.pause();
    if (this.inside) this.step();
    else if (this.due) this.due.beat += 1; // pressed faster than Python answers
    return true;
  }

  step() {
    const { beat, told } = this;
    if (beat === null || !told) return;
    if (beat + 1 >= told.beats.length) {
      this.playback.next(); // arrives, and leaves
      return;
    }
    this.beat = beat + 1;
    this.on.show(true);
    this.on.moved();
  }

  /** One beat back; before the first one is the frame in view as it is. */
  back() {
    if (!this.inside && !this.due) return false;
    this.pause();
    if (this.beat === null && this.due?.beat) this.due.beat -= 1;
    else if (!this.beat) this.escape();
    else {
      this.beat -= 1;
      this.on.show(false);
      this.on.moved();
    }
    return true;
  }

  /** Back to the frame in view as it is. */
  escape() {
    if (!this.inside && !this.due) return false;
    this.leave();
    this.on.show(false);
    return true;
  }

  /**
   * Follow another unit.
   * @param {number} unit
   */
  choose(unit) {
    const { told, beat } = this;
    if (beat === null || !told) return false;
    this.pause();
    const wanted = Math.max(0, Math.min(unit, told.units - 1));
    this.ask(beat, wanted);
    this.unit = wanted; // also where the reader goes on to the next frame before the answer
    return true;
  }

  /** @param {number} way */
  other(way) {
    return this.choose((this.due?.unit ?? this.told?.unit ?? 0) + way);
  }

  /** Play the beats, or pause. Returns whether that was ours to do. */
  toggle() {
    if (this.playing) this.pause();
    else if (this.inside || this.due) {
      this.playing = true;
      this.on.moving(true);
      if (this.inside) this.wait(() => this.tick()); // else once they are here
    } else return false;
    return true;
  }

  /** Played on: at the next frame, its own beats begin a moment later. */
  tick() {
    const { playback } = this;
    this.step();
    if (this.inside) {
      this.wait(() => this.tick());
    } else if (!playback.ended || playback.cursor < playback.history.last) {
      this.playing = true;
      this.on.moving(true);
      this.wait(() => this.ask(0, this.unit));
    }
  }

  /** @param {() => void} then */
  wait(then) {
    clearTimeout(this.clock);
    this.clock = setTimeout(then, 1000 / this.on.speed());
  }

  pause() {
    clearTimeout(this.clock);
    if (!this.playing) return;
    this.playing = false;
    this.on.moving(false);
  }

  /** Another frame comes into view, or something else is done with this one. */
  leave() {
    this.pause();
    this.due = null;
    this.why = "";
    if (!this.inside) return;
    this.beat = null;
    this.on.lead(false);
    this.on.moved();
  }

  /** Another run: nothing is known of it. */
  restart() {
    this.leave();
    this.told = this.unit = null;
  }

  /**
   * Go where a link leads, once the frame is there.
   * @param {{ beat?: number | null, unit?: number | null } | null} look
   */
  follow(look) {
    if (!look?.beat || !this.on.scene()?.inside) return;
    this.unit = look.unit ?? null;
    this.ask(look.beat - 1, this.unit); // a tape that is being opened goes on
  }
}
