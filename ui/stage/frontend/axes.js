// @ts-check
/**
 * Axes, their titles and the margins, drawn without the rest of a figure: with plotly.js, all that Plotly is asked for and not
 * documented to have.
 */
import { leaveWide } from "./haste.js";
import { PLAIN } from "./marks.js";
import { axesOf, cartesian } from "./plotly.js";
import { rule } from "./rulers.js";
import { shift } from "./shift.js";

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {import("./plotly.js").Layout} Layout
 */

/**
 * How wide the margins have to be for all that asks for room in them: as Plotly weighs it, from the claims of every two.
 * @param {Layout} layout
 */
function margins({ _pushmargin: claims, width, height }) {
  return [["l", "r", width], ["b", "t", height]].flatMap(([low, high, length]) => {
    let [before, after] = [claims.base[low].size, claims.base[high].size];
    for (const { [low]: { val: from, size: near } } of Object.values(claims)) {
      for (const { [high]: { val: to, size: far } } of Object.values(claims)) {
        if (!(to > from)) continue;
        const first = (near * to + (far - length) * from) / (to - from);
        const last = (far * (1 - from) + (near - length) * (1 - to)) / (to - from);
        if (first + last > before + after) [before, after] = [first, last];
      }
    }
    return [before, after].map(Math.round);
  });
}

/**
 * Draw axes, and what stands at places on them. Plotly has no way to it but the first frame of a transition, for which it asks the screen.
 * @param {Host} host
 * @param {Record<string, any>[]} axes
 */
function pass(host, axes) {
  const still = { call: () => still };
  // two at a time, which are the plot of the transition; of nothing else in a plot. Beside the last of an odd number stands one
  // that is in no plot, of which nothing is drawn
  const edits = axes.flatMap((xaxis, n) => (n % 2 ? [] : [{ plotinfo: { xaxis, clipRect: still, plot: still,
    yaxis: axes[n + 1] ?? { _id: xaxis._id, setScale() {} } } }]));
  const { requestAnimationFrame } = window;
  /** @type {(() => void) | undefined} */
  let frame;
  window.requestAnimationFrame = (draw) => {
    frame = /** @type {() => void} */ (draw);
    return 0;
  };
  try {
    cartesian(host).transitionAxes(host, edits, { duration: Infinity, easing: "linear" });
    host._transitionData?._interruptCallbacks.pop();
    frame?.();
  } finally {
    window.requestAnimationFrame = requestAnimationFrame;
  }
}

/**
 * Draw axes whose range or ticks have changed. Returns those whose words at the ticks are not as wide as before, with how wide these
 * were, and whether the figure stands elsewhere, so that all traces have to follow; null where more has to.
 * @param {Host} host
 * @param {string[]} names
 * @param {boolean} brisk  whether room that is no longer needed may stay for now
 * @returns {{ widths: Map<string, number>, moved: boolean } | null}
 */
export function drawAxes(host, names, brisk) {
  const layout = /** @type {Layout} */ (host._fullLayout), axes = names.map((name) => layout[name]), { _replotting } = layout;
  const before = margins(layout), depths = axes.map(({ _depth }) => _depth);
  let moved = false, stays = false;
  layout._replotting = true; // else margins follow at once
  try {
    /** @param {Record<string, any>[]} some */
    const own = (some) => rule(host, some, () => pass(host, some));
    if (own(axes)) {
      const [left, ...others] = margins(layout), all = axesOf(host), { l: room } = layout._size, alone = others.join() === before.slice(1).join();
      stays = brisk && alone && left <= room;
      moved = !stays && left !== before[0] && (brisk || before[0] === room) && alone && shift(host, all, left, brisk);
      if (brisk && (moved || (stays && left < room))) leaveWide(host);
      if (moved && !own(all)) pass(host, all);
    } else pass(host, axes);
  } finally {
    layout._replotting = _replotting;
  }
  if (!moved && !stays && margins(layout).join() !== before.join()) return null;
  return { moved, widths: new Map(names.map((name, n) => /** @type {[string, number]} */ ([name, depths[n]])).filter(([name, depth]) => layout[name]._depth !== depth)) };
}

/**
 * Have the margins follow what the axes need now: with them Plotly draws the figure as it stands in its layout. Returns whether it has:
 * a pixel more or less it lets pass.
 * @param {Host} host
 * @param {string} name  of any axis
 */
export function widen(host, name) {
  const layout = /** @type {Layout} */ (host._fullLayout);
  pass(host, [layout[name]]);
  if (host._fullLayout === layout) return false;
  host.emit("plotly_afterplot"); // else it waits for what has asked for the axes to say so
  return true;
}

/**
 * How far from its axis the title stands that is left of it, if the words at the ticks are so wide.
 * @param {Record<string, any>} axis
 * @param {number} depth
 */
function standoff({ _anchorAxis, _mainLinePosition, _shift, title: { font, standoff, text } }, depth) {
  const [first, each] = [0.35, 1.3]; // line, in parts of the size of letters
  return _mainLinePosition + _shift - (_anchorAxis._offset - depth) + standoff + font.size * (first + (text.split("<br>").length - 1) * each);
}

/**
 * Give an axis another title of as many lines, beside words at the ticks that may be another width now. Returns whether it has it: not
 * where more would change.
 * @param {Host} host
 * @param {string} name
 * @param {string} words
 * @param {number} depth  how wide those words were
 * @param {boolean} brisk  whether it may be a pixel out of place for now
 */
export function entitle(host, name, words, depth, brisk) {
  const axis = host._fullLayout?.[name], { title, _depth, _id } = axis, node = host.querySelector(`.infolayer .${_id}title`);
  const [before, lines] = [title.text, words].map((text) => text.split("<br>"));
  if (!node || !(title.standoff > 0) || before.length !== lines.length || ![...before, ...lines].every((line) => PLAIN.test(line))) return false;
  const places = lines.length > 1 ? [...node.querySelectorAll("tspan.line")] : [node];
  if (places.length !== lines.length) return false;
  if (_depth !== depth) {
    // not out of the way of the figure's edge, before or after
    if (axis.side !== "left" || axis.anchor === "free" || (!brisk && node.parentElement?.hasAttribute("transform")) || standoff(axis, depth) !== axis._titleStandoff) return false;
    axis._titleStandoff = standoff(axis, _depth);
    const x = String(axis._anchorAxis._offset - axis._titleStandoff);
    node.setAttribute("transform", `rotate(-90,${x},${node.getAttribute("y")})`);
    for (const place of new Set([node, ...places])) place.setAttribute("x", x);
    if (brisk) leaveWide(host);
    else if (_depth > depth && node.getBoundingClientRect().left < host.getBoundingClientRect().left) return false;
  }
  host.layout[name].title.text = title.text = words;
  node.setAttribute("data-unformatted", words);
  places.forEach((place, n) => place.textContent === lines[n] || (place.textContent = lines[n]));
  return true;
}
