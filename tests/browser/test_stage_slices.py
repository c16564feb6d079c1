"""Long tapes: light frames that are filled where the reader is, work that goes on slice by slice (stage_demo.py)."""

import pytest

from tests.browser.reader import some


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


def agrees(demo):
    """Whether number, caption, chip's frame and pictures are those of one frame: returns it."""
    return demo.page.evaluate(
        """() => {
          const at = Number(document.querySelector(".stage").dataset.frame);
          const sum = Math.sqrt(at + 1) * 10 + 1;
          const metric = Number(document.querySelector('.stage-metrics output').dataset.value);
          const plots = ["sum", "bars", "shape"].map((id) => document.querySelector(`[data-figure=${id}] .stage-plot`));
          const here = plots[0].data.find(({ meta }) => meta === "here");
          const drawn = [here.y[0], plots[1].data[0].y[0]];
          const written = plots[2].layout.annotations[0].text === String(at);
          const said = document.querySelector(".stage-caption").textContent.includes(` ${(0.3 * at).toFixed(1)} rad`);
          const one = [metric, ...drawn].every((value) => Math.abs(value - sum) < 1e-9);
          return one && written && said ? at : -1;
        }"""
    )


@pytest.mark.exhaustive
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
    assert demo.plot("sum", "trace('total').x.length") == 121, "series are complete whatever is light"
    demo.settle()
    demo.page.locator(".stage-chip[data-frame='90']").click()
    demo.at(90)
    demo.settle()
    assert len(demo.acts()) <= asked + 2, "what was sent once is not asked for again"


@pytest.mark.exhaustive
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


@pytest.mark.exhaustive
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
    demo.page.wait_for_function("/ of 60\\. Press/.test(document.querySelector('.stage-ended').textContent)")
    assert demo.frame() == 0 and dimmed(demo), "the start is not what the link is about"
    demo.at(45)
    assert agrees(demo) == 45 and not dimmed(demo)
    demo.page.wait_for_function("document.querySelectorAll('.stage-chip').length === 61")
    demo.button("Play").wait_for()
    demo.settle()
    assert demo.frame() == 45 and "Press Pause" not in working.inner_text()
    assert set(demo.names()) <= {"rest", "fill"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("stop", some(["next"], "space"))
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
    assert "Press Pause" not in demo.page.locator(".stage-ended").inner_text()
    demo.press("End")  # goes on, from what is there
    demo.beyond(made + 2)
    demo.press(" ")


@pytest.mark.exhaustive
def test_a_reader_who_leaves_asks_no_more(demo):
    demo.open("known=1&light=1&step=0.03&tape=110&cursor=110")
    demo.page.wait_for_function("document.querySelectorAll('.stage-chip').length > 8")
    demo.page.goto("about:blank")
    demo.page.wait_for_timeout(500)
    asked = len(demo.acts())
    demo.page.wait_for_timeout(1000)
    assert len(demo.acts()) == asked < 25
