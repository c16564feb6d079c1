// @ts-check
/**
 * Small pictures in two blocks, large ones and rows of others: where both stand in a figure of any size, so that pixels are as
 * high as they are wide and as many rows are in view as there is room for.
 */

/**
 * @typedef {{ axes: [string, string], width: number, height: number, bands?: number, above?: number, left?: number,
 *   right?: number, rise?: number }} Block  width and height in the units of its axes, of one band where it has several; the room
 *   for words above and beside it in pixels; rise: how high a unit is, in pixels, where it need not be as high as it is wide
 * @typedef {{ head: Block, rows: Block }} Blocks
 * @typedef {{ width: number, height: number, left: number, top: number, side: number, rise: number, count: number }} Place  of a
 *   block with the room around it, in pixels; side, rise: how wide and high a unit is; count: how many bands are in view
 */

const GAP = 14; // pixels between the blocks
const LEAST = 0.87, MOST = 1.15; // how much lower or higher than wide a pixel of the rows may be, so that they fill their place
const UPPER = 0.5; // of the height, for the head above the rows
const SIDES = [0.3, 0.4, 0.5, 0.6]; // of the width, for the head beside them

/** @param {number} share */
const within = (share) => Math.min(Math.max(share, 0), 1);

/**
 * @param {Block} block
 * @param {number} scale  of the page's text
 */
function around({ above = 0, left = 0, right = 0, rise = 0, ...block }, scale) {
  return { ...block, above: above * scale, left: left * scale, right: right * scale, rise: rise * scale };
}

/**
 * The head, as large as the room allows.
 * @param {ReturnType<typeof around>} block
 * @param {number} width
 * @param {number} height
 * @returns {Place}
 */
function head(block, width, height) {
  const across = (width - block.left - block.right) / block.width, down = (height - block.above) / block.height;
  const side = block.rise ? across : Math.min(across, down), rise = block.rise ? Math.min(block.rise, down) : side;
  return { width: block.left + side * block.width + block.right, height: block.above + rise * block.height, left: 0, top: 0, side, rise, count: 1 };
}

/**
 * As many of the rows as the room allows, one at least.
 * @param {ReturnType<typeof around>} block
 * @param {number} width
 * @param {number} height
 * @returns {Place}
 */
function rows(block, width, height) {
  const room = height - block.above;
  let side = (width - block.left - block.right) / block.width;
  const natural = block.rise || side;
  const count = Math.min(Math.max(Math.round(room / (natural * block.height)), 1), block.bands ?? 1);
  const exact = room / (count * block.height);
  const rise = Math.min(exact, MOST * natural);
  if (!block.rise && rise < LEAST * side) side = rise / LEAST; // one row that is too high
  return { width: block.left + side * block.width + block.right, height: block.above + rise * count * block.height, left: 0, top: 0, side, rise, count };
}

/**
 * Both places, one above the other or beside each other: the way in which the pictures are larger and leave less room empty.
 * @param {Blocks} blocks
 * @param {number} width
 * @param {number} height
 * @param {number} scale
 * @returns {[Place, Place]}
 */
export function places(blocks, width, height, scale) {
  const upper = around(blocks.head, scale), lower = around(blocks.rows, scale), gap = GAP * scale;
  const all = rows(lower, width, Infinity).height;
  const high = head(upper, width, Math.max(UPPER * (height - gap), height - gap - all));
  const below = rows(lower, width, height - gap - high.height);
  /** @type {[Place, Place][]} */
  const ways = [[high, below], ...SIDES.map((share) => /** @type {[Place, Place]} */ (
    [head(upper, share * (width - gap), height), rows(lower, (1 - share) * (width - gap), height)]))];
  /** @param {Place[]} way */
  const filled = ([one, other]) => Math.sqrt(one.side * one.rise * upper.width * upper.height)
    + Math.sqrt(other.side * other.rise * lower.width * lower.height * other.count);
  const best = ways.reduce((one, other) => (filled(other) > filled(one) ? other : one));
  const [one, other] = best;
  if (best === ways[0]) {
    const free = Math.max(height - one.height - gap - other.height, 0) / 3;
    return [{ ...one, left: (width - one.width) / 2, top: free }, { ...other, left: (width - other.width) / 2, top: 2 * free + one.height + gap }];
  }
  const free = Math.max(width - one.width - gap - other.width, 0) / 3;
  return [{ ...one, left: free, top: (height - one.height) / 2 }, { ...other, left: 2 * free + one.width + gap, top: (height - other.height) / 2 }];
}

/**
 * What a layout with `meta.blocks` is given for a figure of this size: addresses with their values; nothing for any other.
 * @param {Record<string, any>} layout
 * @param {{ width: number, height: number }} size
 * @param {number} scale
 * @returns {Record<string, number[]>}
 */
export function placed({ meta, margin, ...layout }, size, scale) {
  const { l = 0, r = 0, t = 0, b = 0 } = margin ?? {};
  const width = size.width - l - r, height = size.height - t - b;
  /** @type {Blocks | undefined} */
  const blocks = meta?.blocks;
  if (!blocks || !(width > 0) || !(height > 0)) return {};
  const both = places(blocks, width, height, scale);
  /** @type {Record<string, number[]>} */
  const result = {};
  [blocks.head, blocks.rows].forEach((block, number) => {
    const place = both[number], { left, right, above } = around(block, scale);
    const [x, y] = block.axes, top = layout[y].range[1];
    result[`${x}.domain`] = [place.left + left, place.left + place.width - right].map((pixel) => within(pixel / width));
    result[`${y}.domain`] = [place.top + place.height, place.top + above].map((pixel) => within(1 - pixel / height));
    // not a line of the first band that is not in view
    result[`${y}.range`] = [top + place.count * block.height - (place.count < (block.bands ?? 1) ? 1 / place.rise : 0), top];
  });
  return result;
}
