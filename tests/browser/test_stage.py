"""The stage in a real browser, on a page that has nothing to do with EM (stage_demo.py)."""

import json
import re
from pathlib import Path

import pytest

DEMO = Path(__file__).with_name("stage_demo.py")


class Demo:
    """The demo page, and what its server was asked."""

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.mark = len(server.lines())

    def open(self, query="", wait=True):
        self.page.goto(f"{self.server.url}/?{query}")
        if wait:
            self.page.wait_for_selector(".stage .main-svg")
            self.page.wait_for_function("document.querySelectorAll('.stage .js-plotly-plot').length >= 4")
        self.mark = len(self.server.lines())
        return self

    def acts(self):
        lines = self.server.lines()[self.mark :]
        return [json.loads(line[4:]) for line in lines if line.startswith("ACT ")]

    def names(self):
        return [act["act"] for act in self.acts()]

    def acted(self, count):
        """Wait until the server was asked so often."""
        for _ in range(200):
            if len(self.acts()) >= count:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(self.acts())

    def cursors(self):
        return [int(line[7:]) for line in self.server.lines()[self.mark :] if line.startswith("CURSOR ")]

    def runs(self):
        return len(self.server.lines()) - self.mark

    def at(self, frame):
        self.page.wait_for_selector(f'.stage[data-frame="{frame}"]', timeout=60_000)  # many slices, on a busy machine

    def beyond(self, frame):
        self.page.wait_for_function(f"Number(document.querySelector('.stage')?.dataset.frame) >= {frame}")

    def frame(self):
        return int(self.page.locator(".stage").get_attribute("data-frame"))

    def plot(self, figure, expression):
        """Evaluate an expression of `plot`, one figure's Plotly element."""
        return self.page.evaluate(f"() => {{ const plot = {plot(figure)}; return {expression} }}")

    def wait_plot(self, figure, condition):
        self.page.wait_for_function(f"() => {{ const plot = {plot(figure)}; return {condition} }}")

    def metric(self, label):
        return self.page.locator(".stage-metrics").get_by_label(label)

    def button(self, name):
        return self.page.locator(".stage").get_by_role("button", name=name, exact=True)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def hurry(self, key, times):
        """As often in one tick, however slow the machine."""
        press = "document.dispatchEvent(new KeyboardEvent('keydown', { key }))"
        self.page.evaluate(f"([key, times]) => {{ while (times--) {press} }}", [key, times])

    def settle(self):
        self.page.wait_for_timeout(700)


def plot(figure):
    return f"document.querySelector('[data-figure={figure}] .stage-plot')"


@pytest.fixture
def demo(page, serve):
    return Demo(page, serve(DEMO))


def test_next_asks_for_a_frame_and_goes_there(demo):
    demo.open("known=1")
    assert demo.metric("Sum").inner_text() == "11.000"
    demo.button("B-turn").click()
    demo.at(1)
    assert demo.names() == ["advance"]
    assert demo.metric("Sum").inner_text() == "15.142"
    assert float(demo.metric("Sum").get_attribute("data-value")) == pytest.approx(2**0.5 * 10 + 1)
    demo.button("A-turn").wait_for()


def test_back_and_forth_within_known_frames_asks_nothing(demo):
    demo.open("known=4")
    demo.press("ArrowRight", "ArrowRight", "ArrowLeft")
    demo.at(1)
    demo.settle()
    assert demo.acts() == [] and demo.cursors() == [1]
    demo.press("ArrowLeft", "ArrowLeft")
    demo.at(0)
    assert demo.button("Back").get_attribute("aria-disabled") == "true"


def test_quick_presses_all_arrive(demo):
    demo.open("known=1&slow=0.3")
    demo.press(*["ArrowRight"] * 5)
    demo.at(5)
    demo.settle()
    assert demo.frame() == 5
    assert set(demo.names()) == {"advance"} and demo.acts()[-1]["to"] == 5
    assert len(demo.acts()) < 5  # those that came while an answer was due went as one


NOTICES = """() => {
  const box = document.querySelector(".stage-connection");
  window.notices = [];
  const note = () => window.notices.push(box.textContent);
  new MutationObserver(note).observe(box, { childList: true, characterData: true, subtree: true });
}"""


def test_too_many_keys_at_once_are_refused_until_those_before_are_made(demo):
    """The server is there and only slow: nothing is said of the connection, and the words go with their cause."""
    demo.open("known=3&slow=0.4")
    demo.page.evaluate(NOTICES)
    demo.hurry("a", 12)
    demo.at(9)  # the one that was out, and eight
    demo.page.wait_for_function("document.querySelector('.stage-connection').textContent === ''")
    demo.settle()
    assert demo.page.evaluate("notices") == ["Too many keys at once: the last ones were not taken.", ""]
    assert demo.frame() == 9
    demo.press("a")
    demo.at(10)


def test_what_the_stage_asks_by_itself_is_never_refused(demo):
    demo.open("known=3&slow=0.4")
    demo.press("ArrowRight")
    demo.at(1)
    demo.settle()
    demo.page.evaluate(NOTICES)
    demo.hurry("a", 9)
    demo.page.locator(".stage-inner").focus()
    demo.at(10)
    demo.settle()
    assert demo.names().count("inner") == 1 and demo.names().count("letter") == 9
    assert demo.page.evaluate("notices") == []


def test_a_history_entry_without_an_address_is_one_of_the_same_page(demo):
    demo.open("known=3")
    lengths = "[undefined, null, ''].map((url) => { history.pushState({}, '', url); return history.length; })"
    before = demo.page.evaluate("history.length")
    assert demo.page.evaluate(lengths) == [before] * 3
    assert demo.page.url.endswith("/?known=3")


def test_frames_are_filled_where_the_reader_is(demo):
    """Not where Next will lead: when the reader goes back meanwhile, Python must not stand there."""
    # two frames last longer than a slice: the first of them comes light
    demo.open("known=1&light=1&slow=1&step=0.06")
    demo.press("ArrowRight")
    demo.acted(1)
    demo.press("ArrowRight", "ArrowRight")
    demo.acted(2)
    demo.press("ArrowRight")
    demo.at(3)
    demo.press("ArrowLeft")
    demo.acted(4)
    assert [(act["act"], act["at"]) for act in demo.acts()[2:]] == [("advance", 3), ("fill", 3)]


@pytest.mark.parametrize("keys, frame", [(["ArrowRight"], 1), (["ArrowRight"] * 3, 3), (["a"], 1), (["End"], 120)])
def test_what_is_pressed_while_another_run_is_on_its_way_counts(demo, keys, frame):
    """The reader still sees the old run; what they ask for is made of the new one, as many steps from its start."""
    demo.open("known=3")
    demo.press("ArrowRight", "ArrowRight")
    demo.at(2)
    demo.settle()
    demo.page.get_by_role("button", name="Another run").click()
    demo.press(*keys)
    demo.at(frame)
    demo.settle()
    assert demo.frame() == frame
    assert demo.page.locator(".stage-chip").count() == frame + 1
    demo.press("ArrowLeft")
    demo.at(frame - 1)


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
    assert demo.page.locator(".stage-metrics").get_attribute("aria-live") == "polite"


def test_right_and_left_while_an_answer_is_due_cancel_out(demo):
    demo.open("known=1&slow=0.5")
    demo.press("ArrowRight", "ArrowRight", "ArrowLeft")
    demo.at(1)
    demo.page.wait_for_timeout(1500)
    assert demo.frame() == 1
    demo.press("ArrowRight", "ArrowLeft")
    demo.page.wait_for_timeout(1500)
    assert demo.frame() == 1


def test_play_needs_no_server_for_known_frames_and_stops_at_the_end(demo):
    demo.open("known=12&ended=1")
    demo.page.select_option(".stage-speed", "8")
    demo.press(" ")
    demo.button("Pause").wait_for()
    assert demo.page.locator(".stage-metrics").get_attribute("aria-live") == "off"
    demo.page.wait_for_timeout(400)
    assert demo.runs() == 0
    demo.at(11)
    demo.button("Play").wait_for()
    assert demo.page.locator(".stage-metrics").get_attribute("aria-live") == "polite"
    assert demo.page.get_by_text("That is all.").is_visible()
    demo.settle()
    assert demo.acts() == [] and demo.cursors() == [11]


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


def test_playing_ahead_gives_nothing_away(demo):
    """A series reaches as far as the furthest frame visited, though more are known."""
    demo.open("known=20")
    assert demo.plot("sum", "plot.data[0].x.length") == 1
    demo.press("ArrowRight", "ArrowRight")
    demo.wait_plot("sum", "plot.data[0].x.length === 3")
    demo.press("ArrowLeft")
    demo.wait_plot("sum", "plot.data[1].x[0] === 1")
    assert demo.plot("sum", "plot.data[0].x.length") == 3


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


def test_chips_lead_to_their_frames(demo):
    demo.open("known=30")
    demo.button("Go to 7: B").click()
    demo.at(7)
    assert demo.button("Go to 7: B").get_attribute("aria-current") == "step"
    assert demo.page.locator(".stage-chip[aria-current]").count() == 1


def test_figures_and_zoom_survive_a_step(demo):
    demo.open("known=1")
    demo.page.evaluate("document.querySelectorAll('.stage .main-svg').forEach((node) => (node.marked = true))")
    box = demo.page.locator("[data-figure=shape] .nsewdrag").bounding_box()
    demo.page.mouse.move(box["x"] + 60, box["y"] + 60)
    demo.page.mouse.down()
    demo.page.mouse.move(box["x"] + 260, box["y"] + 260, steps=5)
    demo.page.mouse.up()
    demo.wait_plot("shape", "plot._fullLayout.xaxis.range[0] > -9.5")
    zoomed = demo.plot("shape", "plot._fullLayout.xaxis.range.slice()")
    demo.press("ArrowRight")
    demo.at(1)
    demo.settle()
    assert demo.plot("shape", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert demo.page.evaluate("[...document.querySelectorAll('.stage .main-svg')].every((node) => node.marked)")
    demo.page.mouse.dblclick(box["x"] + 200, box["y"] + 100)
    demo.wait_plot("shape", "plot._fullLayout.xaxis.range[0] === -10")


def test_gliding_traces_pass_between_the_frames(demo):
    demo.open("known=2")
    start = demo.plot("shape", "plot.data[1].x[0]")
    demo.page.evaluate(
        f"() => {{ window.seen = []; const plot = {plot('shape')};"
        " const look = () => { seen.push(plot.data[1].x[0]); requestAnimationFrame(look) }; look() }"
    )
    demo.press("ArrowRight")
    demo.settle()
    end = demo.plot("shape", "plot.data[1].x[0]")
    between = [x for x in demo.page.evaluate("seen") if min(start, end) < x < max(start, end)]
    assert between and between == sorted(between, reverse=end < start)


def test_reduced_motion_does_not_glide(demo):
    demo.page.emulate_media(reduced_motion="reduce")
    demo.open("known=2")
    demo.page.evaluate(
        f"() => {{ window.seen = new Set(); const plot = {plot('shape')};"
        " plot.on('plotly_afterplot', () => seen.add(plot.data[1].x[0])) }"
    )
    demo.press("ArrowRight")
    demo.settle()
    assert demo.page.evaluate("seen.size") == 1


def drag(demo, x, y):
    handle = demo.button("Centre: 1, 2").bounding_box()
    left, top = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    demo.page.mouse.move(left, top)
    demo.page.mouse.down()
    demo.page.mouse.move(left + x, top + y, steps=6)
    demo.page.mouse.up()


def test_drag_a_handle(demo):
    demo.open("known=4")
    demo.press("ArrowRight", "ArrowRight")
    demo.at(2)
    scale = demo.plot("shape", "plot._fullLayout.xaxis._length / 20")
    drag(demo, 100, 0)
    demo.at(0)
    (act,) = [act for act in demo.acts() if act["act"] == "drag"]
    assert act["handle"] == "corner" and act["at"] == 2
    assert act["x"] == pytest.approx(1 + 100 / scale, abs=0.1) and act["y"] == pytest.approx(2, abs=0.1)
    demo.button(re.compile("Centre")).wait_for()
    assert demo.page.locator(".stage-chip").count() == 1  # the fork is shorter


def test_move_a_handle_with_the_keys(demo):
    demo.open("known=4")
    demo.button("Centre: 1, 2").focus()
    demo.press("ArrowRight", "ArrowRight", "Shift+ArrowUp")
    demo.page.wait_for_function(
        "document.querySelector('.stage-handle').getAttribute('aria-label') === 'Centre: 1.4, 4'"
    )
    demo.page.wait_for_timeout(1200)
    (act,) = demo.acts()
    assert act["act"] == "drag" and act["x"] == pytest.approx(1.4) and act["y"] == pytest.approx(4)


def test_inner_slider_shows_inner_frames_and_a_step_leaves_them(demo):
    demo.open("known=4")
    slider = demo.page.get_by_role("slider", name="How far")
    assert slider.is_disabled()
    demo.press("ArrowRight")
    demo.at(1)
    slider.focus()
    demo.press("ArrowLeft", "ArrowLeft")
    demo.wait_plot("wave", "plot.data[1].x[0] === 0.5")
    assert demo.names() == ["inner"] and demo.frame() == 1
    assert slider.get_attribute("aria-valuetext") == "t = 0.5"
    assert demo.page.get_by_text("On the way to 1: 0.5").is_visible()
    demo.button("Go to 2: A").click()
    demo.at(2)
    demo.wait_plot("wave", "plot.data[1].x[0] === 1")
    assert demo.page.get_by_text("On the way").count() == 0


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


def test_space_on_a_button_is_the_buttons(demo):
    demo.open("known=4")
    demo.button("B-turn").focus()
    demo.press(" ")
    demo.at(1)
    assert demo.page.locator(".stage").get_by_role("button", name="Pause").count() == 0


def test_switch_between_figures_of_a_view(demo):
    demo.open("known=6")
    demo.press("ArrowRight", "ArrowRight")
    demo.at(2)
    demo.button("Rest, log scale").click()
    demo.wait_plot("log", "plot.data?.[0].x.length === 3 && plot.offsetWidth > 0")
    demo.press("ArrowRight")
    demo.wait_plot("log", "plot.data[0].x.length === 4")
    demo.button("Sum").click()
    demo.wait_plot("sum", "plot.data[0].x.length === 4 && plot.data[1].x[0] === 3")
    assert demo.button("Sum").get_attribute("aria-pressed") == "true"


def test_click_on_the_series_goes_to_the_frame(demo):
    demo.open("known=6")
    demo.press(*["ArrowRight"] * 5)
    demo.at(5)
    demo.settle()
    left, top = demo.plot(
        "sum",
        "(({_fullLayout: {xaxis: x, yaxis: y}}, box) => [box.left + x._offset + x.d2p(2),"
        " box.top + y._offset + y.d2p(plot.data[0].y[2])])(plot, plot.getBoundingClientRect())",
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
    demo.wait_plot("sum", "plot.data[0].x.length === 4")
    assert demo.page.locator(".stage-chip").count() == 4
    assert [act["at"] for act in demo.acts()] == [2]


def test_tools_and_terms_send_their_acts(demo):
    demo.open("known=3")
    demo.press("ArrowRight")
    demo.at(1)
    demo.page.locator("button.stage-term").click()
    demo.page.wait_for_timeout(500)
    demo.button("Reset").click()
    demo.at(0)
    assert [(act["act"], act["at"]) for act in demo.acts()] == [("term", 1), ("reset", 1)]


@pytest.mark.parametrize("away, asked", [(0, []), (3500, ["resend"])])
def test_a_stage_that_is_brought_back_stands_where_it_was(demo, away, asked):
    """Soon after, it is the same one; later a new one, which asks once for what it lacks."""
    demo.open("known=6")
    demo.press("ArrowRight", "ArrowRight")
    demo.at(2)
    demo.page.evaluate(f"Plotly.relayout({plot('shape')}, {{'xaxis.range': [-3, 3], 'yaxis.range': [-3, 3]}})")
    demo.settle()
    checkbox = demo.page.get_by_text("Hide the stage")
    checkbox.click()
    demo.page.locator(".stage").wait_for(state="detached")
    demo.press("ArrowRight", "a")  # nobody listens
    demo.mark = len(demo.server.lines())
    demo.page.wait_for_timeout(away)
    checkbox.click()
    demo.page.wait_for_selector(".stage .main-svg")
    demo.at(2)
    demo.settle()
    assert demo.names() == asked
    assert (demo.plot("shape", "plot._fullLayout.xaxis.range.slice()") == [-3, 3]) == (not asked)
    assert demo.page.locator(".stage").count() == 1
    assert demo.page.locator(".stage-chip").count() == 6
    demo.press("ArrowRight")
    demo.at(3)


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


def test_resting_twice_on_a_frame_is_reported_twice(demo):
    """Python sent the cursor elsewhere in between: the same number is news."""
    demo.open("known=6")
    demo.press("ArrowRight")
    demo.at(1)
    demo.settle()
    demo.press("End")
    demo.at(120)
    demo.settle()
    demo.button("Go to 1: B").click()
    demo.at(1)
    demo.settle()
    assert demo.cursors() == [1, 1]


def test_rerun_changes_nothing(demo):
    demo.open("known=6")
    demo.press("ArrowRight")
    demo.at(1)
    demo.settle()
    demo.page.get_by_role("button", name="Rerun").click()
    demo.settle()
    assert demo.frame() == 1 and demo.acts() == []


@pytest.mark.parametrize("theme, color", [("light", "#0072B2"), ("dark", "#56B4E9")])
def test_colours_follow_the_theme(demo, theme, color):
    demo.page.emulate_media(color_scheme=theme)
    demo.open("known=2")
    assert demo.page.locator(".stage").get_attribute("data-theme") == theme
    assert demo.plot("shape", "plot.data[1].line.color") == color


def test_theme_changes_at_once_and_keeps_zoom(demo):
    demo.page.emulate_media(color_scheme="light")
    demo.open("known=3")
    demo.press("ArrowRight")
    demo.at(1)
    demo.settle()
    box = demo.page.locator("[data-figure=shape] .nsewdrag").bounding_box()
    demo.page.mouse.move(box["x"] + 60, box["y"] + 60)
    demo.page.mouse.down()
    demo.page.mouse.move(box["x"] + 260, box["y"] + 260, steps=5)
    demo.page.mouse.up()
    demo.wait_plot("shape", "plot._fullLayout.xaxis.range[0] > -9.5")
    zoomed = demo.plot("shape", "plot._fullLayout.xaxis.range.slice()")
    demo.page.evaluate("document.querySelectorAll('.stage .main-svg').forEach((node) => (node.marked = true))")
    demo.page.emulate_media(color_scheme="dark")
    demo.wait_plot("shape", "plot.data[1].line.color === '#56B4E9'")
    assert demo.plot("shape", "plot._fullLayout.xaxis.range.slice()") == zoomed
    assert demo.plot("shape", "plot.data[0].marker.color.length") == 60
    assert demo.page.evaluate("[...document.querySelectorAll('.stage .main-svg')].every((node) => node.marked)")
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
    assert demo.page.locator(".stage-caption").get_attribute("aria-live") == "polite"
    controls = stage.locator("button, input, select").all()
    assert all(node.get_attribute("aria-label") or node.inner_text().strip() for node in controls if node.is_visible())


@pytest.mark.parametrize("width, height", [(1440, 900), (390, 844)])
def test_fills_the_window(demo, width, height):
    demo.page.set_viewport_size({"width": width, "height": height})
    demo.open("known=3")
    demo.settle()
    main = "document.querySelector('[data-testid=stMain]')"
    scrolls = demo.page.evaluate(f"{main}.scrollHeight > {main}.clientHeight")
    assert scrolls == (width < 600)
    bar = demo.page.locator(".stage-bar").bounding_box()
    assert bar["y"] + bar["height"] <= height and bar["x"] >= 0 and bar["x"] + bar["width"] <= width


def test_plays_fast_enough(demo):
    """Four figures and 600 points that all change colour: 8 frames a second leave 125 ms of processor time for each."""
    demo.open("known=121&points=600&ended=1")
    session = demo.page.context.new_cdp_session(demo.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # other processes do not count

    def busy():
        return {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}["TaskDuration"]

    demo.page.select_option(".stage-speed", "30")
    first, start = demo.frame(), busy()
    demo.button("Play").click()
    demo.page.wait_for_timeout(3000)
    demo.button("Pause").click()
    used, frames = busy() - start, demo.frame() - first
    assert frames > 5 and used / frames < 0.125


def test_served_below_a_base_path(page, serve):
    demo = Demo(page, serve(DEMO, "--server.baseUrlPath=some/where")).open("known=1")
    demo.press("ArrowRight")
    demo.at(1)


def test_says_so_when_the_figures_cannot_be_loaded(demo, page_errors):
    demo.page.route("**/plotly.min.js", lambda route: route.abort())
    demo.open(wait=False)
    demo.page.get_by_role("alert").get_by_text("could not be loaded").wait_for()
    page_errors.clear()  # the browser reports the aborted request


def test_unanswered_ask_unlocks_the_next(demo):
    """A page that takes longer than 10 s to answer, or never does, must not freeze the stage."""
    demo.open("known=1&slow=12")
    demo.press("ArrowRight")
    demo.page.wait_for_function("document.querySelector('.stage-main').ariaBusy === 'true'")
    demo.page.wait_for_function("document.querySelector('.stage-main').ariaBusy === 'false'")
    demo.at(1)  # late, but welcome


# --- light frames and slices ----------------------------------------------------------------------------------------


def agrees(demo):
    """Whether number, caption, chip's frame and pictures are those of one frame: returns it."""
    return demo.page.evaluate(
        """() => {
          const at = Number(document.querySelector(".stage").dataset.frame);
          const sum = Math.sqrt(at + 1) * 10 + 1;
          const metric = Number(document.querySelector('.stage-metrics output').dataset.value);
          const plots = ["sum", "bars", "shape"].map((id) => document.querySelector(`[data-figure=${id}] .stage-plot`));
          const drawn = [plots[0].data[1].y[0], plots[1].data[0].y[0]];
          const written = plots[2].layout.annotations[0].text === String(at);
          const said = document.querySelector(".stage-caption").textContent.includes(` ${(0.3 * at).toFixed(1)} rad`);
          const one = [metric, ...drawn].every((value) => Math.abs(value - sum) < 1e-9);
          return one && written && said ? at : -1;
        }"""
    )


def test_frames_far_away_are_filled_when_the_reader_comes_there(demo):
    """From end to end, by chip, by slider: pictures, numbers and words are always those of one frame."""
    demo.open("known=1&light=1")
    demo.press("End")
    demo.at(120)
    assert agrees(demo) == 120
    for target in (60, 3, 90):
        demo.page.locator(f".stage-chip[data-frame='{target}']").click()
        seen = set()
        while demo.frame() != target:
            seen.add(agrees(demo))
        assert -1 not in seen
        demo.at(target)
        assert agrees(demo) == target
    assert demo.names().count("fill") >= 3
    demo.settle()
    asked = len(demo.acts())
    demo.press("ArrowRight")
    demo.at(91)  # beside what is in view all is there
    assert agrees(demo) == 91
    assert demo.plot("sum", "plot.data[0].x.length") == 121, "series are complete whatever is light"
    demo.settle()
    demo.page.locator(".stage-chip[data-frame='90']").click()
    demo.at(90)
    demo.settle()
    assert len(demo.acts()) <= asked + 2, "what was sent once is not asked for again"


def test_play_fills_ahead_of_itself(demo):
    demo.open("known=1&light=1")
    demo.press("End")
    demo.at(120)
    demo.press("Home")
    demo.at(0)
    demo.page.select_option(".stage-speed", "8")
    demo.button("Play").click()
    seen = set()
    while demo.frame() < 20:
        seen.add(agrees(demo))
    assert -1 not in seen and len(seen) > 8
    demo.button("Pause").click()
    assert {"end", "fill"} == set(demo.names())


def test_inner_frames_of_a_filled_frame(demo):
    demo.open("known=1&light=1")
    demo.press("End")
    demo.at(120)
    demo.page.locator(".stage-chip[data-frame='40']").click()
    demo.at(40)
    demo.page.get_by_role("slider", name="How far").focus()
    demo.press("ArrowLeft")
    demo.page.wait_for_function("document.querySelector('.stage-caption').textContent.includes('On the way to 40')")


def dimmed(demo):
    return demo.page.locator(".stage").get_attribute("data-waiting") is not None


def test_a_long_tape_opens_at_once_and_goes_on_by_itself(demo):
    """The start is there first; how far it is is told; then the reader stands where the link says."""
    demo.open("known=1&light=1&step=0.03&tape=60&cursor=45")
    working = demo.page.locator(".stage-ended")
    demo.page.wait_for_function("/ of 60 so far/.test(document.querySelector('.stage-ended').textContent)")
    assert demo.frame() == 0 and dimmed(demo), "the start is not what the link is about"
    demo.at(45)
    assert agrees(demo) == 45 and not dimmed(demo)
    demo.page.wait_for_function("document.querySelectorAll('.stage-chip').length === 61")
    demo.button("Play").wait_for()
    demo.settle()
    assert demo.frame() == 45 and "so far" not in working.inner_text()
    assert set(demo.names()) <= {"rest", "fill"}


@pytest.mark.parametrize("stop", ["space", "next"])
def test_a_tape_under_way_stops_when_the_reader_moves(demo, stop):
    demo.open("known=1&light=1&step=0.03&tape=110&cursor=110")
    demo.page.wait_for_function("document.querySelectorAll('.stage-chip').length > 8")
    demo.press(" " if stop == "space" else "ArrowRight")
    demo.at(0 if stop == "space" else 1)
    demo.settle()
    made = demo.page.locator(".stage-chip").count()
    assert made < 111
    demo.settle()
    assert demo.page.locator(".stage-chip").count() == made, "what was made is kept, and no more is asked"
    assert "so far" not in demo.page.locator(".stage-ended").inner_text()
    demo.press("End")  # goes on, from what is there
    demo.beyond(made + 2)
    demo.press(" ")


def test_a_reader_who_leaves_asks_no_more(demo):
    demo.open("known=1&light=1&step=0.03&tape=110&cursor=110")
    demo.page.wait_for_function("document.querySelectorAll('.stage-chip').length > 8")
    demo.page.goto("about:blank")
    demo.page.wait_for_timeout(500)
    asked = len(demo.acts())
    demo.page.wait_for_timeout(1000)
    assert len(demo.acts()) == asked < 25
