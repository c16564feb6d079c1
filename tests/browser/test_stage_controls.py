"""Handles, sliders, keys, chips and switches of the stage (stage_demo.py)."""

import re

import pytest
from playwright.sync_api import expect


def drag(demo, x, y):
    handle = demo.button("Centre: 1, 2").bounding_box()
    left, top = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    demo.pull((left, top), (left + x, top + y))


def test_drag_a_handle(demo):
    demo.open("known=4")
    demo.press("ArrowRight", "ArrowRight")
    demo.at(2)
    scale = demo.plot("shape", "plot._fullLayout.xaxis._length / 20")
    drag(demo, 100, 0)
    demo.at(0)
    (act,) = [act for act in demo.acts() if act["act"] == "drag" and not act.get("live")]
    assert act["handle"] == "corner" and act["at"] == 2
    assert act["x"] == pytest.approx(1 + 100 / scale, abs=0.1) and act["y"] == pytest.approx(2, abs=0.1)
    demo.button(re.compile("Centre")).wait_for()
    assert demo.page.locator(".stage-chip").count() == 1  # the fork is shorter


def test_after_a_click_on_a_tab_or_a_switch_arrows_step_and_with_the_focus_by_key_they_move(demo):
    demo.page.set_viewport_size({"width": 960, "height": 700})
    demo.open("known=4")
    tabs = demo.page.get_by_role("tab")
    tabs.nth(1).click()
    demo.press("ArrowRight")
    demo.at(1)
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    tabs.nth(0).click()
    demo.button("Rest, log scale").click()
    demo.press("ArrowRight", " ")
    demo.beyond(3)  # Space plays
    demo.press(" ")
    frame = demo.frame()
    tabs.nth(1).focus()
    demo.press("ArrowRight")
    expect(tabs.nth(2)).to_have_attribute("aria-selected", "true")
    assert demo.frame() == frame


INSIDE = """(chip) => {
  const tape = chip.closest("ol").getBoundingClientRect(), box = chip.getBoundingClientRect();
  return box.left >= tape.left - 1 && box.right <= tape.right + 1;
}"""


@pytest.mark.exhaustive
def test_the_chip_of_the_frame_in_view_stays_in_view_in_every_window(demo):
    demo.open("known=110")
    demo.button("Go to 100: A").click()
    demo.at(100)
    chip = demo.page.locator(".stage-chip[aria-current]")
    for width, height in ((1440, 900), (1000, 700), (390, 844), (1920, 1080)):
        demo.page.set_viewport_size({"width": width, "height": height})
        demo.page.wait_for_timeout(400)
        assert chip.evaluate(INSIDE), (width, height)
    demo.press(".")
    demo.page.wait_for_timeout(600)
    assert chip.evaluate(INSIDE)


def test_move_a_handle_with_the_keys(demo):
    demo.open("known=4")
    demo.button("Centre: 1, 2").focus()
    demo.press("ArrowRight", "ArrowRight", "Shift+ArrowUp")
    demo.page.wait_for_function(
        "document.querySelector('.stage-handle').getAttribute('aria-label') === 'Centre: 1.4, 4'"
    )
    demo.page.wait_for_timeout(1200)
    (act,) = [act for act in demo.acts() if not act.get("live")]
    assert act["act"] == "drag" and act["x"] == pytest.approx(1.4) and act["y"] == pytest.approx(4)


def test_inner_slider_shows_inner_frames_and_a_step_leaves_them(demo):
    demo.open("known=4")
    slider = demo.page.get_by_role("slider", name="How far")
    assert slider.is_disabled()
    demo.press("ArrowRight")
    demo.at(1)
    slider.focus()
    demo.press("ArrowLeft", "ArrowLeft")
    demo.wait_plot("wave", "trace('place').x[0] === 0.5")
    assert demo.names() == ["inner"] and demo.frame() == 1
    assert slider.get_attribute("aria-valuetext") == "t = 0.5"
    assert demo.page.get_by_text("On the way to 1: 0.5").is_visible()
    demo.button("Go to 2: A").click()
    demo.at(2)
    demo.wait_plot("wave", "trace('place').x[0] === 1")
    assert demo.page.get_by_text("On the way").count() == 0


@pytest.mark.exhaustive
def test_letters_and_space_work_right_after_a_slider(demo):
    demo.open("known=4")
    demo.press("ArrowRight")
    demo.at(1)
    demo.page.get_by_role("slider", name="A slider").focus()
    demo.press("ArrowRight")  # the slider's own
    demo.settle()
    assert demo.frame() == 1
    demo.press("a")
    demo.at(2)
    assert demo.names()[-1] == "letter"
    demo.press(" ")
    demo.button("Pause").wait_for()


def test_keys_in_text_fields_and_with_modifiers_are_left_alone(demo):
    demo.open("known=4")
    demo.press("Control+ArrowRight", "Alt+a")
    demo.page.get_by_label("Text field").click()
    demo.page.keyboard.type("a b")
    demo.press("ArrowRight", "Home")
    demo.settle()
    assert demo.frame() == 0 and demo.acts() == []
    assert demo.page.get_by_label("Text field").input_value() == "a b"


@pytest.mark.exhaustive
def test_space_on_a_button_is_the_buttons(demo):
    demo.open("known=4")
    demo.button("B-turn").focus()
    demo.press(" ")
    demo.at(1)
    assert demo.page.locator(".stage").get_by_role("button", name="Pause").count() == 0


@pytest.mark.exhaustive
def test_switch_between_figures_of_a_view(demo):
    demo.open("known=6")
    demo.press("ArrowRight", "ArrowRight")
    demo.at(2)
    demo.button("Rest, log scale").click()
    demo.wait_plot("log", "plot.data?.[0].x.length === 3 && plot.offsetWidth > 0")
    demo.press("ArrowRight")
    demo.wait_plot("log", "trace('rest').x.length === 4")
    demo.button("Sum").click()
    demo.wait_plot("sum", "trace('total').x.length === 4 && trace('here').x[0] === 3")
    assert demo.button("Sum").get_attribute("aria-pressed") == "true"


def test_click_on_the_series_goes_to_the_frame(demo):
    demo.open("known=6")
    demo.press(*["ArrowRight"] * 5)
    demo.at(5)
    demo.settle()
    left, top = demo.plot(
        "sum",
        "(({_fullLayout: {xaxis: x, yaxis: y}}, box) => [box.left + x._offset + x.d2p(2),"
        " box.top + y._offset + y.d2p(trace('total').y[2])])(plot, plot.getBoundingClientRect())",
    )
    demo.page.mouse.move(left - 3, top)
    demo.page.mouse.move(left, top)
    demo.page.wait_for_timeout(200)
    demo.page.mouse.click(left, top)
    demo.at(2)


def test_fork_replaces_what_came_after(demo):
    demo.open("known=8")
    demo.press(*["ArrowRight"] * 5)
    demo.at(5)
    demo.button("Go to 2: A").click()
    demo.at(2)
    demo.press("a")
    demo.at(3)
    demo.wait_plot("sum", "trace('total').x.length === 4")
    assert demo.page.locator(".stage-chip").count() == 4
    assert [act["at"] for act in demo.acts()] == [2]


@pytest.mark.exhaustive
def test_tools_and_terms_send_their_acts(demo):
    demo.open("known=3")
    demo.press("ArrowRight")
    demo.at(1)
    demo.page.locator("button.stage-term").click()
    demo.page.wait_for_timeout(500)
    demo.button("Reset").click()
    demo.at(0)
    assert [(act["act"], act["at"]) for act in demo.acts()] == [("term", 1), ("reset", 1)]


def test_one_stop_for_the_tape_and_arrows_inside(demo):
    demo.open("known=4")
    demo.press("ArrowRight")
    demo.at(1)
    stops = "[...document.querySelectorAll('.stage-tape button')].filter((chip) => chip.tabIndex === 0)"
    stops += ".map((chip) => chip.ariaLabel)"
    assert demo.page.evaluate(stops) == ["Go to 1: B"]
    demo.button("Go to 1: B").focus()
    for key, at in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowRight", 4), ("ArrowLeft", 3), ("Home", 0)):
        demo.press(key)  # the fourth is made then
        demo.at(at)
        expect(demo.button(f"Go to {at}: {'AB'[at % 2]}")).to_be_focused()
        assert len(demo.page.evaluate(stops)) == 1


@pytest.mark.exhaustive
def test_the_focus_stays_on_a_tape_that_is_cut(demo):
    demo.open("known=4")
    demo.press(*["ArrowRight"] * 3)
    demo.at(3)
    demo.button("Go to 3: B").focus()
    demo.page.evaluate("document.querySelector('[title=\"Start afresh\"]').click()")
    demo.at(0)
    expect(demo.button("Go to 0: A")).to_be_focused()


def test_keys_can_be_switched_off(demo):
    """For a screen reader, which has its own; inside the tape arrows go on to move."""
    demo.open("known=4")
    demo.button("Keys on").click()
    demo.press("a", "ArrowRight", "End", " ")
    demo.settle()
    assert demo.frame() == 0 and demo.acts() == []
    demo.button("Go to 0: A").focus()
    demo.press("a")
    demo.press("ArrowRight")
    demo.at(1)
    demo.open("known=4")  # the browser remembers
    demo.button("Keys off").wait_for()
    demo.press("ArrowRight")
    demo.settle()
    assert demo.frame() == 0 and demo.acts() == []
    demo.button("Keys off").click()
    demo.press("ArrowRight")
    demo.at(1)


@pytest.mark.exhaustive
def test_a_link_that_does_not_hold_the_view_is_not_copied(demo):
    demo.open("known=2&bare=1")
    demo.page.evaluate("() => { navigator.clipboard.writeText = () => document.body.replaceChildren() }")
    demo.button("Copy link").click()
    demo.button("Too long for a link").wait_for()
    demo.button("Copy link").wait_for()


@pytest.mark.exhaustive
def test_handles_are_reached_in_the_figures_one_tab_stop(demo):
    demo.open("known=4")
    figure = demo.stage.locator(".stage-figure", has=demo.page.locator(".stage-handle"))
    handle = demo.stage.locator(".stage-handle").first
    assert handle.get_attribute("tabindex") == "-1"
    figure.focus()
    demo.press("Enter")
    expect(handle).to_be_focused()
    demo.press("Escape")
    expect(figure).to_be_focused()
    described = figure.get_attribute("aria-describedby").split()[-1]
    expect(demo.page.locator(f"[id='{described}']")).to_have_text("Enter: a point to move by arrow keys")
