/** The address: one entry of the browser's history for each thing that was looked at, however often the view of it changes. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { install } from "./fakes.js";

const HOME = "http://localhost/";
const location = { href: HOME, get pathname() { return new URL(this.href).pathname; } };
let entries;

class FakeHistory {
  state = null;

  pushState(_state, _title, url) {
    entries.push(new URL(url ?? location.href, location.href).href);
    location.href = entries.at(-1);
  }

  replaceState(_state, _title, url) {
    entries[entries.length - 1] = new URL(url ?? location.href, location.href).href;
    location.href = entries.at(-1);
  }
}

install({ History: FakeHistory, history: new FakeHistory(), location });
const { Address } = await import("../../ui/stage/frontend/address.js");

let address;
beforeEach(() => {
  address?.keep(false);
  location.href = HOME;
  entries = [HOME];
  address = new Address();
});
/** Streamlit writes the address as it does for st.query_params, then the stage gets the message. */
const message = (query, entry, session = "s") => {
  history.pushState({}, "", query);
  address.follow({ session, entry });
};

test("without a stage every change is an entry, as ever", () => {
  history.pushState({}, "", "?a=1");
  history.pushState({}, "", "?a=2");
  assert.equal(entries.length, 3);
});

test("with a stage, views of one thing are one entry", () => {
  address.keep(true);
  for (const query of ["?a=1", "?a=2", "?a=3"]) message(query, 0);
  assert.deepEqual(entries, [`${HOME}?a=3`]);
});

test("another thing to look at makes an entry, and leaves the last view of the one before in its own", () => {
  address.keep(true);
  message("?a=1", 0);
  message("?a=2", 0);
  message("?b=1", 1);
  message("?b=2", 1);
  assert.deepEqual(entries, [`${HOME}?a=2`, `${HOME}?b=2`]);
});

test("another session of the server, which counts anew, makes none", () => {
  address.keep(true);
  message("?a=1", 0);
  message("?a=1&t=1", 3, "other");
  assert.deepEqual(entries, [`${HOME}?a=1&t=1`]);
});

test("a message from before Back makes none, and what it told of is known", () => {
  address.keep(true);
  message("?a=1", 0);
  address.follow({ session: "s", entry: 1 }, true);
  message("?a=0", 1);
  assert.deepEqual(entries, [`${HOME}?a=0`]);
});

test("another page is an entry of Streamlit's, with a stage or without", () => {
  address.keep(true);
  message("?a=1", 0);
  history.pushState({}, "", "/map");
  address.follow({ session: "s", entry: 1 });
  assert.deepEqual(entries, [`${HOME}?a=1`, `${HOME}map`]);
});

test("once the stage has left, changes are entries again", () => {
  address.keep(true);
  message("?a=1", 0);
  address.keep(false);
  history.pushState({}, "", "?a=2");
  assert.equal(entries.length, 2);
});

test("a page that a script leads to has its query first: the entry that is left keeps its view", () => {
  address.keep(true);
  message("?a=1", 0);
  history.pushState({}, "", "?b=1");
  history.pushState({}, "", "/other?b=1");
  assert.deepEqual(entries, [`${HOME}?a=1`, `${HOME}other?b=1`]);
});

test("also where the stage is taken away in between", () => {
  address.keep(true);
  message("?a=1", 0);
  history.pushState({}, "", "?b=1");
  address.keep(false);
  history.pushState({}, "", "/other?b=1");
  assert.deepEqual(entries, [`${HOME}?a=1`, `${HOME}other?b=1`]);
});

test("a stage that is back says itself what is in view", () => {
  address.keep(true);
  message("?a=1", 0);
  address.keep(false);
  address.keep(true);
  message("?a=2", 0);
  history.pushState({}, "", "/other");
  assert.deepEqual(entries, [`${HOME}?a=2`, `${HOME}other`]);
});
