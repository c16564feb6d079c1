// @ts-check
/** A run saved as a file: the stage plays what the file holds, and nothing else answers. */
import { Stage } from "./stage.js";
import { unzlibSync } from "./vendor/fflate/fflate.js";

/**
 * @typedef {import("./types.js").Ask} Ask
 * @typedef {import("./types.js").Component["data"]} Told
 * @typedef {{ message: Told, between: Record<string, string>, inside: Record<string, string>, why: string }} Saved
 */

/**
 * From base64 of what zlib has packed.
 * @param {string | undefined} packed
 */
const unpacked = (packed) => (packed ? JSON.parse(new TextDecoder().decode(unzlibSync(Uint8Array.from(atob(packed), (byte) => byte.charCodeAt(0))))) : null);

/**
 * Show the run. `saved.between` are the finer frames of those frames that have them, packed, by the frame's id; `inside` the beats from
 * them to the next, and `why` what is said where there are none.
 * @param {Saved} saved
 * @param {HTMLElement} root
 */
export default function open({ message, between, inside, why }, root) {
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
    const at = ask.at ?? 0, id = frames[at]?.id ?? "";
    const inner = ask.act === "inner" ? unpacked(between[id]) : null;
    const none = { frame: id, next: frames[at + 1]?.id ?? null, unit: 0, units: 1, beats: [], why };
    const within = ask.act === "inside" ? unpacked(inside[id]) ?? none : null;
    const { length } = frames, last = frames[length - 1];
    told = { ...message, scene: { id: message.scene.id }, first: length, after: last?.id ?? null, frames: [], answer: ask.n, inner, inside: within };
    stage.receive(component(told));
  }

  stage.moveTo(root);
  stage.receive(component(told));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => stage.receive(component(told)));
}
