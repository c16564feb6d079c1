/** What the reader holds: asked for one place at a time, the latest one, drawn over the frame, and gone when they let go. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Asks } from "../../ui/stage/frontend/asks.js";
import { Live } from "../../ui/stage/frontend/live.js";
import { install, pass } from "./fakes.js";

let day = 0; // asks are numbered by the clock, over all tests
let sent, shown, holding, frame, asks, live, painted, uninstall;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 * ++day });
  [sent, shown, holding, frame, painted] = [[], 0, false, "f", []];
  uninstall = install({
    requestAnimationFrame: (draw) => painted.push(draw),
    cancelAnimationFrame: (number) => (painted[number - 1] = () => {}),
  });
  asks = new Asks({
    send: (ask) => sent.push(ask),
    changed: (ask) => ask ?? live.next(),
    ready: () => true,
    late: () => {},
    full: () => {},
  });
  live = new Live({
    frame: () => frame,
    ask: (act, byReader) => asks.add(act, byReader),
    withdraw: () => asks.withdraw(),
    free: () => !asks.busy,
    changed: () => shown++,
    holding: (on) => (holding = on),
  });
});
afterEach(() => uninstall());

const places = () => sent.map(({ live: held = false, x }) => [held, x]);
/** Answer the ask that is out, and let the browser paint. */
const answer = (told = { frame: "f", shown: { value: { at: asks.current.x } }, refused: "" }) => {
  live.take(asks.answered(asks.current.n), told);
  asks.next();
  painted.splice(0).forEach((draw) => draw());
};
const at = () => live.preview?.value.at;

test("one place is asked for at a time, and only the latest of those meanwhile", () => {
  for (let x = 1; x <= 50; x++) live.held("a", x, 0);
  assert.deepEqual([places(), asks.waiting], [[[true, 1]], []]);
  pass(40);
  answer();
  assert.deepEqual([places(), at(), holding], [[[true, 1], [true, 50]], 1, true]);
  pass(40);
  answer();
  pass(1000);
  assert.deepEqual([places().length, at()], [2, 50]); // nothing new, nothing asked
});

test("the next place is asked for before the last one is drawn", () => {
  live.held("a", 1, 0);
  live.held("a", 2, 0);
  pass(40);
  live.take(asks.answered(asks.current.n), { frame: "f", shown: {}, refused: "" });
  assert.deepEqual([places().length, shown], [2, 0]);
});

test("no more than thirty a second", () => {
  for (let x = 0; x < 100; x++) {
    live.held("a", x, 0);
    pass(10);
    if (asks.busy) answer();
  }
  assert.ok(sent.length >= 25 && sent.length <= 31, sent.length);
});

test("a refused place keeps the last good one and says why", () => {
  live.held("a", 1, 0);
  answer();
  live.held("a", 2, 0);
  pass(40);
  answer({ frame: "f", shown: null, refused: "no" });
  assert.deepEqual([at(), live.refused], [1, "no"]);
  live.held("a", 3, 0);
  pass(40);
  answer();
  assert.deepEqual([at(), live.refused], [3, ""]);
});

test("taken back, the frame is as it was, and an answer on its way changes nothing", () => {
  live.held("a", 1, 0);
  answer();
  live.held("a", 2, 0);
  pass(40);
  assert.equal(live.cancelled(), true);
  assert.deepEqual([live.preview, live.over, holding], [null, false, false]);
  answer();
  assert.deepEqual([live.preview, live.cancelled()], [null, false]);
  live.held("a", 5, 0); // the same handle once more
  pass(40);
  live.held("a", 6, 0);
  answer({ frame: "f", shown: { value: { at: 5 } }, refused: "" });
  assert.equal(at(), 5);
});

test("an answer from before it was taken hold of again is not shown", () => {
  live.held("a", 1, 0);
  live.cancelled();
  pass(50);
  live.held("a", 2, 0);
  answer();
  assert.equal(live.preview, null);
});

test("what is shown stays until the drop is done; nothing held is asked for after it", () => {
  live.held("a", 1, 0);
  answer();
  live.held("a", 2, 0);
  pass(40);
  live.held("a", 3, 0);
  live.dropped("a", 3, 0);
  assert.deepEqual([places(), holding], [[[true, 1], [true, 2]], false]);
  answer();
  assert.deepEqual([places().at(-1), at(), live.over], [[false, 3], 2, true]);
  answer(null);
  assert.deepEqual([live.preview, live.over], [null, false]);
});

test("a drop never becomes a place that is held", () => {
  asks.add({ act: "other" });
  asks.add({ act: "drag", live: true, x: 1 }, false);
  asks.add({ act: "drag", x: 2 });
  assert.deepEqual(asks.waiting.map(({ live: held = false, x }) => [held, x]), [[true, 1], [false, 2]]);
  asks.withdraw();
  assert.deepEqual(asks.waiting.map(({ x }) => x), [2]);
});

test("another frame lets go", () => {
  live.held("a", 1, 0);
  answer({ frame: "other", shown: {}, refused: "" });
  assert.equal(live.preview, null); // it was drawn over another
  frame = "g";
  live.held("a", 2, 0);
  assert.equal(live.frame, "g");
});
