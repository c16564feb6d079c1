// @ts-check
/**
 * The browser's history: one entry for each thing to look at, however often the view of it changes.
 *
 * Streamlit makes a new entry of every change of the address. While a stage is on the page, such a change replaces the
 * entry; the stage makes a new one when Python says that something else is in view. Back and Forward are Streamlit's:
 * it runs the page with the address of the entry.
 */

const { pushState, replaceState } = History.prototype;
/** @type {Set<Address>} */
const kept = new Set(); // the stages whose page is in view
/** @type {Address | null} */
let left = null; // the last one that went: Streamlit may take it away before it goes to another page

history.pushState = function (state, title, url) {
  // without an address it is that of the page
  const same = kept.size > 0 && new URL(url ?? location.href, location.href).pathname === location.pathname;
  // a page that a script leads to has its query before its path: the entry that is left keeps the address of its view
  for (const { now } of same ? [] : left ? [left] : kept) {
    if (now && new URL(now).pathname === location.pathname) replaceState.call(this, this.state, "", now);
  }
  if (!same) left = null;
  return (same ? replaceState : pushState).call(this, state, title, url);
};

export class Address {
  /** @type {string | undefined} */
  now; // the address of what is in view
  /** @type {string | undefined} */
  session; // that it belongs to
  entry = 0;

  /**
   * A stage has come to a page, or left it.
   * @param {boolean} on
   */
  keep(on) {
    if (!on && kept.delete(this)) left = this;
    if (on) {
      kept.add(this);
      left = null;
    }
  }

  /**
   * What the address is to be where Python has told it ahead.
   * @param {string} query
   */
  go(query) {
    replaceState.call(history, history.state, "", location.pathname + (query && `?${query}`));
    this.now = location.href;
  }

  /**
   * After a message: the address is that of its view by now, unless the browser has gone elsewhere meanwhile.
   * @param {Pick<import("./types.js").Message, "session" | "entry">} message
   * @param {boolean} [stale]
   */
  follow({ session, entry = 0 }, stale = false) {
    const now = location.href, before = this.now;
    const same = before && new URL(before).pathname === location.pathname;
    if (!stale && same && session === this.session && entry > this.entry) {
      replaceState.call(history, history.state, "", before);
      pushState.call(history, {}, "", now);
    }
    Object.assign(this, { now, session, entry });
  }
}
