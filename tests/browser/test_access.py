"""For everybody: contrast, names, headings and targets, by axe-core; the way of the focus; the link of a view."""

import pytest
from playwright.sync_api import expect

from tests.attack import thinned
from tests.browser.access import violations
from tests.browser.conftest import ROOT
from tests.browser.reader import Reader, some
from ui.frame import PAGES

DESKTOP, PHONE = (1440, 900), (390, 844)
# so high that nothing is below the bar that stays in reach: what lies under it there is no target that is too small
TALL = (390, 2600)


class AnyPage(Reader):
    figures = 1

    def __init__(self, page, url, name):
        super().__init__(page, url)
        self.path = "" if name == PAGES[0][0] else name

    def step(self):
        """One step on, whole: the picture is not dimmed any more."""
        at = self.frame()
        self.press("ArrowRight")
        self.at(at + 1)
        self.page.wait_for_selector(".stage:not([data-waiting]):not([data-gliding])")
        self.page.wait_for_timeout(350)  # the terms have changed their colours


THEMES = ("light", "dark")
SIZES = {"desk": DESKTOP, "phone": TALL}
CASES = [(name, theme, size) for name, _ in PAGES for theme in THEMES for size in SIZES]
# the first in every run: axe takes as long as five other tests
ONE = [(PAGES[0][0], "light", "desk")]


@pytest.mark.parametrize("case", some(CASES, *ONE), ids="-".join)
def test_axe_finds_nothing(page, serve, case):
    """At the start and with terms lit, past and coming steps on the tape, at the desk and on a phone."""
    name, theme, size = case
    page.emulate_media(color_scheme=theme)
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    reader = AnyPage(page, serve(ROOT / "app.py").url, name).open()
    found = set(violations(page))
    for _ in range(2):
        reader.step()
    reader.press("ArrowLeft")
    reader.at(1)
    page.wait_for_timeout(350)
    found |= set(violations(page))
    assert not found, "\n".join(sorted(found))


@pytest.mark.exhaustive
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens(page, serve, theme):
    """The sidebar's folds, the toolbars of a card, a message and a dialog."""
    page.emulate_media(color_scheme=theme)
    home = AnyPage(page, serve(ROOT / "app.py").url, PAGES[0][0]).open("model=nonsense")
    home.zoom_mode("data")
    home.button("Add points").first.click()
    for fold in page.get_by_test_id("stExpander").locator("summary").all():
        fold.click()
    page.get_by_role("alert").wait_for()
    page.wait_for_timeout(500)
    found = violations(page)
    page.get_by_role("button", name="About the moves").click()
    page.get_by_role("dialog").get_by_role("table").wait_for()
    page.wait_for_timeout(500)
    # the place for a file is Streamlit's: one rule of little weight
    assert not [line for line in found + violations(page) if "stFileUploaderDropzone" not in line]


# where the focus is, and whether one sees it: inside the window, with a ring, and nothing over it
FOCUS = """() => {
  const node = document.activeElement, box = node.getBoundingClientRect(), style = getComputedStyle(node);
  const x = Math.min(Math.max((box.left + box.right) / 2, 1), innerWidth - 1);
  const over = [box.top + 2, (box.top + box.bottom) / 2, box.bottom - 2].map((y) => document.elementFromPoint(x, y));
  return {
    what: `${node.tagName} ${node.className} ${node.ariaLabel ?? node.innerText}`.slice(0, 90),
    main: node.matches(".stage-main"),
    inside: node.closest(".stage") !== null,
    ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none",
    free: over.every((top) => top && (top === node || node.contains(top) || top.contains(node))),
  };
}"""


def test_the_skip_link_leads_straight_to_the_main_button(page, serve):
    home = AnyPage(page, serve(ROOT / "app.py").url, PAGES[0][0]).open()
    for _ in range(6):
        home.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid === 'stSkipToContent'"):
            home.press("Enter")
        found = page.evaluate(FOCUS)
        if found["main"]:
            break
    assert found["main"] and found["ring"] and found["free"], found
    home.press("Enter")
    home.at(1)
    expect(page.locator(".stage-main")).to_be_focused()


@pytest.mark.parametrize("width, height", thinned([DESKTOP, PHONE], [PHONE]))
def test_nothing_covers_what_has_the_focus(page, serve, width, height):
    page.set_viewport_size({"width": width, "height": height})
    home = AnyPage(page, serve(ROOT / "app.py").url, PAGES[0][0]).open()
    home.step()
    page.get_by_role("button", name="Zoom and move").first.focus()
    home.press("Enter", "Shift+Tab")
    stops = []
    while not stops or (stops[-1]["inside"] and len(stops) < 60):
        home.press("Tab")
        stops.append(page.evaluate(FOCUS))
    assert len(stops) > 15 and len({stop["what"] for stop in stops[:-1]}) == len(stops) - 1
    assert not [stop for stop in stops[:-1] if not (stop["ring"] and stop["free"])]


@pytest.mark.parametrize("way", some(["old"], "asked"))
def test_copy_the_link_of_what_is_in_view(page, other_page, serve, way):
    """Also where the browser has no clipboard for pages without https."""
    url = serve(ROOT / "app.py").url
    home = AnyPage(page, url, PAGES[0][0]).open()
    home.step()
    home.step()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if way == "old":
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    home.press("ArrowLeft")
    home.button("Copy link").click()
    home.button("Link copied").wait_for()
    expect(page.get_by_role("status").filter(has_text="Link copied")).to_have_count(1)
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url and "cursor=1" in link
    home.button("Copy link").wait_for()
    other_page.goto(link)
    AnyPage(other_page, url, PAGES[0][0]).ready(1)
