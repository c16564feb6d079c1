/** The keys: a control that has the focus keeps the keys it needs, the stage gets all others. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { called, listen } from "../../ui/stage/frontend/keys.js";
import { FakeElement, install, Target } from "./fakes.js";

const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

let pressed, stop, restore;

beforeEach(() => {
  restore = install({ Element: FakeElement, document: new Target() });
  pressed = [];
  stop = listen((key) => pressed.push(key) > 0);
});
afterEach(() => {
  stop();
  restore();
});

/** Press a key with the focus there; returns whether the stage took it. */
function press(key, target = new FakeElement("body"), more = {}) {
  pressed = [];
  const event = {
    type: "keydown", key, target, defaultPrevented: false, ...more,
    preventDefault: () => (event.defaultPrevented = true),
    stopImmediatePropagation: () => {},
  };
  document.dispatchEvent(event);
  return event.defaultPrevented;
}
const element = (tag, attributes, parent) => new FakeElement(tag, attributes, parent);

test("without a focus every key is the stage's", () => {
  for (const key of [...MOVES, " ", "e", "M"]) assert.equal(press(key), true, key);
});

test("text fields keep every key", () => {
  for (const field of [element("input"), element("input", { type: "number" }), element("textarea"), element("p", { contenteditable: "true" })]) {
    for (const key of [...MOVES, " ", "e", "Enter"]) assert.equal(press(key, field), false, `${field.tag} ${key}`);
  }
});

test("open lists and dialogs keep every key, whatever inside them has the focus", () => {
  const lists = [
    element("select"), element("div", { role: "listbox" }), element("li", { role: "option" }), element("div", { role: "menu" }),
    element("input", { role: "combobox", "aria-expanded": "true" }), element("div", { role: "dialog" }),
  ];
  for (const list of lists) {
    for (const key of [...MOVES, " ", "e"]) assert.equal(press(key, element("span", {}, list)), false, `${list.attributes.role} ${key}`);
  }
});

test("a list that is closed again after a choice leaves the keys to the stage", () => {
  const list = element("input", { role: "combobox", "aria-expanded": "false" });
  for (const key of [...MOVES, " ", "e"]) assert.equal(press(key, list), true, key);
});

test("arrows stay with a focused slider, radio button, tab or handle; letters and Space do not", () => {
  const moved = [
    element("input", { type: "range" }), element("div", { role: "slider" }), element("label", {}, element("div", { role: "radiogroup" })),
    element("button", {}, element("div", { role: "tablist" })), element("input", { type: "radio" }), element("button", { class: "stage-handle" }),
  ];
  for (const one of moved) {
    for (const key of MOVES) assert.equal(press(key, one), false, `${one.tag} ${key}`);
    assert.equal(press("e", one), true);
  }
  assert.equal(press(" ", element("input", { type: "range" })), true);
});

test("the stage's own position slider moves as the stage does", () => {
  for (const key of MOVES) assert.equal(press(key, element("input", { type: "range", class: "stage-scrub" })), true, key);
});

test("Space on a button, link or box stays theirs; arrows and letters do not", () => {
  for (const one of [element("button"), element("a"), element("summary"), element("input", { type: "checkbox" }), element("div", { role: "button" })]) {
    assert.equal(press(" ", element("span", {}, one)), false, one.tag);
    assert.equal(press("e", one), true, one.tag);
    assert.equal(press("ArrowRight", one), true, one.tag);
  }
});

test("with Alt, or while a word is being composed, nothing happens", () => {
  for (const more of [{ altKey: true }, { isComposing: true }, { ctrlKey: true, altKey: true }]) {
    assert.equal(press("ArrowRight", undefined, more), false);
  }
});

test("with Ctrl or Command a key has another name, and text fields keep theirs", () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }]) {
    assert.equal(press("z", undefined, more), true);
    assert.deepEqual(pressed, ["ctrl+z"]);
    press("Z", undefined, { ...more, shiftKey: true });
    assert.deepEqual(pressed, ["ctrl+shift+z"]);
    press("ArrowRight", undefined, more);
    assert.deepEqual(pressed, ["ctrl+arrowright"]);
    assert.equal(press("z", element("input"), more), false);
    assert.equal(press("z", element("textarea"), more), false);
  }
});

test("a key that the stage does not use, or that was used before, goes on as if there were no stage", () => {
  stop();
  stop = listen(() => false);
  assert.equal(press("x"), false);
  stop();
  const used = listen(() => true);
  let seen = 0;
  stop = listen(() => ++seen > 0);
  assert.equal(press("ArrowRight"), true);
  assert.equal(seen, 0);
  used();
});

test("after the end no key is heard", () => {
  stop();
  assert.equal(press("ArrowRight"), false);
});

test("the row of digits goes by place, as what stands above a digit differs from keyboard to keyboard", () => {
  const plain = { ctrlKey: false, metaKey: false, shiftKey: false };
  assert.equal(called({ ...plain, key: "2", code: "Digit2" }), "2");
  assert.equal(called({ ...plain, key: "@", code: "Digit2", shiftKey: true }), "shift+2");
  assert.equal(called({ ...plain, key: "é", code: "Digit2" }), "2");
  assert.equal(called({ ...plain, key: "5", code: "Numpad5" }), "5");
  assert.equal(called({ ...plain, key: "?", code: "Slash", shiftKey: true }), "?");
  assert.equal(called({ ...plain, key: "z", code: "KeyZ", ctrlKey: true, shiftKey: true }), "ctrl+shift+z");
});
