/** Frames know traces by name, Plotly by number. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { alike, own, stepAt, underway } from "../../ui/stage/frontend/attributes.js";
import { Picture } from "../../ui/stage/frontend/figures.js";
import { kin } from "../../ui/stage/frontend/plotly.js";
import { redraw } from "../../ui/stage/frontend/redraw.js";

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
  assert.ok(alike(range, [0, 1]) && !alike(range, [0, 2]));
  assert.notEqual(own(range), range);
  assert.deepEqual(own(range), range);
});

test("lists and parts are alike when all that they hold is, also numbers that are none", () => {
  assert.ok(alike([1, NaN, "a"], [1, NaN, "a"]) && alike(new Float32Array([1, 2, 3]), [1, 2, 3]) && alike([{ x: [1] }], [{ x: [1] }]));
  assert.ok(!alike([1, 2, 3], [1, 2, 4]) && !alike([], null) && !alike({ x: 1 }, { y: 1 }) && !alike([0], [undefined]));
});

test("what is shaded between two curves is drawn with both of them, and all else alone", () => {
  /** @type {Record<string, any>[]} */
  const traces = [0, 1, 2, 3].map((index) => ({ index }));
  Object.assign(traces[2], { _prevtrace: traces[1] });
  Object.assign(traces[1], { _nexttrace: traces[2] });
  const host = /** @type {any} */ ({ _fullData: traces });
  assert.deepEqual(kin(host, [2, 0]), [[1, 2], [0]]);
  assert.deepEqual(kin(host, [1, 2]), [[1, 2]]);
});

test("more than numbers on steady axes is left to Plotly, and nothing of it is done", () => {
  const trace = { type: "scatter", visible: true, mode: "lines", x: [1], y: [2], marker: { color: ["#111"] } };
  const axes = () => ({ xaxis: { autorange: false, type: "linear", range: [0, 1], tickvals: [0] }, yaxis: { autorange: false, type: "linear" } });
  /** @param {Record<string, any>} [layout] @param {Record<string, any>} [full] */
  const figure = (layout = {}, full = {}) => /** @type {any} */ (
    { data: [{ mode: "lines", x: [1], y: [2] }], layout: {}, _fullData: [{ ...trace, ...full }], _fullLayout: { ...axes(), ...layout } });
  /** @type {[any, [string, any]][]} */
  const cases = [
    [figure(), ["a/0/visible", true]],
    [figure(), ["a/0/line.color", "red"]],
    [figure(), ["a/0/x", []]],
    [figure(), ["a/0/marker.color", "red"]],
    [figure(), ["a/title.text", "t"]],
    [figure(), ["a/xaxis.range", [0, NaN]]],
    [figure(), ["a/xaxis.tickvals", [1]]], // no list of ticks until now
    [figure({ showlegend: true }), ["a/0/marker.color", ["#222"]]],
    [figure({ yaxis: { autorange: true, type: "linear" } }), ["a/0/x", [2]]],
    [figure({}, { type: "heatmap" }), ["a/0/x", [2]]],
    [figure({}, { visible: false }), ["a/0/x", [2]]],
  ];
  for (const [host, change] of cases) {
    assert.equal(redraw(host, [change]), false, change[0]);
    assert.deepEqual(host.data, [{ mode: "lines", x: [1], y: [2] }]);
    assert.deepEqual(host.layout, {});
  }
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
