"""Shown to others: sizes of text in presenter mode, every key, links that hold all of it, and a page within a page."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT
from tests.browser.home import APP, Home
from tests.browser.reader import Reader, some
from tests.browser.test_chrome import SIGNS

PAGES = ("", "ascent", "race", "map", "posterior", "dictionary")

# the smallest text in view: [pixels, words], of what stands on the line and of sub- and superscripts
SMALLEST = r"""() => {
  const found = { line: [Infinity, ""], script: [Infinity, ""] };
  const walk = document.createTreeWalker(document.querySelector(".stage"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), node = walk.currentNode.parentElement;
    // what only screen readers get, what has no size, and the thin space that lines up a list
    if (!text.replace(/[\u200b\u2061]/g, "") || node.closest(".katex-mathml, option, [hidden], style")) continue;
    const box = node.getBoundingClientRect();
    if (!box.width || !node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const size = parseFloat(getComputedStyle(node).fontSize);
    const kind = node.closest(".mtight, .msupsub, sub, sup") || node.style.fontSize === "70%" ? "script" : "line";
    if (size < found[kind][0]) found[kind] = [size, text];
  }
  return found;
}"""


# the views of each place, the one in front with a star
PLACES = """(views) => [...views.children].map((place) => [...place.querySelectorAll(".stage-view")]
  .map(({ dataset, hidden }) => `${dataset.view}${hidden ? "" : "*"}`).join("+"))"""


class Hall(Reader):
    """A page shown to a hall."""

    figures = 1
    path = ""

    def open(self, query="", frame=0):
        self.page.set_viewport_size({"width": 1920, "height": 1080})
        return super().open(query, frame)

    def shown(self):
        return self.page.locator(".stage-view:visible").evaluate_all("(all) => all.map((node) => node.dataset.view)")

    def shows_views(self, *views):
        self.page.wait_for_function(
            "(views) => [...document.querySelectorAll('.stage-view')].filter((node) => node.offsetWidth)"
            ".map((node) => node.dataset.view).join() === views",
            arg=",".join(views),
        )

    def root(self):
        return self.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")

    def spot(self):
        return self.page.locator("[data-spot]").evaluate_all(
            "(all) => all.map((node) => node.dataset.view ?? node.title)"
        )


@pytest.fixture
def hall(page, serve):
    return Hall(page, serve(ROOT / "app.py").url)


@pytest.mark.parametrize("path", some(PAGES, ""))
def test_no_text_is_too_small_for_the_last_row(hall, path):
    hall.path = path
    hall.open("present=1")
    expect(hall.page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(hall.page.get_by_test_id("stHeader")).to_be_hidden()
    names = hall.page.locator(".stage-view").evaluate_all("(all) => all.map((node) => node.dataset.view)")
    first = hall.shown()
    assert first == names[:2]
    hall.press("1")
    hall.shows_views(names[0])
    for number, name in enumerate(names[1:], start=2):
        hall.press(f"Shift+Digit{number}")
        hall.page.wait_for_function(
            f"document.querySelector('[data-view={name}] .main-svg')?.getBoundingClientRect().width"
        )
        smallest = hall.page.evaluate(SMALLEST)
        assert smallest["line"][0] >= 22 and smallest["script"][0] >= 15, (name, smallest)
        assert len(hall.shown()) == 2
        assert hall.fits(), name
        hall.press(f"Shift+Digit{number}")
        hall.shows_views(names[0])


def test_the_point_key_shows_and_ends_it(hall):
    hall.open("schedule=EM&cursor=1", 1)
    before = hall.root()
    expect(hall.page.get_by_test_id("stSidebar")).to_be_visible()
    hall.press(".")
    expect(hall.page.get_by_test_id("stSidebar")).to_be_hidden()
    assert hall.root() == pytest.approx(28.8, abs=0.1) and hall.root() > 1.4 * before
    assert hall.address("present=1")["views"] == "data,course"
    hall.press("PageDown")
    hall.at(2)
    hall.press("PageUp", "PageUp")
    hall.at(0)
    hall.press("e")  # letters stay moves
    hall.at(1)
    hall.press(".")
    expect(hall.page.get_by_test_id("stSidebar")).to_be_visible()
    assert hall.root() == before
    hall.page.wait_for_function("!location.search.includes('present')")


def test_numbers_choose_one_view_or_two(hall):
    hall.open("present=1&views=course")
    hall.shows_views("course")
    row = hall.stage.get_by_role("group", name="Views")
    assert row.get_by_role("button").all_inner_texts() == [
        "1\nData",
        "2\nBound",
        "3\nHalf-steps",
        "4\nTerms",
        "5\nInside",
    ]
    hall.press("Shift+Digit2")  # the only one stays
    hall.press("Shift+Digit3")
    hall.shows_views("course", "timeline")
    hall.press("Shift+Digit1")  # the one that was there longest leaves
    hall.shows_views("timeline", "data")
    pressed = row.locator("[aria-pressed=true]")
    assert pressed.all_inner_texts() == ["1\nData", "3\nHalf-steps"]
    hall.press("9")
    assert hall.shown() == ["timeline", "data"]
    assert hall.address("views=timeline%2Cdata")["present"] == "1"
    hall.press("2")  # alone
    hall.shows_views("course")
    row.get_by_role("button", name="Data").click()
    hall.shows_views("data")
    row.get_by_role("button", name="Terms").click(modifiers=["Shift"])
    hall.shows_views("data", "decomposition")
    hall.press(".")
    expect(row).to_be_hidden()


# of each trace with points: how far the first one is drawn from where the axes say
ASTRAY = (
    "([...plot.querySelectorAll('.scatterlayer .trace')].map((node) => {"
    " const point = node.querySelector('.points .point'); if (!point) return 0;"
    " const { xaxis, yaxis } = node.__data__[0].trace, { x, y } = point.__data__;"
    " const [across, down] = [xaxis, yaxis].map((axis) => plot._fullLayout[axis.replace(/^./, '$&axis')]);"
    " const box = plot.getBoundingClientRect(), mark = point.getBoundingClientRect();"
    " return Math.hypot(mark.left + mark.width / 2 - box.left - across._offset - across.d2p(x),"
    " mark.top + mark.height / 2 - box.top - down._offset - down.d2p(y));"
    " }))"
)


@pytest.mark.parametrize("size", some([(1920, 1080), (1440, 900)], (1440, 900)))
def test_after_it_the_layout_is_as_before_and_what_was_hidden_stands_on_its_axes(hall, size):
    hall.open()
    hall.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    hall.page.wait_for_timeout(500)
    hall.stage.get_by_role("tab", name="Terms").click()
    before = hall.page.locator(".stage-views").evaluate(PLACES)
    hall.press(".")
    hall.shows_views(*[view.rstrip("*") for view in hall.shown()])
    hall.press("3")  # the data are hidden
    hall.shows_views("timeline")
    hall.press("ArrowRight", "ArrowRight")
    hall.at(2)
    hall.page.wait_for_timeout(500)
    hall.press(".")
    hall.wait_plot("data", "plot.offsetWidth && plot._fullLayout.width === plot.offsetWidth")
    hall.page.wait_for_timeout(500)
    assert hall.page.locator(".stage-views").evaluate(PLACES) == before
    astray = hall.plot("data", ASTRAY)
    assert len(astray) > 4 and max(astray) < 0.5


def test_full_screen_of_one_view_and_of_all_and_black_screen(hall):
    hall.open()
    hall.page.locator("[data-view=course]").hover(position={"x": 60, "y": 20})
    hall.press("f")
    hall.page.wait_for_function("document.fullscreenElement?.dataset.view === 'course'")
    hall.page.wait_for_function("document.querySelector('[data-figure=course] .stage-plot')._fullLayout.height > 800")
    hall.press("ArrowRight", "f")
    hall.at(1)
    hall.page.wait_for_function("document.fullscreenElement === null")
    hall.page.mouse.move(5, 700)
    hall.press("F")
    hall.page.wait_for_function("document.fullscreenElement?.classList.contains('stage')")
    hall.press("F")
    hall.page.wait_for_function("document.fullscreenElement === null")
    black = hall.page.locator(".stage-black")
    for key in (",", "Escape"):
        hall.press(",")
        expect(black).to_be_visible()
        assert hall.page.evaluate("document.elementFromPoint(960, 540).className") == "stage-black"
        hall.press(key)
        expect(black).to_be_hidden()


def test_spotlight_on_a_view_or_a_term(hall):
    hall.open()
    opacity = "(node) => getComputedStyle(node).opacity"
    hall.page.locator("[data-view=course]").hover(position={"x": 60, "y": 20})
    hall.press("x")
    assert hall.spot() == ["course"]
    expect(hall.page.locator("[data-view=data]")).to_have_css("opacity", "0.12")
    assert hall.page.locator("[data-view=course]").evaluate(opacity) == "1"
    assert hall.address("spot=course")["spot"] == "course"
    hall.press("x")
    assert hall.spot() == []
    expect(hall.page.locator("[data-view=data]")).to_have_css("opacity", "1")
    hall.page.locator(".stage-term").nth(2).hover()
    hall.press("X")
    expect(hall.page.locator(".stage-term").nth(2)).to_have_attribute("data-spot", "")
    expect(hall.page.locator(".stage-term").nth(0)).to_have_css("opacity", "0.12")
    assert hall.address("spot=equation.kl")
    hall.press("Escape", "Escape")  # the first takes away what is told of the term
    assert hall.spot() == []
    hall.page.mouse.move(5, 700)  # on nothing: one view after the other
    for view in ("data", "course", "timeline"):
        hall.press("x")
        assert hall.spot() == [view]


@pytest.mark.exhaustive
def test_list_of_keys(hall):
    hall.open("present=1")
    hall.press("?")
    listed = hall.page.get_by_role("dialog", name="Keys")
    expect(listed).to_be_visible()
    keys = listed.locator("kbd").all_inner_texts()
    overlaps = listed.locator("dl div").evaluate_all(
        "(rows) => rows.filter((row) => row.querySelector('kbd:last-of-type').getBoundingClientRect().right"
        " > row.querySelector('dd').getBoundingClientRect().left).map((row) => row.textContent)"
    )
    assert overlaps == []
    for key in ("→", "←", "Space", "Shift", ".", ",", "?", "F", "X", "PgDn", "1", "E", "M", "G"):
        assert key in keys
    expect(listed).to_contain_text("exact posterior")
    hall.press("?")
    expect(listed).to_have_count(0)
    hall.press("?", "Escape")
    expect(listed).to_have_count(0)


def test_a_link_holds_all_of_it(hall, other_page):
    hall.open("schedule=(EM)2&cursor=3", 3)
    hall.button("All").click()
    hall.page.mouse.move(5, 700)
    hall.page.evaluate("document.activeElement.blur()")
    hall.press(".", "2", "Shift+Digit3", "x")
    hall.shows_views("course", "timeline")
    query = hall.address("spot=")
    assert query["present"] == "1" and query["views"] == "course,timeline.timeline" and query["spot"] == "course"
    other = Hall(other_page, hall.url)
    other.open(hall.page.url.split("?")[1], 3)
    other.shows_views("course", "timeline")
    assert other.spot() == ["course"]
    expect(other.button("All")).to_have_attribute("aria-pressed", "true")
    assert other.root() == hall.root()
    other.page.wait_for_timeout(800)
    assert other.page.url.split("?")[1] == hall.page.url.split("?")[1]


@pytest.mark.exhaustive
def test_a_tab_is_part_of_the_link(hall, other_page):
    hall.open()
    hall.stage.get_by_role("tab", name="Terms").click()
    assert hall.address("views=")["views"] == "decomposition"
    other = Hall(other_page, hall.url).open(hall.page.url.split("?")[1])
    expect(other.page.locator("[data-view=decomposition]")).to_be_visible()


@pytest.mark.exhaustive
def test_a_link_that_names_no_views_says_so(hall):
    hall.open("present=perhaps&views=%3Cb%3E")
    expect(hall.page.get_by_text("The usual view is shown instead")).to_be_visible()
    expect(hall.page.get_by_test_id("stSidebar")).to_be_visible()


def test_within_another_page(hall):
    hall.page.set_viewport_size({"width": 1024, "height": 768})
    frame = f'<iframe src="{hall.url}/?embed=true" style="width: 960px; height: 600px" allow="fullscreen"></iframe>'
    lecture = f"<!doctype html><h1>A lecture</h1>{frame}"
    hall.page.route("**/lecture.html", lambda route: route.fulfill(content_type="text/html", body=lecture))
    hall.page.goto(f"{hall.url}/lecture.html")
    inside = hall.page.frame_locator("iframe")
    inside.locator(".stage[data-frame]").wait_for()
    expect(inside.get_by_test_id("stSidebar")).to_be_hidden()
    expect(inside.get_by_test_id("stExpandSidebarButton")).to_be_hidden()
    assert hall.page.frames[-1].evaluate(SIGNS) == [], "a page inside another has no name"
    box = inside.locator(".stage").bounding_box()
    assert box["width"] > 900
    inside.get_by_role("button", name="E-step", exact=True).click()
    expect(inside.locator(".stage")).to_have_attribute("data-frame", "1")
    inside.locator(".stage-caption").click()
    hall.press("ArrowRight")
    expect(inside.locator(".stage")).to_have_attribute("data-frame", "2")


@pytest.mark.exhaustive
def test_the_link_holds_how_far_the_reader_has_scrubbed(page, other_page, serve):
    """Numbers and pictures on the way, the tab and the figure behind a switch; a step on, and it is gone from there."""
    home = Home(page, serve(APP).url).open("schedule=EMEM&cursor=2", frame=2)
    home.button("Gap, log scale").click()
    slider = home.stage.get_by_role("slider", name="Move along the M-step")
    slider.fill("9")
    page.wait_for_function("document.location.search.includes('inner=9')")
    page.wait_for_function("document.location.search.includes('timeline.gap')")
    home.caption.filter(has_text="0.45 of the way").wait_for()
    numbers = home.numbers()
    other_page.goto(page.url)
    other = Home(other_page, home.url).ready(2)
    other.caption.filter(has_text="0.45 of the way").wait_for()
    assert other.numbers() == numbers
    assert other.stage.get_by_role("slider", name="Move along the M-step").input_value() == "9"
    assert other.plot("course", "trace('gap here').x[0]") == pytest.approx(0.45)
    assert other.button("Gap, log scale").get_attribute("aria-pressed") == "true"
    other.press("ArrowRight")
    other.at(3)
    other_page.wait_for_function("!document.location.search.includes('inner=')")
