/** Arrows among points strewn in the plane: to the next one that way, and to every one sooner or later. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextThatWay, strewn } from "../../ui/stage/frontend/strewn.js";

const WAYS = [[1, 0], [-1, 0], [0, 1], [0, -1]];
const RIGHT = WAYS[0], LEFT = WAYS[1], DOWN = WAYS[2], UP = WAYS[3];

test("points are strewn where marks alone stand in no order of x", () => {
  const marks = { type: "scatter", mode: "markers", visible: true, x: [3, 1, 2], y: [0, 0, 0] };
  assert.equal(strewn(marks, [0, 1, 2]), true);
  assert.equal(strewn({ ...marks, x: [1, 1, 2] }, [0, 1, 2]), false);
  assert.equal(strewn({ ...marks, mode: "lines+markers" }, [0, 1, 2]), false, "a way has an order of its own");
  assert.equal(strewn({ ...marks, x: [3, NaN, 4] }, [0, 2]), false);
});

test("the next point that way is the nearest within 45°, else the nearest on that side", () => {
  const cross = [[0, 0], [10, 4], [-6, 1], [1, 8], [-2, -9], [30, 0], [3, 5]];
  assert.equal(nextThatWay(cross, 0, RIGHT), 1);
  assert.equal(nextThatWay(cross, 0, LEFT), 2);
  assert.equal(nextThatWay(cross, 0, DOWN), 6);
  assert.equal(nextThatWay(cross, 0, UP), 4);
  assert.equal(nextThatWay(cross, 5, RIGHT), 5, "none is further right");
  assert.equal(nextThatWay([[0, 0], [1, 50]], 0, RIGHT), 1);
});

test("no point is out of reach, also not one of several in the same place", () => {
  const strewnPoints = Array.from({ length: 120 }, (_, n) => [Math.round(97 * Math.sin(12.9 * n)), Math.round(60 * Math.sin(78.2 * n * n))]);
  strewnPoints.push(strewnPoints[7], strewnPoints[7]);
  const reached = new Set([0]);
  for (const from of reached) for (const way of WAYS) reached.add(nextThatWay(strewnPoints, from, way));
  assert.equal(reached.size, strewnPoints.length);
});
