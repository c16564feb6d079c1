// @ts-check
/** What keys and buttons do: inside, from beat to beat; else from frame to frame. */

/** @typedef {import("./types.js").Act} Act */

export class Deeds {
  /**
   * `on`: scene() that stands, ended() hears that what clicks do in the cards ends.
   * @param {{ lesson: import("./lesson.js").Lesson, classroom: import("./classroom.js").Classroom, message?: import("./types.js").Message, playback: import("./playback.js").Playback, beats: import("./beats.js").Beats, live: import("./live.js").Live,
   *   between: import("./between.js").Between, presenter: import("./present.js").Presenter }} parts
   * @param {{ scene: () => import("./types.js").Scene | undefined, ended: () => void }} on
   */
  constructor(parts, on) {
    this.parts = parts;
    this.on = on;
  }

  /** What the display calls. */
  get offered() {
    const { beats, between } = this.parts;
    return {
      start: () => this.start(), back: () => this.back(), next: () => this.next(), play: () => this.toggle(), end: () => this.end(),
      act: (/** @type {Act} */ act) => this.act(act),
      inside: () => this.inside(),
      units: {
        begin: () => beats.begin(),
        other: (/** @type {number} */ way) => beats.other(way),
        chosen: (/** @type {number} */ unit) => beats.choose(unit),
      },
      innerWanted: () => between.want(),
      innerMoved: (/** @type {number} */ stop) => {
        beats.leave();
        between.show(stop);
      },
    };
  }

  /** Whether the reader may go on from here: not beyond an open question, to which they are led. */
  open() {
    const { classroom, lesson, message, playback } = this.parts;
    if (!message?.withheld || playback.cursor < message.withheld.at) return true;
    (classroom.asking ? classroom : lesson).focus();
    return false;
  }

  next() {
    if (!this.open()) return;
    if (!this.parts.beats.next()) this.parts.playback.next();
  }

  back() {
    if (!this.parts.beats.back()) this.parts.playback.back();
  }

  toggle() {
    if (!this.open() || !this.parts.lesson.offers("play")) return;
    if (!this.parts.beats.toggle()) this.parts.playback.toggle();
  }

  inside() {
    if (this.open()) this.parts.beats.further();
  }

  start() {
    this.parts.beats.leave();
    this.parts.playback.go(0, { byReader: true });
  }

  end() {
    if (!this.open() || !this.parts.lesson.offers("play")) return;
    this.parts.beats.leave();
    this.parts.playback.end();
  }

  /** @param {Act} act */
  act(act) {
    if (!this.open()) return;
    // one of the bar's tools, such as undo, ends what clicks do in the cards
    if (this.on.scene()?.tools?.some((tool) => tool.act.act === act.act)) this.on.ended();
    this.parts.beats.escape();
    this.parts.playback.pause();
    this.parts.playback.ask(act);
  }

  /**
   * Returns whether the key was used.
   * @param {string} key
   */
  press(key) {
    const { beats, classroom, lesson, live, presenter } = this.parts, scene = this.on.scene();
    if (classroom.press(key) || lesson.press(key)) return true;
    if (key === "Escape" && live.cancelled()) return true;
    /** @type {Record<string, (() => void) | undefined>} */
    const moves = {
      ArrowRight: () => this.next(),
      ArrowLeft: () => this.back(),
      Home: () => this.start(),
      End: () => this.end(),
      " ": () => this.toggle(),
      ...(beats.inside && { ArrowUp: () => beats.other(-1), ArrowDown: () => beats.other(1) }),
      ...(scene?.inside && { i: () => this.inside(), I: () => this.inside() }),
    };
    const move = moves[key];
    const given = scene?.keys?.[key] ?? scene?.keys?.[key.toLowerCase()]; // Caps Lock may be on
    if (move) move();
    else if (given) this.act(given);
    return Boolean(move || given) || presenter.press(key) || (key === "Escape" && (beats.escape() || classroom.escape()));
  }
}
