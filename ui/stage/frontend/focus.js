// @ts-check
/** Where the focus goes: the page's skip link leads straight to the button that goes on. */

const SKIP = "[data-testid=stSkipToContent]";
// at the end of a run the main button has nothing to do: then what is beside it
const GOAL = [".stage-main", ".stage-tape [aria-current]", ".stage-transport button"];

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
