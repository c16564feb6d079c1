// @ts-check
/** The frames of a run, and what every slot and attribute holds at each of them. */
import { complete, decode, follows } from "./decode.js";

/**
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").SlotText} SlotText
 */

/**
 * Values that last from the frame which set them until the next one that does.
 * @template T
 */
class Track {
  /** @type {number[]} */
  at = [];
  /** @type {T[]} */
  values = [];

  /**
   * @param {number} frame
   * @param {T} value
   */
  set(frame, value) {
    const place = this.after(frame); // frames come in order, but for those that are filled in later
    if (this.at[place - 1] === frame) this.values[place - 1] = value;
    else {
      this.at.splice(place, 0, frame);
      this.values.splice(place, 0, value);
    }
  }

  /**
   * @param {number} frame
   * @returns {T | undefined}
   */
  get(frame) {
    return this.values[this.after(frame) - 1];
  }

  /**
   * The place of the first entry after `frame`.
   * @param {number} frame
   */
  after(frame) {
    let low = 0, high = this.at.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at[middle] <= frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {number} frame */
  cut(frame) {
    this.at.length = this.values.length = this.after(frame - 1);
  }
}

/** A growing list; `get` repeats the same array while its length stays, so that nothing is redrawn. */
class Series {
  /** @type {unknown[]} */
  values = [];
  /** @type {Track<number>} */
  lengths = new Track();
  /** @type {unknown[]} */
  shown = [];

  /**
   * @param {number} frame
   * @param {unknown[]} values
   */
  append(frame, values) {
    this.values.push(...values);
    this.lengths.set(frame, this.values.length);
  }

  /** @param {number} frame */
  get(frame) {
    const length = this.lengths.get(frame) ?? 0;
    if (this.shown.length !== length) this.shown = this.values.slice(0, length);
    return this.shown;
  }

  /** @param {number} frame */
  cut(frame) {
    this.lengths.cut(frame);
    this.values.length = this.lengths.values.at(-1) ?? 0;
    this.shown = []; // a fork may have the same length and other values
  }
}

/**
 * The entry of a map under this key, made if there is none yet.
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {new () => T} Kind
 * @returns {T}
 */
function entry(map, key, Kind) {
  const made = map.get(key) ?? new Kind();
  map.set(key, made);
  return made;
}

export class History {
  /** @type {Frame[]} */
  frames = [];
  furthest = -1; // the furthest frame visited: series are shown up to it
  /** @type {Map<string, Track<unknown>>} */
  attributes = new Map();
  /** @type {Map<string, Series>} */
  series = new Map();
  /** @type {Map<string, Track<SlotText>>} */
  slots = new Map();

  get last() {
    return this.frames.length - 1;
  }

  /**
   * Take a message's frames; false if the frames before them are not ours.
   * @param {Pick<import("./types.js").Message, "first" | "after" | "frames">} message
   * @param {string[]} [later]  ids of those after them that may be here already, and stay
   */
  accept({ first, after, frames }, later = []) {
    if (first > 0 && this.frames[first - 1]?.id !== after) return false;
    let same = 0;
    while (same < frames.length && this.frames[first + same]?.id === frames[same].id) same++;
    this.fill(frames.slice(0, same).map((frame, i) => ({ at: first + i, frame })));
    let length = first + same;
    if (same === frames.length) for (const id of later) if (this.frames[length]?.id === id) length++;
    this.cut(length);
    frames.slice(same).forEach((frame) => this.push(frame));
    return true;
  }

  /** @param {Frame} frame */
  push(frame) {
    const n = this.frames.push(frame) - 1;
    for (const [key, value] of Object.entries(frame.append ?? {})) entry(this.series, key, Series).append(n, decode(value));
    this.hold(n, frame);
  }

  /**
   * Whole frames for light ones that are here already.
   * @param {{ at: number, frame: Frame }[]} fills
   */
  fill(fills) {
    for (const { at, frame } of fills) {
      if (this.frames[at]?.id !== frame.id || frame.light || this.whole(at)) continue;
      this.frames[at] = frame;
      this.hold(at, frame);
    }
  }

  /**
   * Whether a frame can be shown: it is there, and not a light one.
   * @param {number} n
   */
  whole(n) {
    return Boolean(this.frames[n]) && !this.frames[n].light;
  }

  /**
   * @param {number} n
   * @param {Frame} frame
   */
  hold(n, frame) {
    /** @type {[Track<unknown>, any][]} */
    const derived = [];
    for (const [key, value] of Object.entries(frame.set ?? {})) {
      const track = entry(this.attributes, key, Track), given = complete(decode(value), track.get(n - 1));
      if (given?.of && !Array.isArray(given)) derived.push([track, given]);
      else track.set(n, given);
    }
    for (const [track, given] of derived) track.set(n, follows(given, this.attributes.get(given.of)?.get(n)));
    for (const [slot, text] of Object.entries(frame.text ?? {})) {
      entry(this.slots, slot, Track).set(n, { text, value: frame.value?.[slot] });
    }
  }

  /** @param {number} length */
  cut(length) {
    if (length >= this.frames.length) return;
    this.frames.length = length;
    this.furthest = Math.min(this.furthest, length - 1);
    for (const map of [this.attributes, this.series, this.slots]) map.forEach((t) => t.cut(length));
  }

  /** @param {number} n */
  visit(n) {
    this.furthest = Math.max(this.furthest, n);
  }

  /**
   * What each attribute of one figure holds at a frame: Map of key to value, undefined where none was set yet.
   * @param {string} id
   * @param {number} n
   * @returns {Map<string, any>}
   */
  figure(id, n) {
    const held = new Map();
    /**
     * @param {Map<string, { get: (frame: number) => unknown }>} map
     * @param {number} frame
     */
    const collect = (map, frame) => map.forEach((t, key) => key.startsWith(`${id}/`) && held.set(key, t.get(frame)));
    collect(this.attributes, n);
    collect(this.series, this.furthest);
    return held;
  }

  /**
   * What a series was given at a frame; the exact number of a slot where no series has this name.
   * @param {string} name
   * @param {number} n
   */
  number(name, n) {
    const series = this.series.get(name);
    return series ? series.values[(series.lengths.get(n) ?? 0) - 1] : this.slot(name, n)?.value;
  }

  /**
   * @param {string} name
   * @param {number} n
   * @returns {SlotText | undefined}
   */
  slot(name, n) {
    return this.slots.get(name)?.get(n);
  }
}
