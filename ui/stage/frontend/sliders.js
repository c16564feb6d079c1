// @ts-check
/** Handles that have no place in a picture: sliders in the card, which the reader holds as they hold the others. */
import { el, setText } from "./dom.js";

/**
 * @typedef {import("./types.js").SliderHandle} SliderHandle
 * @typedef {{ node: HTMLElement, input: HTMLInputElement, value: HTMLElement, handle: SliderHandle, byKey: boolean, takenBack: boolean,
 *   timer?: ReturnType<typeof setTimeout> }} Row
 */

const PAUSE = 600; // milliseconds without a key before a slider moved by keys counts as dropped
const DIGITS = 3;
/** @type {Record<string, number>} */
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }; // steps

/**
 * What the slider says at a position, which is a logarithm where its steps are of equal ratio.
 * @param {SliderHandle} handle
 * @param {number} position
 */
const valueAt = ({ scale }, position) => Number((scale === "log" ? 10 ** position : position).toPrecision(DIGITS));

/**
 * @param {SliderHandle} handle
 * @param {number} value
 */
const positionOf = ({ scale }, value) => (scale === "log" ? Math.log10(value) : value);

export class Sliders {
  /** @type {Map<string, Row>} */
  rows = new Map(); // by the handle's id
  /** @type {string | null} */
  holding = null; // the id of the one in the reader's hand

  /**
   * @param {import("./types.js").HandleEvents} on
   */
  constructor(on) {
    this.on = on;
    this.node = el("div", { class: "stage-sliders" });
  }

  /** @param {SliderHandle[]} handles */
  show(handles) {
    const ids = new Set(handles.map(({ id }) => id));
    this.rows.forEach(({ node, timer }, id) => {
      if (ids.has(id)) return;
      clearTimeout(timer);
      node.remove();
      this.rows.delete(id);
    });
    for (const handle of handles) {
      const row = this.rows.get(handle.id) ?? this.add(handle);
      if (this.holding === handle.id) continue; // it is where the hand is
      row.handle = handle;
      this.rest(row);
    }
    this.node.hidden = !handles.length;
  }

  /** @param {SliderHandle} handle */
  add(handle) {
    const { id, label } = handle;
    const input = el("input", { type: "range", class: "stage-slider", "aria-label": label });
    const value = el("output", { class: "stage-stop" });
    const node = el("label", { class: "stage-inner-row" }, el("span", {}, label), input, value);
    /** @type {Row} */
    const row = { node, input, value, handle, byKey: false, takenBack: false };
    const here = () => valueAt(row.handle, input.valueAsNumber);
    const drop = () => {
      clearTimeout(row.timer);
      if (this.holding !== id) return;
      this.holding = null;
      this.on.dropped(id, here(), 0);
    };
    const begin = (/** @type {boolean} */ byKey) => Object.assign(row, { byKey, takenBack: false });
    const moved = () => {
      if (row.takenBack) { // the browser goes on with a pull that the reader has taken back
        this.rest(row);
        return;
      }
      this.holding = id;
      this.tell(row, here());
      this.on.held(id, here(), 0);
      clearTimeout(row.timer);
      if (row.byKey) row.timer = setTimeout(drop, PAUSE);
    };
    input.addEventListener("pointerdown", () => begin(false));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.on.cancelled();
      else begin(true);
      const way = KEYS[event.key];
      if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault(); // from where it is; the browser would go by steps from the lower end
      input.value = String(input.valueAsNumber + way * (event.shiftKey ? 10 : 1) * row.handle.step);
      moved();
    });
    input.addEventListener("input", moved);
    input.addEventListener("change", () => !row.byKey && drop());
    input.addEventListener("pointercancel", () => this.on.cancelled());
    this.rows.set(id, row);
    this.node.append(node);
    return row;
  }

  /**
   * Where the frame has it.
   * @param {Row} row
   */
  rest(row) {
    const { input, handle } = row;
    const [low, high, value] = [handle.low, handle.high, handle.value].map((place) => String(positionOf(handle, place)));
    Object.assign(input, { min: low, max: high, step: "any" });
    input.value = value;
    this.tell(row, handle.value);
  }

  /**
   * @param {Row} row
   * @param {number} value
   */
  tell({ input, value: told, handle: { unit } }, value) {
    const text = String(Number(value.toPrecision(DIGITS)));
    const low = Number(input.min), high = Number(input.max);
    setText(told, text);
    input.setAttribute("aria-valuetext", unit ? `${text} ${unit}` : text);
    input.style.setProperty("--done", String((input.valueAsNumber - low) / (high - low || 1)));
  }

  /** What is in the reader's hand goes back to where the frame has it. */
  release() {
    this.rows.forEach((row, id) => {
      clearTimeout(row.timer);
      row.takenBack = this.holding === id;
    });
    this.holding = null;
  }
}
