// @ts-check
/** The room that a lecturer leads: its question beside the pictures, both votes, and one key that goes on. */
import { Choices, histograms, sayVoted } from "./ballot.js";
import { el, setText } from "./dom.js";
import { letGo } from "./focus.js";
import { Invitation } from "./invite.js";

/**
 * @typedef {import("./types.js").Led} Led
 * @typedef {import("./types.js").Act} Act
 * @typedef {Pick<import("./stage.js").Stage, "playback" | "display" | "message" | "node" | "presenter" | "lesson" | "beats" | "fit">} Stage
 */

const NAMES = {
  Room: "Room", Ask: "Ask: what comes next?", Close: "Close the vote", Again: "Vote again", Reveal: "Reveal the answer", Now: "Reveal now", Rest: "Done",
  End: "End the question", Show: "Show the code", Counts: "Show counts", NoCounts: "Hide counts", Hands: "Count hands too",
  round: "Round {} of 2", talk: "Talk to your neighbour: which is it, and why?", count: "Count the hands, and type in how many.", code: "Room {}", hands: "Show of hands", key: "Q",
};
const KEPT = "stage.room"; // where the browser keeps which room it leads, until the window is closed
const POLL = 1500; // milliseconds between two looks at how many have voted
const LOOK = ["data-frame", "data-gliding", "data-waiting"]; // attributes of the stage that say whether the half-step is there

export class Classroom {
  /** @type {Led | null} */
  room = null;
  /** @type {Choices | null} */
  choices = null;
  drawn = ""; // what stands in the panel
  counting = ""; // which ballot the fields are of
  live = false; // counts are shown while the vote is open
  adding = false; // hands are counted beside the phones
  told = -1; // the ballot whose half-step has come into view
  offered = 0; // how often Python has had the room shown
  /** @type {string | undefined} */
  session; // that of the last message
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  polling;

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.invitation = new Invitation(stage.node, {
      open: (hands) => this.ask({ act: "room.open", hands }),
      end: () => this.ask({ act: "room.end" }),
      follow: (on) => this.ask({ act: "room.follow", on }),
      ask: () => this.on(),
    });
    this.name = el("button", { class: "stage-tool", type: "button", title: NAMES.Show, on: { click: () => this.room && this.invitation.show(this.room) } });
    this.said = el("span", { class: "stage-said-by-room", role: "status" });
    this.begin = el("button", { class: "stage-tool", type: "button", on: { click: () => this.on() } }, NAMES.Ask, " ", el("kbd", {}, NAMES.key));
    this.bar = el("div", { class: "stage-room", hidden: true, on: { click: letGo } }, this.said, this.begin, this.name);
    this.panel = el("section", { class: "stage-class", hidden: true, "aria-label": NAMES.Room, on: { click: letGo } });
    stage.node.prepend(this.bar, this.panel);
    this.watch = new MutationObserver(() => this.look());
    this.watch.observe(stage.node, { attributes: true, attributeFilter: LOOK });
    this.seen = () => this.poll();
    document.addEventListener("visibilitychange", this.seen);
  }

  /** Whether a question is on the screen. */
  get asking() {
    return Boolean(this.room?.question);
  }

  /**
   * What a message says of the room, and of what is withheld.
   * @param {import("./types.js").Message} message
   * @param {import("./display.js").Display} display
   */
  take({ room = null, withheld, session }, display) {
    display.transport.locked = withheld?.says ?? "";
    const led = room && "phase" in room ? room : null;
    if (room && room.offered > this.offered) this.invitation.show(room);
    else if (this.invitation.open) {
      if (led && !led.question) this.invitation.show(led);
      else if (room?.said && !led) this.invitation.show(room);
      else this.invitation.close();
    }
    if (led?.question) this.invitation.close();
    this.offered = room?.offered ?? 0;
    const { room: before } = this;
    // the desk may know more
    if (led && before && before.turn === led.turn && before.revision > led.revision) Object.assign(led, { counts: before.counts, voters: before.voters, revision: before.revision });
    if (led?.question?.text !== before?.question?.text || led?.round !== before?.round) this.live = this.adding = false;
    this.keep(led, session);
    this.room = led;
    this.show();
    this.poll();
    requestAnimationFrame(() => this.look()); // where nothing glides
  }

  /**
   * The browser keeps which room it leads: a page that is loaded again has it back.
   * @param {Led | null} led
   * @param {string} session
   */
  keep(led, session) {
    const { code = "", key = "", mark = "" } = led ?? {};
    try {
      if (code) sessionStorage.setItem(KEPT, JSON.stringify({ code, key, mark }));
      else if (led || this.session === session) sessionStorage.removeItem(KEPT); // it is over
      else { // the page was loaded again, or another process goes on
        const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
        if (kept) setTimeout(() => this.ask({ act: "room.back", code: String(kept.code), key: String(kept.key), mark: String(kept.mark) }));
      }
    } catch {
      // a browser that keeps nothing
    }
    this.session = session;
  }

  /** Bring bar and panel in line with the room. */
  show() {
    const { room, stage } = this, asking = this.asking;
    this.bar.hidden = !room || asking;
    if (room) setText(this.name, room.hands ? NAMES.hands : NAMES.code.replace("{}", room.code));
    setText(this.said, room?.said ?? "");
    const before = stage.node.dataset.class;
    this.measure();
    if (asking) stage.node.dataset.class = room?.phase;
    else delete stage.node.dataset.class;
    this.panel.hidden = !asking;
    if (asking && room) this.draw(room);
    else this.drawn = this.counting = "";
    const barred = stage.node.toggleAttribute("data-room", Boolean(room) && !asking);
    if (Boolean(before) !== asking || barred !== this.barred) stage.fit();
    this.barred = barred;
  }

  barred = false;

  /** How far below the top of the page the panel begins. */
  measure() {
    const scrolled = this.stage.node.closest("[data-testid=stMain]")?.scrollTop ?? 0;
    this.panel.style.setProperty("--class-top", `${Math.round(this.stage.node.getBoundingClientRect().top + scrolled)}px`);
  }

  /**
   * The panel of an open question.
   * @param {Led} room
   */
  draw(room) {
    const { phase, round, turn, question, hands, counts, voters, answer, said } = room, typed = hands || this.adding;
    if (!question) return;
    const voting = phase === "voting", told = phase === "revealed" && this.told === room.ballot;
    const now = JSON.stringify([turn, typed, said, room.here, this.live, told, voting && !this.live ? null : counts]);
    if (voting) sayVoted(this.voted, voters.at(-1) ?? 0);
    if (now === this.drawn) return;
    this.drawn = now;
    const ballot = `${room.ballot}/${question.text}/${typed}`;
    const fields = voting && typed && this.counting === ballot && this.choices ? this.choices : null; // what was typed stays
    const focused = this.panel.contains(document.activeElement);
    const choices = voting ? fields ?? new Choices(question, typed, () => this.on()) : null;
    this.choices = choices;
    this.counting = ballot;
    const past = voting && !this.live ? counts.slice(0, -1) : counts, right = told && answer ? answer.right : null;
    this.panel.replaceChildren(...[
      voting && !hands ? this.invitation.small(room) : null,
      phase === "revealed" ? null : el("p", { class: "stage-round-of" }, NAMES.round.replace("{}", String(round)), " ", voting && !hands ? this.voted : null),
      el("h2", {}, question.text),
      choices && (typed || !this.live) ? choices.node : null,
      past.length && (!voting || this.live) ? histograms(question, past, voters, right, hands) : null,
      voting && typed ? el("p", {}, NAMES.count) : null,
      phase === "closed" && round === 1 ? el("p", {}, NAMES.talk) : null,
      told && answer?.because ? el("p", { class: "stage-because" }, answer.because) : null,
      said ? el("p", { class: "stage-said-by-room", role: "alert" }, said) : null,
      el("div", { class: "stage-deeds" }, ...this.deeds(room)),
    ].filter((part) => part !== null));
    if (choices?.fields.length && (focused || !fields)) choices.focus();
    else if (focused) this.focus();
  }

  voted = el("strong", { class: "stage-voted", role: "status" });

  /**
   * What can be done now: first the one that the key does.
   * @param {Led} room
   */
  deeds({ phase, round, hands }) {
    const voting = phase === "voting";
    const next = voting ? NAMES.Close : phase === "closed" ? (round === 1 ? NAMES.Again : NAMES.Reveal) : NAMES.Rest;
    /** @param {string} name @param {() => void} click */
    const button = (name, click) => el("button", { class: "stage-tool", type: "button", on: { click } }, name);
    return [
      el("button", { class: "stage-tool", type: "button", "data-due": true, on: { click: () => this.on() } }, next, " ", el("kbd", {}, NAMES.key)),
      phase === "closed" && round === 1 ? button(NAMES.Now, () => this.ask({ act: "room.reveal", of: this.room?.turn ?? 0 })) : null,
      voting && !hands ? button(this.live ? NAMES.NoCounts : NAMES.Counts, () => {
        this.live = !this.live;
        this.show();
      }) : null,
      voting && !hands ? button(NAMES.Hands, () => {
        this.adding = !this.adding;
        this.show();
      }) : null,
      phase === "revealed" ? null : button(NAMES.End, () => this.ask({ act: "room.rest" })),
    ];
  }

  /** The half-step that was asked about has come into view: what is true is marked. */
  look() {
    const { room, stage: { node, playback } } = this;
    if (room?.phase !== "revealed" || this.told === room.ballot) return;
    if (playback.cursor < room.to || node.hasAttribute("data-gliding") || node.hasAttribute("data-waiting")) return;
    this.told = room.ballot;
    this.show();
  }

  /** Look how many have voted, while a vote is open and someone looks. */
  poll() {
    clearTimeout(this.polling);
    const { room } = this;
    if (room?.phase !== "voting" || room.hands || document.visibilityState === "hidden") return;
    this.polling = setTimeout(async () => {
      const address = new URL(`../../join/${room.code}/desk`, import.meta.url);
      const news = await fetch(address, { headers: { "X-Room-Key": room.key }, cache: "no-store" }).then((answer) => (answer.ok ? answer.json() : null), () => null);
      const { room: now } = this;
      if (news && now && now.turn === news.turn && news.revision > now.revision) {
        Object.assign(now, { counts: news.counts, voters: news.voters, revision: news.revision });
        this.show();
      }
      this.poll();
    }, POLL);
  }

  /** @param {Act} act */
  ask(act) {
    const { playback, beats } = this.stage;
    beats.leave();
    playback.pause();
    playback.ask(act);
  }

  /** Whatever comes next. What is done twice in a hurry is done once: Python knows the turn it was seen at. */
  on() {
    const { room, choices } = this;
    if (!room) return this.ask({ act: "room" });
    const typed = room.phase === "voting" && choices?.fields.length ? choices : null;
    if (typed && !typed.valid) return typed.report();
    return this.ask({ act: "room.on", of: room.turn, ...(typed && { numbers: JSON.stringify(typed.numbers) }) });
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.panel.querySelector("[data-due]"))?.focus();
  }

  /**
   * Whether a key was one of the room's.
   * @param {string} key
   */
  press(key) {
    const { room, stage: { lesson, presenter } } = this;
    if (key === "q" || key === "Q") {
      this.on();
      return true;
    }
    if (key !== "PageDown" || !room || !presenter.present) return false;
    if (room.phase === "revealed") this.ask({ act: "room.rest" });
    else if (room.question || lesson.asksChoice) {
      this.on();
      return true;
    }
    return false;
  }

  /** The question is over, without an answer. */
  escape() {
    if (!this.asking) return false;
    this.ask({ act: "room.rest" });
    return true;
  }

  destroy() {
    this.watch.disconnect();
    clearTimeout(this.polling);
    document.removeEventListener("visibilitychange", this.seen);
    this.invitation.close();
  }
}
