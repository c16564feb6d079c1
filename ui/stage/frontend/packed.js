// @ts-check
/** A message as Streamlit hands it over: packed bytes, without what was as in a message that is here already. */
import { unzlibSync } from "./vendor/fflate/fflate.js"; // at once: the browser's own way is a stream, which answers later

/** @typedef {import("./types.js").Told} Told */

const WINDOW = 32_768; // bytes at the end of a message that the next one may refer to
const REMEMBERED = 16; // messages that may come while one is asked for

/** @type {Map<number, Uint8Array>} */
const texts = new Map(); // the ends of the last messages, by their checksums
/** @type {{ bytes: Uint8Array, told: Told | null } | undefined} */
let last;

/**
 * The checksum of the text that these bytes presume to be known (RFC 1950); null where there is none.
 * @param {Uint8Array} packed
 */
const presumes = (packed) => (packed[1] & 0x20 ? packed.subarray(2, 6).reduce((sum, byte) => 256 * sum + byte, 0) : null);

/**
 * Adler-32, by which zlib names a text.
 * @param {Uint8Array} text
 */
export function checksum(text) {
  let low = 1, high = 0;
  for (const byte of text) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return 65536 * high + low;
}

/** What an ask says of it: the message that was read last. */
export const read = () => [...texts.keys()].slice(-1).map((name) => ({ read: name }))[0] ?? {};

/**
 * What Python said; the same object for the same bytes, so that nothing is taken twice. Null where it refers to a message that is
 * not here.
 * @param {Uint8Array} bytes
 * @returns {Told | null}
 */
export function unpacked(bytes) {
  const same = last && (last.bytes === bytes || (last.bytes.length === bytes.length && last.bytes.every((byte, n) => byte === bytes[n])));
  if (!last || !same) last = { bytes, told: parsed(bytes) };
  return last.told;
}

/** @param {Uint8Array} bytes */
function parsed(bytes) {
  const presumed = presumes(bytes), dictionary = presumed === null ? undefined : texts.get(presumed);
  if (presumed !== null && !dictionary) {
    texts.clear(); // the next ask names none
    return null;
  }
  const text = unzlibSync(bytes, { dictionary }), end = text.slice(-WINDOW), name = checksum(end);
  texts.delete(name);
  texts.set(name, end);
  if (texts.size > REMEMBERED) texts.delete([...texts.keys()][0]);
  return JSON.parse(new TextDecoder().decode(text));
}
