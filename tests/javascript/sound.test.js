/** From numbers to tones: as far apart as the numbers, and one where they are the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../ui/stage/frontend/history.js";
import { pitch, pitchAround, rangeOf } from "../../ui/stage/frontend/sound.js";

const RANGE = /** @type {[number, number]} */ ([-1271.3, -1130.6]);
/** @param {number} one @param {number} other  in semitones */
const interval = (one, other) => 12 * Math.log2(pitch(one, RANGE) / pitch(other, RANGE));

test("two numbers that are the same are one tone: the E-step's unison", () => {
  for (const value of [-1271.3, -1200, -1130.6]) assert.equal(pitch(value, RANGE), pitch(value, RANGE));
  assert.equal(interval(-1150, -1150), 0);
});

test("the interval grows with the gap, and one that is small is heard at the end of a run", () => {
  const intervals = [0, 0.01, 0.4, 3, 22.7, 100].map((gap) => interval(-1131, -1131 - gap));
  intervals.slice(1).forEach((wider, n) => assert.ok(wider > intervals[n]));
  assert.ok(interval(-1131, -1131.4) > 1, "a semitone at least");
});

test("pitch rises with the number from the lowest of the run to the highest, two octaves, and no further", () => {
  assert.deepEqual(RANGE.map((value) => Math.round(pitch(value, RANGE))), [220, 880]);
  assert.deepEqual([-2000, 0].map((value) => Math.round(pitch(value, RANGE))), [220, 880]);
  const rising = Array.from({ length: 50 }, (_, n) => pitch(RANGE[0] + n * (RANGE[1] - RANGE[0]) / 49, RANGE));
  rising.slice(1).forEach((higher, n) => assert.ok(higher > rising[n]));
});

test("numbers that meet at a centre come from above and below, and are one tone there", () => {
  const heard = [5, 1, 0.1, 1e-3].map((far) => [pitchAround(2 + far, [2, 5]), pitchAround(2 - far, [2, 5])]);
  const intervals = heard.map(([above, below]) => 12 * Math.log2(above / below));
  assert.ok(Math.abs(intervals[0] - 24) < 1e-9 && intervals[2] > 1, "two octaves at the beginning, more than a semitone late");
  intervals.slice(1).forEach((closer, n) => assert.ok(closer < intervals[n]));
  assert.deepEqual([pitchAround(2, [2, 5]), pitchAround(2, [2, 0])], [440, 440]);
});

test("a run of one height is one tone", () => {
  assert.equal(pitch(-5, [-5, -5]), 220);
  assert.equal(pitch(-5, [Infinity, -Infinity]), 220);
});

test("the range is that of all frames, light ones too, without what is no number", () => {
  const history = new History();
  const tones = { label: "", title: "", of: [{ slot: "metric.evidence", series: "timeline/evidence/y" }, { slot: "metric.elbo", series: "timeline/elbo/y" }] };
  history.accept({ first: 0, after: null, frames: [
    { id: "a", append: { "timeline/evidence/y": [-9], "timeline/elbo/y": [null] } },
    { id: "b", light: true, append: { "timeline/evidence/y": [-7], "timeline/elbo/y": [-8.5] } },
  ] });
  assert.deepEqual(rangeOf(history, tones), [-9, -7]);
  assert.deepEqual([0, 1].map((n) => history.number("timeline/elbo/y", n)), [null, -8.5]);
});

test("numbers without a series are those of their slots", () => {
  const history = new History();
  history.accept({ first: 0, after: null, frames: [{ id: "a", text: { "metric.elbo": "−2" }, value: { "metric.elbo": -2.5 } }, { id: "b" }] });
  assert.deepEqual([0, 1].map((n) => history.number("metric.elbo", n)), [-2.5, -2.5]);
});
