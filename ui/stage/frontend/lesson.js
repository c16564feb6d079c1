// @ts-check
/** The step of a lesson: its question or task, the way to the other steps, and what of the stage is in sight meanwhile. */
import { ListOfLessons } from "./catalogue.js";
import { el, setText } from "./dom.js";
import { letGo } from "./focus.js";
import { Mark } from "./mark.js";
import { Moves } from "./moves.js";
import { keep, keepAnswer, marks } from "./progress.js";
import { outcome, Question } from "./question.js";

/**
 * @typedef {import("./types.js").Lesson} Told
 * @typedef {import("./types.js").LessonStep} Here
 * @typedef {Pick<import("./stage.js").Stage, "playback" | "display" | "message" | "node" | "presenter" | "deeds">} Stage
 */

const NAMES = {
  Lesson: "Lesson", Lessons: "Lessons", Back: "Back", Next: "Next", All: "All controls", Fewer: "Fewer controls", Explore: "Explore freely",
  Again: "Start over", Done: "✓ Done", Room: "Room", steps: "Steps of this lesson", step: "{} of {}: {}",
  left: "{} moves left", one: "1 move left", none: "No moves left", without: "without {}", used: "That took {}", due: "Not done yet", end: "That was the last lesson.",
};
const MOST = 4; // letters of moves that a task does without and that are worth naming
const SIGNS = { seen: "•", right: "✓", wrong: "✗", done: "✓" };

export class Lesson {
  /** @type {Here | null} */
  here = null; // the step
  /** @type {Question | null} */
  question = null;
  /** @type {Mark | null} */
  mark = null;
  /** @type {import("./display.js").Display | undefined} */
  dressed; // which stage it has dressed
  shown = ""; // which step stands here
  told = false; // whether the answer has been shown
  listed = 0; // how often Python has had the list opened

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.back = this.button(NAMES.Back, () => this.turn(-1));
    this.next = this.button(NAMES.Next, () => this.turn(1));
    this.next.classList.add("stage-onward");
    this.all = this.button(NAMES.All, () => this.ask({ act: "everything" }));
    this.explore = this.button(NAMES.Explore, () => this.ask({ act: "explore" }));
    this.lessons = this.button(NAMES.Lessons, () => this.list());
    this.room = this.button(NAMES.Room, () => this.ask({ act: "room" }));
    this.dots = el("ol", { class: "stage-dots", "aria-label": NAMES.steps });
    this.task = el("div", { class: "stage-task", role: "status" });
    this.again = this.button(NAMES.Again, () => this.ask({ act: "again" }));
    this.body = el("div", { class: "stage-asked" });
    this.moves = new Moves((act) => this.stage.deeds.act(act));
    this.node = el("section", { class: "stage-lesson", hidden: true, "aria-label": NAMES.Lesson, on: { click: letGo } }, this.body, this.moves.node,
      el("nav", { class: "stage-way" }, el("div", { class: "stage-aside" }, this.lessons, this.room, this.all, this.explore),
        this.dots, el("div", { class: "stage-turn" }, this.back, this.next)));
    this.catalogue = /** @type {ListOfLessons | null} */ (null);
    this.watch = new MutationObserver(() => this.look());
  }

  /**
   * @param {string} label
   * @param {() => void} click
   */
  button(label, click) {
    return el("button", { class: "stage-tool", type: "button", on: {
      click: ({ currentTarget }) => currentTarget.getAttribute("aria-disabled") === "true" || click(),
    } }, label);
  }

  /**
   * What a message says of the lesson.
   * @param {Told | null | undefined} lesson
   * @param {import("./display.js").Display} display
   */
  take(lesson, display) {
    const here = lesson && "step" in lesson ? lesson : null;
    if (!this.catalogue) {
      this.catalogue = new ListOfLessons(this.stage.node, (name) => this.ask({ act: "lesson", lesson: name }));
      this.watch.observe(this.stage.node, { attributes: true, attributeFilter: ["data-frame", "data-gliding", "data-waiting"] });
    }
    const before = this.here;
    this.here = here;
    this.node.hidden = !here;
    this.stage.node.toggleAttribute("data-lesson", here !== null);
    if (lesson && lesson.listing > this.listed) this.catalogue.toggle(lesson.list, here?.name);
    if (lesson) this.listed = lesson.listing;
    this.moves.show(here?.moves ?? []);
    const closed = here?.locked && !this.question; // the server has begun the step anew
    if (here && (closed || this.shown !== `${here.name}/${here.step}/${here.opened}`)) this.begin(here);
    if (here?.locked) this.question?.send(false);
    if (here?.told && !this.told) keepAnswer(here.name, here.step, here.told); // also where the reader goes on before it is shown
    if (!here) {
      this.shown = "";
      this.clear();
    }
    if (here || before) this.dress(display);
    this.look();
  }

  clear() {
    this.mark?.destroy();
    this.mark = this.question = null;
    this.body.replaceChildren();
  }

  /**
   * Another step.
   * @param {Here} here
   */
  begin(here) {
    this.clear();
    this.shown = `${here.name}/${here.step}/${here.opened}`;
    this.told = false;
    this.dressed = undefined;
    if (here.ask && here.locked) {
      this.question = new Question(here.ask, {
        answered: (value) => this.ask({ act: "answer", value: JSON.stringify(value) }),
        shown: () => this.ask({ act: "reveal" }),
        place: () => this.mark?.own ?? null,
      });
      this.body.append(this.question.node);
    } else if (here.task) this.body.append(this.task, this.again);
    else if (!here.ask) keep(here.name, here.step, "seen");
  }

  /**
   * What of the stage is in sight.
   * @param {import("./display.js").Display} display
   */
  dress(display) {
    const { here } = this, { transport } = display;
    const offers = (/** @type {string} */ control) => !here || here.everything || here.controls.includes(control);
    const steps = offers("step") || offers("play") || offers("tape") || offers("moves");
    const plays = offers("play"), taped = offers("tape") || plays;
    for (const [node, on] of /** @type {[HTMLElement | null | undefined, boolean][]} */ ([
      [transport.start, taped], [transport.back, steps], [transport.following, steps], [transport.play, plays], [transport.end, plays],
      [transport.speed, plays], [transport.inside, !here || here.everything], [transport.tape.parentElement, taped],
      [transport.copy.node, !here || here.everything], [transport.sound?.button, !here || here.everything],
    ])) if (node) node.hidden = !on;
    this.place(display);
  }

  /**
   * Where a place is asked for: the ring on its figure.
   * @param {import("./display.js").Display} display
   */
  place(display) {
    const mark = this.here?.ask?.mark;
    if (!mark || this.dressed === display) return;
    this.dressed = display;
    this.mark?.destroy();
    const face = display.views.flatMap(({ figures }) => figures).find(({ id }) => id === mark.figure);
    this.mark = face ? new Mark(face, mark, () => {
      this.mark?.show(display.theme);
      this.question?.ready();
    }, () => this.question?.node.requestSubmit()) : null;
  }

  /** What is on the stage has changed. */
  look() {
    const { here, stage: { display, node, playback } } = this;
    if (!here) return;
    this.mark?.show(display?.theme);
    const { ask, told, task } = here;
    const arrived = playback.cursor >= Math.min(ask?.at ?? 0, here.reach) && !node.hasAttribute("data-gliding") && !node.hasAttribute("data-waiting");
    if (ask && told && !this.told && arrived) this.tell(ask, told);
    if (task) this.count(here, task);
    this.way(here);
  }

  /**
   * The half-step is there: say what became of the answer.
   * @param {import("./types.js").Question} ask
   * @param {import("./types.js").Outcome} told
   */
  tell(ask, told) {
    this.told = true;
    const focused = this.body.contains(document.activeElement) || document.activeElement === document.body;
    this.question = null;
    const said = outcome(told, ask);
    this.body.replaceChildren(said);
    if (this.mark) {
      const [x, y] = told.parts.map(({ place }) => place);
      if (x !== null && y !== null) this.mark.truth = { x, y };
      this.mark.show(this.stage.display?.theme);
    }
    if (focused) this.next.focus({ preventScroll: true });
  }

  /**
   * How far a task is.
   * @param {Here} here
   * @param {import("./types.js").TaskState} task
   */
  count(here, { done, left, used, without }) {
    if (done) keep(here.name, here.step, "done");
    const words = done ? [NAMES.Done] : [
      ...(left === null ? [] : [left > 1 ? NAMES.left.replace("{}", String(left)) : left === 1 ? NAMES.one : NAMES.none]),
      ...(used.length ? [NAMES.used.replace("{}", used.join(", "))] : without.length && without.length <= MOST ? [NAMES.without.replace("{}", without.join(", "))] : []),
    ];
    setText(this.task, words.join(", ") || NAMES.due);
    this.task.toggleAttribute("data-done", done);
  }

  /**
   * Steps, and where one can go.
   * @param {Here} here
   */
  way(here) {
    const done = marks(here.name);
    const dots = here.steps.map(({ id, label }, place) => {
      const mark = done[id], now = id === here.step;
      const called = NAMES.step.replace("{}", String(place + 1)).replace("{}", String(here.steps.length)).replace("{}", label);
      return { id, called, text: mark ? SIGNS[mark] : String(place + 1), mark, now };
    });
    const told = JSON.stringify(dots);
    if (this.dots.dataset.told !== told && (this.told || !here.told)) {
      this.dots.dataset.told = told;
      this.dots.replaceChildren(...dots.map(({ id, called, text, mark, now }) => el("li", {}, el("button", {
        type: "button", title: called, "aria-label": mark ? `${called}, ${mark}` : called, "aria-current": now ? "step" : null, "data-mark": mark ?? null,
        on: { click: () => this.ask({ act: "lesson", lesson: here.name, step: id }) },
      }, text))));
      /** @type {HTMLElement | null} */
      const now = this.dots.querySelector("li:has([aria-current])");
      if (now) this.dots.scrollTop = now.offsetTop - this.dots.clientHeight / 3; // in sight, among many
    }
    this.disable(this.back, !here.before);
    this.disable(this.next, !here.after);
    this.disable(this.all, here.locked);
    setText(this.all, here.everything ? NAMES.Fewer : NAMES.All);
    // the one thing to do now
    const over = here.ask ? this.told : here.task ? here.task.done : !here.controls.length || this.stage.playback.cursor > here.at;
    this.next.toggleAttribute("data-due", over && Boolean(here.after));
    this.node.setAttribute("aria-label", `${NAMES.Lesson}: ${here.title}`);
    this.stage.node.toggleAttribute("data-over", over);
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {boolean} off
   */
  disable(button, off) {
    button.setAttribute("aria-disabled", String(off));
  }

  /**
   * With how it is looked at, of which Python may not have heard yet.
   * @param {import("./types.js").Act} act
   */
  ask(act) {
    const { playback, presenter: { present } } = this.stage;
    playback.pause();
    playback.ask({ ...act, ...(present && { present }) });
  }

  /**
   * To the next step, or the one before.
   * @param {number} way
   */
  turn(way) {
    const to = way > 0 ? this.here?.after : this.here?.before;
    if (to) this.ask({ act: "lesson", ...to });
  }

  list() {
    if (this.here) this.catalogue?.toggle(this.here.list, this.here.name);
  }

  focus() { (this.mark ?? this.question)?.focus(); }

  /** Whether a question is open that a room can be asked. */
  get asksChoice() {
    return Boolean(this.here?.locked && ["direction", "choice"].includes(this.here.ask?.kind ?? ""));
  }

  /** @param {string} control */
  offers(control) {
    return !this.here || this.here.everything || this.here.controls.includes(control);
  }

  /**
   * Whether a key was one of the lesson's.
   * @param {string} key
   */
  press(key) {
    const { here } = this;
    if (!here || (key !== "PageDown" && key !== "PageUp")) return false;
    // one who shows it to others has them answer aloud
    if (key === "PageDown" && here.locked && this.stage.presenter.present) this.ask({ act: "reveal" });
    else this.turn(key === "PageDown" ? 1 : -1);
    return true;
  }

  destroy() {
    this.watch.disconnect();
    this.clear();
    this.catalogue?.dialog?.close();
  }
}
