/** Messages name a scene that the browser has; one that it lacks comes whole, or is asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withScene } from "../../ui/stage/frontend/scenes.js";

const scene = { id: "a", figures: {}, views: [], caption: "caption" };

test("a whole scene is taken, whatever stands", () => {
  for (const known of [undefined, scene, { ...scene, id: "b" }]) {
    assert.deepEqual(withScene({ scene, first: 0 }, known), { scene, first: 0 });
  }
});

test("one that is named is the one that stands", () => {
  assert.equal(withScene({ scene: { id: "a" }, first: 3 }, scene).scene, scene);
});

test("one that never came is told apart", () => {
  assert.equal(withScene({ scene: { id: "a" } }, undefined), null);
  assert.equal(withScene({ scene: { id: "a" } }, { ...scene, id: "b" }), null);
});
