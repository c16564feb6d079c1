// @ts-check
/** The slider over the finer frames between two frames. */
import { el, setText } from "./dom.js";

/** @typedef {import("./types.js").Slots} Slots */

export class InnerControl {
  /**
   * @param {import("./types.js").InnerSlider} slider
   * @param {import("./views.js").InnerEvents} on
   */
  constructor({ label, stops, format = "{}", says = format, numbers = [], scale = "" }, { wanted, moved }) {
    this.stops = stops;
    this.format = format;
    this.says = says;
    this.numbers = numbers;
    this.scale = scale;
    this.value = el("output", { class: "stage-stop" });
    this.input = el("input", { type: "range", min: 0, max: stops.length - 1, step: 1, class: "stage-inner", "aria-label": label, on: {
      pointerenter: wanted, focus: wanted, input: () => moved(this.input.valueAsNumber),
    } });
    this.node = el("label", { class: "stage-inner-row" }, el("span", {}, label), this.input, this.value);
  }

  /**
   * @param {number} index  of a stop
   * @param {Slots} [slot]  what is in view there; nothing while it is on its way
   */
  show(index, slot) {
    const stop = String(this.stops[index]);
    this.input.value = String(index);
    setText(this.value, this.format.replace("{}", stop));
    this.input.setAttribute("aria-valuetext", this.spoken(this.says.replace("{}", stop), slot));
    this.input.style.setProperty("--done", String(index / (this.stops.length - 1 || 1)));
  }

  /**
   * What a screen reader says at a stop: first what changes from stop to stop, then what the stops are a scale of.
   * @param {string} text
   * @param {Slots} [slot]
   */
  spoken(text, slot) {
    const told = this.numbers.map(({ label, slot: name }) => [label, slot?.(name)?.text]).filter(([, shown]) => shown).map((pair) => pair.join(" "));
    return [[text, ...told].join(", "), this.scale].filter(Boolean).join("; ");
  }

  /**
   * Where the slider rests between two frames: at the stop nearest to `at`, or nowhere.
   * @param {number | null | undefined} at
   * @param {Slots} [slot]
   */
  rest(at, slot) {
    const off = at === null || at === undefined;
    this.input.disabled = off;
    if (off) {
      setText(this.value, "–");
      this.input.removeAttribute("aria-valuetext");
      return;
    }
    const distances = this.stops.map((stop) => Math.abs(stop - at));
    this.show(distances.indexOf(Math.min(...distances)), slot);
  }
}
