// @ts-check
/** A scene on the screen: header, cards and transport, built once, and any of its frames shown on them. */
import { Arrangement } from "./arrange.js";
import { Header } from "./header.js";
import { decode } from "./history.js";
import { readTheme } from "./theme.js";
import { Transport } from "./transport.js";
import { View } from "./views.js";

/**
 * @typedef {import("./types.js").Theme} Theme
 * @typedef {import("./types.js").Inner} Inner
 * @typedef {import("./figures.js").Tween} Tween
 */

const GLIDE = 300; // milliseconds
const SLOW_ENOUGH = 400; // milliseconds between frames, below which a glide would only cost frames

export class Display {
  /** @type {Map<string, Inner[]>} */
  inner = new Map(); // the finer frames on the way to a frame, by its id
  /** @type {number | null} */
  innerStop = null; // which of them is in view
  /** @type {Theme | undefined} */
  theme;
  gliding = 0;
  refitting = 0;

  /**
   * `on`: what the reader does on the transport, plus drop(handle, x, y), switched() when another figure is to be shown,
   * looked() when the reader has chosen it, innerWanted(), innerMoved(stop).
   * @param {import("./types.js").Scene} scene
   * @param {HTMLElement} node  of the stage
   * @param {ConstructorParameters<typeof Transport>[1] & { drop: (handle: string, x: number, y: number) => void,
   *   switched: () => void, looked: () => void, innerWanted: () => void, innerMoved: (stop: number) => void }} on
   */
  constructor(scene, node, on) {
    this.scene = scene;
    this.node = node;
    this.on = on;
    this.header = new Header(scene, on.act);
    this.transport = new Transport(scene, on);
    const chosen = (/** @type {View} */ view) => {
      this.arrangement.front(view);
      on.switched();
      on.looked();
    };
    this.views = scene.views.map((view, number) => new View(view, scene, {
      seek: (frame) => on.seek(frame, true),
      drop: on.drop,
      switched: () => chosen(this.views[number]),
      grown: () => this.refit(),
      inner: { wanted: on.innerWanted, moved: on.innerMoved },
    }));
    this.arrangement = new Arrangement(scene, this.views, chosen);
    this.reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  }

  get nodes() {
    return [this.header.node, this.arrangement.node, this.transport.node];
  }

  /**
   * Take over which views and which of their figures are in view, where this scene has them too.
   * @param {Display} before
   */
  keepFaces({ views, arrangement: { recent, only } }) {
    for (const { token } of views) this.named(token);
    /** @param {View[]} kept */
    const same = (kept) => kept.map(({ token }) => this.named(token)).filter((view) => view !== undefined);
    this.arrangement.recent = same(recent);
    const shown = only && same(only);
    this.arrangement.only = shown?.length ? shown : null;
  }

  /**
   * The view of a token, with that of its figures chosen which the token names.
   * @param {string} token
   */
  named(token) {
    const [id, face] = token.split(".");
    const view = this.views.find((other) => other.view.id === id);
    view?.choose(view.figures.find((figure) => figure.id === face) ?? view.figures[0]);
    return view;
  }

  /**
   * Place the views as the window has room for them.
   * @param {boolean} [again]
   */
  fit(again) {
    const body = this.arrangement.node.parentElement;
    if (!body?.offsetWidth) return;
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.arrangement.fit(body.offsetWidth / root, () => body.scrollHeight <= Math.ceil(parseFloat(getComputedStyle(body).minHeight)) + 1, again);
  }

  /** The window has another size, or the reader another view of it. */
  resized() {
    this.fit();
    this.on.switched();
  }

  /** The same once more is known of the figures, a moment later. */
  refit() {
    cancelAnimationFrame(this.refitting);
    this.refitting = requestAnimationFrame(() => {
      const before = this.arrangement.made;
      this.fit(true);
      if (this.arrangement.made !== before) this.on.switched();
    });
  }

  /**
   * Reading styles costs a layout, so it happens on messages only: Streamlit calls us when its theme changes.
   * @returns {Theme}
   */
  readTheme() {
    const theme = readTheme(this.node, this.scene.colors);
    if (theme.signature === this.theme?.signature) return this.theme;
    this.theme = theme;
    this.node.dataset.theme = theme.dark ? "dark" : "light";
    this.header.retheme(theme);
    this.transport.retheme(theme);
    return theme;
  }

  /**
   * Show whether the stage moves by itself.
   * @param {boolean} on
   */
  moving(on) {
    this.transport.playing(on);
    this.header.announce(!on);
  }

  /** @param {{ frame: string, frames: Inner[] }} inner */
  acceptInner({ frame, frames }) {
    this.inner.set(frame, frames.map(decode));
  }

  /**
   * Show the frame at the playback's cursor. Of a light one only its place: pictures, numbers and words come together, a
   * moment later, and until then those of another frame step back; so they do while a tape is being opened again.
   * @param {import("./playback.js").Playback} playback
   * @param {Pick<import("./types.js").Message, "goal" | "paused">} message
   * @param {boolean} [glide]
   */
  show(playback, { goal, paused }, glide = false) {
    const { history, cursor, frame, working, ended } = playback;
    if (!frame) return;
    const whole = history.whole(cursor);
    const inner = this.innerStop === null ? undefined : this.inner.get(frame.id)?.[this.innerStop];
    const slot = this.slots(playback, inner);
    this.transport.show({
      cursor, last: history.last, next: frame.next, ended, paused, working, goal,
      caption: whole ? slot(this.scene.caption)?.text ?? "" : null,
    });
    this.node.toggleAttribute("data-waiting", !whole || playback.opening);
    if (!whole) return;
    cancelAnimationFrame(this.gliding);
    delete this.node.dataset.gliding;
    history.visit(cursor);
    this.header.show(slot, frame.lit ?? []);
    const theme = this.theme ?? this.readTheme();
    const duration = glide && !inner ? this.glideTime(playback.playing) : 0;
    const shown = { held: this.values(playback, inner), slot, handles: frame.handles ?? [], theme, glide: duration > 0 };
    const tweens = this.views.map((view) => view.show(shown)).filter((tween) => tween !== null);
    for (const view of this.views) {
      view.inner?.rest(frame.inner_at);
      if (this.innerStop !== null) view.inner?.show(this.innerStop);
    }
    this.node.dataset.frame = String(cursor);
    if (tweens.length) this.glide(tweens, duration);
  }

  /**
   * What each slot holds, a finer frame first.
   * @param {import("./playback.js").Playback} playback
   * @param {Inner | undefined} inner
   * @returns {import("./types.js").Slots}
   */
  slots({ history, cursor }, inner) {
    return (name) => {
      const text = inner?.text?.[name];
      return text === undefined ? history.slot(name, cursor) : { text, value: inner?.value?.[name] };
    };
  }

  /**
   * What each attribute of a figure holds, a finer frame first.
   * @param {import("./playback.js").Playback} playback
   * @param {Inner | undefined} inner
   */
  values({ history, cursor }, inner) {
    return (/** @type {string} */ figure) => {
      const values = history.figure(figure, cursor);
      for (const [key, value] of Object.entries(inner?.set ?? {})) if (key.startsWith(`${figure}/`)) values.set(key, value);
      return values;
    };
  }

  /** @param {boolean} playing */
  glideTime(playing) {
    if (this.reducedMotion.matches) return 0;
    if (!playing) return GLIDE;
    const interval = 1000 / this.transport.perSecond;
    return interval < SLOW_ENOUGH ? 0 : Math.min(GLIDE, 0.6 * interval);
  }

  /**
   * @param {Tween[]} tweens
   * @param {number} duration
   */
  glide(tweens, duration) {
    const start = performance.now();
    this.node.dataset.gliding = "";
    const tick = () => {
      const t = Math.min((performance.now() - start) / duration, 1);
      const eased = t < 1 ? t * t * (3 - 2 * t) : 1;
      tweens.forEach((tween) => tween(eased));
      if (t < 1) this.gliding = requestAnimationFrame(tick);
      else delete this.node.dataset.gliding;
    };
    this.gliding = requestAnimationFrame(tick);
  }

  destroy() {
    cancelAnimationFrame(this.gliding);
    cancelAnimationFrame(this.refitting);
    delete this.node.dataset.gliding;
    this.views.forEach((view) => view.destroy());
  }
}
