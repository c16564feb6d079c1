/** Paths of lines: what the eye cannot see is left out, and what Plotly cuts off is left to it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { path, pieces } from "../../ui/stage/frontend/lines.js";

const kind = { shape: "linear", smoothing: 1, simplify: true, width: 2, filled: false, across: 400, along: 300 };

test("of points on one line the ends remain, and both ways of a turn", () => {
  assert.deepEqual(pieces([[0, 0], [10, 0], [20, 0], [30, 0]], kind), [[[0, 0], [30, 0]]]);
  assert.deepEqual(pieces([[0, 0], [30, 0], [10, 0]], kind), [[[0, 0], [30, 0], [10, 0]]]);
  assert.deepEqual(pieces([[0, 0], [10, 0], [20, 9]], kind), [[[0, 0], [10, 0], [20, 9], [20, 9]]].map((one) => one.slice(0, 3)));
});

test("a line has a piece on each side of a gap, and one that leaves the plot far behind is not drawn here", () => {
  assert.deepEqual(pieces([[0, 0], [10, 5], null, [20, 0]], kind), [[[0, 0], [10, 5]], [[20, 0]]]);
  assert.equal(pieces([[0, 0], [1e5, 0]], kind), null);
});

test("points that are no further apart than the eye can tell are one", () => {
  assert.deepEqual(pieces([[0, 0], [0.1, 0]], kind), [[[0, 0]]]);
  assert.deepEqual(pieces([[0, 0], [0.1, 0]], { ...kind, simplify: false }), [[[0, 0], [0.1, 0]]]);
});

test("a curve goes through its points, straight where they lie on a line", () => {
  const curve = { ...kind, shape: "spline" };
  assert.equal(path([[0, 0], [10, 0]], curve), "M0,0L10,0");
  assert.equal(path([[0, 0], [10, 0], [20, 0]], curve), "M0,0Q6.67,0 10,0Q13.33,0 20,0");
});
