// @ts-check
/** The space that the stage has: says when the window, the stage's part of it or the size of text has changed, or letters have come. */

export class Space {
  size = ""; // for which the views were placed
  /** @type {Set<string>} */
  letters = new Set(); // that have come

  /**
   * @param {HTMLElement} node  of the stage
   * @param {() => void} changed
   */
  constructor(node, changed) {
    this.node = node;
    this.changed = changed;
    this.look = () => {
      const size = `${node.offsetWidth} ${innerHeight} ${getComputedStyle(document.documentElement).fontSize}`;
      if (!node.offsetWidth || size === this.size) return;
      this.size = size;
      changed();
    };
    this.watch = new ResizeObserver(this.look); // for the width: the sidebar may fold away
    this.watch.observe(node);
    addEventListener("resize", this.look);
    // until its letters are there the equation is wider, and the header may be higher by a row
    this.lettered = (/** @type {FontFaceSetLoadEvent} */ { fontfaces }) => {
      const before = this.letters.size;
      for (const { family, weight, style, unicodeRange } of fontfaces) this.letters.add([family, weight, style, unicodeRange].join());
      if (this.letters.size === before) return; // the same once more, as with every style sheet that comes
      this.size = "";
      this.look();
    };
    document.fonts.addEventListener("loadingdone", this.lettered);
  }

  destroy() {
    this.watch.disconnect();
    removeEventListener("resize", this.look);
    document.fonts.removeEventListener("loadingdone", this.lettered);
  }
}
