/** The history: whatever messages come in whatever order, it holds what Python's last word says, or asks for all of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, decode } from "../../ui/stage/frontend/decode.js";
import { History } from "../../ui/stage/frontend/history.js";

/** A frame of a run, and of a fork of it: it sets one attribute, lengthens one series, fills one slot. */
const frame = (n, run = "a", more = {}) => ({
  id: `${run}${n}`, set: { "course/bound/y": [run, n] }, append: { "timeline/elbo/x": [n] }, text: { words: `${run} ${n}` }, value: { words: n }, ...more,
});
const light = (n, run = "a") => ({ id: `${run}${n}`, light: true, append: { "timeline/elbo/x": [n] } });
const message = (first, count, run = "a") => ({
  first,
  after: first ? `${run}${first - 1}` : null,
  frames: Array.from({ length: count }, (_, i) => frame(first + i, run)),
});
const ids = (history) => history.frames.map(({ id }) => id);
/** Everything that a history can be asked for. */
const all = (history) => {
  history.visit(history.last);
  return history.frames.map((_, n) => [
    history.figure("course", n).get("course/bound/y"),
    history.figure("timeline", n).get("timeline/elbo/x"),
    history.slot("words", n),
  ]);
};
const fresh = (...messages) => {
  const history = new History();
  for (const one of messages) history.accept(one);
  return history;
};

test("frames that come in pieces hold the same as those that come at once", () => {
  assert.deepEqual(all(fresh(message(0, 2), message(2, 3), message(5, 1))), all(fresh(message(0, 6))));
});

test("the same message twice changes nothing", () => {
  const history = fresh(message(0, 5), message(2, 3));
  const before = history.frames[4];
  assert.equal(history.accept(message(2, 3)), true);
  assert.equal(history.frames[4], before); // not even replaced
  assert.deepEqual(all(history), all(fresh(message(0, 5))));
});

test("a message after a gap, or after another run, is refused and changes nothing", () => {
  const history = fresh(message(0, 3));
  for (const wrong of [message(4, 2), { ...message(3, 2), after: "b2" }]) {
    assert.equal(history.accept(wrong), false);
    assert.deepEqual(all(history), all(fresh(message(0, 3))));
  }
});

test("a fork leaves nothing of what was after it", () => {
  const forked = { first: 2, after: "a1", frames: [frame(2, "b"), frame(3, "b")] };
  const history = fresh(message(0, 6), forked);
  assert.deepEqual(ids(history), ["a0", "a1", "b2", "b3"]);
  assert.deepEqual(all(history), all(fresh(message(0, 2), forked)));
});

test("a shorter history cuts, also at the very start", () => {
  const history = fresh(message(0, 6), { first: 3, after: "a2", frames: [] });
  assert.deepEqual(all(history), all(fresh(message(0, 3))));
  history.accept({ first: 0, after: null, frames: [frame(0, "b")] });
  assert.deepEqual(all(history), all(fresh({ first: 0, after: null, frames: [frame(0, "b")] })));
});

test("any order of extensions, repeats and forks ends as the last word alone", () => {
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 200; round++) {
    const history = new History();
    let run = [];
    for (let step = 0; step < 12; step++) {
      const first = random(run.length + 1);
      const name = random(3) ? "a" : "b";
      const frames = Array.from({ length: random(4) }, (_, i) => frame(first + i, random(4) ? name : "c"));
      assert.equal(history.accept({ first, after: first ? run[first - 1].id : null, frames }), true);
      run = [...run.slice(0, first), ...frames];
      const alone = new History();
      alone.accept({ first: 0, after: null, frames: run });
      assert.deepEqual(all(history), all(alone));
    }
  }
});

test("what a frame does not set stays as it was at the one before, at every place", () => {
  const history = fresh({ first: 0, after: null, frames: [frame(0), { id: "a1" }, frame(2), { id: "a3" }] });
  assert.deepEqual([0, 1, 2, 3].map((n) => history.figure("course", n).get("course/bound/y")[1]), [0, 0, 2, 2]);
  assert.deepEqual([0, 1, 2, 3].map((n) => history.slot("words", n)), [0, 0, 2, 2].map((n) => ({ text: `a ${n}`, value: n })));
});

test("a series is shown up to the furthest frame visited, and keeps its array while its length stays", () => {
  const history = fresh(message(0, 6));
  const series = () => history.figure("timeline", 1).get("timeline/elbo/x");
  assert.deepEqual(series(), []);
  history.visit(2);
  history.visit(1);
  assert.deepEqual(series(), [0, 1, 2]);
  assert.equal(series(), series());
});

test("a fork of the same length shows its own series, and what comes after a cut is not given away", () => {
  const history = fresh(message(0, 3));
  history.visit(2);
  const series = () => history.figure("timeline", 2).get("timeline/elbo/x");
  assert.deepEqual(series(), [0, 1, 2]);
  history.accept({ first: 2, after: "a1", frames: [frame(2, "b", { append: { "timeline/elbo/x": [20] } })] });
  history.visit(2);
  assert.deepEqual(series(), [0, 1, 20]);
  history.accept({ first: 1, after: "a0", frames: [frame(1, "c"), frame(2, "c")] });
  assert.deepEqual(series(), [0]);
});

test("a light frame is known but cannot be shown until a whole one with its id fills it", () => {
  const history = fresh({ first: 0, after: null, frames: [frame(0), light(1), light(2)] });
  assert.deepEqual([0, 1, 2, 3].map((n) => history.whole(n)), [true, false, false, false]);
  history.fill([{ at: 1, frame: frame(1, "b") }, { at: 2, frame: frame(2) }, { at: 7, frame: frame(7) }]);
  assert.deepEqual([0, 1, 2, 3].map((n) => history.whole(n)), [true, false, true, false]);
  history.fill([{ at: 1, frame: frame(1) }]); // late, and between two that are there
  assert.deepEqual(all(history), all(fresh(message(0, 3))));
});

test("a light frame never takes the place of a whole one", () => {
  const history = fresh(message(0, 2));
  history.fill([{ at: 1, frame: light(1) }]);
  history.accept({ first: 0, after: null, frames: [light(0), light(1)] });
  assert.deepEqual(all(history), all(fresh(message(0, 2))));
});

test("packed arrays and colours are what was packed", () => {
  const packed = (array, dtype, shape) => ({ dtype, bdata: Buffer.from(array.buffer).toString("base64"), ...(shape && { shape }) });
  const value = decode({ a: packed(Float64Array.of(1.5, -2), "f8"), b: [{ rgb: Buffer.from([1, 2, 3, 255, 0, 9]).toString("base64") }] });
  assert.deepEqual(Array.from(value.a), [1.5, -2]);
  assert.deepEqual(value.b, [["rgb(1,2,3)", "rgb(255,0,9)"]]);
  const rows = decode(packed(Float32Array.of(1, 2, 3, 4, 5, 6), "f4", "2, 3"));
  assert.deepEqual(rows.map((row) => Array.from(row)), [[1, 2, 3], [4, 5, 6]]);
});

test("of a column that makes up for those before it only what is left is told", () => {
  const before = decode({ columns: [[500, 200], [300, 300], [200, 500], [7, 8]] });
  const now = complete({ columns: [{ by: [10, -20] }, { by: [-4, 5] }, { rest: [0, 1] }, null] }, before);
  assert.deepEqual(now.columns, [[510, 180], [296, 305], [194, 516], [7, 8]]);
});
