"""What a reader of a page with a stage does and reads, for the tests of every such page."""

import re
import time

import pytest
from playwright.sync_api import expect

PATIENCE = 20  # seconds
# the home page as one explores it: the bare address opens the first lesson
FREE = "model=gaussian_mixture"
# there are figures in view, and all of them are drawn; others wait behind tabs
DRAWN = """() => {
  const seen = [...document.querySelectorAll(".stage .stage-figure")].filter((node) => node.offsetWidth);
  return seen.length > 0 && seen.every((node) => node.querySelector(".main-svg"));
}"""
# all that a screen reader says from here on, as `said`
SAYS = """() => {
  window.said = [];
  const node = document.querySelector(".stage-words");
  const say = () => node.ariaBusy === "false" && window.said.push(node.textContent);
  new MutationObserver(say).observe(node, { attributes: true });
}"""
INFINITE = {"∞": float("inf"), "−∞": float("-inf")}


def some(all_of_them, *ordinary):
    """Parameters of a test: `ordinary` in every run, the others with -m exhaustive."""
    left = [value for value in all_of_them if value not in ordinary]
    return [*ordinary, *(pytest.param(value, marks=pytest.mark.exhaustive) for value in left)]


class Reader:
    """A page with a stage. Each page has a subclass that says where it is, and which numbers it shows."""

    path: str
    labels: tuple[str, ...]
    figures: int

    def __init__(self, page, url):
        self.page, self.url = page, url

    def open(self, query="", frame=0):
        self.page.goto(f"{self.url}/{self.path}?{query or ('' if self.path else FREE)}")
        return self.ready(frame)

    def ready(self, frame=0):
        """Wait until the figures are drawn and this frame is in view."""
        self.page.wait_for_function(DRAWN)
        self.at(frame)
        return self

    def at(self, frame):
        expect(self.stage).to_have_attribute("data-frame", str(frame))

    @property
    def stage(self):
        return self.page.locator(".stage")

    @property
    def caption(self):
        return self.page.locator(".stage-caption")

    def frame(self):
        return int(self.stage.get_attribute("data-frame"))

    def metric(self, label):
        return self.page.locator(".stage-metrics").get_by_label(label, exact=True)

    def numbers(self):
        """The exact numbers behind those on show; an infinite one is a sign on the page."""
        return [self._number(self.metric(label)) for label in self.labels]

    def _number(self, metric):
        value = metric.get_attribute("data-value")
        return INFINITE.get(metric.inner_text()) if value is None else float(value)

    def expected(self, row):
        """What the page's labels should say of a row of the core's report."""
        return [row["log_evidence"], row["elbo"], row["kl"]]

    def shows(self, row):
        """Wait until the numbers are those of this row of the core's report, to 1e-9.

        row: a function where another row may come to be expected, as while a drag is still on its way.
        """
        end = time.monotonic() + PATIENCE
        while self.numbers() != (expected := self._close(row)) and time.monotonic() < end:
            self.page.wait_for_timeout(50)
        assert self.numbers() == expected

    def _close(self, row):
        return pytest.approx(self.expected(row() if callable(row) else row), rel=1e-9, abs=1e-9)

    def button(self, name):
        return self.stage.get_by_role("button", name=name, exact=True)

    def show(self, tab):
        """Bring the view behind this tab to the front, where it stands in a shared place."""
        self.stage.get_by_role("tab", name=tab, exact=True).click()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def pull(self, start, end):
        """Drag with the mouse from here to there, pixels of the window."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=5)
        self.page.mouse.up()

    def zoom_mode(self, figure, tool="Drag a box to enlarge"):
        """Have drags on this figure do something, as the toolbar of its card offers; returns the toolbar."""
        card = self.stage.locator(".stage-view", has=self.page.locator(f"[data-figure={figure}]"))
        lens = card.get_by_role("button", name="Zoom and move")
        if lens.get_attribute("aria-pressed") == "false":
            lens.click()
        card.get_by_role("button", name=tool, exact=True).click()
        return card.locator(".stage-zoom")

    def mark_figures(self):
        """Mark every figure on the stage."""
        self.page.evaluate("document.querySelectorAll('.stage .main-svg').forEach((node) => (node.marked = true))")

    def same_figures(self):
        """Whether all figures are still those that were marked: none was built again."""
        return self.page.evaluate("[...document.querySelectorAll('.stage .main-svg')].every((node) => node.marked)")

    def plot(self, figure, expression):
        """Evaluate an expression of `plot`, one figure's Plotly element, and `trace(name)`, once nothing glides."""
        self.page.wait_for_function("document.querySelector('.stage')?.dataset.gliding === undefined")
        return self.page.evaluate(f"() => {{ {named(figure)}; return {expression} }}")

    def place(self, figure, x, y):
        """The pixel of a point of a figure."""
        return self.plot(
            figure,
            "(({_fullLayout: {xaxis, yaxis}}, box) =>"
            f" [box.left + xaxis._offset + xaxis.d2p({x!r}), box.top + yaxis._offset + yaxis.d2p({y!r})]"
            ")(plot, plot.getBoundingClientRect())",
        )

    def shaded(self, figure):
        """Whether something is drawn between two curves of the figure."""
        return self.plot(
            figure,
            "[...plot.querySelectorAll('.scatterlayer .js-fill')].some((path) => path.getAttribute('d')?.length > 9)",
        )

    def wait_plot(self, figure, condition):
        """Wait until this holds of a figure; it does not while the figure, or a trace of it, is not there yet."""
        looks = f"{{ {named(figure)}; return {condition} }}"
        self.page.wait_for_function(f"() => {{ try {looks} catch (error) {{ return false }} }}")

    def trace(self, address, axis):
        """Numbers of a trace by name: `timeline.elbo`."""
        figure, name = address.split(".")
        return self.plot(figure, f"Array.from(trace('{name}').{axis})")

    def slider(self, name):
        return self.page.get_by_role("slider", name=name)

    def address(self, part, without=None):
        """Wait until the address holds this, `name=value` or the beginning `name=`, and not what is called `without`.

        Returns its parameters.
        """
        same = "=== part" if re.search(r"=.", part) else ".startsWith(part)"
        self.page.wait_for_function(
            f"""([part, without]) => {{
              const parts = location.search.slice(1).split("&");
              return parts.some((said) => said{same}) && !parts.some((said) => said.startsWith(`${{without}}=`));
            }}""",
            arg=[part, without],
        )
        return self.page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")

    def choose(self, label, option):
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def upload(self, place, name, content):
        field = self.page.locator("[data-testid=stFileUploader] input[type=file]:not([accept*=toml])").nth(place)
        field.set_input_files({"name": name, "mimeType": "text/plain", "buffer": content.encode()})

    def fits(self):
        """No scrolling, neither way."""
        main = "document.querySelector('[data-testid=stMain]')"
        return self.page.evaluate(
            f"[{main}, document.scrollingElement].every((node) => node.scrollWidth <= node.clientWidth"
            " && node.scrollHeight <= node.clientHeight)"
        )


def stands(slider, place):
    """Wait until a slider says that it is at this place; the numbers there, and its scale, may follow."""
    expect(slider).to_have_attribute("aria-valuetext", re.compile(rf"^{re.escape(place)}( [a-z]|,|;|$)"))


def named(figure):
    """JavaScript that declares a figure's Plotly element as `plot`, and `trace(name)` as one of its traces."""
    node = f"document.querySelector('[data-figure={figure}] .stage-plot')"
    return f"const plot = {node}; const trace = (name) => plot.data?.find(({{ meta }}) => meta === name)"
