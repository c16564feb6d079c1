// @ts-check
/** Pan and zoom of a card's figures: nothing moves under a pointer until the reader asks for it, in a toolbar that says so. */
import { freeAxes, plotly } from "./plotly.js";
import { AXIS } from "./theme.js";
import { pictured, Tool } from "./tool.js";

/**
 * @typedef {import("./figures.js").Picture} Picture
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
  /**
   * @param {string} title  of the card
   * @param {Picture[]} pictures  all that the card shows in turn
   * @param {() => Picture} chosen  the one in view
   */
  constructor(title, pictures, chosen) {
    this.pictures = pictures;
    this.chosen = chosen;
    this.tool = new Tool({
      name: `Zoom and move: ${title}`, picture: "lens", choices: [["pan", "Drag to move"], ["zoom", "Drag a box to enlarge"]],
      more: [
        pictured("closer", "Zoom in", () => this.enlarge(CLOSER)),
        pictured("further", "Zoom out", () => this.enlarge(1 / CLOSER)),
        pictured("reset", "Reset view", () => this.reset()),
      ],
    }, () => this.turned());
    this.node = this.tool.node;
    this.tool.turn(null);
  }

  turned() {
    const drag = this.tool.chosen ?? false;
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
}
