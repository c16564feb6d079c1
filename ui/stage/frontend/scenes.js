// @ts-check
/** Messages name a scene that the browser has; one that it lacks is sent whole. */

/**
 * The message with its scene; null where that was in a message that never came.
 * @param {import("./types.js").Told} told
 * @param {import("./types.js").Scene | undefined} known  that stands
 * @returns {import("./types.js").Message | null}
 */
export function withScene(told, known) {
  const { scene } = told;
  if ("figures" in scene) return { ...told, scene };
  return known?.id === scene.id ? { ...told, scene: known } : null;
}
