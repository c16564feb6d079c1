// @ts-check
// How a question, its options and its answer look. All text from outside is put in as text.

/** @typedef {{id: string, label: string, options: {id: string, label: string}[]}} Part */
/** @typedef {{text: string, parts: Part[]}} Question */
/** @typedef {{[part: string]: {[option: string]: number}}} Counts */
/** @typedef {{[part: string]: string}} Choices */
/**
 * @typedef {object} Room what ui/room/records.py shows to an audience
 * @property {"idle" | "voting" | "closed" | "revealed"} phase
 * @property {number} ballot
 * @property {number} round
 * @property {string} view
 * @property {number} turn
 * @property {Question | null} question
 * @property {{right: {[part: string]: string[]}, because: string}} [answer]
 * @property {Counts[]} [counts]
 * @property {number[]} [voters]
 */

/**
 * @param {string} tag
 * @param {string} className
 * @param {(Node | string)[]} inside
 */
function made(tag, className, ...inside) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...inside);
  return node;
}

/**
 * The question, with what is chosen of it. choose: takes a choice and returns all of them; null where none is taken.
 * @param {Question} question
 * @param {Choices} chosen
 * @param {((part: string, option: string) => Choices) | null} choose
 */
export function offered(question, chosen, choose) {
  const button = /** @type {HTMLButtonElement} */ (made("button", "", "Send my vote"));
  /** @param {Choices} choices */
  const ready = (choices) => { button.disabled = !question.parts.every(({ id }) => id in choices) };
  const parts = question.parts.map(({ id, label, options }, number) => {
    // three words stand side by side
    const ways = options.length === 3 && options.every((option) => option.label.length < 9);
    const choices = options.map((option) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: `part-${number}`, checked: chosen[id] === option.id, disabled: !choose });
      input.addEventListener("change", () => choose && ready(choose(id, option.id)));
      return made("label", "option", input, made("span", "", option.label));
    });
    const group = made("fieldset", ways ? "ways" : "", ...(label ? [made("legend", "", label)] : []), ...choices);
    if (!label) group.setAttribute("aria-label", question.text);
    return group;
  });
  ready(chosen);
  return [made("h2", "", question.text), ...parts, ...(choose ? [button] : [])];
}

/**
 * What was true and what all said, round by round. mine: what one said oneself.
 * @param {Room} room
 * @param {Question} question
 * @param {Choices | null} mine
 */
export function told({ answer, counts = [], voters = [] }, question, mine) {
  const tables = question.parts.map(({ id, label, options }) => {
    const rows = options.map((option) => {
      const right = answer?.right[id]?.includes(option.id);
      const name = made("th", "", made("span", "mark", right ? "✓" : ""), option.label);
      name.setAttribute("scope", "row");
      if (right) name.append(made("span", "heard", " (right)"));
      if (mine?.[id] === option.id) name.append(" ", made("span", "yours", "your vote"));
      const rounds = counts.length === 1 ? [""] : counts.map((_, number) => `vote ${number + 1}`);
      const bars = rounds.map((round, number) => votes(round, counts[number]?.[id]?.[option.id] ?? 0, voters[number]));
      return made("tr", right ? "true" : "", name, made("td", "", ...bars));
    });
    const long = options.some((option) => option.label.length > 20);
    return made("table", long ? "long" : "", ...(label ? [made("caption", "", label)] : []), made("tbody", "", ...rows));
  });
  const because = answer?.because ? [made("p", "because", answer.because)] : [];
  return [made("h2", "", question.text), ...tables, ...because];
}

/** @param {string} round @param {number} count @param {number} all */
function votes(round, count, all) {
  const bar = made("b", "");
  bar.style.width = `${all ? (100 * count) / all : 0}%`;
  const track = made("i", "", bar);
  track.setAttribute("aria-hidden", "true");
  return made("div", "votes", ...(round ? [made("span", "round", round)] : []), track, made("span", "count", String(count)));
}

/**
 * How one's own vote did.
 * @param {Room} room
 * @param {Choices | null} mine
 */
export function verdict({ question, answer }, mine) {
  if (!mine || !question || !answer) return "The answer";
  const right = question.parts.filter(({ id }) => answer.right[id]?.includes(mine[id])).length;
  if (question.parts.length === 1) return right ? "You were right." : "Not what you expected.";
  return `You had ${right} of ${question.parts.length} right.`;
}
