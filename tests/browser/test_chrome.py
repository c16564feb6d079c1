"""What stands around the stage, with a keyboard alone: nothing that Streamlit offers is hidden by our style."""

import pytest
from playwright.sync_api import expect

from tests.attack import thinned
from tests.browser.conftest import ROOT
from tests.browser.reader import Reader, some
from ui.assets import LIBRARY
from ui.frame import NAME, PAGES

FOCUSED = """() => {
  const node = document.activeElement, style = getComputedStyle(node), box = node.getBoundingClientRect();
  const rings = [style, getComputedStyle(node, "::after")];
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return {
    place: node.closest("[data-testid]")?.dataset.testid ?? "",
    name: node.innerText || node.ariaLabel || "",
    ring: rings.some(({ outlineStyle, outlineWidth, boxShadow }) =>
      (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none"),
    visible: box.width > 0 && box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight
      && (top === node || node.contains(top) || top?.contains(node)),
  };
}"""

# whether the main part has a frame around all of it
FRAME = """() => {
  const main = document.querySelector("main"), box = main.getBoundingClientRect();
  const style = getComputedStyle(main, "::before");
  return style.content === '""' && style.boxShadow !== "none" && style.top === "0px"
    && Math.abs(parseFloat(style.height) - box.height) < 1;
}"""


class Home(Reader):
    path = ""
    figures = 4

    def tab(self, found, most=60):
        """Press Tab until the focus is where `found` says; a sidebar that is folded away keeps its stops."""
        seen = []
        for _ in range(most):
            self.press("Tab")
            seen.append(self.page.evaluate(FOCUSED))
            if found(seen[-1]):
                return seen[-1]
        raise AssertionError(seen)


@pytest.mark.parametrize("width", some([390], 1440))
def test_the_sidebar_is_brought_back_with_keys_alone(page, serve, width):
    page.set_viewport_size({"width": width, "height": 844})
    home = Home(page, serve(ROOT / "app.py").url).open()
    sidebar = page.get_by_test_id("stSidebar")
    if width == 1440:
        page.get_by_test_id("stSidebarHeader").hover()  # until then Streamlit hides the button, from keys too
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    page.evaluate("document.activeElement.blur()")
    found = home.tab(lambda focused: focused["place"] == "stExpandSidebarButton")
    assert found["ring"], found
    page.wait_for_function(f"({FOCUSED})().visible")  # once the sidebar has slid away
    home.press("Enter")
    expect(sidebar).to_have_attribute("data-collapsed", "false")


@pytest.mark.exhaustive
def test_skip_to_the_stage_and_step(page, serve):
    home = Home(page, serve(ROOT / "app.py").url).open()
    found = home.tab(lambda focused: focused["place"] == "stSkipToContent", most=1)
    assert found["visible"] and found["ring"], found
    home.press("Enter")
    expect(page.locator(".stage-main")).to_be_focused()
    assert page.evaluate(FOCUSED)["ring"] and not page.evaluate(FRAME)
    home.press("ArrowRight")
    home.at(1)


@pytest.mark.exhaustive
def test_a_click_where_nothing_is_draws_no_frame_around_the_page(page, serve):
    home = Home(page, serve(ROOT / "app.py").url).open()
    page.get_by_test_id("stMain").click(position={"x": 600, "y": 4})
    home.press("ArrowRight")
    home.at(1)
    assert not page.evaluate(FRAME)


# the boxes of the app's name and purpose, where they are seen
SIGNS = """() => [...document.querySelectorAll(".app-sign")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }))
  .map((node) => node.getBoundingClientRect().toJSON()).filter(({ right }) => right > 0)"""


WIDTHS = (1920, 1280, 390)
EACH = [(name, width) for name, _ in PAGES for width in WIDTHS]
# a page at the smallest; the others with -m exhaustive
ONE = [(PAGES[1][0], WIDTHS[-1])]


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", some(EACH, *ONE), ids=str)
def test_name_and_purpose_stand_above_everything_else(page, serve, case):
    name, width = case
    page.set_viewport_size({"width": width, "height": 844})
    home = Home(page, serve(ROOT / "app.py").url)
    home.path = "" if name == PAGES[0][0] else name
    home.open()
    (sign,) = page.evaluate(SIGNS)
    below = page.get_by_test_id("stSidebarNav") if width > 390 else page.locator(".stage-header")
    assert 0 <= sign["left"] < sign["right"] <= width
    assert 0 <= sign["top"] < sign["bottom"] <= below.bounding_box()["y"] + 1
    expect(page.get_by_role("heading", level=1, name=NAME).last).to_be_visible()
    home.press(".")
    expect(page.locator(":root[data-presenting]")).to_have_count(1)
    assert page.evaluate(SIGNS) == []


@pytest.mark.parametrize("width, height", thinned([(844, 390), (390, 844)], [(390, 844)]))
def test_on_a_phone_the_sidebar_begins_closed_however_it_is_held(browser, serve, width, height):
    agent = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
    context = browser.new_context(viewport={"width": width, "height": height}, user_agent=agent, is_mobile=True)
    page = context.new_page()
    Home(page, serve(ROOT / "app.py").url).open()
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "false")
    context.close()


# what of the stage's files came over the network, and how often
FETCHED = """() => performance.getEntriesByType("resource")
  .filter(({ name, transferSize }) => name.includes("/stage/") && transferSize > 0)
  .map(({ name }) => name.split("/").at(-1))"""


def test_the_stage_and_its_library_are_fetched_once(own_page, serve):
    home = Home(own_page, serve(ROOT / "app.py").url)
    fetched = home.open().page.evaluate(FETCHED)
    assert fetched.count(LIBRARY.name) == fetched.count("joined.js") == 1
    assert home.open("seed=1").page.evaluate(FETCHED) == []
