// @ts-check
/** A scene on the screen: header, cards and transport, built once, and any of its frames shown on them. */
import { Arrangement } from "./arrange.js";
import { within } from "./attributes.js";
import { Choice } from "./choice.js";
import { Glide } from "./glide.js";
import { Header } from "./header.js";
import { decode } from "./decode.js";
import { readTheme } from "./theme.js";
import { Transport } from "./transport.js";
import { together, View } from "./views.js";

/**
 * @typedef {import("./types.js").Theme} Theme
 * @typedef {import("./types.js").Inner} Inner
 */

export class Display {
  /** @type {Map<string, Inner[]>} */
  inner = new Map(); // the finer frames on the way to a frame, by its id
  /** @type {WeakMap<import("./types.js").Frame, import("./types.js").Way>} */
  ways = new WeakMap(); // decoded
  /** @type {number | null} */
  innerStop = null; // which of them is in view
  /** @type {Theme | undefined} */
  theme;
  refitting = 0;
  /** @type {import("./types.js").Beat | null} */
  beat = null; // what lies over it on the way to the next frame
  /** @type {import("./types.js").Preview | null} */
  preview = null; // what lies over the frame in view while the reader holds a handle
  refused = ""; // why it cannot be where they hold it
  /** @type {string | null | undefined} */
  only = null; // the handle whose picture alone is drawn now; the others follow
  /** @type {number | null} */
  at = null; // the frame in view
  /** @type {View | null} */
  guest = null; // the view of the beats, where it does not stand at the front without them

  /**
   * `on`: what the reader does on the transport, plus `hand` with handles, point(deed, figure, x, y) with points, switched() when another
   * figure is to be shown, looked() when the reader has chosen it, pick(its number, beside another), innerWanted(), innerMoved(stop).
   * @param {import("./types.js").Scene} scene
   * @param {HTMLElement} node  of the stage
   * @param {Omit<ConstructorParameters<typeof Transport>[1], "rested"> & { hand: import("./types.js").HandleEvents,
   *   point: (deed: string, figure: string, x: number, y: number) => void,
   *   switched: () => void, looked: () => void, pick: (number: number, second: boolean) => void, innerWanted: () => void, innerMoved: (stop: number) => void,
   *   units: import("./views.js").UnitEvents }} on
   */
  constructor(scene, node, on) {
    this.scene = scene;
    this.node = node;
    this.on = on;
    this.header = new Header(scene, on.act);
    this.transport = new Transport(scene, { ...on, rested: () => this.views.forEach((view) => view.rested()) });
    const chosen = (/** @type {View} */ view) => {
      this.arrangement.front(view);
      on.switched();
      on.looked();
    };
    this.views = scene.views.map((view, number) => new View(view, scene, {
      seek: (frame) => on.seek(frame, true),
      now: () => this.at,
      point: on.point,
      hand: on.hand,
      switched: () => chosen(together(this.views, number)),
      grown: () => this.refit(),
      inner: { wanted: on.innerWanted, moved: on.innerMoved },
      units: on.units,
    }));
    this.arrangement = new Arrangement(scene, this.views, chosen);
    this.choice = new Choice(this.views, scene.names?.Views ?? "Views", on.pick);
    this.gliding = new Glide(node);
  }

  get nodes() {
    return [this.header.node, this.choice.node, this.arrangement.node, this.transport.node];
  }

  /**
   * Take over which views and which of their figures are in view, where this scene has them too.
   * @param {Display} before
   */
  keepFaces({ views, arrangement: { recent, only } }) {
    for (const { hands, view: { id } } of views) if (hands) this.views.find(({ view }) => view.id === id)?.hands?.tool.turn(hands.tool.chosen);
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
   * Place the views as the window has room for them, however long the words of the frame in view are.
   * @param {boolean} [again]
   */
  fit(again) {
    const body = this.arrangement.node.parentElement;
    if (!body?.offsetWidth) return;
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.choice.show(this.arrangement.alone);
    body.toggleAttribute("data-fitting", true);
    this.arrangement.fit(body.offsetWidth / root, () => body.scrollHeight <= Math.ceil(parseFloat(getComputedStyle(body).minHeight)) + 1, again);
    body.toggleAttribute("data-fitting", false);
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
    this.settle();
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
    if (!on) this.views.forEach((view) => view.settle());
  }

  /**
   * Whether the reader holds a handle: meanwhile no screen reader says what changes.
   * @param {boolean} on
   */
  holding(on) {
    this.transport.heard.hold(on);
    this.node.toggleAttribute("data-held", on);
    if (!on) this.views.forEach((view) => view.release());
  }

  /** @param {{ frame: string, frames: Inner[] }} inner */
  acceptInner({ frame, frames }) {
    this.inner.set(frame, frames.map(decode));
  }

  /**
   * Show the frame at the playback's cursor. Of a light one only its place: pictures, numbers and words come together, a
   * moment later, and until then those of another frame step back; so they do while a tape is being opened again.
   * @param {import("./playback.js").Playback} playback
   * @param {Pick<import("./types.js").Message, "goal" | "paused" | "idle" | "aside">} message
   * @param {boolean} [glide]
   */
  show(playback, { goal, paused, idle, aside }, glide = false) {
    const { history, cursor, frame, working, ended } = playback;
    if (!frame) return;
    const first = this.at === null; // the figures then take the room that the words leave them
    if (!first) this.views.forEach((view) => view.measure());
    const whole = history.whole(cursor);
    const inner = this.preview ?? this.beat ?? (this.innerStop === null ? undefined : this.inner.get(frame.id)?.[this.innerStop]);
    const slot = this.slots(playback, inner);
    const bar = () => {
      this.transport.show({
        cursor, last: history.last, beat: this.beat?.next ?? null, next: frame.next, ended, paused, working, goal, idle, aside,
        caption: whole ? this.refused || (slot(this.scene.caption)?.text ?? "") : null,
        said: (!inner && !this.refused && slot(this.scene.said ?? "")?.text) || "",
      });
      this.transport.sound?.at(history, cursor, slot);
      this.node.toggleAttribute("data-waiting", !whole || playback.opening);
    };
    if (!whole || (this.gliding.towards === frame && !inner)) { // what is on its way to this frame goes on
      bar();
      return;
    }
    this.settle();
    history.visit(cursor);
    const { lit = [], handles = [], inner_at: at } = this.preview ?? { ...frame, ...(this.beat && { lit: this.beat.lit, handles: [] }) };
    const theme = this.theme ?? this.readTheme();
    const steps = glide && !inner && this.at === cursor - 1 ? this.way(frame) : null;
    const duration = glide && (!inner || this.beat) ? this.gliding.time(playback.playing ? this.transport.perSecond : null, steps) : 0;
    this.at = cursor;
    const shown = {
      held: this.values(playback, inner), slot, handles, theme, glide: duration > 0, brisk: playback.playing && this.gliding.brisk(this.transport.perSecond),
      way: (/** @type {string} */ figure) => within(figure, duration ? steps?.set ?? {} : {}),
    };
    if (first) {
      this.views.forEach((view) => view.measure());
      this.views.forEach((view) => view.say(shown));
      this.header.show(slot, lit);
      bar();
      this.fit();
      this.views.forEach((view) => view.measure());
    }
    const under = handles.find(({ id }) => id === this.only)?.figure;
    const drawn = under ? this.views.filter(({ figures }) => figures.some(({ id }) => id === under)) : this.views;
    // figures first: with the first text that Plotly measures, all that was written before is laid out
    const tweens = drawn.map((view) => view.draw(shown)).filter((tween) => tween !== null);
    drawn.forEach((view) => view.tell(shown));
    bar();
    this.header.show(slot, lit);
    this.node.toggleAttribute("data-inside", this.beat !== null);
    for (const { node, view } of this.views) node.toggleAttribute("data-aside", this.beat !== null && !lit.includes(view.id));
    for (const view of this.views) {
      view.inner?.rest(at, slot);
      if (this.innerStop !== null && !this.preview) view.inner?.show(this.innerStop, inner && slot);
    }
    this.node.dataset.frame = String(cursor);
    const text = duration && steps?.text;
    if (text) {
      this.header.count(text, 0);
      tweens.push((t) => this.header.count(text, t));
    }
    if (tweens.length) this.gliding.start(frame, tweens, duration);
  }

  /**
   * The way to a frame from the one before, where it has one, ready to be shown.
   * @param {import("./types.js").Frame} frame
   */
  way(frame) {
    if (!frame.glide) return null;
    if (!this.ways.has(frame)) this.ways.set(frame, decode(frame.glide));
    return /** @type {import("./types.js").Way} */ (this.ways.get(frame));
  }

  settle() {
    this.gliding.settle();
  }

  /**
   * Whether the view of the beats stands at the front, also where another stands alone. Then what stood there before does so
   * again, even if the reader has chosen a figure of it.
   * @param {boolean} on
   */
  lead(on) {
    const { arrangement } = this, view = this.views.find(({ view }) => view.id === this.scene.inside?.view) ?? null;
    if (on) this.guest = view && arrangement.recent.includes(view) ? null : view;
    else arrangement.recent = arrangement.recent.filter((other) => other !== this.guest);
    arrangement.lead = on ? view : null;
    this.arrangement.turn();
    this.fit();
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
    return (/** @type {string} */ figure) =>
      new Map([...history.figure(figure, cursor), ...within(figure, inner?.set ?? {})]);
  }

  destroy() {
    cancelAnimationFrame(this.refitting);
    this.settle();
    this.transport.destroy();
    this.views.forEach((view) => view.destroy());
  }
}
