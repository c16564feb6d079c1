"""The MAP page in a real browser: what a reader sees and does, against the core's own numbers."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.map_page import APP, PATCH, TOY, Map, rows
from tests.browser.reader import stands
from ui.map.settings import MapOverrides

expect.set_options(timeout=20_000)


@pytest.fixture
def map_page(page, serve):
    return Map(page, serve(APP).url)


@pytest.mark.usefixtures("moving")
def test_opens_and_steps(map_page):
    map_page.open()
    expected = rows(TOY, 8)
    map_page.shows(expected[0])
    assert map_page.fits() and map_page.numbers()[2] == 0
    for to in (1, 2, 3):
        map_page.step(to)
        map_page.shows(expected[to])
        assert map_page.numbers()[0] < expected[to - 1]["objective"]
        # the point glides there
        map_page.wait_plot("picture", f"Math.abs(trace('here').x[0] - {expected[to]['code'][0]!r}) < 1e-5")
    expect(map_page.caption).to_contain_text("A gradient step on the misfit, then the soft threshold.")
    map_page.button("Back").click()
    map_page.at(2)
    map_page.shows(expected[2])
    query = map_page.address("cursor=2")
    assert query == {"steps": "3", "cursor": "2"}
    map_page.button("Start").click()
    map_page.at(0)
    map_page.shows(expected[0])
    assert map_page.fits()


@pytest.mark.exhaustive
def test_play_scrub_chips_and_click(map_page):
    map_page.open("steps=12&cursor=0")
    expected = rows(TOY, 60)
    map_page.page.select_option(".stage-speed", "4")
    map_page.button("Play").click()
    map_page.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) >= 3")
    map_page.button("Pause").click()
    map_page.shows(expected[map_page.frame()])
    box = map_page.stage.get_by_role("slider", name="Position").bounding_box()
    middle = box["y"] + box["height"] / 2
    map_page.pull((box["x"] + 5, middle), (box["x"] + 0.6 * box["width"], middle))
    scrubbed = map_page.frame()
    assert scrubbed > 4  # of all that Play had computed ahead
    map_page.shows(expected[scrubbed])
    map_page.button("Go to step 2").click()
    map_page.at(2)
    map_page.shows(expected[2])


@pytest.mark.exhaustive
def test_the_scrubber_moves_the_point_and_the_numbers(map_page):
    map_page.open("steps=2&cursor=2", 2)
    before, after = rows(TOY, 2)[1:]
    scrubber = map_page.stage.get_by_role("slider", name="Gradient, then threshold")
    scrubber.focus()
    map_page.press(*["ArrowLeft"] * 20)
    stands(scrubber, "0")
    map_page.shows(before)
    assert map_page.trace("picture.here", "x") == pytest.approx([before["code"][0]])
    map_page.press(*["ArrowRight"] * 10)
    stands(scrubber, "1")
    moved = map_page.trace("picture.here", "x")[0]
    assert moved == pytest.approx(map_page.trace("picture.moved", "x")[-2])  # at the end of the gradient line
    assert map_page.numbers()[0] != before["objective"]
    into, out = (map_page.trace("shrink.coefficients", axis) for axis in "xy")
    assert into == out
    map_page.press(*["ArrowRight"] * 10)
    stands(scrubber, "2")
    map_page.shows(after)
    assert map_page.frame() == 2
    map_page.page.locator(".stage-main").focus()
    map_page.press("ArrowRight")
    map_page.at(3)


@pytest.mark.exhaustive
def test_zoom_survives_and_no_figure_is_built_again(map_page):
    map_page.open()
    map_page.mark_figures()
    map_page.page.evaluate(
        "window.built = 0; const { newPlot } = Plotly;"
        "Plotly.newPlot = (...given) => { built += 1; return newPlot(...given) };"
        "null"
    )
    low = map_page.plot("picture", "plot._fullLayout.xaxis.range[0]")
    map_page.zoom_mode("picture")
    box = map_page.page.locator("[data-figure=picture] .nsewdrag").bounding_box()
    map_page.pull(
        (box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"]),
        (box["x"] + 0.9 * box["width"], box["y"] + 0.7 * box["height"]),
    )
    map_page.wait_plot("picture", f"plot._fullLayout.xaxis.range[0] > {low} + 0.1")
    zoomed = map_page.plot("picture", "plot._fullLayout.xaxis.range.slice()")
    for to in (1, 2, 3):
        map_page.press("ArrowRight")
        map_page.at(to)
    map_page.page.wait_for_timeout(500)  # glides have arrived
    assert map_page.plot("picture", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert map_page.same_figures()
    assert map_page.page.evaluate("built") == 0


@pytest.mark.exhaustive
@pytest.mark.usefixtures("moving")
def test_dragging_the_code_starts_from_there(map_page, other_page):
    map_page.open("steps=2&cursor=2", 2)
    before = map_page.numbers()
    box = map_page.stage.get_by_role("button", name="Starting point h").bounding_box()
    left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    map_page.pull((left, top), (left - 60, top - 40))
    map_page.at(0)
    expect(map_page.page.locator(".stage-chip")).to_have_count(1)
    map_page.page.wait_for_timeout(600)  # the point glides to where it was dropped
    dropped = [map_page.trace("picture.here", axis)[0] for axis in "xy"]
    assert map_page.numbers()[0] > before[0]
    expected = rows(replace(TOY, overrides=MapOverrides(start={"code": dropped})), 1)
    map_page.shows(expected[0])
    map_page.step(1)
    map_page.shows(expected[1])
    assert map_page.address("cursor=1")["given"]
    there = Map(other_page, map_page.url).open(map_page.page.url.split("?")[1], 1)
    assert there.numbers() == map_page.numbers()
    map_page.button("Reset").click()
    map_page.at(0)
    map_page.shows(rows(TOY, 1)[0])
    map_page.button("New signal").click()
    map_page.address("v1=")
    map_page.at(0)
    map_page.shows(rows(replace(TOY, v1=0.78, v2=1.46), 1)[0])


@pytest.mark.exhaustive
def test_keys(map_page):
    map_page.open()
    expected = rows(TOY, 3)
    map_page.press("ArrowRight", "ArrowRight", "ArrowRight")
    map_page.at(3)
    map_page.shows(expected[3])
    map_page.press("ArrowLeft")
    map_page.at(2)
    map_page.shows(expected[2])
    map_page.press(" ")
    map_page.button("Pause").wait_for()
    map_page.press(" ")
    map_page.button("Play").wait_for()
    # right after moving a slider of the sidebar its arrows are its own; Space and the stage's button are not
    map_page.slider("v₁").focus()
    map_page.press("ArrowRight")
    map_page.address("v1=1.55")
    map_page.at(0)
    map_page.press(" ")
    map_page.button("Pause").wait_for()
    map_page.press(" ")
    map_page.button("Pause").or_(map_page.button("Play")).focus()
    map_page.button("Play").wait_for()
    frame = map_page.frame()
    map_page.press("ArrowRight")
    map_page.at(frame + 1)
    map_page.shows(rows(replace(TOY, v1=1.55), frame + 1)[frame + 1])


@pytest.mark.exhaustive
def test_each_page_keeps_its_run_and_its_address(map_page):
    map_page.open("signal=patch8&solver=fista&steps=4&cursor=3", 3)
    numbers = map_page.numbers()
    map_page.page.get_by_role("link", name="EM, step by step").click()
    map_page.metric("ELBO").wait_for()
    map_page.at(0)
    map_page.page.wait_for_function("location.pathname === '/' && location.search === ''")
    map_page.button("E-step").click()
    map_page.at(1)
    elbo = map_page.metric("ELBO").get_attribute("data-value")
    map_page.page.get_by_role("link", name="MAP inference").click()
    map_page.metric("Objective").wait_for()
    map_page.at(3)
    assert map_page.numbers() == numbers
    query = map_page.address("cursor=3")
    assert query == {"signal": "patch8", "solver": "fista", "steps": "4", "cursor": "3"}
    map_page.step(4)
    map_page.shows(rows(replace(PATCH, solver="fista"), 4)[4])
    map_page.page.get_by_role("link", name="EM, step by step").click()
    map_page.metric("ELBO").wait_for()
    map_page.at(1)
    assert map_page.metric("ELBO").get_attribute("data-value") == elbo
    assert map_page.address("cursor=1")["schedule"] == "E"
