// @ts-check
/** Where on the page the stage stands; Streamlit may take it away and bring it back elsewhere. */

const ABSENCE = 3000; // milliseconds that a stage waits for a new place on the page

export class Place {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  leaving;

  /**
   * `node` holds the stage; `body`, inside it, is told how far below the top of the page it begins.
   * @param {HTMLElement} node
   * @param {HTMLElement} body
   */
  constructor(node, body) {
    this.node = node;
    this.body = body;
    this.measure = () => body.style.setProperty("--stage-top", `${this.offset()}px`);
    this.watch = new ResizeObserver(this.measure);
    addEventListener("resize", this.measure);
  }

  /**
   * Take this place; false if it was ours already.
   * @param {HTMLElement} root
   */
  moveTo(root) {
    clearTimeout(this.leaving);
    this.leaving = undefined;
    if (this.node.parentElement === root) return false;
    root.querySelector(".stage-loading")?.setAttribute("hidden", "");
    root.append(this.node);
    this.watch.disconnect();
    this.watch.observe(document.body);
    if (root.parentElement) this.watch.observe(root.closest("[data-testid=stVerticalBlock]") ?? root.parentElement);
    return true;
  }

  /**
   * Off the page: over, unless it gets another place soon.
   * @param {() => void} over
   */
  leave(over) {
    if (this.present || this.leaving !== undefined) return;
    this.leaving = setTimeout(over, ABSENCE);
  }

  /** On the page, and not on its way to another place there. */
  get present() {
    return this.node.isConnected;
  }

  /** How far below the top of the unscrolled page the stage's body begins. */
  offset() {
    const scrolled = this.node.closest("[data-testid=stMain]")?.scrollTop ?? 0;
    return Math.round(this.body.getBoundingClientRect().top + scrolled);
  }

  destroy() {
    removeEventListener("resize", this.measure);
    this.watch.disconnect();
    this.node.remove();
  }
}
