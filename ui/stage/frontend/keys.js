// @ts-check
/** One listener on the document owns the keys; the stage that is on the page gets them. */
import { el, setText } from "./dom.js";

const TEXT = "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button]), textarea, [contenteditable=true]";
const OPEN_LIST = "select, [role=listbox], [role=option], [role=menu], [aria-expanded=true][role=combobox], [role=dialog]";
// Streamlit's lists are text fields; one that is closed keeps the focus after a choice, and typing into it starts with a click
const CLOSED_LIST = "[role=combobox][aria-expanded=false]";
const MOVED_BY_ARROWS = "input[type=range], [role=slider], [role=radiogroup], [role=tablist], input[type=radio], .stage-handle, .stage-figure:focus, .stage-numbers";
const LEFT_BY_ESCAPE = ".stage-numbers, .stage-figure[data-told]";
const PRESSED_BY_SPACE = "button, a, summary, [role=button], input[type=checkbox], input[type=radio]";
const KEPT = "stage.keys"; // where the browser keeps that the reader wants none
const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/**
 * Does the focused element need this key itself?
 * @param {Pick<Element, "matches" | "closest">} focused
 * @param {string} key
 */
export function needsKey(focused, key) {
  if (focused.matches(CLOSED_LIST)) return false;
  if (focused.closest(TEXT) || focused.closest(OPEN_LIST)) return true;
  if (key.startsWith("Page") && focused.matches(".stage-lesson input, .stage-class input")) return false;
  if (MOVES.has(key)) {
    const moved = focused.closest(MOVED_BY_ARROWS);
    return moved !== null && !moved.matches(".stage-scrub"); // the stage's own position slider moves as the stage does
  }
  if (key === "Escape" && focused.closest(LEFT_BY_ESCAPE)) return true;
  return key === " " && focused.closest(PRESSED_BY_SPACE) !== null;
}

/** Whether the reader wants the keys left to the browser and the screen reader; but arrows go on to move inside the tape. */
function off() {
  try {
    return localStorage.getItem(KEPT) === "off";
  } catch {
    return false; // a browser that keeps nothing
  }
}

/**
 * The button that switches the keys off, and on again.
 * @param {{ KeysOn: string, KeysOff: string, SwitchKeys: string }} names
 */
export function keySwitch(names) {
  const node = el("button", { class: "stage-tool stage-keys", type: "button", title: names.SwitchKeys });
  const show = () => setText(node, off() ? names.KeysOff : names.KeysOn);
  node.addEventListener("click", () => {
    try {
      localStorage.setItem(KEPT, off() ? "on" : "off");
    } catch {
      // a browser that keeps nothing: the keys stay on
    }
    show();
  });
  show();
  return node;
}

/**
 * What a key is called: with Ctrl (on a Mac, Command) another one, such as `ctrl+z` and `ctrl+shift+z`; those of the row of
 * digits by their place, as what stands above a digit differs from keyboard to keyboard: `1` and `shift+1`.
 * @param {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey">} event
 */
export function called({ key, code, ctrlKey, metaKey, shiftKey }) {
  if (ctrlKey || metaKey) return `ctrl+${shiftKey ? "shift+" : ""}${key.toLowerCase()}`;
  return /^Digit[1-9]$/.test(code) ? `${shiftKey ? "shift+" : ""}${code.at(-1)}` : key;
}

/**
 * Call `press(key)` for each key meant for the stage; it returns true when it has used it. Returns a stop function.
 * @param {(key: string) => boolean} press
 */
export function listen(press) {
  /** @param {KeyboardEvent} event */
  const listener = (event) => {
    if (event.altKey || event.defaultPrevented || event.isComposing) return;
    if (event.target instanceof Element && needsKey(event.target, event.key)) return;
    const inTape = event.target instanceof Element && event.target.closest(".stage-tape") !== null;
    if (off() && !(inTape && MOVES.has(event.key))) return;
    if (press(called(event))) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  // a click where nothing is puts the focus on all of the page, and the next key would draw a frame around it
  /** @param {MouseEvent} event */
  const clicked = ({ detail }) => {
    const focused = document.activeElement;
    if (detail && focused instanceof HTMLElement && focused.matches("main")) focused.blur();
  };
  // on the way down: React's own widgets stop some keys on their way up
  document.addEventListener("keydown", listener, true);
  document.addEventListener("click", clicked);
  return () => {
    document.removeEventListener("keydown", listener, true);
    document.removeEventListener("click", clicked);
  };
}
