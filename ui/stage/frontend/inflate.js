// @ts-check
/** Unpacks what zlib has packed (RFC 1950, RFC 1951), at once: the browser's own way is a stream, which answers later. */

const LENGTHS = codes([3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258],
  [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]);
const DISTANCES = codes([1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577], [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13]);
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const FIXED = [tree([...fill(8, 144), ...fill(9, 112), ...fill(7, 24), ...fill(8, 8)]), tree(fill(5, 30))];

/**
 * @param {number[]} base
 * @param {number[]} extra  bits
 */
function codes(base, extra) {
  return base.map((start, n) => ({ start, extra: extra[n] }));
}

/**
 * @param {number} value
 * @param {number} count
 * @returns {number[]}
 */
function fill(value, count) {
  return Array(count).fill(value);
}

/**
 * A canonical Huffman code: how many codes have each length, and the symbols in their order.
 * @param {number[]} lengths  of the code of each symbol, 0 for one that does not occur
 */
function tree(lengths) {
  const counts = fill(0, 16);
  lengths.forEach((length) => counts[length]++);
  counts[0] = 0;
  const symbols = lengths.map((_, symbol) => symbol).filter((symbol) => lengths[symbol]);
  symbols.sort((a, b) => lengths[a] - lengths[b] || a - b);
  return { counts, symbols };
}

/** @typedef {ReturnType<typeof tree>} Tree */

/**
 * The checksum of the text that these bytes presume to be known; null where there is none.
 * @param {Uint8Array} packed
 */
export const presumes = (packed) =>
  packed[1] & 0x20 ? packed.subarray(2, 6).reduce((sum, byte) => 256 * sum + byte, 0) : null;

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

/**
 * @param {Uint8Array} packed
 * @param {Uint8Array} [known]  the text that it presumes to be known
 * @returns {Uint8Array}
 */
export function inflate(packed, known = new Uint8Array()) {
  let out = new Uint8Array(8 * packed.length + 1024 + known.length), length = known.length, at = packed[1] & 0x20 ? 6 : 2;
  let held = 0, bits = 0;
  out.set(known);

  /** @param {number} count */
  const take = (count) => {
    while (bits < count) {
      if (at >= packed.length) throw new RangeError("The message is cut off.");
      held |= packed[at++] << bits;
      bits += 8;
    }
    const value = held & ((1 << count) - 1);
    held >>>= count;
    bits -= count;
    return value;
  };
  /** @param {number} more */
  const room = (more) => {
    if (length + more <= out.length) return;
    const larger = new Uint8Array(2 * (length + more));
    larger.set(out);
    out = larger;
  };
  /** @param {Tree} code */
  const symbol = ({ counts, symbols }) => {
    let value = 0, first = 0, index = 0;
    for (let size = 1; size < 16; size++) {
      value |= take(1);
      const count = counts[size];
      if (value - first < count) return symbols[index + value - first];
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new RangeError("The message is damaged.");
  };
  const dynamic = () => {
    const [literals, distances, count] = [take(5) + 257, take(5) + 1, take(4) + 4];
    const sizes = fill(0, 19);
    for (let n = 0; n < count; n++) sizes[ORDER[n]] = take(3);
    const code = tree(sizes);
    /** @type {number[]} */
    const lengths = [];
    while (lengths.length < literals + distances) {
      const next = symbol(code);
      if (next < 16) lengths.push(next);
      else if (next === 16) lengths.push(...fill(lengths.at(-1) ?? 0, take(2) + 3));
      else lengths.push(...fill(0, next === 17 ? take(3) + 3 : take(7) + 11));
    }
    return [tree(lengths.slice(0, literals)), tree(lengths.slice(literals))];
  };
  /** @param {Tree[]} trees */
  const block = ([literals, distances]) => {
    for (let next = symbol(literals); next !== 256; next = symbol(literals)) {
      room(258);
      if (next < 256) {
        out[length++] = next;
        continue;
      }
      const { start, extra } = LENGTHS[next - 257], count = start + take(extra);
      const far = DISTANCES[symbol(distances)], back = far.start + take(far.extra);
      for (const end = length + count; length < end; length++) out[length] = out[length - back];
    }
  };
  const stored = () => {
    at -= bits >> 3; // whole bytes that were read too early
    held = bits = 0;
    const count = packed[at] | (packed[at + 1] << 8);
    room(count);
    out.set(packed.subarray(at + 4, at + 4 + count), length);
    length += count;
    at += 4 + count;
  };
  for (let last = 0; !last;) {
    last = take(1);
    const kind = take(2);
    if (kind === 0) stored();
    else block(kind === 1 ? FIXED : dynamic());
  }
  return out.subarray(known.length, length);
}
