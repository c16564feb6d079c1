/** What is told ahead: shown at once when the reader goes there, nowhere before, and Python hears of it later. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Asks } from "../../ui/stage/frontend/asks.js";
import { follow } from "../../ui/stage/frontend/following.js";
import { Foresight } from "../../ui/stage/frontend/foresight.js";
import { Playback } from "../../ui/stage/frontend/playback.js";

let sent, address, stage, playback, foresight, ready;

const frame = (id) => ({ id, set: { "a/0/x": [id] }, append: { "s/0/y": [id] }, next: { label: "Next" } });
const known = (id) => ({ id, frame: frame(id), coming: [{ label: id }], ended: null, address: `at=${id}` });

/** What Python says: the frames of a word, and those foreseen after it. */
function say(word, foreseen = [], { answer = null, turn = 1, first = 0 } = {}) {
  const frames = [...word].slice(first).map(frame);
  const message = { first, after: first ? word[first - 1] : null, frames, foreseen, foresees: 2, cursor: word.length - 1, turn };
  const answered = playback.asks.answered(answer);
  stage.message = message;
  foresight.accept(message);
  foresight.catchUp(turn);
  follow(playback, message, answered, false);
  foresight.rest();
  playback.asks.next();
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  globalThis.document = { visibilityState: "visible" };
  [sent, address, ready] = [[], [], true];
  const asks = new Asks({ send: (ask) => sent.push(ask), along: () => foresight.along, changed: () => {}, ready: () => ready,
    late: () => {}, full: () => {} });
  playback = new Playback(asks, { arrived: () => foresight.rest(), changed: () => {}, moving: () => {}, speed: () => 1,
    free: () => !asks.busy && !foresight.seen, report: () => sent.push("report"), known: (to) => foresight.reach(to) });
  stage = { playback, address: { go: (query) => address.push(query) }, connection: { holding: null, running: false },
    live: { hand: null }, beats: { inside: false }, get quiet() { return !asks.busy && ready; } };
  foresight = new Foresight(stage);
});

test("a reader at rest has what comes next asked for, once", () => {
  say("abc");
  mock.timers.tick(1000);
  assert.deepEqual(sent.map(({ act, at, has }) => ({ act, at, has })), [{ act: "foresee", at: 2, has: 0 }]);
  say("abc", [], { answer: sent[0].n });
  mock.timers.tick(60_000);
  assert.equal(sent.length, 1);
});

test("nothing is asked while the page is hidden, or before the end", () => {
  document.visibilityState = "hidden";
  say("abc");
  mock.timers.tick(5000);
  document.visibilityState = "visible";
  playback.go(1, { byReader: true });
  mock.timers.tick(100);
  assert.equal(sent.filter(({ act }) => act === "foresee").length, 0);
});

test("nothing of it is there before the reader goes there", () => {
  say("abc", [known("d")]);
  const { history } = playback;
  assert.equal(history.last, 2);
  assert.deepEqual([...history.figure("a", 9).values()], [["c"]]);
  history.visit(9);
  assert.deepEqual([...history.figure("s", 9).values()], [["a", "b", "c"]]);
});

test("Next shows it at once, and Python hears of it with the next ask", () => {
  say("abc", [known("d"), known("e")]);
  playback.next();
  assert.deepEqual([playback.cursor, playback.history.last, sent.length], [3, 3, 0]);
  assert.deepEqual([address, stage.message.coming], [["at=d"], [{ label: "d" }]]);
  mock.timers.tick(1000);
  assert.deepEqual(sent.map(({ act, at, has, seen }) => ({ act, at, has, seen })), [{ act: "foresee", at: 3, has: 1, seen: "d" }]);
  say("abcd", [{ ...known("e"), frame: undefined }, known("f")], { answer: sent[0].n, first: 4 });
  assert.equal(foresight.seen, null);
  assert.deepEqual(foresight.ahead.map(({ id }) => id), ["e", "f"]);
});

test("Next shows it at once while the page's controls are on their way", () => {
  say("abc", [known("d"), known("e")]);
  playback.asks.add({ act: "controls" });
  stage.connection.running = true;
  playback.next();
  assert.deepEqual([playback.cursor, sent.length], [3, 1]);
  say("abc", [known("d"), known("e")], { answer: sent[0].n });
  assert.deepEqual([playback.cursor, foresight.seen.id], [3, "d"]);
});

test("frames come to while the answer was on its way stay, and are told again", () => {
  say("abc", [known("d"), known("e")]);
  playback.next();
  mock.timers.tick(1000);
  playback.next();
  say("abcd", [{ ...known("e"), frame: undefined }, known("f")], { answer: sent[0].n, first: 4 });
  assert.deepEqual([playback.cursor, playback.history.last, foresight.seen.id], [4, 4, "e"]);
  mock.timers.tick(1000);
  assert.deepEqual([sent.at(-1).seen, sent.at(-1).has], ["e", 1]);
});

test("a press while the first answer is on its way is met by it", () => {
  say("abc");
  mock.timers.tick(1000);
  playback.next();
  assert.equal(playback.destination, 3);
  say("abc", [known("d")], { answer: sent[0].n, first: 3 });
  assert.deepEqual([playback.cursor, playback.destination, sent.length], [3, null, 1]);
});

test("what was not foreseen takes the ordinary road, from where the reader has come to", () => {
  say("abc", [known("d")]);
  playback.next();
  playback.next();
  assert.deepEqual([sent[0].act, sent[0].to, sent[0].at, sent[0].seen], ["advance", 4, 3, "d"]);
});

test("while something else is asked, nothing foreseen is shown", () => {
  say("abc", [known("d")]);
  playback.ask({ act: "move", letter: "G" });
  playback.next();
  assert.deepEqual([playback.cursor, sent[0].act], [2, "move"]);
  say("abcg", [], { answer: sent[0].n, turn: 2 });
  assert.deepEqual(foresight.ahead, []);
});

test("where the reader has come to is told before anything else is", () => {
  say("abc", [known("d")]);
  playback.next();
  ready = false;
  mock.timers.tick(5000);
  assert.deepEqual(sent, []);
  ready = true;
  foresight.tell();
  assert.equal(sent[0].seen, "d");
});
