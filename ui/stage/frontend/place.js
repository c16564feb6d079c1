/** Where on the page the stage stands; Streamlit may take it away and bring it back elsewhere. */

const ABSENCE = 3000; // milliseconds that a stage waits for a new place on the page

export class Place {
  /** `node` holds the stage; `body`, inside it, is told how far below the top of the page it begins. */
  constructor(node, body) {
    this.node = node;
    this.placed = () => body.style.setProperty("--stage-top", `${this.offset()}px`);
    this.watch = new ResizeObserver(this.placed);
    addEventListener("resize", this.placed);
  }

  /** Take this place; false if it was ours already. */
  settle(root) {
    clearTimeout(this.leaving);
    this.leaving = null;
    if (this.node.parentElement === root) return false;
    root.querySelector(".stage-loading")?.setAttribute("hidden", "");
    root.append(this.node);
    this.watch.disconnect();
    this.watch.observe(document.body);
    if (root.parentElement) this.watch.observe(root.closest("[data-testid=stVerticalBlock]") ?? root.parentElement);
    return true;
  }

  /** Off the page: over, unless it gets another place soon. */
  leave(over) {
    if (this.present || this.leaving) return;
    this.leaving = setTimeout(over, ABSENCE);
  }

  /** On the page, and not on its way to another place there. */
  get present() {
    return this.node.isConnected;
  }

  /** How far below the top of the unscrolled page the stage begins. */
  offset() {
    const scrolled = this.node.closest("[data-testid=stMain]")?.scrollTop ?? 0;
    return Math.round(this.node.getBoundingClientRect().top + scrolled);
  }

  destroy() {
    removeEventListener("resize", this.placed);
    this.watch.disconnect();
    this.node.remove();
  }
}
