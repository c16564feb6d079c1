/** The cards of the grid: a title row, one or more figures of which one is in view, handles, the inner slider. */
import { el, setText } from "./dom.js";
import { Picture } from "./figures.js";
import { Handles } from "./handles.js";

const WIDTHS = ["wide", "medium", "narrow"];

export class View {
  /** `on`: { seek(frame), drop(figure, id, x, y), switched(), inner: { wanted(), moved(index) } }. */
  constructor(view, scene, on) {
    this.view = view;
    this.on = on;
    this.figures = view.figures.map(({ id, label }) => this.figure(id, label, scene));
    this.chosen = this.figures[0];
    this.note = view.note && el("p", { class: "stage-note" });
    this.switch = this.figures.length > 1 && this.switcher();
    this.inner = scene.inner?.view === view.id && this.innerSlider(scene.inner, on.inner);
    this.node = el("section", { class: "stage-view", "aria-label": view.title, style: { "grid-area": view.area ?? view.id } },
      el("header", { class: "stage-title" }, el("h3", {}, view.title), this.switch || null, this.note || null),
      el("div", { class: "stage-figures" }, ...this.figures.map(({ node }) => node)),
      this.inner?.node ?? null);
    this.choose(this.chosen);
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.resize()));
    this.observer.observe(this.node.querySelector(".stage-figures"));
  }

  figure(id, label, scene) {
    const host = el("div", { class: "stage-plot", role: "img", "aria-label": label ?? this.view.title });
    const handles = new Handles(host, (handle, x, y) => this.on.drop(handle, x, y));
    const node = el("div", { class: "stage-figure", "data-figure": id }, host, handles.node);
    return { id, label, host, handles, node, picture: new Picture(id, scene.figures[id], scene.glide ?? [], host) };
  }

  switcher() {
    return el("div", { class: "stage-switch", role: "group", "aria-label": this.view.title }, ...this.figures.map((figure) => {
      figure.button = el("button", { type: "button", on: { click: () => {
        this.choose(figure);
        this.on.switched();
      } } }, figure.label);
      return figure.button;
    }));
  }

  choose(figure) {
    this.chosen = figure;
    for (const other of this.figures) {
      other.node.hidden = other !== figure;
      other.button?.setAttribute("aria-pressed", String(other === figure));
    }
  }

  innerSlider({ label, stops, format = "{}" }, { wanted, moved }) {
    const value = el("output", { class: "stage-stop" });
    const input = el("input", { type: "range", min: 0, max: stops.length - 1, step: 1, class: "stage-inner", "aria-label": label, on: {
      pointerenter: wanted, focus: wanted, input: () => moved(input.valueAsNumber),
    } });
    const show = (index) => {
      input.value = index;
      const text = format.replace("{}", stops[index]);
      setText(value, text);
      input.setAttribute("aria-valuetext", text);
      input.style.setProperty("--done", index / (stops.length - 1 || 1));
    };
    const node = el("label", { class: "stage-inner-row" }, el("span", {}, label), input, value);
    const clear = () => {
      setText(value, "–");
      input.removeAttribute("aria-valuetext");
    };
    return { node, input, show, clear };
  }

  /** Show one frame: attribute values, handles and texts. Returns the tween of the figure in view, if it has one. */
  show({ held, slot, handles, theme, glide }) {
    const { id, picture, host } = this.chosen;
    const fresh = !picture.built;
    const tween = picture.show(held(id), theme, glide);
    if (fresh) this.connect(this.chosen);
    this.chosen.handles.show(handles.filter(({ figure }) => figure === id), theme);
    if (this.note) setText(this.note, slot(this.view.note)?.text ?? "");
    const description = this.view.describe && slot(this.view.describe)?.text;
    if (description) host.setAttribute("aria-label", description);
    return tween;
  }

  connect({ host, handles }) {
    host.on("plotly_relayout", () => handles.follow());
    host.on("plotly_afterplot", () => handles.follow());
    if (this.view.click === "x") {
      host.classList.add("stage-clickable");
      host.on("plotly_click", ({ points }) => this.on.seek(Math.round(points[0].x)));
    }
  }

  resize() {
    this.chosen.picture.resize();
  }

  destroy() {
    this.observer.disconnect();
    for (const { picture, handles } of this.figures) {
      picture.destroy();
      handles.destroy();
    }
  }
}

/** The grid for each width is CSS: container queries choose between these properties. */
export function arrange(grid, { areas = {}, columns = {}, rows = {}, views }) {
  const oneColumn = views.map(({ id, area }) => area ?? id);
  const chosen = { wide: areas.wide ?? oneColumn };
  chosen.medium = areas.medium ?? chosen.wide;
  chosen.narrow = areas.narrow ?? oneColumn;
  for (const width of WIDTHS) {
    const lines = chosen[width];
    const count = lines[0].trim().split(/\s+/).length;
    grid.style.setProperty(`--areas-${width}`, lines.map((line) => `"${line}"`).join(" "));
    grid.style.setProperty(`--columns-${width}`, columns[width] ?? `repeat(${count}, minmax(0, 1fr))`);
    grid.style.setProperty(`--rows-${width}`, rows[width] ?? (width === "narrow" ? "none" : `repeat(${lines.length}, 1fr)`));
  }
}
