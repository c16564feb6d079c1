// @ts-check
/** How a class gets into a room: what is said before one is opened; then its code, picture and address, for the last row. */
import { el } from "./dom.js";

/**
 * @typedef {import("./types.js").Offered} Offered
 * @typedef {import("./types.js").Led} Led
 */

const NAMES = {
  Room: "Room", Open: "Open a room", Hands: "Show of hands, without phones", Close: "Close", Small: "Make small", End: "Close the room", Follow: "Let phones follow this view",
  address: "Address", code: "Code", scan: "Scan, or open", ask: "Ask about the next step", end: "Closing the room ends it for everyone in it.",
  hands: "A show of hands: ask, have the hands counted, and type in the numbers.", picture: "QR code of {}",
};

/**
 * An address as it is typed.
 * @param {string} address
 */
const bare = (address) => address.replace(/^https?:\/\//, "");

/**
 * It may go on in the next line after each part.
 * @param {string} address
 */
const parted = (address) => el("p", { class: "stage-address" }, ...bare(address).split("/").flatMap((part, place) => (place ? [el("wbr"), `/${part}`] : [part])));

/**
 * A picture that no page's style or script gets into.
 * @param {string} svg
 */
const picture = (svg) => `data:image/svg+xml,${encodeURIComponent(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))}`;

export class Invitation {
  /** @type {HTMLDialogElement | null} */
  dialog = null;
  /** @type {string} */
  shown = ""; // what it shows
  place = 0; // which of the addresses

  /**
   * `on`: open(hands) a room, end() it, follow(on), ask() what comes next.
   * @param {HTMLElement} node  of the stage
   * @param {{ open: (hands: boolean) => void, end: () => void, follow: (on: boolean) => void, ask: () => void }} on
   */
  constructor(node, on) {
    this.node = node;
    this.on = on;
  }

  get open() {
    return this.dialog !== null;
  }

  close() {
    this.dialog?.close();
  }

  /**
   * @param {Offered | Led} room
   */
  show(room) {
    const told = JSON.stringify([room, this.place]);
    if (this.dialog && told === this.shown) return;
    this.shown = told;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.name;
    if (!this.dialog) {
      this.dialog = el("dialog", { on: { close: ({ currentTarget }) => {
        currentTarget.remove();
        this.dialog = null;
      } } });
      this.node.append(this.dialog);
      this.dialog.showModal();
    }
    const { dialog } = this;
    const parts = !("phase" in room) ? this.offer(room) : room.hands ? this.byHand(room) : this.invited(room);
    dialog.className = `stage-help ${"phase" in room && !room.hands ? "stage-invitation" : "stage-offer"}`;
    dialog.setAttribute("aria-label", NAMES.Room);
    dialog.replaceChildren(...parts);
    /** @type {HTMLElement | null} */ (dialog.querySelector(focused ? `[data-name="${focused}"]` : "[data-due]"))?.focus();
  }

  /**
   * @param {string} name
   * @param {() => void} click
   * @param {boolean} [due]  the one thing to do
   */
  button(name, click, due = false) {
    return el("button", { class: "stage-tool", type: "button", "data-due": due, "data-name": name, on: { click } }, name);
  }

  /** @param {Offered | Led} room */
  head(room) {
    return [el("form", { method: "dialog" }, el("h2", {}, NAMES.Room), el("button", { class: "stage-tool" }, NAMES.Close)),
      room.said ? el("p", { class: "stage-said-by-room", role: "alert" }, room.said) : null].filter((part) => part !== null);
  }

  /** @param {Offered} room */
  offer(room) {
    return [...this.head(room), el("p", {}, room.about), el("div", { class: "stage-deeds" },
      this.button(NAMES.Open, () => this.on.open(false), true), this.button(NAMES.Hands, () => this.on.open(true)))];
  }

  /** @param {Led} room */
  byHand(room) {
    return [...this.head(room), el("p", {}, NAMES.hands), el("div", { class: "stage-deeds" },
      this.button(NAMES.ask, () => this.on.ask(), true), this.button(NAMES.End, () => this.on.end()))];
  }

  /** @param {Led} room */
  invited(room) {
    const { code, join } = room, chosen = join[this.place] ?? join[0];
    const others = join.length > 1 ? el("div", { class: "stage-addresses", role: "group", "aria-label": NAMES.address }, ...join.map(({ address }, place) =>
      el("button", { class: "stage-tool", type: "button", "aria-pressed": String(chosen?.address === address), on: { click: () => {
        this.place = place;
        this.show(room);
      } } }, bare(address)))) : null;
    const follow = el("input", { type: "checkbox", "data-name": NAMES.Follow, checked: room.follow, on: { change: () => this.on.follow(follow.checked) } });
    return [
      el("div", { class: "stage-invited" },
        chosen ? el("img", { src: picture(chosen.qr), alt: NAMES.picture.replace("{}", chosen.address) }) : null,
        el("div", {}, el("p", {}, NAMES.scan), parted(chosen?.address ?? ""),
          el("p", { class: "stage-code", "aria-label": `${NAMES.code} ${[...code].join(" ")}` }, code), others,
          room.hint ? el("p", { class: "stage-said-by-room" }, room.hint) : null,
          room.said ? el("p", { class: "stage-said-by-room", role: "alert" }, room.said) : null)),
      el("div", { class: "stage-deeds" }, this.button(NAMES.Small, () => this.close(), true), this.button(NAMES.ask, () => this.on.ask()),
        el("label", {}, follow, " ", NAMES.Follow), el("button", { class: "stage-tool stage-last", type: "button", title: NAMES.end, on: { click: () => this.on.end() } }, NAMES.End)),
    ];
  }

  /**
   * The picture, the code and where it is typed, small: who comes late can still join.
   * @param {Led} room
   */
  small({ code, join }) {
    const chosen = join[this.place] ?? join[0];
    return el("div", { class: "stage-late" },
      chosen ? el("img", { src: picture(chosen.qr), alt: NAMES.picture.replace("{}", chosen.address) }) : null,
      el("div", {}, parted(chosen?.address.replace(/\/[^/]*$/, "") ?? ""), el("p", { class: "stage-code" }, code)));
  }
}
