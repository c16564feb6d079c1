// @ts-check
/** The bar below the views: what moves through the frames. */
import { CopyLink } from "./copy.js";
import { el, setText } from "./dom.js";
import { Heard } from "./heard.js";
import { icon } from "./icons.js";
import { keySwitch } from "./keys.js";
import { Sound } from "./sound.js";
import { paint, readable } from "./theme.js";
import { setExplained } from "./tips.js";

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {import("./types.js").Theme} Theme
 * @typedef {{ id?: string, color?: string, chip: HTMLButtonElement, item: HTMLLIElement }} Chip
 */

const NAMES = {
  Start: "Start", Back: "Back", Play: "Play", Pause: "Pause", End: "End", Speed: "Speed", perSecond: "/s",
  Position: "Position", Steps: "Steps", Transport: "Playback", Done: "The end", of: "{} of {}",
  Working: "Computing step {}. Press Pause to stop.",
  Copy: "Copy link", Copied: "Link copied", NotCopied: "Could not copy", NoLink: "Too long for a link",
  KeysOn: "Keys on", KeysOff: "Keys off",
  SwitchKeys: "Turn keyboard shortcuts off, for instance for a screen reader, or on again",
};

/** @typedef {"Start" | "Back" | "Play" | "Pause" | "End"} Press */

export class Transport {
  /** @type {Chip[]} */
  chips = [];
  /** @type {Chip[]} */
  planned = [];
  /** @type {Chip | undefined} */
  now; // the chip of the frame in view
  /** @type {import("./types.js").Next | null | undefined} */
  next;
  /** @type {Theme | undefined} */
  theme;
  /** @type {string | undefined} */
  fill; // the main button's colour
  centring = 0;
  held = false; // the focus was on the tape when it changed
  locked = ""; // what the main button says where it must not go on

  /**
   * @param {import("./types.js").Scene} scene
   * @param {{ start: () => void, back: () => void, next: () => void, play: () => void, end: () => void,
   *   seek: (frame: number, glide?: boolean) => void, further: (frame: number) => void, rest: () => void,
   *   inside: () => void, act: (act: Act) => void, rested: () => void }} on
   */
  constructor(scene, on) {
    /** @type {Record<keyof typeof NAMES, string>} */
    this.names = { ...NAMES, ...scene.names };
    this.glossary = scene.glossary ?? {};
    this.start = this.button("Start", on.start);
    this.back = this.button("Back", on.back);
    this.play = this.button("Play", on.play);
    this.end = this.button("End", on.end);
    const { inside } = scene;
    this.inside = inside ? el("button", { class: "stage-button stage-inside", type: "button", "aria-label": inside.label, title: inside.title,
      on: { click: on.inside } }, icon("Inside")) : null;
    this.label = el("span", { class: "stage-main-label" });
    this.detail = el("span", { class: "stage-main-detail", id: "stage-main-detail" });
    // the detail lies over the button and describes it: what the button is called is all that stands inside
    this.main = el("button", { class: "stage-main", type: "button", "aria-describedby": this.detail.id, on: { click: on.next } }, this.label);
    this.following = el("div", { class: "stage-next" }, this.main, this.detail);
    this.speed = el("select", { class: "stage-speed", "aria-label": this.names.Speed, title: this.names.Speed },
      ...(scene.speeds ?? [1, 2, 4]).map((speed) => el("option", { value: speed }, `${speed} ${this.names.perSecond}`)));
    this.sound = scene.tones ? new Sound(scene.tones) : null;
    this.scrub = el("input", { class: "stage-scrub", type: "range", min: 0, step: 1, "aria-label": this.names.Position, on: {
      input: () => on.seek(this.scrub.valueAsNumber),
      change: () => on.rest(),
    } });
    this.tape = el("ol", { class: "stage-tape", "aria-label": this.names.Steps, on: { click: ({ target }) => {
      const chip = target.closest("button");
      if (chip?.dataset.to) on.further(Number(chip.dataset.to));
      else if (chip) on.seek(Number(chip.dataset.frame), true);
    } } });
    this.copy = new CopyLink(this.names, on.rest);
    this.deeds = (scene.tools ?? []).map(({ act, label, title, icon: drawn }) => ({
      act: act.act,
      node: el("button", { class: drawn ? "stage-button" : "stage-tool", type: "button", title, "aria-label": drawn ? label : null,
        on: { click: ({ currentTarget }) => currentTarget.getAttribute("aria-disabled") === "true" || on.act(act) } },
      drawn ? icon(drawn) : label),
    }));
    this.tools = el("div", { class: "stage-tools" }, ...this.deeds.map(({ node }) => node),
      this.copy.node, this.copy.said, keySwitch(this.names));
    new ResizeObserver(() => this.centre()).observe(this.tape);
    this.caption = el("p", { class: "stage-caption" });
    this.ended = el("p", { class: "stage-ended" });
    this.heard = new Heard([this.caption, this.ended], on.rested);
    this.node = el("div", { class: "stage-bar" },
      el("div", { class: "stage-transport", role: "group", "aria-label": this.names.Transport },
        this.start, this.back, this.following, this.inside, this.play, this.end, this.speed, this.sound?.button),
      el("div", { class: "stage-track" }, this.scrub, this.tape),
      this.tools,
      this.heard.node);
  }

  /**
   * @param {Press} name
   * @param {() => void} click
   */
  button(name, click) {
    const called = this.names[name];
    return el("button", { class: "stage-button", type: "button", "aria-label": called, title: called, on: { click } }, icon(name));
  }

  /** Whether the focus is on the tape. */
  get focused() {
    return this.tape.contains(document.activeElement);
  }

  get perSecond() {
    return Number(this.speed.value);
  }

  /**
   * Bring the tape in line with the frames; what has not changed stays, with its focus.
   * @param {import("./types.js").Frame[]} frames
   * @param {Theme} theme
   */
  frames(frames, theme) {
    const kept = this.chips.findIndex(({ id }, n) => id !== frames[n]?.id);
    this.held = this.focused; // also where the chip that has it goes
    if (kept >= 0) this.chips.splice(kept).forEach(({ item }) => item.remove());
    const added = frames.slice(this.chips.length).map((frame, i) => {
      const { label = "", name = "", color } = frame.chip ?? {};
      const chip = el("button", { type: "button", class: "stage-chip", "aria-label": name || null, title: name || null,
        tabindex: -1, "data-frame": this.chips.length + i }, label);
      return { id: frame.id, color, chip, item: el("li", { class: "later", hidden: !frame.chip }, chip) };
    });
    this.chips.push(...added);
    this.tape.append(...added.map(({ item }) => item));
    this.tint(added, theme);
    this.scrub.max = String(Math.max(frames.length - 1, 0));
    this.scrub.disabled = frames.length < 2;
  }

  /**
   * What the page has planned beyond the last frame: a click asks for all of it, up to there.
   * @param {import("./types.js").Planned[]} planned
   * @param {Theme} theme
   */
  coming(planned, theme) {
    this.planned.forEach(({ item }) => item.remove());
    this.planned = planned.map(({ label, name, color, to }) => {
      const chip = el("button", { type: "button", class: "stage-chip", "aria-label": name, title: name, tabindex: -1, "data-to": to }, label);
      return { color, chip, item: el("li", { class: "coming" }, chip) };
    });
    this.tape.append(...this.planned.map(({ item }) => item));
    this.tint(this.planned, theme);
  }

  /**
   * @param {Chip[]} chips
   * @param {Theme} theme
   */
  tint(chips, theme) {
    for (const { color, chip } of chips) chip.style.setProperty("--tint", paint(color ?? "$text", theme.colors));
  }

  /** @param {Theme} theme */
  retheme(theme) {
    this.tint([...this.chips, ...this.planned], theme);
    this.theme = theme;
    this.color();
  }

  /** The main button wears the colour of what comes next, else the page's primary colour. */
  color() {
    if (!this.theme) return;
    const fill = this.next?.color ? paint(this.next.color, this.theme.colors) : this.theme.primary;
    if (fill === this.fill) return;
    this.fill = fill;
    this.following.style.setProperty("--fill", fill);
    this.following.style.setProperty("--on-fill", readable(fill));
  }

  /**
   * `beat`: on the way to the next frame, what the main button says of the one after. `said`: what is heard before the caption.
   * @param {{ cursor: number, last: number, beat: string | null, next?: import("./types.js").Next | null, ended?: string | null,
   *   paused?: string, caption: string | null, said: string, working: boolean, goal?: number | null, idle?: string[], aside?: string }} state
   */
  show({ cursor, last, beat, next, ended, paused, caption, said, working, goal, idle, aside }) {
    this.next = next;
    this.color();
    const called = this.locked || (next?.label ?? this.names.Done);
    setText(this.label, called);
    setText(this.detail, this.locked ? "" : (beat ?? next?.detail ?? ""));
    this.following.toggleAttribute("data-plain", !this.detail.textContent);
    this.main.setAttribute("aria-label", called);
    const held = this.locked !== "" && cursor === last;
    this.disable(this.main, !next || held);
    this.disable(this.play, held);
    for (const button of [this.play, this.end]) { // what it is called stays; this describes it
      const name = button.getAttribute("aria-label") ?? "";
      button.title = held ? `${name}: ${this.locked.toLowerCase()}` : name;
    }
    if (this.inside) this.disable(this.inside, !next || held);
    this.disable(this.back, cursor === 0 && beat === null);
    this.disable(this.start, cursor === 0);
    this.disable(this.end, held || (Boolean(ended) && cursor === last));
    this.scrub.value = String(cursor);
    this.scrub.style.setProperty("--done", String(last ? cursor / last : 0));
    const place = this.names.of.replace("{}", String(cursor)).replace("{}", String(last)), label = this.chips[cursor]?.chip.textContent;
    this.scrub.setAttribute("aria-valuetext", label ? `${place}: ${label}` : place);
    this.select(this.chips[cursor]);
    if (caption !== null) setExplained(this.caption, caption, this.glossary);
    const done = goal ? this.names.of.replace("{}", String(last)).replace("{}", String(goal)) : String(last);
    const why = cursor === last && (ended || paused);
    setText(this.ended, working ? this.names.Working.replace("{}", done) : [why, aside].filter(Boolean).join(" "));
    if (caption !== null) this.heard.say(said);
    for (const { act, node } of this.deeds) this.disable(node, Boolean(idle?.includes(act)));
  }

  /** @param {Chip | undefined} now */
  select(now) {
    if (now === this.now) return;
    if (this.now) {
      this.now.item.classList.remove("now");
      this.now.chip.removeAttribute("aria-current");
      this.now.chip.tabIndex = -1;
    }
    this.now = now;
    if (!now) return;
    const place = this.chips.indexOf(now);
    this.chips.forEach(({ item }, n) => item.classList.toggle("later", n > place)); // no `~` in the style: it would be looked up for all of them
    now.item.classList.add("now");
    now.chip.setAttribute("aria-current", "step");
    now.chip.tabIndex = 0; // one stop for the Tab key, however long the tape
    if (this.held || this.focused) now.chip.focus({ preventScroll: true }); // arrows move inside
    this.held = false;
    this.centre();
  }

  /** Bring the chip of the frame in view to the middle of the tape. */
  centre() {
    // measured with the frame, when the layout is due anyway
    cancelAnimationFrame(this.centring);
    this.centring = requestAnimationFrame(() => {
      if (!this.now) return;
      const { offsetLeft, offsetWidth } = this.now.item;
      this.tape.scrollTo({ left: offsetLeft - (this.tape.clientWidth - offsetWidth) / 2 });
    });
  }

  /**
   * A disabled button keeps the focus, so that keys pressed next still reach the stage.
   * @param {HTMLButtonElement} button
   * @param {boolean} off
   */
  disable(button, off) {
    button.setAttribute("aria-disabled", String(off));
    button.disabled = off && document.activeElement !== button;
  }

  /** @param {boolean} on  whether the stage moves by itself */
  playing(on) {
    const name = on ? "Pause" : "Play";
    this.play.setAttribute("aria-label", this.names[name]);
    this.play.title = this.names[name];
    this.play.replaceChildren(icon(name));
    this.heard.hold(on);
  }

  /** @param {boolean} on */
  busy(on) {
    this.main.setAttribute("aria-busy", String(on));
  }
  destroy() {
    this.heard.destroy();
    this.sound?.destroy();
  }
}
