/** Play through frames that are light: whole ones are there before it comes to them, and the reader's page is seldom told more. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Asks } from "../../ui/stage/frontend/asks.js";
import { Playback } from "../../ui/stage/frontend/playback.js";
import { pass } from "./fakes.js";

const nothing = () => {};
const frames = (first, count, light) => Array.from({ length: count }, (_, n) => ({ id: String(first + n), light, next: { label: "on" } }));

test("Play asks for whole frames before it comes to the light ones, many at a time", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  mock.method(performance, "now", () => Date.now());
  const asks = new Asks({ send: nothing, changed: nothing, ready: () => true, late: nothing, full: nothing });
  const playback = new Playback(asks, { arrived: nothing, changed: nothing, moving: nothing, speed: () => 4, free: () => true, report: nothing });
  const { history } = playback;
  history.accept({ first: 0, after: null, frames: [...frames(0, 2, false), ...frames(2, 40, true)] });
  playback.ended = "done";
  let fills = 0;
  playback.toggle();
  for (let n = 2; n <= 30; n++) {
    const { act, at, ahead, n: number } = asks.current ?? {};
    if (act === "fill") {
      fills += 1;
      history.fill(frames(at, ahead + 1, false).map((frame, further) => ({ at: at + further, frame })));
      asks.answered(number);
    }
    pass(250);
    assert.equal(playback.cursor, n);
  }
  assert.ok(fills > 1 && fills <= 5, `${fills}`); // three seconds each, and not one frame at every beat
});
