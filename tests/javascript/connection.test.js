/** The connection: what is asked is heard, or waits; a page that does not speak is woken once, then loaded again once. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Connection } from "../../ui/stage/frontend/connection.js";
import { FakeElement, install, pass, promises, Target } from "./fakes.js";

let app, observed, page, documents, health, woken, reloads, storage, freed, connection, restore;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  app = new FakeElement("div");
  Object.assign(app.dataset, { testConnectionState: "CONNECTED", testScriptState: "notRunning" });
  [documents, page, health, woken, reloads, storage, freed] = [new Target(), new Target(), () => true, 0, 0, new Map(), 0];
  restore = install({
    Element: FakeElement,
    document: Object.assign(documents, { querySelector: () => app, createElement: (tag) => new FakeElement(tag), body: new FakeElement("body") }),
    MutationObserver: class {
      constructor(notice) { observed = notice; }
      observe() {}
      disconnect() { observed = () => {}; }
    },
    addEventListener: (...listener) => page.addEventListener(...listener),
    removeEventListener: (...listener) => page.removeEventListener(...listener),
    dispatchEvent: (event) => page.dispatchEvent(event),
    PopStateEvent: class { type = "popstate"; },
    history: { state: null },
    location: { pathname: "/map", hash: "", reload: () => reloads++ },
    sessionStorage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value) },
    fetch: async () => ({ ok: await health() }),
  });
  page.addEventListener("popstate", () => woken++);
  connection = new Connection(() => [{ act: "advance", to: 3, n: 1 }], () => freed++);
});
afterEach(() => {
  connection.destroy();
  restore();
});

let returns = 0;
const hear = (message = { session: "a", returns: ++returns }) => connection.heard(message);
const says = () => connection.node.textContent;
const state = (name, value) => {
  app.dataset[name] = value;
  observed();
};
const lose = () => state("testConnectionState", "DISCONNECTED");
const find = () => state("testConnectionState", "CONNECTED");
const touch = (type, target, more = {}) => documents.dispatchEvent({ type, target, ...more });
const widget = () => new FakeElement("button");

test("nothing is asked while the page's script runs, and it says when it has ended", () => {
  for (const running of ["running", "rerunRequested"]) {
    state("testScriptState", running);
    assert.equal(connection.ready, false);
    const before = freed;
    state("testScriptState", "notRunning");
    assert.deepEqual([connection.ready, freed], [true, before + 1]);
  }
});

test("nothing is asked for 0.4 s after a control outside the stage was touched", () => {
  for (const type of ["pointerdown", "click", "change"]) {
    touch(type, widget());
    pass(399);
    assert.equal(connection.ready, false);
    pass(1);
    assert.equal(connection.ready, true);
  }
});

test("the stage's own controls, the page's body, and keys that move nothing hold nothing up", () => {
  touch("click", new FakeElement("button", {}, new FakeElement("div", { class: "stage" })));
  touch("click", document.body);
  touch("keydown", widget(), { key: "e" });
  assert.equal(connection.ready, true);
  touch("keydown", widget(), { key: "ArrowLeft" });
  assert.equal(connection.ready, false);
});

test("a lost connection is said, and nothing is asked until a message has come", () => {
  lose();
  assert.deepEqual([connection.ready, says()], [false, "Reconnecting …"]);
  assert.equal(hear(), false); // the last word of a server that is gone
  find();
  assert.equal(connection.ready, false);
  assert.equal(hear(), true); // what was out is to be asked again
  assert.deepEqual([connection.ready, says()], [true, ""]);
  assert.equal(hear(), false);
});

test("a page that speaks by itself within 0.4 s is not woken; one that does not is, once", () => {
  lose();
  find();
  pass(300);
  hear();
  pass(5000);
  assert.equal(woken, 0);
  lose();
  find();
  pass(9000);
  assert.equal(woken, 1);
});

test("a page that was woken and does not speak for 10 s is loaded again, and keeps what was asked", () => {
  lose();
  find();
  pass(400);
  pass(9999);
  assert.equal(reloads, 0);
  pass(1);
  assert.equal(reloads, 1);
  assert.deepEqual(connection.taken(), [{ act: "advance", to: 3, n: 1 }]);
  assert.deepEqual(connection.taken(), []); // once
});

test("not while its script runs, and not twice in a minute", () => {
  lose();
  find();
  pass(400);
  state("testScriptState", "running");
  pass(30_000);
  assert.equal(reloads, 0);
  state("testScriptState", "notRunning");
  pass(10_000);
  assert.equal(reloads, 1);
  connection.await();
  pass(10_000);
  assert.deepEqual([reloads, says()], [1, "The server is not responding. Reload the page to try again."]);
  pass(60_000);
  connection.await();
  pass(10_000);
  assert.equal(reloads, 2);
});

test("what was asked on another page, or long ago, is not asked on this one", () => {
  for (const kept of [{ time: Date.now(), path: "/", asks: [{}] }, { time: Date.now() - 60_000, path: "/map", asks: [{}] }]) {
    storage.set("stage.asks", JSON.stringify(kept));
    assert.deepEqual(connection.taken(), []);
  }
  storage.set("stage.asks", "not JSON");
  assert.deepEqual(connection.taken(), []);
});

test("a late ask wakes the page only if the server is there and the ask still out", async () => {
  health = () => false;
  await connection.late(() => true);
  assert.deepEqual([woken, connection.up], [0, false]);
  health = () => true;
  pass(1000); // it looks again by itself
  await promises();
  assert.equal(connection.up, true);
  connection.fresh = true;
  await connection.late(() => false);
  assert.equal(woken, 0);
  await connection.late(() => true);
  assert.deepEqual([woken, connection.ready], [1, false]);
});

test("Back and Forward make it wait for a message, an anchor does not", () => {
  location.hash = "#top";
  page.dispatchEvent({ type: "popstate" });
  assert.equal(connection.ready, true);
  location.hash = "";
  page.dispatchEvent({ type: "popstate" });
  assert.equal(connection.ready, false);
});

test("a message that was on its way when the browser went back is not the one to wait for", () => {
  hear({ session: "a", returns: 7 });
  page.dispatchEvent({ type: "popstate" });
  assert.equal(hear({ session: "a", returns: 7 }), false);
  assert.equal(connection.ready, false);
  assert.equal(hear({ session: "a", returns: 8 }), true);
  assert.equal(connection.ready, true);
  page.dispatchEvent({ type: "popstate" });
  assert.equal(hear({ session: "b", returns: 8 }), true); // the server has begun anew: so has its count
});

test("a refused ask is said until none waits", () => {
  connection.full();
  assert.equal(says(), "Too many keys at once: the last ones were ignored.");
  connection.drained();
  assert.equal(says(), "");
  lose();
  connection.full();
  connection.drained();
  assert.equal(says(), "Reconnecting … Keys are ignored until then.");
});

test("after the end nothing listens", () => {
  connection.destroy();
  assert.deepEqual([documents.count, page.count], [0, 1]); // the one is this test's
});
