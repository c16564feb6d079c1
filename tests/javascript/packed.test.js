/** A message comes as it was sent, once for the same bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { checksum, read, unpacked } from "../../ui/stage/frontend/packed.js";

const sent = { key: "stage", frames: [{ id: "1", text: { caption: "θ → −1" } }] };
const bytes = () => new Uint8Array(deflateSync(JSON.stringify(sent)));

/** Packed with what another message says at its end. */
const after = (before, told) => {
  const dictionary = Buffer.from(JSON.stringify(before)).subarray(-32_768);
  return { name: checksum(dictionary), bytes: new Uint8Array(deflateSync(JSON.stringify(told), { dictionary })) };
};

test("what was sent", () => assert.deepEqual(unpacked(bytes()), sent));

test("the same bytes once more are the same message", () => {
  const first = unpacked(bytes());
  assert.equal(unpacked(bytes()), first);
  assert.notEqual(unpacked(new Uint8Array(deflateSync(JSON.stringify({ ...sent, key: "other" })))), first);
});

test("a message may refer to one that was read, which an ask names", () => {
  const long = { ...sent, text: Array.from({ length: 9000 }, (_, n) => n * n) };
  for (const before of [sent, long]) {
    unpacked(new Uint8Array(deflateSync(JSON.stringify(before))));
    const { name, bytes } = after(before, { ...before, key: "next" });
    assert.deepEqual(read(), { read: name });
    assert.ok(bytes.length < deflateSync(JSON.stringify({ ...before, key: "next" })).length);
    assert.deepEqual(unpacked(bytes), { ...before, key: "next" });
  }
});

test("a message that refers to one which is not here cannot be read, and the next ask names none", () => {
  unpacked(bytes());
  assert.equal(unpacked(after({ key: "another" }, sent).bytes), null);
  assert.deepEqual(read(), {});
  assert.deepEqual(unpacked(bytes()), sent);
});

test("the checksum is that of zlib", () => {
  const text = Buffer.from(JSON.stringify(sent).repeat(4000)), packed = deflateSync(text);
  assert.equal(checksum(text), packed.readUInt32BE(packed.length - 4));
});

test("what is cut off is refused", () => {
  const cut = bytes();
  assert.throws(() => unpacked(cut.subarray(0, cut.length / 2)));
});
