"""A fall of log p is marked on the tape, explained in the caption, and leaves the timeline readable."""

from __future__ import annotations

import pytest

from figures.em import falls
from figures.look import scale
from tests.figures.runs import shown
from ui.em.run import EmRun
from ui.em.settings import EmSettings

TOO_LARGE = EmSettings(plan="EG", step=1.0)


@pytest.mark.parametrize(
    "settings, word, said",
    [
        (TOO_LARGE, "EGEG", "The step was too large: it jumped past the top of the bound. Try 0.1, or B, which"),
        (EmSettings(), "TM", "This is annealing: at temperature 4 "),
        (EmSettings(), "EM" * 14 + "HM", "Hard EM climbs log p(h*, v), not log p"),
    ],
    ids=["too large", "annealing", "hard"],
)
def test_a_fall_is_marked_and_explained(settings, word, said):
    run = EmRun.of(settings, word)
    at = len(run) - 1
    before, now = (run.moment(index).bound.log_evidence for index in (at - 1, at))
    frame = run.draw(at, True)
    assert now < before and falls.fell(run.moment(at))
    assert said in frame["text"]["caption"]
    assert frame["chip"] == {"label": f"{word[-1]}↓", "name": f"Go to {at} ({word[-1]}): log p fell", "color": "$gap"}
    assert all("↓" not in run.draw(index, True)["chip"]["label"] for index in range(at) if index != 4 or word[3] == "G")


def test_no_fall_is_explained_where_none_was():
    run = EmRun.of(EmSettings(), "EMEGEB")
    for at in range(len(run)):
        assert not falls.fell(run.moment(at)) and falls.why(run.moment(at)) == ""


def test_a_deep_fall_leaves_the_rest_readable():
    """It is out of the picture, and a mark at its half-step says how deep it is."""
    run = EmRun.of(EmSettings(plan="EG", step=300.0), "EMEMEMEMEMEMEMEG")
    found, last = shown(run), run.moment(len(run) - 1).bound
    fallen = min(last.log_evidence, last.elbo)
    low, high = found.figures["latest"]["layout"]["yaxis"]["range"]
    assert fallen < low < -1131 < high < -1130
    assert found.trace("latest.beyond")["x"] == [len(run) - 1]
    (told,) = found.trace("latest.beyond told")["text"]
    assert told.startswith("↓ −1,4")
    # the whole climb leaves room for it
    assert found.figures["timeline"]["layout"]["yaxis"]["autorangeoptions"]["clipmin"] is None
    assert found.trace("timeline.beyond")["x"] == []


@pytest.mark.parametrize(
    "climb, kept",
    [
        ([-513.0, -512.0, -511.0, -7575.0, -7000.0], [-513.0, -512.0, -511.0]),
        ([-513.0, -512.0, -1e16], [-513.0, -512.0]),
        ([-513.0, -512.0, -515.0], [-513.0, -512.0, -515.0]),
        ([-1e9, -1221.0, -1153.0], [-1e9, -1221.0, -1153.0]),
        ([-5.0, -5.0, -5.0], [-5.0] * 3),
        ([-513.0, -512.0, -7575.0, -7000.0, -6000.0], [-513.0, -512.0, -7575.0, -7000.0, -6000.0]),
    ],
)
def test_the_readable_part(climb, kept):
    assert scale.readable([(height, [height]) for height in climb]) == kept


@pytest.mark.parametrize("low, high", [(-1130.2640, -1130.2639), (-1e-7 - 513.0, -513.0), (-7.6131, -7.6129)])
def test_ticks_that_look_alike_are_told_from_the_best(low, high):
    level = high
    parts = scale.heights(low, high, level)
    assert parts["yaxis_tickmode"] == ("array" if high - low < 1e-4 * abs(low) else "auto")
    if parts["yaxis_tickmode"] == "auto":
        return
    assert all(low - 1e-9 <= place <= high + 1e-9 for place in parts["yaxis_tickvals"])
    assert "0" in parts["yaxis_ticktext"] and all(len(text) <= 5 for text in parts["yaxis_ticktext"])
    assert 3 <= len(parts["yaxis_tickvals"]) <= 6
    unit = parts["yaxis_title_text"].split(" ")[0]
    exponent = int(unit[2:].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    for place, text in zip(parts["yaxis_tickvals"], parts["yaxis_ticktext"], strict=True):
        assert place - level == pytest.approx(float(text.replace("−", "-")) * 10.0**exponent, rel=1e-3, abs=1e-12)


def test_labels_stand_apart_and_in_the_picture():
    for wanted in ([1.0, 1.0], [0.0, 0.05, 0.1], [5.0, -5.0], [1.0]):
        placed = scale.spread(wanted, 0.0, 1.0, 0.2)
        assert all(0 <= height <= 1 for height in placed)
        assert sorted(placed) == [placed[i] for i in sorted(range(len(wanted)), key=lambda i: (wanted[i], placed[i]))]
        assert all(b - a > 0.2 - 1e-9 for a, b in zip(sorted(placed), sorted(placed)[1:], strict=False))


def test_the_data_view_follows_a_component_that_leaves_the_data():
    """And comes back; one that is far away is given up, so that the data can be told apart."""
    run = EmRun.of(EmSettings(), "EM")
    view, theta = run.scene.view, run.trajectory[2].after.theta
    low, high = view.span[0]
    for place, follows in ((high + (high - low), True), (high + 100 * (high - low), False), (low, True)):
        means = theta["means"].copy()
        means[0, 0] = place
        begin, end = view.parameters({**theta, "means": means}, None)["data/xaxis.range"]
        assert (begin <= place <= end) == follows and begin <= low and end >= high
    assert view.parameters(theta, None)["data/xaxis.range"] == [low, high]
