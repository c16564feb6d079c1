// @ts-check
/** A message as Streamlit hands it over: packed bytes. */
import { inflate } from "./inflate.js";

/** @typedef {import("./types.js").Told} Told */

/** @type {{ bytes: Uint8Array, told: Told } | undefined} */
let last;

/**
 * What Python said; the same object for the same bytes, so that nothing is taken twice.
 * @param {Uint8Array} bytes
 * @returns {Told}
 */
export function unpacked(bytes) {
  const same = last && (last.bytes === bytes || (last.bytes.length === bytes.length && last.bytes.every((byte, n) => byte === bytes[n])));
  if (!last || !same) last = { bytes, told: JSON.parse(new TextDecoder().decode(inflate(bytes))) };
  return last.told;
}
