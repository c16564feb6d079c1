// @ts-check
// The audience's page: what is asked, one's vote, and after the reveal what was true.

import { offered, told, verdict } from "./shown.js";

/** @typedef {import("./shown.js").Room} Room */
/** @typedef {import("./shown.js").Choices} Choices */

// milliseconds between two looks: in sight, out of sight, and at most while nothing answers; and how long one may take
const IN_SIGHT = 2000;
const OUT_OF_SIGHT = 20_000;
const SLOWEST = 8000;
const PATIENCE = 6000;
const ENDED = "no_room";

const [home, code] = located();
const KEPT = "elbo-room-vote:";

/** @type {Room | null} */
let room = null;
/** @type {{token: string, ballot: number, choices: {[ballot: number]: Choices}}} */
const kept = remembered();
/** @type {{ballot: number, choices: Choices, tries: number, busy: boolean} | null} */
let sending = null;
/** @type {Choices} */
let chosen = {};
let ballot = 0;
let drawn = "";
let refused = "";
let failed = 0;
let timer = 0;
let looking = false;
let over = code.length === 0;
let opened = "";

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Where rooms are joined, and the code of this one. */
function located() {
  const [, before, after = ""] = /** @type {string[]} */ (/^(.*\/join)(?:\/([^/]*))?\/?$/.exec(location.pathname));
  try {
    return [before, decodeURIComponent(after).trim().toUpperCase()];
  } catch {
    return [before, after];
  }
}

/** @param {string} id @param {string} text */
function say(id, text) {
  const node = part(id);
  if (node.textContent !== text) node.textContent = text;
}

/** This browser's token for this room, and what it has said in the rounds of the question. */
function remembered() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const fresh = { token: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""), ballot: 0, choices: {} };
  try {
    const stored = JSON.parse(localStorage.getItem(KEPT + code) ?? "{}");
    return /^[0-9a-f]{32}$/.test(stored.token) ? { ...fresh, ...stored, choices: stored.choices ?? {} } : fresh;
  } catch {
    return fresh;
  }
}

function remember() {
  try {
    // of rooms that were left nothing stays
    Object.keys(localStorage).filter((name) => name.startsWith(KEPT)).forEach((name) => localStorage.removeItem(name));
    localStorage.setItem(KEPT + code, JSON.stringify(kept));
  } catch {
    // a browser that keeps nothing votes all the same
  }
}

/** What one said last of the question in view: in a round of it, or in its present one alone. */
function said({ now = false } = {}) {
  const before = now || room?.round !== 2 ? undefined : kept.choices[ballot - 1];
  return kept.choices[ballot] ?? before ?? null;
}

// --- news ---------------------------------------------------------------------------------------------------------

async function look() {
  if (looking || over) return;
  looking = true;
  clearTimeout(timer);
  try {
    const address = `${home}/${encodeURIComponent(code)}/news?since=${room?.turn ?? 0}`;
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 200) {
      if (!room) remember();
      room = await answer.json();
    } else if (answer.status !== 204) {
      const { error, line } = await answer.json();
      if (error !== ENDED) throw new Error(line);
      end(line);
    }
    failed = 0;
  } catch {
    failed += 1;
  }
  looking = false;
  draw();
  if (sending && !failed) send();
  if (!over) timer = window.setTimeout(look, wait());
}

/** The classroom's phones must not all ask at once. */
function wait() {
  const time = document.hidden ? OUT_OF_SIGHT : failed ? Math.min(SLOWEST, IN_SIGHT * 2 ** (failed - 1)) : IN_SIGHT;
  return time * (0.75 + 0.5 * Math.random());
}

/** @param {string} line */
function end(line) {
  over = true;
  refused = line;
  room = sending = null;
}

// --- a vote -------------------------------------------------------------------------------------------------------

async function send() {
  if (!sending || sending.busy) return;
  const vote = sending;
  const { ballot, choices } = vote;
  vote.busy = true;
  vote.tries += 1;
  try {
    const answer = await fetch(`${home}/${encodeURIComponent(code)}/votes`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: kept.token, ballot, choices }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const { error = "", line = "" } = answer.ok ? {} : await answer.json();
    // a vote that was counted, and of which the answer was lost, is refused when it comes again
    if (answer.ok || (error === "voted" && vote.tries > 1)) confirm(ballot, choices);
    else if (answer.status >= 500) throw new Error(line);
    else if (error === ENDED) end(line);
    else {
      refused = line;
      if (error !== "slower") sending = null;
      if (error === "voted") confirm(ballot, null);
    }
  } catch {
    failed += 1;
  }
  vote.busy = false;
  draw();
}

/** @param {number} ballot @param {Choices | null} choices null: it was said in another window */
function confirm(ballot, choices) {
  sending = null;
  refused = choices ? "" : refused;
  const before = kept.choices[ballot - 1];
  kept.choices = { ...(before && { [ballot - 1]: before }), ...(choices && { [ballot]: choices }) };
  kept.ballot = ballot;
  remember();
}

// --- what is shown ------------------------------------------------------------------------------------------------

function draw() {
  const lost = failed > 0 && !over;
  say("connection", !lost ? "" : sending ? "No connection. Your vote is sent as soon as there is one." : "No connection. Trying again…");
  const asked = part("asked");
  asked.hidden = !room?.question;
  if (sending && (room?.phase !== "voting" || room.ballot !== sending.ballot)) sending = null;
  if (room?.ballot !== ballot) [ballot, chosen, refused] = [room?.ballot ?? 0, {}, over ? refused : ""];
  const state = JSON.stringify([room?.phase, ballot, room?.question, sending !== null, kept.ballot]);
  if (state !== drawn) {
    drawn = state;
    const question = room?.question;
    if (!room || !question) asked.replaceChildren();
    else if (room.answer) asked.replaceChildren(...told(room, question, said()));
    else asked.replaceChildren(...offered(question, sending?.choices ?? said({ now: true }) ?? chosen, open() ? choose : null));
  }
  part("join").hidden = !over;
  say("said", sentence());
  follow();
}

function open() {
  return room?.phase === "voting" && ballot !== kept.ballot && !sending;
}

/** @param {string} id @param {string} option */
function choose(id, option) {
  chosen = { ...chosen, [id]: option };
  return chosen;
}

function sentence() {
  if (over || !room) return over ? refused : failed ? "" : "Joining…";
  if (room.phase === "idle") return "You are in. The question will appear here.";
  if (room.phase === "revealed") return verdict(room, said());
  const voted = ballot === kept.ballot;
  if (room.phase === "closed") {
    const next = room.round === 1 ? "Talk it over with your neighbour." : "The answer comes next.";
    return voted ? `The vote is closed. ${next}` : `The vote is closed without yours. ${next}`;
  }
  if (refused) return refused;
  if (sending) return "Sending your vote…";
  if (voted) return "Your vote is in.";
  return room.round === 1 ? "What do you expect?" : "Second vote: what do you think now?";
}

/** The address where the lecturer is, on one's own device; one comes back to it as one likes. */
function follow() {
  const node = part("follow");
  const view = room?.view ?? "";
  node.hidden = !view || room?.phase === "voting" || room?.phase === "closed";
  const link = /** @type {HTMLAnchorElement} */ (node.firstElementChild);
  link.href = `${home.slice(0, -"join".length)}${view}`;
  link.textContent = !opened ? "Follow the lecturer's view" : opened === view ? "Back to the lecturer's view" : "The lecturer has moved on: go there";
}

// --- begin --------------------------------------------------------------------------------------------------------

part("asked").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!room?.question?.parts.every(({ id }) => id in chosen)) return;
  sending = { ballot, choices: chosen, tries: 0, busy: false };
  refused = "";
  draw();
  send();
});
part("follow").addEventListener("click", () => { opened = room?.view ?? ""; setTimeout(draw) });
part("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const letters = /** @type {HTMLInputElement} */ (part("letters")).value.trim();
  if (letters.length === 4) location.assign(`${home}/${encodeURIComponent(letters.toUpperCase())}`);
  else say("said", "A code has four letters.");
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) look() });
window.addEventListener("online", look);

say("code", code);
draw();
look();
