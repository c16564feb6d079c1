"""Every plot is high enough at every size of the window and at every zoom, and all of a page is within reach."""

import pytest
from playwright.sync_api import expect

from tests.attack import thinned
from tests.browser.conftest import ROOT
from tests.browser.reader import Reader, some

# zoom of 200 % is half the window, in the pixels that a page knows
DESKTOPS = [(1920, 1080), (1440, 900), (1280, 720), (1024, 768)]
ZOOMED = [(width // 2, height // 2) for width, height in DESKTOPS]
PHONE = [(390, 844), (844, 390)]
HMM = "?model=hidden_markov&schedule=EM"
PAGES = {
    "": "?schedule=EM",
    "chain": HMM,
    "ascent": "ascent?schedule=EM",
    "slice": "ascent?model=gaussian_mixture&schedule=EM",
    "race": "race?steps=3",
    "map": "map",
    "posterior": "posterior",
    "dictionary": "dictionary",
}

# the largest plot area of each figure that is in view, by name; one whose sides keep their ratio may be as high as its
# width allows
HEIGHTS = """() => Object.fromEntries([...document.querySelectorAll(".stage-figure")]
  .filter((node) => node.offsetWidth)
  .map((node) => {
    const layout = node.querySelector(".stage-plot")._fullLayout;
    const axes = Object.entries(layout).filter(([name]) => /^yaxis\\d*$/.test(name)).map(([, axis]) => axis);
    const square = axes.some(({ scaleanchor, constrain }) => scaleanchor && constrain === "domain");
    const length = Math.max(...axes.map(({ _length }) => _length));
    return [node.dataset.figure, square ? Math.max(length, layout._size.h) : length];
  }))"""
DRAWN = """() => [...document.querySelectorAll(".stage-figure")].every((node) => !node.offsetWidth
  || (Math.abs(node.querySelector(".stage-plot")._fullLayout?.height - node.offsetHeight) < 2
    && Math.abs(node.querySelector(".stage-plot")._fullLayout.width - node.offsetWidth) < 2))"""

# the sidebar slides, and the views go to other places as it gives or takes room: until all has stood for half a second
RESTED = """async () => {
  const place = () => JSON.stringify([".stage", ".stage-place"].map((part) => [...document.querySelectorAll(part)]
    .map((node) => [node.className, node.offsetWidth, node.offsetHeight, node.querySelectorAll("[role=tab]").length])));
  for (let before = "", still = 0; still < 5; before = place()) {
    await new Promise((later) => setTimeout(later, 100));
    still = place() === before ? still + 1 : 0;
  }
}"""

# controls below the views that lie over one another, at the end of the page
OVERLAPS = """() => {
  document.querySelector("[data-testid=stMain]").scrollTo(0, 1e6);
  const boxes = [...document.querySelectorAll(":is(.stage-transport, .stage-tools) :is(button, select)")]
    .filter((node) => node.offsetWidth).map((node) => [node.textContent || node.title, node.getBoundingClientRect()]);
  return boxes.flatMap(([name, a], i) => boxes.slice(i + 1)
    .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
    .map(([other]) => [name, other]));
}"""


class Sized(Reader):
    """A page at some size of the window."""

    figures = 1

    def size(self, width, height):
        self.page.mouse.move(0, 0)  # off what explains itself to a pointer that rests, over the tabs below it
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate(RESTED)
        self.settle()
        return self

    def settle(self):
        self.page.wait_for_timeout(150)
        self.page.wait_for_function(DRAWN)

    def heights(self):
        """Of every figure of the page, behind tabs and switches too."""
        found = self.page.evaluate(HEIGHTS)
        for place in self.stage.locator(".stage-place").all():
            for tab in place.get_by_role("tab").all() or [None]:
                if tab:
                    tab.click()
                    expect(tab).to_have_attribute("aria-selected", "true")
                for face in place.locator(".stage-view:visible .stage-switch button").all():
                    face.click()
                    self.settle()
                    found |= self.page.evaluate(HEIGHTS)
                self.settle()
                found |= self.page.evaluate(HEIGHTS)
        return found


# one page at the desk and on a phone; every size, and the other pages, with -m exhaustive
ALL = [*DESKTOPS, *ZOOMED, *PHONE]
EACH = [(1280, 720), (512, 384), *PHONE]
FEW = [(1280, 720), (390, 844)]
SIZES = [("", FEW), ("", ALL), *((name, EACH) for name in PAGES), *((name, DESKTOPS) for name in PAGES if name)]


@pytest.mark.parametrize("case", some(SIZES, ("", FEW)), ids=lambda case: f"{case[0] or 'em'} {len(case[1])}")
def test_no_plot_is_lower_than_180_pixels(page, serve, case):
    page_name, sizes = case
    reader = Sized(page, serve(ROOT / "app.py").url)
    page.goto(f"{reader.url}/{PAGES[page_name]}")
    page.wait_for_selector(".stage[data-frame] .main-svg")
    views = page.locator(".stage-view").count()
    for width, height in sizes:
        found = reader.size(width, height).heights()
        assert len(found) >= views, (width, height, found)
        low = {name: high for name, high in found.items() if high < (120 if (width, height) == (844, 390) else 179.5)}
        assert not low, (width, height, low)
        # nothing sideways, and the button that goes on is in view wherever the page is scrolled to
        main = "document.querySelector('[data-testid=stMain]')"
        assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth"), (width, height)
        box = page.locator(".stage-main").bounding_box()
        assert box["y"] + box["height"] <= height and box["x"] + box["width"] <= width, (width, height)
        assert page.evaluate(OVERLAPS) == [], (width, height)


# where each view stands, and the height at which the buttons do
PLACED = """() => JSON.stringify([
  [...document.querySelectorAll(".stage-place")].map((place) => [...place.querySelectorAll(".stage-view")]
    .map(({ dataset, hidden }) => `${dataset.view} ${hidden}`)),
  document.querySelector(".stage-main").getBoundingClientRect().top,
])"""


# path and query of those that are no pages by themselves, at their start
STARTS = {"chain": ("", "model=hidden_markov"), "slice": ("ascent", "model=gaussian_mixture")}


@pytest.mark.parametrize("case", some([*PAGES], ""))
def test_neither_layout_nor_buttons_change_from_step_to_step(page, serve, case):
    reader = Sized(page, serve(ROOT / "app.py").url)
    reader.path, query = STARTS.get(case, (case, ""))
    for size in ((1440, 900), (1920, 1080)):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        reader.open(query)
        reader.settle()
        placed = page.evaluate(PLACED)
        for step in range(1, 4):
            reader.press("ArrowRight")
            reader.at(step)
            page.wait_for_timeout(300)
            assert page.evaluate(PLACED) == placed, (size, step)
        # three lines of the caption have their room
        page.locator(".stage-caption").evaluate("(node) => (node.textContent = 'word '.repeat(3 * 19))")
        assert page.evaluate("document.querySelector('.stage-caption').offsetHeight") > 50
        assert page.evaluate(PLACED) == placed, size
        assert reader.fits(), size


GRID = "getComputedStyle(document.querySelector('.stage-views')).gridTemplateAreas"


@pytest.mark.parametrize(
    "path, size", thinned([("ascent", (1440, 900)), ("map", (1920, 1080))], [("ascent", (1440, 900))])
)
def test_views_stay_where_they_are_when_two_runs_are_compared(page, serve, path, size):
    reader = Sized(page, serve(ROOT / "app.py").url)
    reader.path = path
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    reader.open("")
    reader.press("ArrowRight")
    reader.at(1)
    reader.settle()
    before = page.evaluate(GRID)
    reader.press("k")
    page.locator("[data-figure=apart-latest] .main-svg").first.wait_for()
    reader.settle()
    assert page.evaluate(GRID) == before and before.count('"') == 4  # two rows of places


def test_a_phone_shows_one_view_and_the_whole_caption(page, serve):
    page.set_viewport_size({"width": 390, "height": 844})
    reader = Sized(page, serve(ROOT / "app.py").url)
    reader.path = ""
    reader.open("schedule=EM", 2)
    assert page.locator(".stage-view:visible").count() == 1
    # the tab says no more than "Data"
    assert page.locator("[data-view=data] h2").bounding_box()["height"] > 18
    words = page.locator(".stage-words").evaluate("(node) => node.scrollHeight <= node.clientHeight + 1")
    assert words and page.locator(".stage-caption").bounding_box()["height"] > 30
    reader.stage.get_by_role("tab", name="Half-steps").click()
    expect(page.locator(".stage-view:visible")).to_have_attribute("data-view", "timeline")
    reader.button("E-step").click()
    reader.at(3)
    # the caption is not covered by what is pressed
    page.locator(".stage-caption").scroll_into_view_if_needed()
    caption, bar = page.locator(".stage-caption").bounding_box(), page.locator(".stage-transport").bounding_box()
    assert caption["y"] + caption["height"] <= bar["y"] + 1


def test_text_grows_with_the_window_and_figures_with_the_text(page, serve):
    reader = Sized(page, serve(ROOT / "app.py").url)
    reader.path = ""
    reader.open("schedule=EM", 2)
    tick = "parseFloat(plot.querySelector('.xtick text').style.fontSize)"
    reader.size(1440, 900)
    assert reader.plot("data", tick) == pytest.approx(12)
    reader.size(1920, 1080)
    reader.page.wait_for_function("document.querySelector('[data-figure=data] .xtick text').style.fontSize !== '12px'")
    assert reader.plot("data", tick) == pytest.approx(16, abs=0.1)
    assert reader.plot("data", "plot._fullLayout.margin.b") == pytest.approx(46 * 19.968 / 15, abs=0.1)
