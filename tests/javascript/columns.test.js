/** The tables of a figure: curves over the same places are one, whose columns have names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tables } from "../../ui/stage/frontend/columns.js";

/** @param {Record<string, any>[]} traces @param {Record<string, any>} [layout] @returns {any} */
const figure = (traces, layout = {}) => ({
  data: traces, _fullLayout: { xaxis: {}, yaxis: {}, ...layout }, _fullData: traces.map((trace) => ({ visible: true, type: "scatter", mode: "lines", ...trace })),
});
/** @param {any} host */
const read = (host) => tables(host).map(({ name, heads, places, cells }) => [name, heads, ...places.map((place) => cells.map((value) => value(place)))]);
const elbo = { meta: "elbo", name: "ELBO", hoverinfo: "skip", x: [0, 1], y: [-12.5, -10] };
const evidence = { meta: "evidence", name: "log p(v)", x: [0, 1], y: [-11, -10], customdata: ["start", "E"], hovertemplate: "%{customdata}<extra></extra>" };

test("curves over the same places are columns of one table, also one that another speaks for; words stand at its end", () => {
  const layout = { meta: { across: "half-step" }, yaxis: { title: { text: "nats" } } };
  assert.deepEqual(read(figure([elbo, evidence], layout)), [
    ["log p(v), ELBO", ["half-step", "log p(v)", "ELBO", "what it says"], [0, -11, -12.5, "start"], [1, -10, -10, "E"]],
  ]);
});

test("what is told of two curves is told of each", () => {
  const layout = { xaxis: { title: { text: "step k" } }, yaxis: { title: { text: "nats" } } };
  const [one, other] = ["objective", "gap"].map((meta, n) => ({ meta, name: meta, x: [1, 2], y: [n + 3, n + 1], hovertemplate: `${meta} %{y}<extra></extra>` }));
  assert.deepEqual(read(figure([one, other], layout)), [["objective, gap", ["step k", "objective", "gap"], [1, 3, 4], [2, 1, 2]]]);
});

test("curves over other places, and points, have tables of their own", () => {
  const longer = { ...evidence, meta: "longer", name: "plain EM", x: [0, 1, 2], y: [1, 2, 3], customdata: ["a", "b", "c"] };
  const dots = { meta: "dots", name: "dots", mode: "markers", x: [0, 1], y: [5, 6] };
  assert.deepEqual(read(figure([evidence, longer, dots])).map(([name]) => name), ["log p(v)", "plain EM", "dots"]);
});

test("where axes are called nothing, words stand without their coordinates", () => {
  const words = { meta: "marks", mode: "markers", x: [3.5, 7], y: [1, 2], text: ["atom 1", "atom 2"], hovertemplate: "%{text}<extra></extra>" };
  assert.deepEqual(read(figure([words])), [["marks", ["what it says"], ["atom 1"], ["atom 2"]]]);
});
