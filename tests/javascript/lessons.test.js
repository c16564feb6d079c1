/** Lessons: what is kept of how far a reader is, also where the browser keeps nothing; numbers as people write them. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { numeric } from "../../ui/stage/frontend/question.js";

let fresh = 0, restore = () => {};
afterEach(() => restore());

/** The module anew, with a browser that keeps `kept`, or refuses. */
async function progress(kept, refuses = false) {
  const before = globalThis.localStorage;
  const store = { kept };
  globalThis.localStorage = {
    getItem: () => {
      if (refuses) throw new Error("closed");
      return store.kept;
    },
    setItem: (_name, text) => {
      if (refuses) throw new Error("closed");
      store.kept = text;
    },
  };
  restore = () => (globalThis.localStorage = before);
  return { store, ...(await import(`../../ui/stage/frontend/progress.js?${(fresh += 1)}`)) };
}

test("what became of a step is kept, and is not lost when it is only looked at", async () => {
  const { store, keep, marks, finished } = await progress(null);
  keep("one", "a", "wrong");
  keep("one", "a", "seen");
  assert.deepEqual(marks("one"), { a: "wrong" });
  assert.equal(finished("one", ["a", "b"]), false);
  keep("one", "b", "seen");
  keep("one", "a", "right");
  assert.equal(finished("one", ["a", "b"]), true);
  assert.deepEqual(JSON.parse(store.kept), { one: { b: "seen", a: "right" } });
  const again = await progress(store.kept);
  assert.deepEqual(again.marks("one"), { b: "seen", a: "right" });
});

test("a browser that keeps nothing, or something else, loses nothing until the page is left", async () => {
  for (const [kept, refuses] of [[null, true], ["[", false], ["3", false], ["null", false], ['{"one": 4}', false], ['"x"', false]]) {
    const { keep, marks } = await progress(kept, refuses);
    assert.deepEqual(marks("one"), {});
    keep("one", "a", "done");
    assert.deepEqual(marks("one"), { a: "done" });
  }
});

test("an answer is right where all of it is, and none where it was only shown", async () => {
  const { keepAnswer, marks } = await progress(null);
  const told = (...rights) => ({ parts: rights.map((right) => ({ right })), because: "" });
  keepAnswer("one", "a", told(true, true));
  keepAnswer("one", "b", told(true, false));
  keepAnswer("one", "c", told(null, null));
  assert.deepEqual(marks("one"), { a: "right", b: "wrong", c: "seen" });
});

test("what another window of the browser has kept is not undone", async () => {
  const listening = globalThis.addEventListener, listeners = [];
  globalThis.addEventListener = (_name, heard) => listeners.push(heard);
  const { store, keep, marks } = await progress(null);
  globalThis.addEventListener = listening;
  keep("one", "a", "seen");
  store.kept = '{"one": {"a": "right"}}';
  listeners.forEach((heard) => heard({ key: "stage.lessons" }));
  keep("two", "a", "done");
  assert.deepEqual(marks("one"), { a: "right" });
  assert.deepEqual(JSON.parse(store.kept), { one: { a: "right" }, two: { a: "done" } });
});

test("what is kept stays small: the lesson looked at longest ago goes", async () => {
  const { store, keep, marks } = await progress(null);
  for (let number = 0; number < 300; number++) keep(`lesson-${number}`, "a", "seen");
  assert.equal(Object.keys(JSON.parse(store.kept)).length, 100);
  assert.deepEqual([marks("lesson-0"), marks("lesson-299")], [{}, { a: "seen" }]);
});

test("a number is read as it is written", () => {
  for (const [text, number] of [["3", 3], [" −0.5 ", -0.5], ["-1287,52", -1287.52], ["1e-3", 0.001], ["", null], ["about 3", null], ["1,000.5", null], ["Infinity", null]]) {
    assert.equal(numeric(text), number, text);
  }
});
