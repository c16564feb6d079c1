// @ts-check
/** A run saved as a file: the stage plays what the file holds, and nothing else answers. */
import { Stage } from "./stage.js";

/**
 * @typedef {import("./types.js").Ask} Ask
 * @typedef {import("./types.js").Component["data"]} Told
 * @typedef {{ message: Told, between: Record<string, import("./types.js").Message["inner"]> }} Saved
 */

/**
 * Show the run. `saved.between` are the finer frames of those frames that have them, by the frame's id.
 * @param {Saved} saved
 * @param {HTMLElement} root
 */
export default function open({ message, between }, root) {
  const { frames } = message;
  let told = message;
  /** @param {Told} data */
  const component = (data) => ({
    data,
    parentElement: root,
    setStateValue: () => {},
    /**
     * @param {string} _name
     * @param {Ask} ask
     */
    setTriggerValue: (_name, ask) => queueMicrotask(() => answer(ask)),
  });
  const stage = new Stage(component(told));

  /** @param {Ask} ask */
  function answer(ask) {
    const inner = ask.act === "inner" ? (between[frames[ask.at ?? 0]?.id ?? ""] ?? null) : null;
    const { length } = frames, last = frames[length - 1];
    told = { ...message, scene: { id: message.scene.id }, first: length, after: last?.id ?? null, frames: [], answer: ask.n, inner };
    stage.receive(component(told));
  }

  stage.moveTo(root);
  stage.receive(component(told));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => stage.receive(component(told)));
}
