/** Inside a frame: beat by beat to the next one, back, by the clock, for another unit, and from a link. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Asks } from "../../ui/stage/frontend/asks.js";
import { Beats } from "../../ui/stage/frontend/beats.js";
import { follow } from "../../ui/stage/frontend/following.js";
import { Playback } from "../../ui/stage/frontend/playback.js";
import { pass } from "./fakes.js";

let day = 0; // asks are numbered by the clock, over all tests
let sent, shown, moved, led, moving, scene, asks, playback, beats;

beforeEach(() => {
  mock.restoreAll();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 * ++day });
  mock.method(performance, "now", () => Date.now());
  [sent, shown, moved, led, moving, scene] = [[], [], 0, [], [], { inside: { view: "inside" } }];
  asks = new Asks({ send: (ask) => sent.push(ask), changed: () => {}, ready: () => true, late: () => {}, full: () => {} });
  playback = new Playback(asks, {
    arrived: () => beats.leave(),
    changed: () => {},
    moving: (on) => moving.push(on),
    speed: () => 2,
    free: () => !asks.busy,
    report: () => {},
  });
  beats = new Beats(playback, {
    scene: () => scene,
    show: (glide) => shown.push([beats.shown?.next ?? null, glide]),
    lead: (on) => led.push(on),
    moved: () => moved++,
    moving: (on) => moving.push(on),
    speed: () => 2,
  });
});

/** Frames from here on, with their numbers as ids. */
function message(count, { told = null, ended = null, prefix = "f", first = playback.history.last + 1, ...orders } = {}) {
  const answered = asks.current ? asks.answered(asks.current.n) : null;
  const frames = Array.from({ length: count }, (_, i) => ({ id: `${prefix}${first + i}`, next: { label: "on" } }));
  const after = first ? playback.history.frames[first - 1].id : null;
  playback.history.accept({ first, after, frames });
  playback.ended = ended;
  const order = { cursor: null, turn: playback.turn ?? 1, more: null, ...orders };
  beats.ordered(() => follow(playback, order, answered, orders.cursor !== undefined));
  beats.take(answered, told);
  asks.next();
}
const begin = (count, at = 0) => message(count, { cursor: at });
/** What Python says of the beats on the way from a frame. */
const told = (at, count = 3, { unit = 7, prefix = "f", why = "" } = {}) => ({
  frame: `${prefix}${at}`, next: `${prefix}${at + 1}`, unit, units: 9, why,
  beats: Array.from({ length: count }, (_, i) => ({ set: {}, lit: [], next: `beat ${i + 1}` })),
});
const answer = (at, count, more = {}) => message(0, { told: told(at, count, more) });
const asked = () => sent.map(({ act, at, unit }) => [act, at, unit]);
const now = () => [playback.cursor, beats.beat];

test("the first press asks for the beats from this frame on; the cursor stays", () => {
  begin(2);
  beats.further();
  assert.deepEqual([asked(), now()], [[["inside", 0, undefined]], [0, null]]);
  answer(0);
  assert.deepEqual([now(), beats.place, led, moved], [[0, 0], { beat: 1, unit: 7 }, [true], 1]);
  assert.equal(beats.shown.next, "beat 1");
});

test("beat by beat, then the next frame by the ordinary road", () => {
  begin(2);
  beats.further();
  answer(0);
  beats.further();
  assert.ok(beats.next());
  assert.deepEqual(now(), [0, 2]);
  assert.ok(beats.next());
  assert.deepEqual([now(), beats.shown, led], [[1, null], null, [true, false]]);
  assert.equal(beats.next(), false); // outside it is nobody's
  assert.equal(sent.length, 1);
});

test("one back, and before the first is the frame as it is; Escape leads there at once", () => {
  begin(2);
  beats.further();
  answer(0);
  beats.next();
  beats.back();
  assert.deepEqual(now(), [0, 0]);
  beats.back();
  assert.deepEqual([now(), beats.shown, beats.back()], [[0, null], null, false]);
  beats.further();
  beats.next();
  assert.ok(beats.escape());
  assert.deepEqual([now(), beats.place, beats.escape()], [[0, null], { beat: null, unit: null }, false]);
});

test("only what begins is shown at once; one beat on glides, one back does not", () => {
  begin(2);
  beats.further();
  answer(0);
  beats.next();
  beats.back();
  assert.deepEqual(shown, [["beat 1", false], ["beat 2", true], ["beat 1", false]]);
});

test("presses that come before the answer count", () => {
  begin(2);
  beats.further();
  beats.further();
  assert.ok(beats.next());
  assert.equal(sent.length, 1);
  answer(0);
  assert.deepEqual(now(), [0, 2]);
});

test("beats that are known are not asked for again, unless the frame after is another one", () => {
  begin(2);
  beats.further();
  answer(0);
  beats.escape();
  beats.further();
  assert.deepEqual([now(), sent.length], [[0, 0], 1]);
  beats.escape();
  message(1, { first: 1, prefix: "g" }); // a fork
  beats.further();
  assert.deepEqual([now(), sent.length], [[0, null], 2]);
});

test("played, they come by the clock, and go on with those of the frame after", () => {
  begin(3);
  beats.further();
  answer(0, 2);
  assert.ok(beats.toggle());
  pass(490);
  assert.deepEqual(now(), [0, 0]);
  pass(20);
  assert.deepEqual(now(), [0, 1]);
  pass(500);
  assert.deepEqual([now(), beats.playing], [[1, null], true]);
  pass(500);
  assert.deepEqual(asked().at(-1), ["inside", 1, 7]); // of the same unit
  answer(1, 2);
  assert.deepEqual(now(), [1, 0]);
  assert.ok(beats.toggle()); // pauses
  pass(5000);
  assert.deepEqual([now(), moving.at(-1)], [[1, 0], false]);
});

test("they end with the run", () => {
  begin(2);
  beats.further();
  message(0, { told: told(0, 1), ended: "done" });
  beats.toggle();
  pass(500);
  assert.deepEqual([now(), beats.playing], [[1, null], false]);
  pass(5000);
  assert.equal(sent.length, 1);
});

test("outside, Play is the playback's", () => {
  begin(2);
  assert.equal(beats.toggle(), false);
});

test("another unit: the same beat is asked for again, and what was shown stays until it is here", () => {
  begin(2);
  beats.further();
  answer(0);
  beats.next();
  assert.ok(beats.choose(3));
  assert.deepEqual([asked().at(-1), now(), beats.shown.next], [["inside", 0, 3], [0, 1], "beat 2"]);
  answer(0, 3, { unit: 3 });
  assert.deepEqual([now(), beats.place], [[0, 1], { beat: 2, unit: 3 }]);
  for (let i = 0; i < 4; i++) beats.other(1); // as fast as one likes
  answer(0, 3, { unit: 4 });
  assert.deepEqual(asked().at(-1), ["inside", 0, 7]);
  answer(0, 3, { unit: 7 });
  assert.deepEqual([beats.place, shown.length], [{ beat: 2, unit: 7 }, 5]);
  beats.other(-100);
  assert.deepEqual(asked().at(-1), ["inside", 0, 0]);
});

test("a beat on while another unit is on its way is not taken back, and past the last beat the unit is still chosen", () => {
  begin(3);
  beats.further();
  answer(0);
  beats.choose(3);
  assert.ok(beats.next());
  answer(0, 3, { unit: 3 });
  assert.deepEqual([now(), beats.place], [[0, 1], { beat: 2, unit: 3 }]);
  beats.next();
  beats.choose(5);
  beats.next();
  answer(0, 3, { unit: 5 });
  assert.deepEqual(now(), [1, null]);
  beats.further();
  assert.deepEqual(asked().at(-1), ["inside", 1, 5]);
});

test("back and Space count, too, before the answer", () => {
  begin(3, 1);
  beats.further();
  beats.further();
  assert.ok(beats.back() && beats.toggle());
  answer(1);
  assert.deepEqual([now(), beats.playing], [[1, 0], true]);
  pass(500);
  assert.deepEqual(now(), [1, 1]);
  beats.restart();
  beats.further();
  assert.ok(beats.back());
  answer(1);
  assert.deepEqual([now(), beats.shown, beats.back()], [[1, null], null, false]);
});

test("a unit that was chosen is followed in the next frames, too; another run knows nothing of it", () => {
  begin(3);
  beats.further();
  answer(0, 1, { unit: 2 });
  beats.next();
  beats.further();
  assert.deepEqual(asked().at(-1), ["inside", 1, 2]);
  answer(1, 1, { unit: 2 });
  beats.restart();
  assert.deepEqual([now(), beats.unit, beats.told], [[1, null], null, null]);
  assert.equal(beats.choose(1), false);
});

test("a frame without beats says why, and nothing moves", () => {
  begin(2);
  beats.further();
  answer(0, 0, { why: "no working" });
  assert.deepEqual([now(), beats.why, led], [[0, null], "no working", []]);
  playback.next();
  assert.equal(beats.why, "");
});

test("any other move leaves them, also while they are on their way", () => {
  begin(3);
  beats.further();
  answer(0);
  playback.go(2, { byReader: true });
  assert.deepEqual([now(), led.at(-1)], [[2, null], false]);
  beats.further();
  playback.go(1, { byReader: true });
  answer(2);
  assert.deepEqual([now(), beats.shown], [[1, null], null]);
});

test("pressed while another frame is on its way, they are those of that frame", () => {
  begin(1);
  playback.next();
  beats.further();
  message(1);
  assert.deepEqual([now(), asked().at(-1)], [[1, null], ["inside", 1, undefined]]);
  answer(1);
  assert.deepEqual(now(), [1, 0]);
});

test("pressed on the way to the end, they are those of the frame in view, and are asked for there", () => {
  begin(2);
  playback.end();
  beats.further();
  message(2, { cursor: 3, turn: 2, more: { act: "end" } });
  answer(3); // where Python thinks that the reader is
  assert.deepEqual([now(), asked().at(-1)], [[0, null], ["inside", 0, undefined]]);
  answer(0);
  assert.deepEqual(now(), [0, 0]);
  beats.choose(1);
  answer(3); // of another frame all the same: nothing more is waited for
  assert.equal(beats.due, null);
});

test("where the same frame is told anew, its beats are asked for again, at the same place", () => {
  begin(2);
  beats.further();
  answer(0);
  beats.next();
  message(2, { first: 0, prefix: "g" });
  assert.deepEqual([now(), beats.shown, asked().at(-1)], [[0, 1], null, ["inside", 0, 7]]);
  answer(0, 3, { prefix: "g" });
  assert.deepEqual([now(), beats.shown.next], [[0, 1], "beat 2"]);
});

test("a link leads to its beat and unit, and past the last one to the last", () => {
  begin(2);
  beats.follow({ beat: null });
  assert.equal(sent.length, 0);
  beats.follow({ beat: 9, unit: 4 });
  assert.deepEqual(asked(), [["inside", 0, 4]]);
  answer(0, 3, { unit: 4 });
  assert.deepEqual([now(), beats.place], [[0, 2], { beat: 3, unit: 4 }]);
});

test("where a scene has none, the key does nothing", () => {
  scene = {};
  begin(2);
  beats.further();
  assert.deepEqual([sent, now()], [[], [0, null]]);
});
