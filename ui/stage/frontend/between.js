// @ts-check
/** The finer frames on the way to the frame in view: the reader moves along them, or a link leads to one. */

export class Between {
  /** @type {number | null} */
  stop = null; // to which a link leads

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

  /** Go where the link leads, as soon as the frame is there. */
  follow() {
    const { stop, playback, on } = this;
    if (stop === null || !playback.history.whole(playback.cursor)) return;
    this.stop = null;
    const stops = on.display()?.scene.inner?.stops ?? [];
    if (stop < stops.length && (playback.frame?.inner_at ?? null) !== null) this.show(stop);
  }
}
