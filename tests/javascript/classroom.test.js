/** Which room a browser keeps: the one that was led before the page was loaded again, or another process went on. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { install } from "./fakes.js";

const LED = { code: "BCDF", key: "secret", mark: "a run" };
let kept, asked, room, uninstall;

beforeEach(async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  [kept, asked] = [{}, []];
  uninstall = install({
    document: { addEventListener: () => {} },
    sessionStorage: {
      getItem: (name) => kept[name] ?? null,
      setItem: (name, value) => (kept[name] = value),
      removeItem: (name) => delete kept[name],
    },
  });
  const { Classroom } = await import("../../ui/stage/frontend/classroom.js");
  room = { session: undefined, ask: (act) => asked.push(act), keep: Classroom.prototype.keep };
});

afterEach(() => {
  uninstall();
  mock.timers.reset();
});

test("a room that was led is asked for at another process, and kept", () => {
  room.keep(LED, "one");
  room.keep(null, "other");
  mock.timers.tick(1);
  assert.deepEqual(asked, [{ act: "room.back", ...LED }]);
  room.keep(LED, "other");
  assert.equal(Object.keys(kept).length, 1);
});

test("a room that is over is kept no longer, and asked for no more", () => {
  room.keep(LED, "one");
  room.keep(null, "one");
  room.keep(null, "other");
  mock.timers.tick(1);
  assert.deepEqual([kept, asked], [{}, []]);
});
