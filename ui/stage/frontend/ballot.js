// @ts-check
/** The votes on a question of a room: a bar with its number for each option, both rounds side by side; or fields for hands. */
import { el, setText } from "./dom.js";

/**
 * @typedef {import("./types.js").Asked} Asked
 * @typedef {import("./types.js").Counts} Counts
 */

const NAMES = { vote: "Vote {}", hands: "Hands {}", of: "of {} votes", one: "of 1 vote", raised: "of {} hands", none: "no votes", right: "right", hand: "{}: how many hands" };
const SHORT = 9; // characters of an option that has its bars beside it
const MOST = 2000; // hands that can be typed

/** @param {Asked["parts"]} parts */
const short = (parts) => parts.every(({ options }) => options.every(({ label }) => label.length <= SHORT));

/** @param {number} count @param {boolean} hands */
const total = (count, hands) => (count === 0 ? NAMES.none : hands ? NAMES.raised.replace("{}", String(count)) : count === 1 ? NAMES.one : NAMES.of.replace("{}", String(count)));

/** @param {Record<string, number> | undefined} options */
const sum = (options) => Object.values(options ?? {}).reduce((all, count) => all + count, 0);

/**
 * Bars for each round that has been counted. `right`: the right options of each part, once they may be marked.
 * @param {Asked} question
 * @param {Counts[]} counts  of each round
 * @param {number[]} voters  in each round
 * @param {Record<string, string[]> | null} right
 * @param {boolean} hands  were counted
 */
export function histograms({ parts }, counts, voters, right, hands) {
  const rounds = counts.map((_, round) => el("div", { class: "stage-round" },
    el("strong", {}, (hands ? NAMES.hands : NAMES.vote).replace("{}", String(round + 1))), " ", el("span", {}, total(voters[round], hands))));
  const head = el("div", { class: "stage-row", "aria-hidden": "true" }, el("span"), ...rounds);
  return el("div", { class: "stage-counts", "data-rounds": counts.length, "data-short": short(parts) },
    head, ...parts.map((part) => el("section", { "aria-label": part.label || null },
      part.label ? el("h3", {}, part.label) : null,
      ...part.options.map(({ id, label }) => {
        const marked = right?.[part.id]?.includes(id) ?? false;
        return el("div", { class: "stage-row", "data-right": marked, "data-option": `${part.id}.${id}` },
          el("span", { class: "stage-option" }, marked ? el("b", { title: NAMES.right }, "✓ ") : null, label),
          ...counts.map((round, number) => bar(round[part.id]?.[id] ?? 0, sum(round[part.id]), number + 1)));
      }))));
}

/**
 * @param {number} count
 * @param {number} all
 * @param {number} round
 */
function bar(count, all, round) {
  const share = all ? count / all : 0;
  return el("div", { class: "stage-share", role: "img", "aria-label": `${NAMES.vote.replace("{}", String(round))}: ${count}`, style: { "--share": String(share) } },
    el("i"), el("span", {}, String(count)), el("small", {}, all ? `${Math.round(100 * share)} %` : ""));
}

/** What can be chosen, for who has no phone in hand: while the vote is open. */
export class Choices {
  /** @type {[string, string, HTMLInputElement][]} */
  fields = []; // part, option, and how many hands

  /**
   * @param {Asked} question
   * @param {boolean} hands  are typed in
   * @param {() => void} done
   */
  constructor({ parts }, hands, done) {
    this.node = el("form", { class: "stage-choices", "data-short": hands && short(parts), autocomplete: "off", on: { submit: (event) => {
      event.preventDefault();
      done();
    } } }, ...parts.map((part) => el("fieldset", {}, el("legend", { class: part.label ? null : "stage-unseen" }, part.label || NAMES.vote.replace(" {}", "")),
      ...part.options.map(({ id, label }) => (hands ? this.field(part, id, label) : el("span", {}, label))))),
    hands ? el("button", { class: "stage-unseen", type: "submit", tabindex: -1 }, "OK") : null);
  }

  /**
   * @param {Asked["parts"][number]} part
   * @param {string} id
   * @param {string} label
   */
  field(part, id, label) {
    const input = el("input", { type: "number", min: 0, max: MOST, step: 1, inputmode: "numeric", value: "", placeholder: "0",
      "aria-label": NAMES.hand.replace("{}", [part.label, label].filter(Boolean).join(" ")) });
    this.fields.push([part.id, id, input]);
    return el("label", {}, el("span", {}, label), input);
  }

  focus() {
    this.fields[0]?.[2].focus({ preventScroll: true });
  }

  /** Whether every number is one that can be. */
  get valid() {
    return this.fields.every(([, , input]) => input.checkValidity());
  }

  /** The first that cannot be is shown. */
  report() {
    this.fields.find(([, , input]) => !input.checkValidity())?.[2].reportValidity();
  }

  /** @returns {Counts} */
  get numbers() {
    /** @type {Counts} */
    const told = {};
    for (const [part, option, input] of this.fields) (told[part] ??= {})[option] = Math.round(input.valueAsNumber || 0);
    return told;
  }
}

/**
 * How many have voted so far.
 * @param {HTMLElement} node
 * @param {number} count
 */
export function sayVoted(node, count) {
  setText(node, count === 1 ? "1 has voted" : `${count} have voted`);
}
