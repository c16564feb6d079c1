/** Pictures in two blocks stand in figures of any size: pixels nearly square, no band empty, as many rows as there is room for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { placed, places } from "../../ui/stage/frontend/blocks.js";

const head = { axes: ["xaxis", "yaxis"], width: 26, height: 8, above: 20 };
const rows = { axes: ["xaxis2", "yaxis2"], width: 110, height: 10, bands: 12 };
const blocks = /** @type {any} */ ({ head, rows });
const layout = {
  meta: { blocks }, margin: { l: 10, r: 10, t: 10, b: 10 },
  xaxis: { range: [-0.5, 25.5] }, yaxis: { range: [7.5, -0.5] }, xaxis2: { range: [-0.5, 109.5] }, yaxis2: { range: [119.5, -0.5] },
};
const SIZES = [[1000, 420], [700, 480], [560, 560], [480, 300], [340, 420], [340, 900]];

for (const [width, height] of SIZES) {
  test(`within ${width} × ${height} pixels`, () => {
    for (const scale of [1, 1.5]) {
      const [one, other] = places(blocks, width, height, scale);
      for (const { left, top, width: wide, height: high } of [one, other]) {
        assert.ok(left >= -1e-9 && top >= -1e-9 && left + wide <= width + 1e-9 && top + high <= height + 1e-9);
      }
      const apart = Math.max(other.top - one.top - one.height, other.left - one.left - one.width);
      assert.ok(apart >= 14 * scale - 1e-9, "they lie over each other");
      assert.equal(one.side, one.rise);
      assert.ok(other.rise / other.side >= 0.869 && other.rise / other.side <= 1.151);
      const used = one.width * one.height + other.width * other.height;
      assert.ok(used > 0.6 * width * height || other.count === rows.bands, `${used / (width * height)} of it is used`);
    }
  });
}

test("more room shows more rows, never more than there are", () => {
  const counts = [300, 400, 500, 600, 5000].map((height) => places(blocks, 500, height, 1)[1].count);
  assert.deepEqual(counts, [...counts].sort((a, b) => a - b));
  assert.ok(counts[0] < counts[3]);
  assert.equal(counts[4], rows.bands);
});

test("a wide figure has them beside each other, a high one below", () => {
  const [one, other] = places(blocks, 1000, 300, 1);
  assert.ok(other.left > one.left + one.width);
  const [upper, lower] = places(blocks, 400, 600, 1);
  assert.ok(lower.top > upper.top + upper.height);
});

test("one row that is too high for its place is smaller, not flat", () => {
  const high = /** @type {any} */ ({ head, rows: { ...rows, height: 90, bands: 1 } });
  const [, { rise, side, height }] = places(high, 400, 300, 1);
  assert.ok(rise / side >= 0.869 && height < 300);
});

test("strips are as high as they say, however wide the figure is", () => {
  const strips = { ...blocks, rows: { ...rows, width: 5, height: 1, rise: 16, bands: 60 } };
  const [, { rise, side }] = places(strips, 500, 500, 1);
  assert.ok(Math.abs(rise - 16) < 3 && side > 50);
});

test("domains and ranges show whole rows, and other layouts are left alone", () => {
  const size = { width: 560, height: 580 };
  const result = placed(layout, size, 1);
  const [, { count, rise }] = places(blocks, 540, 560, 1);
  const [bottom, top] = result["yaxis2.range"];
  assert.equal(top, -0.5);
  assert.ok(Math.abs((bottom - top - 10 * count) * rise) <= 1 + 1e-9);
  assert.deepEqual(result["yaxis.range"], [7.5, -0.5]);
  const pixel = (/** @type {number[]} */ [low, high], /** @type {number} */ length) => (high - low) * length;
  assert.ok(Math.abs(pixel(result["xaxis.domain"], 540) / 26 - pixel(result["yaxis.domain"], 560) / 8) < 1e-9);
  assert.deepEqual(placed({ margin: layout.margin }, size, 1), {});
  assert.deepEqual(placed(layout, { width: 0, height: 0 }, 1), {});
});
