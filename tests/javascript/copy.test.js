/** The link that is copied. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { link } from "../../ui/stage/frontend/copy.js";

test("a link says what is in view, also where the address is bare", () => {
  assert.equal(link("http://here/", "model=gaussian_mixture"), "http://here/?model=gaussian_mixture");
  assert.equal(link("http://here/?seed=3", "model=gaussian_mixture"), "http://here/?seed=3");
  assert.equal(link("http://here/map", ""), "http://here/map");
});
