// @ts-check
/** A message as Streamlit hands it over: packed bytes, without what was as in a message that is here already. */
import { checksum, inflate, presumes } from "./inflate.js";

/** @typedef {import("./types.js").Told} Told */

const WINDOW = 32_768; // bytes at the end of a message that the next one may refer to
const REMEMBERED = 16; // messages that may come while one is asked for

/** @type {Map<number, Uint8Array>} */
const texts = new Map(); // the ends of the last messages, by their checksums
/** @type {{ bytes: Uint8Array, told: Told | null } | undefined} */
let last;

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
  const presumed = presumes(bytes), before = presumed === null ? new Uint8Array() : texts.get(presumed);
  if (!before) {
    texts.clear(); // the next ask names none
    return null;
  }
  const text = inflate(bytes, before), end = text.slice(-WINDOW), name = checksum(end);
  texts.delete(name);
  texts.set(name, end);
  if (texts.size > REMEMBERED) texts.delete([...texts.keys()][0]);
  return JSON.parse(new TextDecoder().decode(text));
}
