// @ts-check
/** A question of a lesson: what the reader answers, and what became of it. */
import { el } from "./dom.js";

/**
 * @typedef {import("./types.js").Question} Asked
 * @typedef {import("./types.js").Outcome} Told
 */

const NAMES = {
  Check: "Check", Show: "Show the answer", within: "to within {}", right: "Right", wrong: "Not so", said: "you said {}", answer: "Answer",
  changes: { rises: "rises", falls: "falls", stays: "stays" },
  point: "Click where it will be, or move the ring with the arrow keys; Enter checks it.",
  drag: "Drag the handle to where it will be, or move it with the arrow keys; Enter checks it.",
};
/** @type {("rises" | "falls" | "stays")[]} */
const CHANGES = ["rises", "falls", "stays"];

let number = 0; // of questions, so that the buttons of each belong together

export class Question {
  sent = false; // an answer is on its way

  /**
   * `on`: answered(value), shown() where the reader gives none, place() that they point to.
   * @param {Asked} asked
   * @param {{ answered: (value: unknown) => void, shown: () => void, place: () => { x: number, y: number } | null }} on
   */
  constructor(asked, on) {
    this.asked = asked;
    this.on = on;
    this.name = `stage-ask-${(number += 1)}`;
    this.check = el("button", { class: "stage-tool stage-check", type: "submit" }, NAMES.Check);
    this.skip = el("button", { class: "stage-tool", type: "button", on: { click: () => on.shown() } }, NAMES.Show);
    this.parts = el("div", { class: "stage-parts" }, ...this.fields());
    this.node = el("form", { class: "stage-ask", autocomplete: "off", on: {
      submit: (event) => {
        event.preventDefault();
        const { value } = this;
        if (value === null || this.sent) return;
        this.send(true);
        on.answered(value);
      },
      input: () => this.ready(),
    } }, this.parts, el("div", { class: "stage-commit" }, this.check, this.skip));
    this.ready();
  }

  fields() {
    const { kind, of, options, within } = this.asked;
    if (kind === "direction") return of.map(({ id, label }) => this.choice(label, id, CHANGES.map((change) => [change, NAMES.changes[change]])));
    if (kind === "choice") return [this.choice(NAMES.answer, "", options.map((text, place) => [String(place), text]))];
    if (kind === "number") {
      this.input = el("input", { type: "text", inputmode: "decimal", class: "stage-figure-asked", "aria-label": of[0].label });
      return [el("label", {}, el("span", {}, `${of[0].label} `), this.input, el("small", {}, ` ${NAMES.within.replace("{}", String(within[0]))}`))];
    }
    return [el("p", {}, kind === "drag" ? NAMES.drag : NAMES.point)];
  }

  /**
   * @param {string} legend
   * @param {string} id
   * @param {[string, string][]} options
   */
  choice(legend, id, options) {
    const name = `${this.name}-${id}`;
    return el("fieldset", { "data-of": id }, el("legend", { class: id ? null : "stage-unseen" }, legend),
      ...options.map(([value, text]) => el("label", {}, el("input", { type: "radio", name, value }), el("span", {}, text))));
  }

  /** @param {string} id */
  chosen(id) {
    /** @type {HTMLInputElement | null} */
    const input = this.parts.querySelector(`input[name="${this.name}-${id}"]:checked`);
    return input?.value ?? null;
  }

  /** The answer as Python takes it; null where it is not complete. */
  get value() {
    const { kind, of } = this.asked;
    if (kind === "direction") {
      const said = of.map(({ id }) => /** @type {const} */ ([id, this.chosen(id)]));
      return said.every(([, change]) => change !== null) ? Object.fromEntries(said) : null;
    }
    if (kind === "choice") {
      const place = this.chosen("");
      return place === null ? null : Number(place);
    }
    if (kind === "number") return numeric(this.input?.value ?? "");
    const place = this.on.place();
    return place && [place.x, place.y];
  }

  /** @param {boolean} on  whether the answer is on its way, once */
  send(on) {
    this.sent = on;
    this.ready();
  }

  /** Whether there is an answer to check. */
  ready() {
    const off = this.value === null || this.sent;
    this.check.setAttribute("aria-disabled", String(off));
    this.check.toggleAttribute("data-ready", !off);
  }

  focus() {
    /** @type {HTMLElement | null} */
    const first = this.parts.querySelector("input:checked, input");
    (first ?? this.check).focus();
  }
}

/**
 * A number as people write it: with a true minus sign, with a comma for the point.
 * @param {string} text
 */
export function numeric(text) {
  const plain = text.trim().replace("−", "-").replace(/^([^.,]*),([^.,]*)$/, "$1.$2");
  return plain && Number.isFinite(Number(plain)) ? Number(plain) : null;
}

/**
 * What became of an answer: each part right or wrong, with what is true, and why.
 * @param {Told} told
 * @param {Asked} asked
 */
export function outcome({ parts, because }, asked) {
  const lines = parts.map(({ label, given, true: truth, right }) => {
    const verdict = right === null ? null : el("strong", { class: right ? "stage-right" : "stage-wrong" }, right ? `✓ ${NAMES.right}` : `✗ ${NAMES.wrong}`);
    const said = given !== null && !right ? ` (${NAMES.said.replace("{}", given)})` : "";
    const fact = label ? (asked.kind === "direction" ? `${label} ${truth}` : `${label} = ${truth}`) : truth;
    return el("li", {}, verdict, verdict ? ": " : "", `${fact}${said}`);
  });
  return el("div", { class: "stage-outcome", role: "status", tabindex: -1 }, el("ul", {}, ...lines), el("p", {}, because));
}
