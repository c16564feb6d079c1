/** Frames know traces by name, Plotly by number. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Picture } from "../../ui/stage/frontend/figures.js";

const spec = { data: [{ meta: "elbo" }, { meta: "past bounds" }, { type: "bar" }], layout: {} };

test("a trace is found by its name, wherever it stands; one without a name by its number", () => {
  const picture = new Picture("course", spec, ["course/past bounds", "course/2"], /** @type {any} */ ({}));
  const named = new Map(Object.entries({ "course/past bounds/marker.color": 1, "course/elbo/x": 2, "course/2/y": 3 }));
  const expected = { "course/1/marker.color": 1, "course/0/x": 2, "course/2/y": 3 };
  assert.deepEqual(Object.fromEntries(picture.numbered(named)), expected);
  assert.deepEqual([...picture.glides], ["course/1", "course/2"]);
});

test("the layout's parts stay what they are, though a trace has the same name", () => {
  const picture = new Picture("course", { data: [{ meta: "xaxis" }], layout: {} }, [], /** @type {any} */ ({}));
  const held = new Map([["course/xaxis.range", [0, 1]]]);
  assert.deepEqual(picture.numbered(held), held);
});
