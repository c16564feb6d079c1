"""How the stage looks, what it says to screen readers, and where it is served (stage_demo.py)."""

import pytest
from playwright.sync_api import expect

from tests.attack import thinned
from tests.browser.demo import DEMO, Demo
from ui.assets import LIBRARY


@pytest.mark.exhaustive
@pytest.mark.parametrize("theme, color", thinned([("light", "#0072B2"), ("dark", "#56B4E9")], [("dark", "#56B4E9")]))
def test_colours_follow_the_theme(demo, theme, color):
    demo.page.emulate_media(color_scheme=theme)
    demo.open("known=2")
    assert demo.page.locator(".stage").get_attribute("data-theme") == theme
    assert demo.plot("shape", "trace('polygon').line.color") == color


def test_theme_changes_at_once_and_keeps_zoom(demo):
    demo.page.emulate_media(color_scheme="light")
    demo.open("known=3")
    demo.press("ArrowRight")
    demo.at(1)
    demo.settle()
    demo.zoom_mode("shape")
    box = demo.page.locator("[data-figure=shape] .nsewdrag").bounding_box()
    demo.pull((box["x"] + 60, box["y"] + 60), (box["x"] + 260, box["y"] + 260))
    demo.wait_plot("shape", "plot._fullLayout.xaxis.range[0] > -9.5")
    zoomed = demo.plot("shape", "plot._fullLayout.xaxis.range.slice()")
    demo.mark_figures()
    demo.page.emulate_media(color_scheme="dark")
    demo.wait_plot("shape", "trace('polygon').line.color === '#56B4E9'")
    assert demo.plot("shape", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert demo.plot("shape", "trace('points').marker.color.length") == 60
    assert demo.same_figures()
    assert demo.frame() == 1


def test_names_for_screen_readers(demo):
    demo.open("known=3")
    stage = demo.page.locator(".stage")
    for name in ("Start", "Back", "B-turn", "Play", "End", "Reset"):
        demo.button(name).wait_for()
    stage.get_by_role("combobox", name="Speed").wait_for()
    stage.get_by_role("img", name="A hexagon at 0.0 radians").wait_for()
    for region in ("Shape", "Sum by turn", "Wave"):
        stage.get_by_role("region", name=region).wait_for()
    expect(stage.get_by_role("status").filter(has_text="the polygon stands at 0.0 rad")).to_have_count(1)
    controls = stage.locator("button, input, select").all()
    assert all(node.get_attribute("aria-label") or node.inner_text().strip() for node in controls if node.is_visible())


@pytest.mark.exhaustive
@pytest.mark.parametrize("width, height", [(1440, 900), (390, 844)])
def test_fills_the_window(demo, width, height):
    demo.page.set_viewport_size({"width": width, "height": height})
    demo.open("known=3")
    demo.settle()
    main = "document.querySelector('[data-testid=stMain]')"
    assert not demo.page.evaluate(f"{main}.scrollWidth > {main}.clientWidth")
    assert width < 600 or not demo.page.evaluate(f"{main}.scrollHeight > {main}.clientHeight")
    bar = demo.page.locator(".stage-transport").bounding_box()
    assert bar["y"] + bar["height"] <= height and bar["x"] >= 0 and bar["x"] + bar["width"] <= width


@pytest.mark.exhaustive
def test_served_below_a_base_path(page, serve):
    demo = Demo(page, serve(DEMO, "--server.baseUrlPath=some/where")).open("known=1")
    demo.press("ArrowRight")
    demo.at(1)


@pytest.mark.exhaustive
def test_says_so_when_the_figures_cannot_be_loaded(demo, page_errors):
    demo.page.route(f"**/{LIBRARY.name}", lambda route: route.abort())
    demo.open(wait=False)
    demo.page.get_by_role("alert").get_by_text("could not be loaded").wait_for()
    page_errors.clear()  # the browser reports the aborted request
