/** What a figure holds, in words and numbers: of Plotly's traces as it has filled them in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { described, plain, series, shown, written } from "../../ui/stage/frontend/series.js";

/** @param {Record<string, any>[]} traces @param {Record<string, any>} [layout] @returns {any} */
const figure = (traces, layout = {}) => ({
  data: traces, _fullLayout: { xaxis: {}, yaxis: {}, ...layout }, _fullData: traces.map((trace) => ({ visible: true, type: "scatter", mode: "lines", ...trace })),
});
const axes = { xaxis: { title: { text: "eruption (min)" } }, yaxis: { title: { text: "waiting (min)" } } };
const points = {
  meta: "points", mode: "markers", x: [2, 1.6, 5.1], y: [54.5, 43, 96], customdata: [[0.25, -3.5], [1, -4], [0, -5]],
  hovertemplate: "eruption (min) %{x}<br>waiting (min) %{y}<br>responsibility: %{customdata[0]:.3f}<br>log p: %{customdata[1]:.3f}<extra></extra>",
};

test("a table has a column for each number that is told under the mouse, and its place", () => {
  const [only] = series(figure([points], axes));
  assert.deepEqual(only.columns.map(({ label }) => label), ["eruption (min)", "waiting (min)", "responsibility", "log p"]);
  assert.deepEqual(only.places.map((place) => only.columns.map(({ value }) => value(place))), [[2, 54.5, 0.25, -3.5], [1.6, 43, 1, -4], [5.1, 96, 0, -5]]);
});

test("numbers are shown to the digits that they have, with a true minus; words without tags, and what is not there as nothing", () => {
  assert.deepEqual([-1131.24951, 0.30000001192092896, 0, -Infinity, NaN, null, 1e-9].map((value) => shown(value)),
    ["−1131.25", "0.3", "0", "−∞", "", "", "1e−9"]);
  assert.equal(shown("<b>mean</b> (2, 3)<br>weight 0.4&lt;1"), "mean (2, 3); weight 0.4<1");
  assert.equal(plain("<br>max "), "max");
});

test("points are told by how many they are and where, a single one by what it says", () => {
  const badge = { meta: "badge 1", mode: "markers+text", x: [2], y: [54.5], text: ["1"], customdata: ["component 1<br>weight 0.36"], hovertemplate: "%{customdata}<extra></extra>" };
  assert.equal(described(figure([points, badge], axes)),
    "points: 3 points, eruption (min) 1.6 to 5.1, waiting (min) 43 to 96. component 1; weight 0.36.");
});

test("a series by half-steps is told at the one in view", () => {
  const elbo = { meta: "elbo", name: "ELBO", x: [0, 1, 2], y: [-12.31, -10.02, -9], hovertemplate: "%{y:.2f}<extra></extra>" };
  const host = figure([elbo]);
  assert.equal(described(host, 1), "ELBO: at 1 of 0 to 2: −10.02.");
  assert.equal(described(host), "ELBO: 3 points, x 0 to 2, ELBO −12.31 to −9.");
});

test("where the frame stands on the curves is told with the heights there", () => {
  const here = { meta: "here", mode: "markers", hoverinfo: "skip", x: [1, 1], y: [-1221.749, -1244.424] };
  assert.equal(described(figure([here], { yaxis: { title: { text: "nats" } } })), "Now at x 1: −1221.749 and −1244.424, nats.");
});

test("what is written in a figure is read line by line from the top, also where the axis is upside down", () => {
  const words = (/** @type {number[]} */ y) => ({ meta: "names", mode: "text", hoverinfo: "skip", x: [0, 0], y, text: ["E<sub>q</sub> log p", "entropy"] });
  const numbers = (/** @type {number[]} */ y) => ({ meta: "labels", mode: "text", hoverinfo: "skip", x: [1, 1], y, text: ["−1.5", "+ 0.5"] });
  assert.deepEqual(written(figure([words([2, 1]), numbers([2, 1])])), ["Eq log p −1.5", "entropy + 0.5"]);
  assert.deepEqual(written(figure([words([1, 2]), numbers([1, 2])], { yaxis: { range: [3, 0] } })), ["Eq log p −1.5", "entropy + 0.5"]);
});

test("what tells nothing and what is not to be seen is in no table", () => {
  const shade = { meta: "shade", hoverinfo: "skip", x: [1], y: [1] }, hidden = { meta: "kept", visible: false, x: [1], y: [1] };
  assert.deepEqual(series(figure([shade, hidden])), []);
  assert.equal(described(figure([shade, hidden])), "");
});

test("an image is told by its size and its numbers, cell by cell", () => {
  const image = { meta: "codes", type: "heatmap", x: [1, 2], y: ["a", "b"], z: [[0, -1], [2.5, null]], hovertemplate: "picture %{y}, atom %{x}<extra></extra>" };
  const host = figure([image]);
  assert.equal(described(host), "codes: 2 by 2 cells, −1 to 2.5.");
  const [{ columns, places }] = series(host);
  assert.deepEqual(columns.map(({ label }) => label), ["picture", "atom", "value"]);
  assert.deepEqual(places.map((place) => columns.map(({ value }) => value(place))), [["a", 1, 0], ["a", 2, -1], ["b", 1, 2.5]]);
});

test("of many traces some are told, and how many there are besides", () => {
  const many = Array.from({ length: 15 }, (_, n) => ({ meta: `run ${n}`, x: [0, 1], y: [n, n + 1] }));
  assert.match(described(figure(many)), /run 11: .* and 3 more\.$/);
});
