// @ts-check
/** Pictures on buttons: lines of one width in a square of 24. */

const PATHS = {
  Start: "M6 5v14M19 5 9 12l10 7z",
  Back: "M17 5 7 12l10 7z",
  Play: "M7 5l11 7-11 7z",
  Pause: "M8 5v14M16 5v14",
  End: "M18 5v14M5 5l10 7-10 7z",
  Inside: "M3 20h5v-5h5v-5h5V5h3",
  undo: "M9 5 4 10l5 5M4 10h10a6 5 0 0 1 0 10h-3",
  redo: "M15 5l5 5-5 5M20 10H10a6 5 0 0 0 0 10h3",
  lens: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 21 21",
  pan: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  zoom: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M9 9h6v6H9z",
  closer: "M12 5v14M5 12h14",
  further: "M5 12h14",
  edit: "M4 20l1-4L16 5l3 3L8 19zM13.5 7.5l3 3",
  put: "M12 6a6 6 0 1 0 0 12 6 6 0 0 0 0-12M12 9v6M9 12h6",
  take: "M12 6a6 6 0 1 0 0 12 6 6 0 0 0 0-12M9 12h6",
  compare: "M4 19C8 8 13 6 20 5M4 19l4-2M11 15.5l3.5-1.5M17.5 13l3-1",
  apart: "M4 19C8 8 13 6 20 5M4 19l4-2M11 15.5l3.5-1.5M17.5 13l3-1M4 4l17 17",
  save: "M12 4v11M7 10.5l5 5 5-5M4 20h16",
  numbers: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
  sound: "M4 10v4h4l5 4V6L8 10zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
  silent: "M4 10v4h4l5 4V6L8 10zM16.5 9.5l5 5M21.5 9.5l-5 5",
  reset: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5",
};

/** @typedef {keyof typeof PATHS} Icon */

/** @param {Icon} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
