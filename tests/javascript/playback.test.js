/** The playback: the clock of Play, presses of Next and Back, orders from Python, and work that goes on slice by slice. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Asks } from "../../ui/stage/frontend/asks.js";
import { follow, renew, repeat } from "../../ui/stage/frontend/following.js";
import { Playback } from "../../ui/stage/frontend/playback.js";
import { pass } from "./fakes.js";

const TIMERS = ["setTimeout", "Date"];
let sent, reports, shown, playback, asks, speed, lightness, moving, lag;

beforeEach(() => {
  mock.restoreAll();
  mock.timers.reset();
  mock.timers.enable({ apis: TIMERS, now: 1_000_000 });
  mock.method(performance, "now", () => Date.now() + lag);
  [sent, reports, shown, speed, lightness, moving, lag] = [[], [], [], 4, false, false, 0];
  asks = new Asks({ send: (ask) => sent.push(ask), changed: () => {}, ready: () => true, late: () => {}, full: () => {} });
  playback = new Playback(asks, {
    arrived: () => shown.push(playback.cursor),
    changed: () => {},
    moving: (on) => (moving = on),
    speed: () => speed,
    free: () => !asks.busy,
    report: (place) => reports.push(place),
  });
});

const acts = () => sent.map(({ act }) => act);
const frames = (first, count) => Array.from({ length: count }, (_, i) => ({
  id: String(first + i), light: lightness, next: { label: "on" },
}));
/** A message that brings so many frames more, and answers what is out if it `answers`. */
function message(count, { answers = true, cursor = null, turn = playback.turn ?? 1, rebuilt = false, ...more } = {}) {
  const first = playback.history.last + 1;
  const answered = answers && asks.current ? asks.answered(asks.current.n) : null;
  playback.history.accept({ first, after: first ? String(first - 1) : null, frames: frames(first, count) });
  follow(playback, { cursor, turn, more: null, ...more }, answered, rebuilt);
  asks.next();
}
/** Begin with so many frames, the reader at this one. */
const begin = (count, at = 0) => message(count, { cursor: at, rebuilt: true });

test("known frames are walked without Python", () => {
  begin(5);
  playback.next();
  playback.next();
  playback.back();
  assert.deepEqual([playback.cursor, acts()], [1, []]);
  playback.go(99, { byReader: true });
  assert.equal(playback.cursor, 4);
  playback.go(-1);
  assert.equal(playback.cursor, 0);
});

test("n presses of Next beyond the end go n frames on, whatever is answered when", () => {
  begin(1);
  for (let i = 0; i < 5; i++) playback.next();
  assert.deepEqual(sent.map(({ to }) => to), [1]);
  message(1);
  assert.deepEqual([playback.cursor, sent.at(-1).to], [1, 5]); // the other four went as one
  message(4);
  assert.deepEqual([playback.cursor, playback.destination, acts().length], [5, null, 2]);
});

test("an answer that brings more than was asked spares the presses that still waited", () => {
  begin(1);
  for (let i = 0; i < 3; i++) playback.next();
  message(5);
  assert.deepEqual([playback.cursor, playback.destination, acts().length], [3, null, 1]);
});

test("Back takes back one press of Next that has not come yet", () => {
  begin(1);
  for (let i = 0; i < 3; i++) playback.next();
  playback.back();
  message(1);
  message(2);
  assert.equal(playback.cursor, 2);
  assert.equal(playback.history.last, 3); // what came is there
});

test("Back from the only press of Next stays where it was", () => {
  begin(1);
  playback.next();
  playback.back();
  message(1);
  assert.deepEqual([playback.cursor, playback.history.last], [0, 1]);
});

test("an advance that brings nothing is not waited for", () => {
  begin(1);
  playback.next();
  message(0);
  assert.deepEqual([playback.cursor, playback.destination], [0, null]);
});

test("Play shows a frame a period, one after another, and stops at the end", () => {
  begin(6);
  playback.ended = "done";
  playback.toggle();
  assert.equal(moving, true);
  const seen = [playback.cursor];
  for (let i = 0; i < 4; i++) {
    pass(250);
    seen.push(playback.cursor);
  }
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  pass(250);
  assert.deepEqual([playback.playing, moving, acts()], [false, false, []]);
});

test("a slow frame is made up for at once by two others at most", () => {
  begin(50);
  playback.ended = "done";
  playback.on.arrived = () => {
    if (playback.cursor === 2) lag = 2000; // drawing took eight periods
  };
  playback.toggle();
  pass(250);
  assert.equal(playback.cursor, 4); // 3 and 4 at once after 2, not the six others
  pass(240);
  assert.equal(playback.cursor, 4);
  pass(10);
  assert.equal(playback.cursor, 5);
});

test("Play from the end of a run that is over starts again", () => {
  begin(4, 3);
  playback.ended = "done";
  playback.toggle();
  assert.deepEqual(shown.slice(-2), [0, 1]);
});

test("Play asks for more in time, one ask at a time, and goes on with what comes", () => {
  begin(40);
  playback.toggle();
  assert.deepEqual(acts(), []); // three seconds are known
  pass(250 * 28);
  assert.deepEqual(acts(), ["ahead"]);
  pass(500);
  assert.deepEqual([acts(), asks.waiting], [["ahead"], []]);
  message(30);
  pass(250 * 30);
  assert.deepEqual(acts(), ["ahead", "ahead"]);
  assert.equal(playback.playing, true);
});

test("Play waits for frames that are late, and gives up when two answers bring none", () => {
  begin(1);
  playback.toggle();
  pass(3000);
  assert.deepEqual([playback.cursor, playback.playing], [0, true]);
  message(0);
  assert.equal(playback.playing, true); // it may have been meant for the run before
  pass(250);
  message(0);
  assert.equal(playback.playing, false);
});

test("what Play waited for comes as soon as it is there, and the beat goes on from then", () => {
  begin(2);
  playback.toggle();
  pass(600);
  assert.deepEqual([playback.cursor, playback.missed], [1, true]);
  pass(60);
  message(5);
  assert.equal(playback.cursor, 2); // not a beat later
  pass(200);
  assert.equal(playback.cursor, 2);
  pass(50);
  assert.equal(playback.cursor, 3);
});

test("Play stops before a light frame and asks for it", () => {
  begin(2);
  lightness = true;
  message(5);
  playback.ended = "done";
  playback.toggle();
  pass(2000);
  assert.equal(playback.cursor, 1);
  assert.ok(sent.some(({ act, ahead }) => act === "fill" && ahead === 12));
});

test("any move of the reader stops Play", () => {
  for (const move of [() => playback.next(), () => playback.back(), () => playback.toggle(), () => playback.go(3, { byReader: true })]) {
    begin(30);
    playback.toggle();
    pass(500);
    move();
    const at = playback.cursor;
    pass(2000);
    assert.deepEqual([playback.cursor, playback.playing], [at, false]);
  }
});

test("scrubbing reports where it rests, once, and not the way there", () => {
  begin(30);
  for (let n = 1; n < 20; n++) {
    playback.go(n, { byReader: true });
    pass(50);
  }
  assert.deepEqual(reports, []);
  pass(250);
  assert.deepEqual(reports.map(({ at }) => at), [19]);
  playback.rest(0); // the slider was let go
  pass(1000);
  assert.equal(reports.length, 1);
});

test("a place is not reported while Play runs, nor while an ask is out", () => {
  begin(20);
  playback.toggle();
  pass(1000);
  assert.deepEqual(reports, []);
  asks.add({ act: "letter" });
  playback.pause();
  pass(5000);
  assert.deepEqual(reports, []);
  asks.answered(asks.current.n);
  pass(250);
  assert.deepEqual(reports.map(({ at }) => at), [playback.cursor]);
});

test("an order to move is followed once; a message without one leaves the reader where they are", () => {
  begin(10, 4);
  assert.equal(playback.cursor, 4);
  playback.go(2, { byReader: true });
  message(1, { cursor: 4 });
  assert.equal(playback.cursor, 2);
  message(1, { cursor: 7, turn: 2 });
  assert.equal(playback.cursor, 7);
});

test("a run that has become shorter takes the reader along", () => {
  begin(10, 9);
  playback.history.accept({ first: 4, after: "3", frames: [] });
  message(0);
  assert.equal(playback.cursor, 3);
});

test("End goes on slice by slice until Python has no more, then stands at the end", () => {
  begin(2);
  playback.end();
  for (let slice = 0; slice < 3; slice++) message(5, { more: { act: "end", since: 1 } });
  assert.deepEqual([acts(), playback.working, playback.cursor], [["end", "end", "end", "end"], true, 0]);
  message(3, { cursor: 19, turn: 2 });
  assert.deepEqual([playback.cursor, playback.working, moving], [19, false, false]);
});

test("Pause during End keeps what is made, asks no more, and the reader stays", () => {
  begin(2);
  playback.end();
  message(5, { more: { act: "end", since: 1 } });
  playback.toggle();
  assert.equal(playback.working, false);
  message(5, { more: { act: "end", since: 1 }, cursor: 11, turn: 2 });
  assert.deepEqual([acts(), playback.cursor, playback.history.last], [["end", "end"], 0, 11]);
});

test("a tape that is opened again is asked for by itself, and shows that it is not there yet", () => {
  message(3, { cursor: 0, rebuilt: true, more: { act: "rest" }, waiting: true });
  assert.deepEqual([acts(), playback.working, playback.opening], [["rest"], true, true]);
  message(3, { cursor: 5, turn: 2, more: { act: "rest" } });
  assert.deepEqual([playback.opening, playback.cursor], [false, 5]);
  message(3);
  assert.deepEqual([playback.working, acts().length], [false, 2]);
});

test("what was asked of one session counts for the next, at the same place", () => {
  begin(3, 1);
  asks.add({ act: "out" });
  playback.act = playback.ask({ act: "letter" });
  renew(playback, 9);
  assert.deepEqual([playback.turn, asks.waiting[0].turn], [9, 9]);
});

test("an advance asked before the page was loaded again still leads there", () => {
  begin(1);
  repeat(playback, { act: "advance", to: 3, turn: 55, at: 0 });
  assert.equal(sent[0].turn, playback.turn);
  message(3);
  assert.equal(playback.cursor, 3);
});

test("after the end no clock ticks and nothing is reported", () => {
  begin(20);
  playback.toggle();
  playback.destroy();
  const at = playback.cursor;
  pass(10_000);
  assert.deepEqual([playback.cursor, reports], [at, []]);
});
