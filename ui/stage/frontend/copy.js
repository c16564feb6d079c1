// @ts-check
/** A button that copies the address, which holds the view, and says so for a moment. */
import { el, setText } from "./dom.js";

const TELLING = 300; // milliseconds in which what is in view is told to Python, which writes the address
const PATIENCE = 3000; // milliseconds for that at most
const SHOWN = 2500; // milliseconds that the confirmation stands

/** @param {number} time */
const sleep = (time) => new Promise((done) => setTimeout(done, time));

/** Once the address is that of what is in view. */
async function written() {
  const app = document.querySelector("[data-test-script-state]");
  const running = () => ["running", "rerunRequested"].includes(app?.getAttribute("data-test-script-state") ?? "");
  await sleep(TELLING);
  for (let waited = TELLING; running() && waited < PATIENCE; waited += 50) await sleep(50);
}

/**
 * Put text on the clipboard; false where the browser does not let us. Without https there is only the old way.
 * @param {string} text
 */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = el("textarea", { "aria-hidden": "true", style: { position: "fixed", opacity: "0" } }, text);
    const focused = document.activeElement;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}

/**
 * The address as a link that opens the same anywhere. bare: what it has to say where it says nothing.
 * @param {string} address
 * @param {string} bare
 */
export function link(address, bare) {
  const url = new URL(address);
  if (!url.search) url.search = bare;
  return url.href;
}

export class CopyLink {
  linked = true; // whether the address holds the view
  bare = ""; // what a bare address would have to say of it
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {{ Copy: string, Copied: string, NotCopied: string, NoLink: string }} names
   * @param {() => void} rest  tells at once where the reader is
   */
  constructor(names, rest) {
    this.names = names;
    this.rest = rest;
    this.label = el("span", {}, names.Copy);
    this.said = el("span", { class: "stage-said", role: "status" });
    this.node = el("button", { class: "stage-tool stage-copy", type: "button", on: { click: () => this.copy() } }, this.label);
  }

  async copy() {
    this.rest();
    await written();
    const { Copied, NotCopied, NoLink } = this.names;
    this.say(!this.linked ? NoLink : await copied(link(location.href, this.bare)) ? Copied : NotCopied);
  }

  /** @param {string} words */
  say(words) {
    setText(this.label, words);
    setText(this.said, words);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      setText(this.label, this.names.Copy);
      setText(this.said, "");
    }, SHOWN);
  }
}
