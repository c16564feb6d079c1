/** The asks: one is out at a time, none is lost, none is made twice, and the reader is told when one is not taken. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Asks } from "../../ui/stage/frontend/asks.js";
import { pass } from "./fakes.js";

let sent, refused, late, ready, asks;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  [sent, refused, late, ready] = [[], 0, [], true];
  asks = new Asks({
    send: (ask) => sent.push(ask),
    changed: () => {},
    ready: () => ready,
    late: (still) => late.push(still),
    full: () => refused++,
  });
});

const names = () => sent.map(({ act }) => act);
/** Answer the one that is out; returns what it was. */
const answer = () => {
  const done = asks.answered(sent.at(-1).n);
  asks.next();
  return done;
};

test("one is out at a time, the others follow in order, with rising numbers", () => {
  for (const act of ["a", "b", "c"]) asks.add({ act });
  assert.deepEqual(names(), ["a"]);
  assert.equal(answer().act, "a");
  answer();
  assert.deepEqual(names(), ["a", "b", "c"]);
  assert.ok(sent[0].n < sent[1].n && sent[1].n < sent[2].n);
  answer();
  assert.equal(asks.busy, false);
});

test("a stale answer is ignored", () => {
  asks.add({ act: "a" });
  answer();
  asks.add({ act: "b" });
  for (const stale of [sent[0].n, null, 0]) assert.equal(asks.answered(stale), null);
  assert.equal(asks.current.act, "b");
});

test("advances that wait become one that goes furthest, unless they count from different orders to move", () => {
  asks.add({ act: "other" });
  for (const to of [3, 5, 4]) asks.add({ act: "advance", to, turn: 1 });
  asks.add({ act: "advance", to: 9, turn: 2 });
  assert.deepEqual(asks.waiting, [{ act: "advance", to: 5, turn: 1 }, { act: "advance", to: 9, turn: 2 }]);
});

test("of the fills, drags and inner frames that wait only the latest counts", () => {
  asks.add({ act: "other" });
  for (const act of ["fill", "drag", "inner"]) for (const at of [1, 2]) asks.add({ act, at });
  assert.deepEqual(asks.waiting, ["fill", "drag", "inner"].map((act) => ({ act, at: 2 })));
});

test("eight acts of the reader wait; the next is refused aloud, what the stage asks by itself never is", () => {
  asks.add({ act: "out" });
  for (let i = 0; i < 8; i++) assert.equal(asks.add({ act: "letter", i }), true);
  assert.equal(asks.add({ act: "letter", i: 8 }), false);
  assert.equal(refused, 1);
  for (const act of ["ahead", "fill", "inner", "resend", "rest"]) assert.equal(asks.add({ act }), true);
  assert.equal(asks.add({ act: "end" }, false), true); // the next slice
  assert.equal(refused, 1);
  answer();
  assert.equal(asks.add({ act: "letter", i: 9 }), true); // there is room again
});

test("nothing is sent while it cannot be heard, and all of it afterwards", () => {
  ready = false;
  asks.add({ act: "a" });
  asks.add({ act: "b" });
  assert.deepEqual(sent, []);
  ready = true;
  asks.next();
  answer();
  assert.deepEqual(names(), ["a", "b"]);
});

test("one that may be lost is sent again once, with its number", () => {
  asks.add({ act: "a" });
  asks.add({ act: "b" });
  ready = false;
  asks.again();
  assert.equal(sent.length, 1);
  ready = true;
  asks.next();
  asks.next();
  assert.deepEqual(names(), ["a", "a"]);
  assert.equal(sent[0].n, sent[1].n);
  answer();
  answer();
  assert.deepEqual(names(), ["a", "a", "b"]);
});

test("a late answer is doubted every 4 s, and no longer once it has come", () => {
  asks.add({ act: "a" });
  pass(3999);
  assert.equal(late.length, 0);
  pass(1);
  pass(4000);
  assert.equal(late.length, 2);
  assert.equal(late[0](), true);
  answer();
  assert.equal(late[0](), false);
  pass(20_000);
  assert.equal(late.length, 2);
});

test("an unanswered ask holds up the next for 10 s and no longer", () => {
  asks.add({ act: "a" });
  asks.add({ act: "b" });
  pass(9999);
  assert.deepEqual(names(), ["a"]);
  pass(1);
  assert.deepEqual(names(), ["a", "b"]);
});

test("the 10 s begin when a script has ended: until then an answer may only be slow", () => {
  asks.add({ act: "a" });
  asks.add({ act: "b" });
  ready = false;
  pass(9000);
  ready = true;
  pass(8000);
  assert.deepEqual(names(), ["a"]);
  ready = false; // a script runs at the very moment
  pass(1000);
  ready = true;
  pass(9000);
  assert.deepEqual(names(), ["a"]);
  pass(1000);
  assert.deepEqual(names(), ["a", "b"]);
});

test("what was dropped is not asked, what is out cannot be dropped", () => {
  asks.add({ act: "advance", to: 1 });
  asks.add({ act: "advance", to: 2 });
  asks.add({ act: "b" });
  asks.drop("advance");
  assert.equal(asks.has("advance"), true);
  answer();
  assert.deepEqual(names(), ["advance", "b"]);
});

test("after another order to the same place, all asks count from the new one", () => {
  for (const turn of [1, 1, 2]) asks.add({ act: "letter", turn });
  asks.turned(1, 7);
  assert.deepEqual(asks.all.map(({ turn }) => turn), [7, 7, 2]);
});

test("numbers rise even when the clock goes back", () => {
  asks.add({ act: "a" });
  answer();
  mock.timers.setTime(5);
  asks.add({ act: "b" });
  assert.ok(sent[1].n > sent[0].n);
});

test("after the end nothing is sent or doubted", () => {
  asks.add({ act: "a" });
  asks.add({ act: "b" });
  asks.destroy();
  pass(60_000);
  assert.deepEqual([names(), late.length], [["a"], 0]);
});

test("of drops of one handle the latest counts, of two handles both", () => {
  asks.add({ act: "a" });
  for (const [handle, x] of [["1", 1], ["1", 2], ["2", 3]]) asks.add({ act: "drag", handle, x, y: 0, turn: 0 });
  answer();
  answer();
  assert.deepEqual(sent.slice(1).map(({ handle, x }) => [handle, x]), [["1", 2], ["2", 3]]);
});
