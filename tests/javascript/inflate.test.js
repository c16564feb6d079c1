/** What zlib packs comes out as it was, however it was packed. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { constants, deflateSync } from "node:zlib";
import { inflate } from "../../ui/stage/frontend/inflate.js";

const text = Buffer.from(Array.from({ length: 3000 }, (_, n) => `"timeline/elbo/${n % 7}": ${Math.sin(n)}, `).join("θ"));
const inputs = { nothing: Buffer.alloc(0), letter: Buffer.from("a"), text, zeros: Buffer.alloc(100_000), noise: randomBytes(70_000) };

for (const [name, input] of Object.entries(inputs)) {
  test(`${name} comes out as it went in`, () => {
    for (const level of [0, 1, 6, 9]) assert.deepEqual(Buffer.from(inflate(deflateSync(input, { level }))), input);
    for (const strategy of [constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE]) {
      assert.deepEqual(Buffer.from(inflate(deflateSync(input, { strategy }))), input);
    }
  });
}

test("what is cut off is refused", () => {
  const packed = deflateSync(text);
  assert.throws(() => inflate(packed.subarray(0, packed.length / 2)), RangeError);
});
