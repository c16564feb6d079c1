/** The page's own controls: asked for after the picture, what comes next, and what the reader has done meanwhile. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { askForControls } from "../../ui/stage/frontend/controls.js";

let stage;

/** Time passes, and what waited for it goes on. */
async function passes(milliseconds) {
  for (let time = 0; time < milliseconds; time += 10) {
    mock.timers.tick(10);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.requestAnimationFrame = (draw) => setTimeout(draw, 10);
  let now = 0;
  mock.method(performance, "now", () => (now += 10));
  const asks = { all: [], add: (ask) => asks.all.push(ask), has: (name) => asks.all.some(({ act }) => act === name) };
  stage = { told: { alone: true }, asks, foresight: { lacks: false, seen: null } };
});

const asked = () => stage.asks.all.map(({ act }) => act);

test("they are asked for once the picture is there", async () => {
  askForControls(stage);
  assert.deepEqual(asked(), []);
  await passes(50);
  assert.deepEqual(asked(), ["controls"]);
});

test("a page that has them asks for none", async () => {
  stage.told = { alone: false };
  askForControls(stage);
  await passes(2000);
  assert.deepEqual(asked(), []);
});

test("what comes next is asked for before, and what the reader does", async () => {
  stage.foresight.lacks = true;
  askForControls(stage);
  await passes(100);
  stage.foresight.lacks = false;
  stage.asks.add({ act: "move", letter: "E" });
  await passes(100);
  assert.deepEqual(asked(), ["move"]);
  stage.asks.all.length = 0;
  await passes(100);
  assert.deepEqual(asked(), ["controls"]);
});

test("who goes on and on gets them too, once", async () => {
  stage.asks.add({ act: "ahead" });
  askForControls(stage);
  askForControls(stage);
  await passes(3000);
  assert.deepEqual(asked(), ["ahead", "controls"]);
});

test("they came by another way meanwhile", async () => {
  askForControls(stage);
  stage.told = { alone: false };
  await passes(2000);
  assert.deepEqual(asked(), []);
});
