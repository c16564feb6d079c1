// @ts-check
/** Whether the server answers: watched, said, and mended when it comes back. */
import { el, setText } from "./dom.js";

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {ReturnType<typeof setTimeout>} Timer
 * @typedef {Pick<import("./types.js").Message, "session" | "returns">} Said
 */

const HEALTH = new URL("../../_stcore/health", import.meta.url).href;
const PROBE = 1000; // milliseconds between two looks at a server that does not answer, and the longest wait for one
const GRACE = 400; // milliseconds that the page has, once connected again, to send a message by itself
const TOUCH = 400; // milliseconds after which a control outside the stage has had its run begun, if it wants one
const PATIENCE = 10_000; // milliseconds after which a page that was woken, and neither runs nor speaks, is loaded again
const RELOAD_EVERY = 60_000; // milliseconds between two reloads, at least
const KEPT = "stage.asks"; // where they survive a reload

const TOUCHES = ["pointerdown", "pointerup", "click", "change", "keydown"];
const KEYS = new Set(["Enter", " ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

const WORDS = {
  lost: "Reconnecting …",
  full: "Reconnecting … Keys are ignored until then.",
  many: "Too many keys at once: the last ones were ignored.",
  dead: "The server is not responding. Reload the page to try again.",
};

export class Connection {
  up = true; // the server can be reached
  fresh = true; // and has sent a message since it was last lost, or in doubt
  reachable = true; // as the last probe found it
  /** @type {Timer | null} */
  holding = null; // while a control outside the stage was touched just now
  /** @type {Timer | undefined} */
  waking; // until the page is woken, or loaded again
  /** @type {Said | undefined} */
  last; // the last message
  /** @type {Said | undefined} */
  left; // the one before the page was to run at another address: what says no more than that comes from before
  /** @type {Timer | undefined} */
  probing; // until the next look at a server that does not answer

  /**
   * `asks()`: what must not be lost when the page is loaded again; `free()`: the page's script has ended;
   * `leaving()`: the reader is about to use a control outside the stage.
   * @param {() => Act[]} asks
   * @param {() => void} free
   * @param {() => void} [leaving]
   */
  constructor(asks, free, leaving = () => {}) {
    this.asks = asks;
    this.free = free;
    this.leaving = leaving;
    this.node = el("p", { class: "stage-connection", role: "status" });
    this.app = /** @type {HTMLElement | null} */ (document.querySelector("[data-testid=stApp]"));
    this.watch = new MutationObserver(() => this.look());
    const attributeFilter = ["data-test-connection-state", "data-test-script-state"];
    if (this.app) this.watch.observe(this.app, { attributes: true, attributeFilter });
    for (const type of TOUCHES) document.addEventListener(type, this.touched, true);
    addEventListener("popstate", this.moved);
    // without a network the server may still be there, on the reader's own machine: so look
    addEventListener("offline", this.probe);
    addEventListener("online", this.probe);
    this.look();
  }

  /**
   * Whether an ask can be sent, and its answer will be heard. Not while the page runs: an ask brings along what the page's
   * own controls held when it was sent, and would undo what that run changes in them. Nor right after one was touched:
   * Streamlit sends what comes in one moment as one, for the stage alone, and the control's own run never takes place.
   */
  get ready() {
    return this.up && this.fresh && !this.running && !this.holding;
  }

  /**
   * What the reader does to the page's own controls comes first.
   * @param {Event} event
   */
  touched = (event) => {
    const { target, type } = event;
    const ours = !(target instanceof Element) || target === document.body || target.closest(".stage") !== null;
    if (!ours && (type !== "keydown" || KEYS.has(/** @type {KeyboardEvent} */ (event).key))) {
      this.leaving();
      this.hold();
    }
  };

  hold() {
    clearTimeout(this.holding ?? undefined);
    this.holding = setTimeout(() => {
      this.holding = null;
      this.look();
    }, TOUCH);
  }

  /** The page is about to run at another address. */
  moved = () => {
    if (location.hash) return; // Streamlit does not run for an anchor
    this.left = this.last;
    this.await();
  };

  /** Whether the page's script is at work, so that an answer may only be slow. */
  get running() {
    return ["running", "rerunRequested"].includes(this.app?.dataset.testScriptState ?? "");
  }

  look() {
    const state = this.app?.dataset.testConnectionState ?? "CONNECTED";
    const up = state === "CONNECTED" && this.reachable;
    if (up === this.up) {
      if (!this.running) this.free();
      return;
    }
    this.up = up;
    clearTimeout(this.waking);
    if (up) this.waking = setTimeout(() => this.wake(), GRACE);
    else {
      this.fresh = false;
      this.say(WORDS.lost); // until the page has spoken again
    }
  }

  /** @param {string} words */
  say(words) {
    setText(this.node, words);
  }

  /** An ask was refused because too many wait. */
  full() {
    this.say(this.up && this.fresh ? WORDS.many : WORDS.full);
  }

  /** None waits any more. */
  drained() {
    if (this.up && this.fresh) this.say("");
  }

  /** Look whether the server answers; again and again while it does not. */
  probe = async () => {
    clearTimeout(this.probing);
    const look = fetch(HEALTH, { cache: "no-store", signal: AbortSignal.timeout(PROBE) });
    this.reachable = await look.then(({ ok }) => ok, () => false);
    this.look();
    if (!this.reachable) this.probing = setTimeout(this.probe, PROBE);
    return this.reachable;
  };

  /**
   * An ask is out for long, and the page does nothing: if the server is there, the page has lost the ask.
   * @param {() => boolean} still
   */
  async late(still) {
    if (!this.ready || !(await this.probe())) return;
    if (!this.ready || !still()) return;
    this.fresh = false;
    this.wake();
  }

  /**
   * Have the whole page run again at its address. A server that was restarted knows nothing of the part of the page that
   * asks belong to, and says nothing of it; the page runs again by itself only when such a part had run last. It does so
   * for Back and Forward, and this is the same to it: the address holds the view.
   */
  wake() {
    if (this.fresh || !this.up) return;
    this.await();
    dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
  }

  /** A message must come before anything is asked. */
  await() {
    this.fresh = false;
    clearTimeout(this.waking);
    if (this.up) this.waking = setTimeout(() => this.reload(), PATIENCE);
  }

  /** The last resort; not twice in a minute. */
  reload() {
    if (this.fresh || !this.up) return;
    if (this.running) {
      this.waking = setTimeout(() => this.reload(), PATIENCE);
      return;
    }
    const kept = read();
    if (kept && Date.now() - kept.time < RELOAD_EVERY) {
      this.say(WORDS.dead);
      return;
    }
    keep({ time: Date.now(), path: location.pathname, asks: this.asks() });
    location.reload();
  }

  /**
   * What was asked before a reload; once.
   * @returns {Act[]}
   */
  taken() {
    const kept = read();
    if (!kept?.asks) return [];
    keep({ time: kept.time });
    return kept.path === location.pathname && Date.now() - kept.time < RELOAD_EVERY ? kept.asks : [];
  }

  /**
   * Whether a message was on its way when the page was to run at another address: it does not tell of that.
   * @param {Said} message
   */
  stale({ session, returns }) {
    return this.left !== undefined && this.left.session === session && this.left.returns === returns;
  }

  /**
   * A message has come. Returns whether it was waited for: what was asked before may have been lost.
   * @param {Said} message
   */
  heard(message) {
    this.last = message;
    if (this.fresh || !this.up || this.stale(message)) return false;
    this.left = undefined;
    clearTimeout(this.waking);
    this.say("");
    return (this.fresh = true);
  }

  destroy() {
    this.watch.disconnect();
    for (const type of TOUCHES) document.removeEventListener(type, this.touched, true);
    clearTimeout(this.holding ?? undefined);
    removeEventListener("popstate", this.moved);
    removeEventListener("offline", this.probe);
    removeEventListener("online", this.probe);
    clearTimeout(this.probing);
    clearTimeout(this.waking);
  }
}

/** @typedef {{ time: number, path?: string, asks?: Act[] }} Kept */

/** @param {Kept} kept */
function keep(kept) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // a browser that keeps nothing
  }
}

/** @returns {Kept | null} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}
