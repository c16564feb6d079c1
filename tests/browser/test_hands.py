"""Points put in and taken out by hand: the data become the reader's, θ stays, and the link holds both."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import TIMEOUT
from tests.browser.home import APP, Home, rows
from tests.browser.reader import DRAWN
from ui.em.run import EmRun
from ui.em.settings import EmSettings

BLOBS = EmSettings(data="blobs", points=20)
QUERY = "data=blobs&points=20"


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def count(home):
    return home.plot("data", "trace('points').x.length")


def has(home, points):
    home.page.wait_for_function(
        "n => document.querySelector('[data-figure=data] .stage-plot')"
        "?._fullData?.find(({ meta }) => meta === 'points').x.length === n",
        arg=points,
    )


def empty_place(home):
    """Pixels, and numbers, of a place in the picture that is far from every point."""
    return home.plot(
        "data",
        "((x, y) => { let best = [0]; for (let i = 1; i < 20; i++) for (let j = 1; j < 20; j++) {"
        " const [p, q] = [(x._length * i) / 20, (y._length * j) / 20];"
        " const apart = Math.min(...[...plot._fullData].filter((t) => t.x?.length).flatMap((t) =>"
        " Array.from(t.x, (a, n) => Math.hypot(x.d2p(a) - p, y.d2p(t.y[n]) - q)).filter(Number.isFinite)));"
        " if (apart > best[0]) best = [apart, p, q]; }"
        " const box = plot.getBoundingClientRect();"
        " return [box.left + x._offset + best[1], box.top + y._offset + best[2], x.p2d(best[1]), y.p2d(best[2])];"
        " })(plot._fullLayout.xaxis, plot._fullLayout.yaxis)",
    )


def uncovered(home):
    """Pixels of a point that lies under no handle."""
    return home.plot(
        "data",
        "((x, y, box) => Array.from(trace('points').x, (a, n) =>"
        " [box.left + x._offset + x.d2p(a), box.top + y._offset + y.d2p(trace('points').y[n])])"
        ".find(([p, q]) => document.elementFromPoint(p, q).matches('.stage-ground')))"
        "(plot._fullLayout.xaxis, plot._fullLayout.yaxis, plot.getBoundingClientRect())",
    )


def test_a_click_adds_a_point_and_with_shift_removes_one(home, other_page):
    home.open(f"{QUERY}&schedule=EM&cursor=2", frame=2)
    theta = EmRun.of(BLOBS, "EM").trajectory[2].after.theta
    left, top, x, y = empty_place(home)
    home.page.mouse.click(left, top)
    home.page.wait_for_timeout(500)
    assert count(home) == 20 and home.frame() == 2, "a stray click does nothing"
    home.button("Add points").first.click()
    expect(home.stage.locator(".stage-hint")).to_contain_text("q belonged to the old data")
    home.wait_plot("data", "plot._fullLayout.height === plot.offsetHeight")
    left, top, x, y = empty_place(home)  # the picture has made room for the hint
    home.page.mouse.click(left, top)
    has(home, 21)
    home.at(0)
    values = [*EmRun.of(BLOBS).experiment.data.values.tolist(), [x, y]]
    start = {name: entry.tolist() for name, entry in theta.items()}
    own = BLOBS.overriding(data={"values": values}, start=start)
    # where the click went is known to a pixel
    assert home.value("log p(v)") == pytest.approx(rows(own, "")[0]["log_evidence"], abs=0.3)
    place = home.plot("data", "[trace('points').x.at(-1), trace('points').y.at(-1)]")
    assert place == pytest.approx([x, y], abs=0.05)
    link = home.page.url
    other_page.goto(link)
    other = Home(other_page, home.url).ready(0)
    assert count(other) == 21 and other.numbers()[0] == pytest.approx(home.numbers()[0], rel=1e-12)
    # the tool is still on: the same click with Shift takes the point away again
    home.page.keyboard.down("Shift")
    left, top = home.place("data", x, y)  # the picture has made room for it
    home.page.mouse.click(left + 3, top - 3)
    home.page.keyboard.up("Shift")
    has(home, 20)
    start_only = BLOBS.overriding(start=start)
    assert home.value("log p(v)") == pytest.approx(rows(start_only, "")[0]["log_evidence"], rel=1e-9)
    left, top, *_ = empty_place(home)
    home.page.mouse.click(left, top)
    has(home, 21)
    home.button("Add points").last.click()
    home.page.mouse.click(left + 40, top)
    home.page.wait_for_timeout(500)
    assert count(home) == 21


@pytest.mark.exhaustive
def test_what_the_tool_says_covers_nothing_and_undo_ends_it(home):
    home.open(f"{QUERY}&schedule=EM&cursor=2", frame=2)
    tool = home.button("Add points").last
    pictures = home.stage.locator(".stage-hands button svg path").evaluate_all(
        "all => all.map(p => p.getAttribute('d'))"
    )
    assert len(set(pictures)) == len(pictures) == 3
    tool.click()
    hint = home.stage.locator(".stage-hint")
    expect(hint).to_be_visible()
    home.wait_plot("data", "plot._fullLayout.height === plot.offsetHeight")
    said, card = hint.bounding_box(), home.stage.locator("[data-figure=data]").bounding_box()
    assert said["y"] + said["height"] <= card["y"] + 1
    left, top, *_ = empty_place(home)
    home.page.mouse.click(left, top)
    has(home, 21)
    expect(tool).to_have_attribute("aria-pressed", "true")  # for the next point
    home.press("Control+z")
    has(home, 20)
    expect(tool).to_have_attribute("aria-pressed", "false")
    expect(hint).to_be_hidden()


@pytest.mark.exhaustive
def test_no_fewer_points_than_the_model_needs(home):
    home.open("data=blobs&points=10&components=8&covariance=spherical")
    home.button("Add points").first.click()
    home.button("A click removes a point (with Shift: adds one)").click()
    for left in range(10, 7, -1):
        has(home, left)
        home.page.mouse.click(*uncovered(home))
    expect(home.page.get_by_role("alert")).to_contain_text("at least 8 for this model")
    assert count(home) == 8


@pytest.mark.exhaustive
def test_fingers_add_points_too(browser, serve, page_errors):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.on("pageerror", lambda error: page_errors.append(str(error)))
    page.goto(f"{serve(APP).url}/?{QUERY}")
    page.wait_for_function(DRAWN)
    home = Home(page, serve(APP).url)
    home.button("Add points").first.tap()
    left, top, *_ = empty_place(home)
    page.touchscreen.tap(left, top)
    has(home, 21)
    assert page_errors == []
    context.close()


@pytest.mark.exhaustive
def test_points_are_not_offered_where_a_click_does_not_say_all_of_one(home):
    home.open("data=blobs&points=20&dimensions=4")
    assert home.button("Add points").count() == 0
    home.open("data=blobs&points=20&standardize=yes")
    assert home.button("Add points").count() == 0
