// @ts-check
/** Pan and zoom of a card's figures: nothing moves under a pointer until the reader asks for it, in a toolbar that says so. */
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { freeAxes, plotly } from "./plotly.js";
import { AXIS } from "./theme.js";

/**
 * @typedef {import("./figures.js").Picture} Picture
 * @typedef {import("./figures.js").Drag} Drag
 */

const CLOSER = 1.5; // times as large, after a press of Zoom in

/**
 * Whether there is anything to zoom: axes that the figure does not hold fast.
 * @param {Picture} picture
 */
export function zooms({ spec: { layout } }) {
  const axes = Object.keys(layout).filter((name) => AXIS.test(name));
  return layout.dragmode !== false && (!axes.length || axes.some((name) => !layout[name].fixedrange));
}

export class Zoom {
  /** @type {Drag} */
  drag = false;

  /**
   * @param {string} title  of the card
   * @param {Picture[]} pictures  all that the card shows in turn
   * @param {() => Picture} chosen  the one in view
   */
  constructor(title, pictures, chosen) {
    this.pictures = pictures;
    this.chosen = chosen;
    const name = `Zoom and move: ${title}`;
    this.lens = this.button("lens", name, () => this.turn(this.drag ? false : "pan"));
    this.choices = {
      pan: this.button("pan", "Drag to move", () => this.turn("pan")),
      zoom: this.button("zoom", "Drag a box to enlarge", () => this.turn("zoom")),
    };
    this.bar = el("div", { class: "stage-zoombar", role: "group", "aria-label": name },
      ...Object.values(this.choices),
      this.button("closer", "Zoom in", () => this.enlarge(CLOSER)),
      this.button("further", "Zoom out", () => this.enlarge(1 / CLOSER)),
      this.button("reset", "Reset view", () => this.reset()));
    this.node = el("div", { class: "stage-zoom", on: {
      keydown: (event) => this.escape(event),
      click: ({ target, detail }) => detail && target.closest("button")?.blur(), // the keys are the stage's again
    } }, this.bar, this.lens);
    this.turn(false);
  }

  /**
   * @param {import("./icons.js").Icon} picture
   * @param {string} name
   * @param {() => void} click
   */
  button(picture, name, click) {
    return el("button", { type: "button", "aria-label": name, title: name, on: { click } }, icon(picture));
  }

  /**
   * From now on a drag does this.
   * @param {Drag} drag
   */
  turn(drag) {
    this.drag = drag;
    this.bar.hidden = !drag;
    this.lens.setAttribute("aria-pressed", String(Boolean(drag)));
    for (const [name, node] of Object.entries(this.choices)) node.setAttribute("aria-pressed", String(name === drag));
    for (const picture of this.pictures) {
      picture.drag = drag;
      if (picture.built) plotly().relayout(picture.host, { dragmode: drag });
    }
  }

  /**
   * Show so many times less of each axis, about its middle.
   * @param {number} times
   */
  enlarge(times) {
    const { host } = this.chosen();
    plotly().relayout(host, Object.fromEntries(freeAxes(host).map(([name, [from, to]]) => {
      const middle = (from + to) / 2, reach = (to - from) / 2 / times;
      return [`${name}.range`, [middle - reach, middle + reach]];
    })));
  }

  /** Show what the frame in view shows by itself. */
  reset() {
    const { id, host, latest, spec } = this.chosen();
    plotly().relayout(host, Object.fromEntries(freeAxes(host).map(([name]) => {
      const range = latest.get(`${id}/${name}.range`) ?? spec.layout[name]?.range;
      return range ? [`${name}.range`, [...range]] : [`${name}.autorange`, true];
    })));
  }

  /** @param {KeyboardEvent} event */
  escape(event) {
    if (event.key !== "Escape" || !this.drag) return;
    this.turn(false);
    this.lens.focus();
  }
}
