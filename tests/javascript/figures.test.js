/** Frames know traces by name, Plotly by number. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { alike, own, stepAt, underway } from "../../ui/stage/frontend/attributes.js";
import { Picture } from "../../ui/stage/frontend/figures.js";
import { companions } from "../../ui/stage/frontend/plotly.js";

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

test("on its way an attribute holds one step after another, and nothing between two of them", () => {
  const each = { each: [[0], [3], [4]] };
  assert.deepEqual([0, 0.3, 0.4, 0.7, 1].map((t) => underway(each, [4], stepAt(each, t))), [[0], [0], [3], [4], [4]]);
  const first = { first: [1, 2, 3] };
  assert.deepEqual(underway(first, [5, 6, 7], stepAt(first, 0.5)), [5, 6]);
  const last = { last: [1, 2] };
  assert.deepEqual(underway(last, [8, 9], stepAt(last, 0)), [8, 1]);
});

test("a range that is as it was leaves the reader's zoom, which Plotly writes into its own copy", () => {
  const range = [0, 1];
  assert.ok(alike(range, [0, 1]) && !alike(range, [0, 2]) && !alike([1, 2, 3], [1, 2, 3]));
  assert.notEqual(own(range), range);
  assert.deepEqual(own(range), range);
});

test("with traces that are drawn alone comes one of every other plot, and both sides of a shade", () => {
  const upper = { xaxis: "x", yaxis: "y", visible: true };
  const lower = { xaxis: "x", yaxis: "y2", visible: true };
  const host = /** @type {any} */ ({ _fullData: [upper, upper, { ...lower, visible: false }, lower, { ...lower, fill: "tonexty" }, lower] });
  assert.deepEqual(companions(host, [1]), [3, 4]);
  assert.deepEqual(companions(host, [5]), [0]);
  assert.deepEqual(companions(host, [0, 4]), [3]);
  assert.deepEqual(companions(host, [0, 5]), []);
  const layered = /** @type {any} */ ({ _fullData: [{ ...upper, zorder: 0 }, { ...upper, zorder: -1 }, { ...upper, zorder: -1 }] });
  assert.deepEqual(companions(layered, [0]), [1]);
  assert.deepEqual(companions(layered, [2]), [0]);
});

test("what no frame has said is not there at all: Plotly writes the zoom that it keeps into what it finds", () => {
  /** @type {any[]} */
  const drawn = [];
  globalThis.window = /** @type {any} */ (globalThis);
  globalThis.Plotly = { newPlot: (/** @type {any[]} */ ...given) => drawn.push(given) };
  const picture = new Picture("apart", { data: [{ meta: "gap" }], layout: { yaxis: { visible: true } } }, [], /** @type {any} */ ({}));
  const held = new Map(Object.entries({ "apart/xaxis.range": null, "apart/yaxis.visible": null, "apart/0/x": null, "apart/0/y": [1] }));
  picture.draw(held, /** @type {any} */ ({ dark: false, font: "serif", size: 13, scale: 1, colors: {} }));
  const [[, [trace], layout]] = drawn;
  assert.ok(!("range" in (layout.xaxis ?? {})) && layout.yaxis.visible === true);
  assert.ok(!("x" in trace) && trace.y[0] === 1);
});
