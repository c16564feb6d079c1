// @ts-check
/** Where the focus goes: the page's skip link leads straight to the button that goes on; a click leaves the keys to the stage. */

const SKIP = "[data-testid=stSkipToContent]";
// at the end of a run the main button has nothing to do: then what is beside it
const GOAL = [".stage-main", ".stage-tape [aria-current]", ".stage-transport button"];

const KEEPS = ".stage-handle, .stage-term"; // which have a use for it: arrows move the one, the other is explained

/**
 * After a click of the mouse on a button or a tab the keys are the stage's again, arrows and Space among them.
 * @param {MouseEvent} event
 */
export function letGo({ target, detail }) {
  const button = detail && target instanceof Element ? target.closest("button") : null;
  if (button && !button.matches(KEEPS)) button.blur();
}

/** @param {MouseEvent} event */
function skip(event) {
  if (!(event.target instanceof Element) || !event.target.closest(SKIP)) return;
  const goal = GOAL.map((place) => document.querySelector(`.stage ${place}:not(:disabled)`)).find((node) => node !== null);
  if (!(goal instanceof HTMLElement)) return;
  event.preventDefault();
  event.stopPropagation(); // Streamlit would take the focus to all of the page's main part
  goal.focus();
}

// on the way down, before Streamlit hears of it
document.addEventListener("click", skip, true);
