// @ts-check
/** Two numbers of the frame in view as two tones: as far apart as the numbers are, in unison where they are the same. */
import { el } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("./history.js").History} History
 * @typedef {import("./types.js").Tones} Tones
 */

const KEPT = "stage.sound"; // where the browser keeps that the reader wants to hear it
const LOWEST = 220, OCTAVES = 2; // hertz
const FINE = 1000; // so many times smaller than the whole range is what still makes a difference at its upper end
const LOUD = 0.05, SOFT = 0.015, SHORT = 0.12; // the volume, how fast a tone comes and goes, seconds
const LASTS = 0.35; // seconds

/**
 * The pitch of a number in the range of a run, in hertz. Pitch rises with the number, the faster the nearer it is to the top: there a
 * run spends its time, and differences are small.
 * @param {number} value
 * @param {[number, number]} range
 */
export function pitch(value, [low, high]) {
  if (!(high > low)) return LOWEST;
  const fine = (high - low) / FINE, below = Math.min(Math.max(high - value, 0), high - low);
  return LOWEST * 2 ** (OCTAVES * (1 - Math.log1p(below / fine) / Math.log1p(FINE)));
}

/**
 * The same where the numbers meet at a centre: from an octave below to an octave above, the faster the nearer it is.
 * @param {number} value
 * @param {[number, number]} around  the centre, and how far from it the octaves end
 */
export function pitchAround(value, [centre, most]) {
  const middle = LOWEST * 2 ** (OCTAVES / 2);
  if (!(most > 0)) return middle;
  const far = Math.min(Math.abs(value - centre), most);
  return middle * 2 ** (Math.sign(value - centre) * OCTAVES / 2 * Math.log1p(far / most * FINE) / Math.log1p(FINE));
}

/**
 * The least and the most that the tones have at any frame.
 * @param {History} history
 * @param {Tones} tones
 * @returns {[number, number]}
 */
export function rangeOf(history, tones) {
  let low = Infinity, high = -Infinity;
  for (const { slot, series } of tones.of) {
    for (let n = 0; n <= history.last; n++) {
      const value = history.number(series ?? slot, n);
      if (typeof value !== "number" || !Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}

/** Whether the reader has asked for it before. */
function wanted() {
  try {
    return localStorage.getItem(KEPT) === "on";
  } catch {
    return false; // a browser that keeps nothing
  }
}

export class Sound {
  /** @type {AudioContext | null} */
  context = null; // made by the reader's first click or key
  /** @type {{ oscillator: OscillatorNode, gain: GainNode }[]} */
  voices = [];
  last = ""; // what was heard last
  told = ""; // the numbers in view

  /** @param {Tones} tones */
  constructor(tones) {
    this.tones = tones;
    this.on = wanted();
    this.button = el("button", { class: "stage-button stage-sound", type: "button", "aria-label": tones.label, title: tones.title,
      on: { click: () => this.turn(!this.on) } });
    this.hidden = () => document.hidden && this.context?.suspend();
    document.addEventListener("visibilitychange", this.hidden);
    this.show();
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on;
    try {
      localStorage.setItem(KEPT, on ? "on" : "off");
    } catch {
      // a browser that keeps nothing: off again on the next page
    }
    this.show();
    const heard = this.last;
    this.last = "";
    if (!on) this.context?.suspend();
    else if (heard) this.play(JSON.parse(heard));
  }

  show() {
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.replaceChildren(icon(this.on ? "sound" : "silent"));
  }

  /**
   * The frame in view, once for each: what its slots hold, or its series where it is a light one.
   * @param {History} history
   * @param {number} cursor
   * @param {import("./types.js").Slots} slot
   */
  at(history, cursor, slot) {
    const { centre, of } = this.tones, range = rangeOf(history, this.tones), whole = history.whole(cursor);
    if (!whole && !of.every(({ series }) => series)) return; // its numbers are on their way
    const values = of.map(({ slot: name, series }) => (whole ? slot(name)?.value : history.number(series ?? name, cursor)));
    const told = JSON.stringify(values);
    if (told === this.told) return; // also where more frames have made the range larger
    this.told = told;
    this.play(values.map((value) => {
      if (typeof value !== "number" || !Number.isFinite(value)) return 0;
      return centre ? pitchAround(value, centre) : pitch(value, range);
    }));
  }

  /** @param {number[]} pitches  in hertz, 0 for none */
  play(pitches) {
    const told = JSON.stringify(pitches);
    if (told === this.last) return;
    this.last = told;
    if (!this.on || document.hidden || !navigator.userActivation?.hasBeenActive) return;
    const context = this.context ??= this.begin();
    if (context.state === "suspended") context.resume();
    const now = context.currentTime;
    pitches.forEach((frequency, n) => {
      const { oscillator, gain } = this.voices[n];
      gain.gain.cancelScheduledValues(now);
      if (frequency) {
        oscillator.frequency.setTargetAtTime(frequency, now, SOFT);
        gain.gain.setTargetAtTime(LOUD, now, SOFT);
      }
      gain.gain.setTargetAtTime(0, now + (frequency ? LASTS : 0), SHORT);
    });
  }

  begin() {
    const context = new AudioContext();
    this.voices = this.tones.of.map((_, n) => {
      const oscillator = new OscillatorNode(context, { type: n ? "triangle" : "sine", frequency: LOWEST });
      const gain = new GainNode(context, { gain: 0 });
      oscillator.connect(gain).connect(context.destination);
      oscillator.start();
      return { oscillator, gain };
    });
    return context;
  }

  destroy() {
    document.removeEventListener("visibilitychange", this.hidden);
    this.context?.close();
  }
}
