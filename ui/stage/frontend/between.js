// @ts-check
/** The finer frames on the way to the frame in view: the reader moves along them, or a link leads to one. */

/** @typedef {{ stop: number, cursor: number, at: number | null }} Stood  a stop, and the frame whose slider stood there */

export class Between {
  /** @type {number | null} */
  stop = null; // to which a link leads, or where the reader stood before

  /**
   * `show()` draws what is in view, `moved()` hears that the reader stands elsewhere between two frames.
   * @param {import("./playback.js").Playback} playback
   * @param {{ display: () => import("./display.js").Display | undefined, show: () => void, moved: () => void }} on
   */
  constructor(playback, on) {
    this.playback = playback;
    this.on = on;
  }

  /** Ask for them, if they are not here yet. */
  want() {
    const { frame, asks } = this.playback;
    if (!frame || this.on.display()?.inner.has(frame.id) || asks.has("inner") || (frame.inner_at ?? null) === null) return;
    this.playback.ask({ act: "inner" });
  }

  /** @param {number} stop  that comes into view, as soon as its frames are here */
  show(stop) {
    const { playback, on } = this, display = on.display();
    if (!display || !playback.history.whole(playback.cursor)) return;
    playback.pause();
    this.want();
    display.innerStop = stop;
    on.show();
    on.moved();
  }

  /** Another frame comes into view. */
  leave() {
    const display = this.on.display();
    if (!display || display.innerStop === null) return;
    display.innerStop = null;
    this.on.moved();
  }

  /**
   * The stop in view, where it means the same in the scene to come.
   * @param {import("./types.js").Message} message
   * @returns {Stood | null}
   */
  stands({ scene }) {
    const { cursor, frame } = this.playback, stop = this.on.display()?.innerStop ?? null;
    return stop !== null && scene.inner?.stays ? { stop, cursor, at: frame?.inner_at ?? null } : null;
  }

  /**
   * Go on to stand there, if the reader is still at the same frame, and its slider rests where it did.
   * @param {Stood | null} stood
   */
  stay(stood) {
    const { cursor, frame } = this.playback;
    const same = stood && stood.cursor === cursor && stood.at === (frame?.inner_at ?? null);
    if (same && this.on.display()?.innerStop === null) this.stop = stood.stop;
  }

  /** Go where the link leads, as soon as the frame is there. */
  follow() {
    const { stop, playback, on } = this;
    if (stop === null || !playback.history.whole(playback.cursor)) return;
    this.stop = null;
    const stops = on.display()?.scene.inner?.stops ?? [];
    if (stop < stops.length && (playback.frame?.inner_at ?? null) !== null) this.show(stop);
  }
}
