// @ts-check
/** The stage: takes messages from Python, shows frames, and reports what the reader does. See docs/stage.md. */
import { Address } from "./address.js";
import { Asks } from "./asks.js";
import { Beats } from "./beats.js";
import { Between } from "./between.js";
import { Classroom } from "./classroom.js";
import { Connection } from "./connection.js";
import { Deeds } from "./deeds.js";
import { Display } from "./display.js";
import { el } from "./dom.js";
import { letGo } from "./focus.js";
import { follow, renew, repeat } from "./following.js";
import { Foresight } from "./foresight.js";
import { listen } from "./keys.js";
import { Lesson } from "./lesson.js";
import { Live } from "./live.js";
import { read } from "./packed.js";
import { Place } from "./place.js";
import { Playback } from "./playback.js";
import { Presenter } from "./present.js";
import { begins } from "./progress.js";
import { withScene } from "./scenes.js";
import { Space } from "./space.js";
import { Tips } from "./tips.js";

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {import("./types.js").Message} Message
 * @typedef {import("./types.js").Component} Component
 */

export class Stage {
  /** @type {import("./types.js").Told | undefined} */
  told; // what Python has said last
  /** @type {Message | undefined} */
  message; // the same, with its scene
  /** @type {string | undefined} */
  session; // of the server, that it came from
  /** @type {Display | undefined} */
  display; // of its scene
  /** @type {import("./types.js").Look | null} */
  looked = null; // how a link looks at it
  still = false; // what comes into view is on the screen already
  arriving = false; // a scene of which it is not yet known which frame comes into view: nothing is drawn before

  /** @param {Component} component */
  constructor(component) {
    this.component = component;
    this.body = el("div", { class: "stage-body", on: { click: letGo } });
    this.lesson = new Lesson(this);
    this.node = el("div", { class: "stage" }, this.lesson.node, this.body);
    this.place = new Place(this.node, this.body);
    this.address = new Address();
    this.connection = new Connection(() => this.asks.all, () => setTimeout(() => this.foresight.free()), () => this.foresight.tell());
    this.askedBefore = this.connection.taken(); // the page was loaded again
    this.node.append(this.connection.node);
    this.asks = new Asks({
      send: (ask) => this.component.setTriggerValue("act", ask),
      along: () => ({ ...this.foresight.along, ...read() }),
      changed: (ask) => {
        this.display?.transport.busy(ask !== null && !ask.live && ask.act !== "foresee" && ask.act !== "controls");
        if (!ask) this.live.next();
        if (!this.asks.all.length) this.connection.drained();
      },
      ready: () => this.place.present && this.connection.ready,
      late: (still) => this.connection.late(still),
      full: () => this.connection.full(),
    });
    this.playback = new Playback(this.asks, {
      arrived: (glide) => this.arrived(glide),
      changed: () => this.show(),
      moving: (on) => this.display?.moving(on),
      speed: () => this.display?.transport.perSecond ?? 1,
      free: () => this.quiet && !this.foresight.seen,
      known: (frame) => this.foresight.reach(frame),
      report: (place) => this.component.setStateValue("cursor", place),
    });
    this.foresight = new Foresight(this);
    this.live = new Live({
      frame: () => this.playback.frame?.id,
      ask: (act, byReader) => this.playback.ask(act, byReader),
      withdraw: () => this.asks.withdraw(),
      free: () => !this.asks.busy,
      changed: () => this.show(),
      holding: (on) => {
        this.playback.pause();
        this.beats.leave();
        this.display?.holding(on);
      },
    });
    this.between = new Between(this.playback, {
      display: () => this.display,
      show: () => this.show(),
      moved: () => this.presenter.tell(),
    });
    this.beats = new Beats(this.playback, {
      scene: () => this.message?.scene,
      show: (glide) => this.show(glide),
      lead: (on) => this.display?.lead(on),
      moved: () => this.presenter.tell(),
      moving: (on) => this.display?.moving(on),
      speed: () => this.display?.transport.perSecond ?? 1,
    });
    this.presenter = new Presenter(this.node, {
      display: () => this.display, fit: () => this.fit(),
      step: (way) => (way > 0 ? this.deeds.next() : this.deeds.back()), inside: () => this.beats.place,
      free: () => this.quiet && !this.foresight.seen,
      report: (look) => this.component.setStateValue("look", look),
    });
    this.deeds = new Deeds(this, {
      scene: () => this.message?.scene,
      ended: () => this.display?.views.forEach(({ hands }) => hands?.tool.turn(null)),
    });
    this.tips = new Tips(this.node, () => this.message?.scene.glossary ?? {}); // before the keys: Escape is first its own
    this.stopListening = listen((key) => this.press(key));
    this.space = new Space(this.node, () => this.fit());
    this.classroom = new Classroom(this);
  }

  /**
   * Take this place on the page.
   * @param {HTMLElement} root
   */
  moveTo(root) {
    this.address.keep(true);
    if (this.place.moveTo(root)) this.display?.transport.centre(); // what has left the page forgets how far it was scrolled
  }

  /**
   * Off the page: over, unless it gets another place soon.
   * @param {() => void} over
   */
  leave(over) {
    if (!this.place.present) this.address.keep(false);
    this.place.leave(() => {
      this.destroy();
      over();
    });
  }

  /** @param {Component} component */
  receive(component) {
    this.component = component;
    if (component.data === this.told) {
      this.display?.readTheme();
      this.show();
      return;
    }
    this.told = component.data;
    const message = withScene(this.told, this.message?.scene);
    if (message) this.take(message);
    else {
      this.asks.answered(this.told.answer);
      this.lacks(this.told);
    }
  }

  /** @param {import("./types.js").Told} [told]  which does not follow what is here; none, if it could not even be read */
  lacks(told) {
    if (!told) this.asks.finish();
    if (!this.asks.has("resend")) this.asks.add({ act: "resend" });
    if (told) this.heard(told);
  }

  /** @param {import("./types.js").Told} told */
  heard(told) {
    if (this.connection.heard(told)) this.asks.again();
    this.asks.next();
  }

  fit() {
    this.place.measure();
    this.display?.readTheme();
    this.display?.resized();
  }

  /** @param {Message} message */
  take(message) {
    const { playback, asks } = this;
    const before = this.message, held = playback.frame?.id, stood = this.between.stands(message);
    this.message = message;
    this.address.follow(message, this.connection.stale(message));
    const rebuilt = (this.arriving = message.scene.id !== before?.scene.id);
    const display = rebuilt || !this.display ? this.build(message) : this.display;
    this.lesson.take(message.lesson, display);
    this.classroom.take(message, display);
    const theme = display.readTheme();
    const answered = asks.answered(message.answer);
    const over = this.live.over; // what comes of a drop is on the screen already
    this.live.take(answered, message.held);
    const { history } = playback;
    const complete = this.foresight.accept(message);
    if (complete) history.fill(message.fills ?? []);
    playback.ended = message.ended ?? null;
    if (message.inner) display.acceptInner(message.inner);
    this.place.measure();
    if (rebuilt) this.fit();
    if (message.look && (!before || message.returns !== before.returns || begins(message, before))) {
      this.presenter.follow(message.look);
      this.between.stop = message.look.inner ?? null;
      this.looked = message.look;
    } else if (rebuilt) this.presenter.renew();
    this.arriving = false;
    Object.assign(display.transport.copy, { linked: message.linked ?? true, bare: message.bare ?? "" });
    if (complete && history.frames.length) {
      display.transport.frames(history.frames, theme);
      display.transport.coming(message.coming ?? [], theme);
      if (message.session !== this.session && playback.frame?.id === held) renew(playback, message.turn);
      this.session = message.session;
      this.foresight.catchUp(message.turn);
      this.still = over && !this.live.over;
      this.beats.ordered(() => follow(playback, message, answered, rebuilt));
      this.still = false;
      this.between.stay(stood);
      this.askedBefore.splice(0).forEach((ask) => repeat(playback, ask));
      this.beats.take(answered, message.inside);
      this.foresight.rest();
      if (!message.waiting) this.land();
      this.heard(message);
    } else this.lacks(message);
  }

  /**
   * Another scene.
   * @param {Message} message
   */
  build({ scene }) {
    const { playback, asks, deeds, display: before } = this;
    this.live.clear();
    before?.destroy();
    this.foresight.clear();
    this.beats.restart();
    playback.restart();
    const display = new Display(scene, this.node, {
      ...deeds.offered,
      seek: (frame, glide = false) => playback.go(frame, { byReader: true, glide }),
      further: (frame) => playback.further(frame),
      rest: () => playback.rest(0),
      hand: this.live,
      point: (deed, figure, x, y) => playback.ask({ act: deed, figure, x, y }),
      switched: () => { display.settle(); this.show(); },
      looked: () => this.presenter.tell(), pick: (number, second) => this.presenter.pick(display, number, second),
    });
    if (before) display.keepFaces(before);
    if (before && before.innerStop !== null) this.presenter.tell();
    this.display = display;
    this.body.replaceChildren(...display.nodes);
    display.moving(playback.moving); // what the reader has started goes on with the new run
    display.transport.busy(asks.busy);
    return display;
  }

  show(glide = false) {
    const { beats, display, live, message, playback } = this;
    if (live.over && live.frame !== playback.frame?.id) live.clear(); // another frame came into view
    if (!message || !display || this.arriving) return;
    const { preview, refused, brief } = live;
    Object.assign(display, { preview, beat: beats.shown, refused: refused || beats.why, only: brief ? live.hand?.handle : null });
    display.show(playback, message, glide && !this.still);
    this.tips.place();
  }

  /**
   * The cursor has moved.
   * @param {boolean} glide
   */
  arrived(glide) {
    this.between.leave();
    this.beats.leave();
    this.show(glide);
    this.foresight.rest();
  }

  /** Whether Python can be told or asked something now. */
  get quiet() {
    return !this.asks.busy && this.place.present && this.connection.ready;
  }

  /** Go where the link leads, as soon as the frame is there. */
  land() {
    this.between.follow();
    this.beats.follow(this.looked);
    this.looked = null;
  }

  /** @param {string} key */
  press(key) {
    const { deeds, playback, place, message } = this;
    return Boolean(playback.frame && place.present && message) && deeds.press(key);
  }

  destroy() {
    this.live.clear();
    this.beats.restart();
    const { space, classroom, presenter, playback, tips, connection, foresight, asks, lesson, display, place } = this;
    this.stopListening();
    [space, classroom, presenter, playback, tips, connection, foresight, asks, lesson, display, place].forEach((part) => part?.destroy());
  }
}
