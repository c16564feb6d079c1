// @ts-check
/**
 * All that Plotly is asked for and not documented to have, in one place: what begins with an underscore here may change
 * with any version of it (constraints.txt holds the one that is tested).
 */

/**
 * @typedef {{ _offset: number, _length: number, autorange: unknown, d2p: (value: number) => number,
 *   p2d: (pixel: number) => number }} Axis
 * @typedef {Record<string, any> & { showlegend?: boolean }} Layout  as Plotly has filled it in
 * @typedef {HTMLDivElement & { data: Record<string, any>[], on: (event: string, listener: (event: any) => void) => void,
 *   removeAllListeners: () => void, _fullLayout?: Layout, _fullData: Record<string, any>[],
 *   _transitionData?: { _animationRaf: number | null } }} Host  the element of a figure, once it is drawn
 */

/**
 * The library, a classic script that is loaded before anything is drawn.
 * @returns {Record<string, any>}
 */
export const plotly = () => /** @type {any} */ (window).Plotly;

/**
 * An axis as it is on the screen, undefined before the figure is drawn: Plotly has no other way from a number to a pixel.
 * @param {Host} host
 * @param {string} name
 * @returns {Axis | undefined}
 */
export const axisOf = (host, name) => host._fullLayout?.[name];

/**
 * Layout and traces with all that Plotly has filled in: what it will really do at the next change.
 * @param {Host} host
 * @returns {{ layout: Layout, traces: Record<string, any>[] }}
 */
export const inForce = (host) => ({ layout: host._fullLayout ?? {}, traces: host._fullData });

/**
 * The axes that may be zoomed, with what they show: numbers, or exponents of ten.
 * @param {Host} host
 * @returns {[string, [number, number]][]}
 */
export const freeAxes = (host) => Object.entries(host._fullLayout ?? {})
  .filter(([name, axis]) => /^[xy]axis\d*$/.test(name) && !axis.fixedrange && !axis.matches)
  .map(([name, { range: [from, to] }]) => [name, [Number(from), Number(to)]]);

/**
 * Plotly writes a hyphen for the minus sign of numbers in what it tells of a point (on axes it does not), and takes no other from
 * a locale. What writes them is made anew with every change of the figure: to be called before anything is told.
 * @param {Host} host
 */
export function trueMinus(host) {
  const locale = host._fullLayout?._d3locale;
  if (!locale || locale.minus) return;
  const plain = locale.numberFormat;
  locale.minus = "\u2212";
  locale.numberFormat = (/** @type {string} */ format) => {
    const write = plain(format);
    return (/** @type {number} */ value) => String(write(value)).replaceAll("-", locale.minus);
  };
}

/**
 * The traces that must come along when Plotly is to draw some alone. It empties a plot, and each of its layers (`zorder`), of which it
 * is given no trace; and what is shaded between two curves is drawn with either of them, and wants both.
 * @param {Host} host
 * @param {Iterable<number>} named
 * @returns {number[]}
 */
export function companions(host, named) {
  const alone = new Set(named);
  const drawn = new Set(alone);
  const { traces } = inForce(host);
  /** @param {Record<string, any>} trace */
  const plot = ({ xaxis, yaxis, zorder }) => `${xaxis} ${yaxis} ${zorder}`;
  const begun = new Set([...drawn].map((trace) => plot(traces[trace])));
  traces.forEach((trace, number) => {
    if (trace.visible !== true || begun.has(plot(trace))) return;
    begun.add(plot(trace));
    drawn.add(number);
  });
  traces.forEach(({ fill }, number) => {
    if (!fill?.startsWith("tonext") || ![number, number - 1].some((one) => drawn.has(one))) return;
    drawn.add(number - 1).add(number);
  });
  return [...drawn].filter((trace) => !alone.has(trace));
}

/**
 * Plotly would make a call to `animate` wait for the screen's next frame while it still listens for more of the last one.
 * @param {Host} host
 */
export function stopListening(host) {
  const loop = host._transitionData;
  if (!loop?._animationRaf) return;
  cancelAnimationFrame(loop._animationRaf);
  loop._animationRaf = null;
}
