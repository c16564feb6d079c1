// @ts-check
/** The space that the stage has: says when the window, the stage's part of it or the size of text has changed, or letters have come. */

export class Space {
  size = ""; // for which the views were placed

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
    this.lettered = () => {
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
