/** The stage: takes messages from Python, shows frames, and reports what the reader does. See docs/stage.md. */
import { Address } from "./address.js";
import { Asks } from "./asks.js";
import { Connection } from "./connection.js";
import { el, load } from "./dom.js";
import { Header } from "./header.js";
import { decode, History } from "./history.js";
import { listen } from "./keys.js";
import { Place } from "./place.js";
import { readTheme } from "./theme.js";
import { Transport } from "./transport.js";
import { arrange, View } from "./views.js";

const GLIDE = 300; // milliseconds
const SLOW_ENOUGH = 400; // milliseconds between frames, below which a glide would only cost frames
const REST = 250; // milliseconds after which the cursor counts as at rest
const AHEAD = 3; // seconds of playing that should be known in advance
const WORK = new Set(["end", "rest"]); // asks that go on slice by slice, and leave the reader where they are once paused

const here = (path) => new URL(path, import.meta.url).href;
const stages = new Map(); // by the key that Python gave: Streamlit calls the entry again for every message
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export default async function receive(component, plotly) {
  const root = component.parentElement;
  try {
    await Promise.all([
      load(plotly), load(here("vendor/katex/katex.min.js")), load(here("vendor/katex/katex.min.css")), load(here("stage.css")),
    ]);
  } catch (error) {
    const place = root.querySelector(".stage-loading");
    place.setAttribute("role", "alert");
    place.textContent = `The figures could not be loaded (${error.message}). Reload the page to try again.`;
    return undefined;
  }
  // A click right after a change in the sidebar can make Streamlit take the root away and bring another a moment later
  // (it drops the one message that says that the root is still in use): the stage moves over, with all it holds.
  // Streamlit also runs the cleanup of a call that a newer one overtook.
  const { key } = component.data;
  if (!stages.has(key)) stages.set(key, new Stage());
  const stage = stages.get(key);
  stage.settle(root);
  stage.receive(component);
  return () => setTimeout(() => stage.leave(() => stages.delete(key)));
}

class Stage {
  history = new History();
  cursor = 0;
  turn = null; // the last order to move that we have followed
  want = null; // the frame that presses of Next have asked for, beyond the known ones
  inner = new Map(); // frame id -> its inner frames
  stop = null; // the inner stop in view
  working = false; // what was asked for goes on, slice by slice
  opening = false; // it has not yet come to where the reader is to stand
  vain = 0; // answers to Play, one after another, that brought no frame
  views = [];

  constructor() {
    this.body = el("div", { class: "stage-body" });
    this.node = el("div", { class: "stage" }, this.body);
    this.place = new Place(this.node, this.body);
    this.address = new Address();
    this.connection = new Connection(() => this.asks.all, () => setTimeout(() => this.asks.next()));
    this.kept = this.connection.taken(); // asked before the page was loaded again
    this.node.append(this.connection.node);
    this.asks = new Asks({
      send: (ask) => this.send("act", ask),
      changed: (ask) => {
        this.transport?.busy(ask !== null);
        if (!this.asks.all.length) this.connection.drained();
      },
      ready: () => this.present && this.connection.ready,
      doubt: (still) => this.connection.doubt(still),
      full: () => this.connection.full(),
    });
    this.deaf = listen((key) => this.press(key));
  }

  /** Take this place on the page. */
  settle(root) {
    this.address.keep(true);
    if (this.place.settle(root)) this.transport?.centre(); // what has left the page forgets how far it was scrolled
  }

  /** Off the page: over, unless it gets another place soon. */
  leave(over) {
    if (!this.present) this.address.keep(false);
    this.place.leave(() => {
      this.destroy();
      over();
    });
  }

  /** On the page, and not on its way to another place there. */
  get present() {
    return this.place.present;
  }

  // --- messages ---------------------------------------------------------------------------------------------------

  receive({ data, setStateValue, setTriggerValue }) {
    this.send = setTriggerValue;
    this.report = setStateValue;
    if (data !== this.message) this.take(data);
    else {
      this.readTheme();
      this.show();
    }
  }

  take(message) {
    this.message = message;
    this.address.follow(message);
    const held = this.frame?.id;
    const rebuilt = message.scene.id !== this.scene?.id;
    if (rebuilt) this.build(message.scene);
    this.readTheme();
    const answered = this.asks.answered(message.answer);
    const complete = this.history.accept(message);
    if (complete) this.history.fill(message.fills ?? []);
    this.ended = message.ended;
    this.goal = message.goal;
    this.paused = message.paused;
    if (message.inner) this.inner.set(message.inner.frame, message.inner.frames.map(decode));
    this.place.placed();
    if (complete && this.history.frames.length) {
      this.transport.frames(this.history.frames, this.theme);
      this.transport.coming(message.coming ?? [], this.theme);
      if (message.session !== this.session && this.frame?.id === held) this.renew(message);
      this.session = message.session;
      this.follow(message, answered, rebuilt);
      this.kept.splice(0).forEach((ask) => this.repeat(ask));
    } else if (!this.asks.has("resend")) {
      this.asks.add({ act: "resend" });
    }
    if (this.connection.heard()) this.asks.again();
    this.asks.next();
  }

  /** Another session of the server has the same run: the reader stays where they are, and so does what they asked. */
  renew({ turn }) {
    this.asks.turned(this.turn, turn);
    this.turn = turn;
  }

  /** Where the cursor goes after a message. */
  follow({ cursor, turn, more, waiting }, answered, rebuilt) {
    const { last } = this.history;
    const ordered = rebuilt || turn !== this.turn;
    this.turn = turn;
    this.reported = cursor ?? null; // it knows of this place
    const halted = WORK.has(answered?.act) && !this.working; // paused meanwhile: what came is there, the reader stays
    const going = more && !halted && this.wants(more, answered, ordered);
    this.opening = Boolean(going && waiting);
    if (going) {
      this.working = true;
      this.moving(true);
    } else if (this.working && !["end", "rest", "advance"].some((act) => this.asks.has(act))) this.pause();
    if (ordered && !halted && this.reported !== null) {
      this.want = going ? more.to ?? null : null;
      this.reported = Math.min(cursor, last);
      this.go(this.reported, { glide: !rebuilt });
    } else if (this.want !== null && (this.want <= last || answered?.act === "advance")) {
      const target = Math.min(this.want, last);
      if (target === this.want) this.asks.drop("advance");
      if (!this.asks.has("advance") && !going) this.want = null;
      this.go(target);
    } else if (this.cursor > last) {
      this.go(last);
    } else {
      this.show();
      this.rest();
    }
    // one answer without frames may have been meant for the run before
    if (answered?.act === "ahead") this.vain = this.cursor === last && !rebuilt ? this.vain + 1 : 0;
    if (this.playing && this.vain > 1) this.pause(); // nothing more comes
    if (going) this.ask(more, false);
  }

  /** Whether the next slice is to be asked for: the reader still waits for it, or Python has begun something new. */
  wants(more, answered, ordered) {
    if (answered?.act !== more.act) return (ordered || this.working) && !this.asks.has(more.act);
    return more.act === "advance" ? this.want !== null : this.working;
  }

  build(scene) {
    const faces = new Map(this.views.map((view) => [view.view.id, view.chosen.id])); // kept where the new scene has them too
    this.views.forEach((view) => view.destroy());
    this.scene = scene;
    this.history = new History();
    this.want = this.stop = this.reported = null;
    this.inner.clear();
    this.header = new Header(scene, (act) => this.act(act));
    this.transport = new Transport(scene, {
      start: () => this.go(0, { own: true }),
      back: () => this.back(),
      next: () => this.next(),
      play: () => this.toggle(),
      end: () => this.end(),
      seek: (frame, glide = false) => this.go(frame, { own: true, glide }),
      further: (frame) => this.further(frame),
      rest: () => this.rest(0),
      act: (act) => this.act(act),
    });
    this.views = scene.views.map((view) => new View(view, scene, {
      seek: (frame) => this.go(frame, { own: true }),
      drop: (handle, x, y) => this.ask({ act: "drag", handle, x, y }),
      switched: () => this.show(),
      inner: { wanted: () => this.wantInner(), moved: (index) => this.showInner(index) },
    }));
    const grid = el("div", { class: "stage-views" }, ...this.views.map(({ node }) => node));
    this.views.forEach((view) => view.choose(view.figures.find(({ id }) => id === faces.get(view.view.id)) ?? view.chosen));
    arrange(grid, scene);
    this.body.replaceChildren(this.header.node, grid, this.transport.node);
    this.moving(this.playing || this.working); // what the reader has started goes on with the new run
    this.transport.busy(this.asks.busy);
    this.theme = null;
  }

  /** Reading styles costs a layout, so it happens on messages only: Streamlit calls us when its theme changes. */
  readTheme() {
    const theme = readTheme(this.node, this.scene.colors);
    theme.primary = getComputedStyle(this.node).getPropertyValue("--st-primary-color").trim();
    if (theme.signature !== this.theme?.signature) {
      this.theme = theme;
      this.node.dataset.theme = theme.dark ? "dark" : "light";
      this.header.retheme(theme);
      this.transport.retheme(theme);
    }
  }

  // --- showing ----------------------------------------------------------------------------------------------------

  get frame() {
    return this.history.frames[this.cursor];
  }

  /** Move the cursor to a known frame; `own` marks the reader's own move, as opposed to an order from Python. */
  go(frame, { own = false, glide = true } = {}) {
    if (own) {
      this.pause();
      this.forget();
    }
    this.cursor = Math.max(0, Math.min(frame, this.history.last));
    this.stop = null;
    this.show(glide);
    this.rest();
    this.fill();
  }

  /** Ask for what the frame in view, those beside it or those that Play comes to lack. */
  fill() {
    const { history, cursor } = this;
    const ahead = this.playing ? Math.ceil(AHEAD * this.transport.perSecond) : 1;
    const [from, to] = [Math.max(cursor - (this.playing ? 0 : 1), 0), Math.min(cursor + ahead, history.last)];
    let lacks = false;
    for (let n = from; n <= to; n++) lacks ||= !history.whole(n);
    if (!lacks || this.working || (this.playing && this.asks.busy)) return;
    this.asks.add({ act: "fill", ...(this.playing && { ahead }), at: cursor, turn: this.turn }); // not where Next leads
  }

  show(glide = false) {
    const { history, cursor, frame, theme } = this;
    if (!frame) return;
    const whole = history.whole(cursor); // a light frame's pictures, numbers and words come together, a moment later
    const inner = this.stop === null ? null : this.inner.get(frame.id)?.[this.stop];
    const slot = (name) => inner?.text?.[name] === undefined
      ? history.slot(name, cursor)
      : { text: inner.text[name], value: inner.value?.[name] };
    const held = (figure) => {
      const values = history.figure(figure, cursor);
      for (const [key, value] of Object.entries(inner?.set ?? {})) if (key.startsWith(`${figure}/`)) values.set(key, value);
      return values;
    };
    this.transport.show({
      cursor, last: history.last, next: frame.next, ended: this.ended, paused: this.paused,
      caption: whole ? slot(this.scene.caption)?.text ?? "" : null, working: this.working, goal: this.goal,
    });
    // until then, and while a tape is being opened again, what is shown is of another place: it steps back
    this.node.toggleAttribute("data-waiting", !whole || this.opening);
    if (!whole) return;
    cancelAnimationFrame(this.gliding);
    delete this.node.dataset.gliding;
    history.visit(cursor);
    this.header.show(slot, frame.lit ?? []);
    const duration = glide && !inner ? this.glideTime() : 0;
    const handles = frame.handles ?? [];
    const tweens = this.views.map((view) => view.show({ held, slot, handles, theme, glide: duration > 0 })).filter(Boolean);
    this.views.forEach((view) => this.restInner(view, frame));
    this.node.dataset.frame = cursor;
    if (tweens.length) this.glide(tweens, duration);
  }

  glideTime() {
    if (calm.matches) return 0;
    if (!this.playing) return GLIDE;
    const interval = 1000 / this.transport.perSecond;
    return interval < SLOW_ENOUGH ? 0 : Math.min(GLIDE, 0.6 * interval);
  }

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

  // --- inner frames -----------------------------------------------------------------------------------------------

  restInner({ inner }, { inner_at: at }) {
    if (!inner) return;
    inner.input.disabled = at === null || at === undefined;
    if (this.stop !== null) inner.show(this.stop);
    else if (!inner.input.disabled) inner.show(this.nearestStop(at));
    else inner.clear();
  }

  nearestStop(at) {
    const { stops } = this.scene.inner;
    return stops.reduce((best, stop, i) => (Math.abs(stop - at) < Math.abs(stops[best] - at) ? i : best), 0);
  }

  wantInner() {
    if (this.inner.has(this.frame.id) || this.asks.has("inner") || (this.frame.inner_at ?? null) === null) return;
    this.ask({ act: "inner" });
  }

  showInner(index) {
    if (!this.history.whole(this.cursor)) return;
    this.pause();
    this.wantInner();
    this.stop = index; // shown as soon as its frames are here
    this.show();
  }

  // --- moving -----------------------------------------------------------------------------------------------------

  /** Next: within the known frames without Python; beyond them every press asks for one frame more. */
  next() {
    this.pause();
    const target = Math.max(this.want ?? 0, this.cursor) + 1;
    const { next } = this.history.frames.at(-1) ?? {};
    if (target <= this.history.last) this.go(target);
    else if (next) this.further(target);
  }

  /** Ask for all frames up to this one, and go there. */
  further(frame) {
    this.pause();
    if (this.ask({ act: "advance", to: frame })) this.want = frame;
  }

  back() {
    this.pause();
    if (this.want === null || this.want <= this.cursor) this.go(this.cursor - 1, { own: true });
    else if (this.want - 1 > this.cursor) this.want -= 1;
    else this.forget(); // the one frame that was due
  }

  end() {
    this.pause();
    this.forget();
    if (this.ended) return this.go(this.history.last, { own: true, glide: false });
    this.working = true;
    this.moving(true);
    return this.ask({ act: "end", since: this.history.last });
  }

  /** Space: pauses whatever runs, Play as well as End. */
  toggle() {
    if (!this.playing && !this.working) return this.play();
    this.pause();
    return this.forget();
  }

  forget() {
    this.want = null;
    this.asks.drop("advance");
  }

  play() {
    this.forget();
    this.vain = 0;
    if (this.ended && this.cursor === this.history.last) this.go(0, { glide: false });
    this.playing = true;
    this.due = performance.now();
    this.moving(true);
    this.tick();
  }

  /** Show whether the stage moves by itself. */
  moving(on) {
    this.transport.playing(on);
    this.header.quiet(on);
  }

  tick() {
    const { last } = this.history;
    const perSecond = this.transport.perSecond;
    if (this.history.whole(this.cursor + 1)) this.go(this.cursor + 1);
    else if (this.cursor < last) this.fill();
    else if (this.ended) return this.pause();
    if (!this.ended && last - this.cursor < AHEAD * perSecond && !this.asks.busy && !this.asks.has("ahead")) {
      this.ask({ act: "ahead" });
    }
    // counted from when this frame was due, not from when it came: a slow one is made up for by the next
    const now = performance.now(), period = 1000 / perSecond;
    this.due = Math.max(this.due + period, now - period);
    this.timer = setTimeout(() => this.tick(), Math.max(0, this.due - now));
    return undefined;
  }

  pause() {
    if (!this.playing && !this.working) return;
    clearTimeout(this.timer);
    const { working } = this;
    this.playing = this.working = this.opening = false;
    if (working) this.show();
    this.moving(false);
    this.rest();
  }

  /** Tell Python where the cursor is, once it rests and nothing is being computed: a report would interrupt that. */
  rest(delay = REST) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      if (this.playing || this.cursor === this.reported) return;
      if (this.asks.busy || !this.present || !this.connection.ready) return this.rest();
      this.reported = this.cursor;
      this.report("cursor", { at: this.cursor, turn: this.turn, n: Date.now() }); // a number, so that the same frame again is news too
      return undefined;
    }, delay);
  }

  act(act) {
    this.pause();
    this.ask(act);
  }

  /** Ask from where we are, or will be once what Next asked for is here. The turn tells Python whether that place came
   * after its own last order to move. */
  ask(act, own) {
    return this.asks.add({ ...act, at: this.want ?? this.cursor, turn: this.turn }, own);
  }

  /** Ask again what was asked before the page was loaded anew. */
  repeat(ask) {
    if (ask.act === "advance") this.want = ask.to;
    this.asks.add({ ...ask, turn: this.turn }, false);
  }

  press(key) {
    if (!this.frame || !this.present) return false;
    const own = { ArrowRight: () => this.next(), ArrowLeft: () => this.back(), Home: () => this.go(0, { own: true }), End: () => this.end(),
      " ": () => this.toggle() }[key];
    const given = this.scene.keys?.[key] ?? this.scene.keys?.[key.toLowerCase()]; // Caps Lock may be on
    if (own) own();
    else if (given) this.act(given);
    return Boolean(own || given);
  }

  destroy() {
    this.pause();
    clearTimeout(this.resting);
    cancelAnimationFrame(this.gliding);
    this.deaf();
    this.connection.destroy();
    this.asks.destroy();
    this.views.forEach((view) => view.destroy());
    this.place.destroy();
  }
}
