/** A message comes as it was sent, once for the same bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { unpacked } from "../../ui/stage/frontend/packed.js";

const sent = { key: "stage", frames: [{ id: "1", text: { caption: "θ → −1" } }] };
const bytes = () => new Uint8Array(deflateSync(JSON.stringify(sent)));

test("what was sent", () => assert.deepEqual(unpacked(bytes()), sent));

test("the same bytes once more are the same message", () => {
  const first = unpacked(bytes());
  assert.equal(unpacked(bytes()), first);
  assert.notEqual(unpacked(new Uint8Array(deflateSync(JSON.stringify({ ...sent, key: "other" })))), first);
});
