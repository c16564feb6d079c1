"""Figures that leave the page while the browser, the pointer or Plotly is still busy with them."""

import random
from pathlib import Path

import pytest

from tests.browser.demo import DEMO
from ui.assets import FRONTEND
from ui.joined import constant, joined

STRESS = Path(__file__).with_name("stress.js").read_text()
ENTRY = FRONTEND / "figures.js"
# the stage's own figures, as the page has them, where a test can reach them
SCRIPT = f"const $here = document.baseURI; {joined(ENTRY)}\nreturn {constant(ENTRY, FRONTEND)};"
FIGURES = f"window.figures = (() => {{ {SCRIPT} }})()"


@pytest.fixture
def demo(own_page, serve):
    page = own_page
    page.goto(f"{serve(DEMO).url}/?known=12")
    page.wait_for_function("document.querySelectorAll('.stage .js-plotly-plot').length >= 4")
    page.add_script_tag(content=FIGURES)
    return page


@pytest.mark.exhaustive
def test_figures_let_go_in_the_midst_of_anything(demo):
    assert demo.evaluate(STRESS) > 50
    demo.wait_for_timeout(300)  # errors fail the test (`own_page`)


@pytest.mark.exhaustive
def test_figures_let_go_leave_nothing_behind(demo):
    session = demo.context.new_cdp_session(demo)
    session.send("Performance.enable")

    def held():
        session.send("HeapProfiler.collectGarbage")
        metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        return metrics["Nodes"], metrics["JSEventListeners"]

    demo.evaluate(STRESS)
    demo.wait_for_timeout(300)
    nodes, listeners = held()
    demo.evaluate(STRESS)
    demo.wait_for_timeout(300)
    after = held()
    # 72 figures of some 200 nodes each would be 14,000
    assert after[0] < nodes + 500 and after[1] < listeners + 100


@pytest.mark.exhaustive
def test_forty_scenes_under_a_moving_mouse(demo):
    figures = [box for box in (node.bounding_box() for node in demo.locator(".stage-plot").all()) if box]
    draw = random.Random(5)
    for turn in range(40):
        demo.evaluate("document.querySelector('[title=\"Other figures\"]').click()")  # also in the midst of a drag
        box = draw.choice(figures)
        demo.mouse.move(box["x"] + box["width"] * draw.random(), box["y"] + box["height"] * draw.random(), steps=2)
        if turn % 4 == 0:
            demo.keyboard.press("ArrowRight")
        if turn % 5 == 0:
            demo.mouse.down()
        if turn % 5 == 1:
            demo.mouse.up()
    demo.mouse.up()
    demo.wait_for_function("document.querySelector('.stage-main').ariaBusy === 'false'")
    demo.keyboard.press("Home")
    demo.wait_for_selector('.stage[data-frame="0"]')
