"""What is asked of Python, in order and once, on a page that has nothing to do with EM (stage_demo.py)."""

import pytest

from tests.browser.demo import DEMO, Demo, plot
from tests.browser.reader import some


def test_next_asks_for_a_frame_and_goes_there(demo):
    demo.open("known=1")
    assert demo.metric("Sum").inner_text() == "11.000"
    demo.button("B-turn").click()
    demo.at(1)
    assert demo.names() == ["advance"]
    assert demo.metric("Sum").inner_text() == "15.142"
    assert float(demo.metric("Sum").get_attribute("data-value")) == pytest.approx(2**0.5 * 10 + 1)
    demo.button("A-turn").wait_for()


@pytest.mark.exhaustive
def test_back_and_forth_within_known_frames_asks_nothing(demo):
    demo.open("known=4")
    demo.press("ArrowRight", "ArrowRight", "ArrowLeft")
    demo.at(1)
    demo.settle()
    assert demo.acts() == [] and demo.cursors() == [1]
    demo.press("ArrowLeft", "ArrowLeft")
    demo.at(0)
    assert demo.button("Back").get_attribute("aria-disabled") == "true"


@pytest.mark.exhaustive
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


@pytest.mark.exhaustive
def test_too_many_keys_at_once_are_refused_until_those_before_are_made(demo):
    """The server is there and only slow: nothing is said of the connection, and the words go with their cause."""
    demo.open("known=3&slow=0.4")
    demo.page.evaluate(NOTICES)
    demo.hurry("a", 12)
    demo.at(9)  # the one that was out, and eight
    demo.page.wait_for_function("document.querySelector('.stage-connection').textContent === ''")
    demo.settle()
    assert demo.page.evaluate("notices") == ["Too many keys at once: the last ones were ignored.", ""]
    assert demo.frame() == 9
    demo.press("a")
    demo.at(10)


@pytest.mark.exhaustive
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


@pytest.mark.exhaustive
def test_a_history_entry_without_an_address_is_one_of_the_same_page(own_page, serve):
    demo = Demo(own_page, serve(DEMO)).open("known=3")
    lengths = "[undefined, null, ''].map((url) => { history.pushState({}, '', url); return history.length; })"
    before = demo.page.evaluate("history.length")
    assert demo.page.evaluate(lengths) == [before] * 3
    assert demo.page.url.endswith("/?known=3")


@pytest.mark.parametrize("keys", some([["ArrowRight"], ["a"], ["End"]], ["ArrowRight"] * 3))
def test_what_is_pressed_while_another_run_is_on_its_way_counts(demo, keys):
    """The reader still sees the old run; what they ask for is made of the new one, as many steps from its start."""
    frame = 120 if keys == ["End"] else len(keys)
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


@pytest.mark.exhaustive
def test_right_and_left_while_an_answer_is_due_cancel_out(demo):
    demo.open("known=1&slow=0.5")
    demo.press("ArrowRight", "ArrowRight", "ArrowLeft")
    demo.at(1)
    demo.page.wait_for_timeout(1500)
    assert demo.frame() == 1
    demo.press("ArrowRight", "ArrowLeft")
    demo.page.wait_for_timeout(1500)
    assert demo.frame() == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("away", some([0, 3500], 0))
def test_a_stage_that_is_brought_back_stands_where_it_was(demo, away):
    """Soon after, it is the same one; later a new one, which asks once for what it lacks."""
    asked = ["resend"] if away else []
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


@pytest.mark.exhaustive
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


@pytest.mark.exhaustive
def test_unanswered_ask_unlocks_the_next(demo):
    """A page that takes longer than 10 s to answer, or never does, must not freeze the stage."""
    demo.open("known=1&slow=12")
    demo.press("ArrowRight")
    demo.page.wait_for_function("document.querySelector('.stage-main').ariaBusy === 'true'")
    demo.page.wait_for_function("document.querySelector('.stage-main').ariaBusy === 'false'")
    demo.at(1)  # late, but welcome
