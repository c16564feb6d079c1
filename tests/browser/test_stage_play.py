"""The stage plays, scrubs and glides through its frames (stage_demo.py)."""

import pytest

from tests.browser.reader import SAYS, named


@pytest.mark.exhaustive
def test_play_goes_on_with_another_run(demo):
    demo.open("known=3")
    demo.page.select_option(".stage-speed", "8")
    demo.button("Play").click()
    demo.beyond(20)
    demo.page.get_by_role("button", name="Another run").click()
    demo.page.wait_for_function("Number(document.querySelector('.stage')?.dataset.frame) < 10")
    demo.beyond(20)
    assert set(demo.names()) <= {"ahead", "resend"}
    demo.button("Pause").click()


@pytest.mark.exhaustive
def test_play_needs_no_server_for_known_frames_and_stops_at_the_end(demo):
    demo.open("known=12&ended=1")
    demo.page.select_option(".stage-speed", "8")
    demo.press(" ")
    demo.button("Pause").wait_for()
    demo.page.evaluate(SAYS)
    demo.page.wait_for_timeout(400)
    assert demo.runs() == 0
    demo.at(11)
    demo.button("Play").wait_for()
    # what was passed on the way is not heard, where it comes to rest is
    demo.page.wait_for_function("window.said.length > 0")
    assert demo.page.evaluate("window.said.map((text) => text.includes('stands at 3.3 rad'))") == [True]
    assert demo.page.get_by_text("That is all.").is_visible()
    demo.settle()
    assert demo.acts() == [] and demo.cursors() == [11]


@pytest.mark.exhaustive
def test_pause_stays(demo):
    demo.open("known=100")
    demo.button("Play").click()
    demo.beyond(2)
    demo.button("Pause").click()
    demo.settle()
    seen = demo.frame()
    demo.settle()
    assert demo.frame() == seen


def test_play_asks_ahead_and_goes_on(demo):
    demo.open("known=3")
    demo.page.select_option(".stage-speed", "8")
    demo.button("Play").click()
    demo.beyond(15)
    assert set(demo.names()) == {"ahead"}
    demo.button("Pause").click()


def test_end_and_start(demo):
    demo.open("known=2")
    demo.press("End")
    demo.at(120)
    asked = demo.names()
    assert set(asked) == {"end"}
    assert demo.page.locator(".stage-main").get_attribute("aria-disabled") == "true"
    demo.press("Home")
    demo.at(0)
    demo.press("End")  # known by now
    demo.at(120)
    assert demo.names() == asked


@pytest.mark.exhaustive
def test_playing_ahead_gives_nothing_away(demo):
    """A series reaches as far as the furthest frame visited, though more are known."""
    demo.open("known=20")
    assert demo.plot("sum", "trace('total').x.length") == 1
    demo.press("ArrowRight", "ArrowRight")
    demo.wait_plot("sum", "trace('total').x.length === 3")
    demo.press("ArrowLeft")
    demo.wait_plot("sum", "trace('here').x[0] === 1")
    assert demo.plot("sum", "trace('total').x.length") == 3


@pytest.mark.exhaustive
def test_scrub(demo):
    demo.open("known=20")
    slider = demo.page.get_by_role("slider", name="Turn")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    demo.page.mouse.move(box["x"] + 5, middle)
    demo.page.mouse.down()
    demo.page.mouse.move(box["x"] + box["width"] / 2, middle, steps=5)
    half = demo.frame()
    assert 8 <= half <= 11
    demo.page.mouse.up()
    demo.settle()
    assert demo.cursors() == [half]
    demo.press("ArrowRight")  # right after moving the slider
    demo.at(half + 1)
    assert demo.acts() == []


@pytest.mark.exhaustive
def test_chips_lead_to_their_frames(demo):
    demo.open("known=30")
    demo.button("Go to 7: B").click()
    demo.at(7)
    assert demo.button("Go to 7: B").get_attribute("aria-current") == "step"
    assert demo.page.locator(".stage-chip[aria-current]").count() == 1


@pytest.mark.exhaustive
def test_figures_and_zoom_survive_a_step(demo):
    demo.open("known=1")
    demo.mark_figures()
    demo.zoom_mode("shape")
    box = demo.page.locator("[data-figure=shape] .nsewdrag").bounding_box()
    demo.pull((box["x"] + 60, box["y"] + 60), (box["x"] + 260, box["y"] + 260))
    demo.wait_plot("shape", "plot._fullLayout.xaxis.range[0] > -9.5")
    zoomed = demo.plot("shape", "plot._fullLayout.xaxis.range.slice()")
    demo.press("ArrowRight")
    demo.at(1)
    demo.settle()
    assert demo.plot("shape", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert demo.same_figures()
    demo.page.mouse.dblclick(box["x"] + 200, box["y"] + 100)
    demo.wait_plot("shape", "plot._fullLayout.xaxis.range[0] === -10")


@pytest.mark.exhaustive
@pytest.mark.usefixtures("moving")
def test_gliding_traces_pass_between_the_frames(demo):
    demo.open("known=2")
    start = demo.plot("shape", "trace('polygon').x[0]")
    demo.page.evaluate(
        f"() => {{ window.seen = []; {named('shape')};"
        " const look = () => { seen.push(trace('polygon').x[0]); requestAnimationFrame(look) }; look() }"
    )
    demo.press("ArrowRight")
    demo.settle()
    end = demo.plot("shape", "trace('polygon').x[0]")
    between = [x for x in demo.page.evaluate("seen") if min(start, end) < x < max(start, end)]
    assert between and between == sorted(between, reverse=end < start)


@pytest.mark.exhaustive
def test_reduced_motion_does_not_glide(demo):
    demo.open("known=2")
    demo.page.evaluate(
        f"() => {{ {named('shape')}; window.seen = new Set([trace('polygon').x[0]]);"
        " const look = () => { seen.add(trace('polygon').x[0]); requestAnimationFrame(look) }; look() }"
    )
    demo.press("ArrowRight")
    demo.settle()
    assert demo.page.evaluate("seen.size") == 2  # the one and the other, nothing in between


@pytest.mark.exhaustive
def test_play_waits_while_the_stage_is_brought_to_another_place(demo):
    demo.open("known=3")
    demo.page.select_option(".stage-speed", "8")
    demo.button("Play").click()
    demo.beyond(5)
    checkbox = demo.page.get_by_text("Hide the stage")
    checkbox.click()
    demo.page.locator(".stage").wait_for(state="detached")
    checkbox.click()
    demo.page.locator(".stage").wait_for()
    demo.beyond(30)
    assert demo.page.get_by_text("Loading the figures").count() == 1
    assert not demo.page.get_by_text("Loading the figures").is_visible()
    demo.button("Pause").click()


def test_a_step_draws_each_figure_once(demo):
    demo.open("known=21&points=600&ended=1")
    demo.page.keyboard.press("ArrowRight")
    demo.at(1)
    demo.page.wait_for_timeout(500)
    demo.page.evaluate(
        """() => { window.drawn = {}; for (const plot of document.querySelectorAll('.stage .js-plotly-plot')) {
            const { figure } = plot.closest('[data-figure]').dataset;
            plot.on('plotly_afterplot', () => { window.drawn[figure] = (window.drawn[figure] ?? 0) + 1 });
        } }"""
    )
    for frame in range(2, 12):
        demo.page.keyboard.press("ArrowRight")
        demo.at(frame)
    demo.page.wait_for_timeout(500)
    drawn = demo.page.evaluate("window.drawn")
    assert drawn and all(times <= 10 for times in drawn.values()), drawn
