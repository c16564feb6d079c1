// @ts-check
/**
 * What of a figure is left for later while half-steps follow faster than they can be read, and made good when they rest: room at the
 * left that labels no longer need, and traces that are not to be seen but tell something under the pointer.
 */

/**
 * @typedef {import("./plotly.js").Host} Host
 * @typedef {import("./figures.js").Change} Change
 */

/** @type {WeakSet<Host>} */
const wide = new WeakSet();

/** @param {Host} host  whose margins are not as wide as its labels and titles have it */
export const leaveWide = (host) => wide.add(host);

/**
 * Whether it is so; after the answer it counts as drawn.
 * @param {Host} host
 */
export const wasWide = (host) => wide.delete(host);

/**
 * Whether a trace has nothing to be seen: an area without an outline and a colour.
 * @param {Record<string, any>} trace
 */
export const unseen = ({ hoveron, line, fillcolor, mode }) =>
  hoveron === "fills" && line?.width === 0 && fillcolor === "rgba(0,0,0,0)" && !/markers|text/.test(mode ?? "markers");

/** Changes that are owed to a figure. */
export class Owed {
  /** @type {Map<string, any>} */
  values = new Map();

  /** @param {Set<string>} traces  by address, which can wait */
  constructor(traces) {
    this.traces = traces;
  }

  /**
   * What of these changes cannot wait.
   * @param {Change[]} changes
   */
  put(changes) {
    return changes.filter(([key, value]) => {
      const waits = this.traces.has(key.split("/", 2).join("/"));
      if (waits) this.values.set(key, value);
      return !waits;
    });
  }

  /**
   * These changes, and before them all that is owed.
   * @param {Change[]} changes
   * @returns {Change[]}
   */
  take(changes) {
    const all = new Map([...this.values, ...changes]);
    this.values.clear();
    return [...all];
  }
}
