"""A fall of log p is marked on the tape, explained in the caption, and leaves the timeline readable."""

from __future__ import annotations

import pytest

from figures.em import falls
from figures.look import scale, wording
from tests.figures.runs import shown
from tests.ui.test_by_hand import opened
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
    assert frame["chip"] == {"label": f"{word[-1]}↓", "name": f"Go to {at}: {word[-1]}↓, log p fell", "color": "$gap"}
    assert all("↓" not in run.draw(index, True)["chip"]["label"] for index in range(at) if index != 4 or word[3] == "G")


def test_no_fall_is_explained_where_none_was():
    run = EmRun.of(EmSettings(), "EMEGEB")
    for at in range(len(run)):
        assert not falls.fell(run.moment(at)) and falls.why(run.moment(at)) == ""


def test_a_deep_fall_leaves_the_rest_readable():
    """While it is the half-step in view, or the one before, the last few show it; then a mark says how deep it was."""
    session = dragged_far()
    falls_at, bounds = 9, [moment.bound for moment in session.run.seen()]
    levels, lowest = ([getattr(bound, name) for bound in bounds] for name in ("log_evidence", "elbo"))
    for at in range(falls_at, len(levels)):
        found = shown(session.run, at)
        low, high = found.figures["latest"]["layout"]["yaxis"]["range"]
        assert low < levels[at] < high
        places = found.trace("latest.evidence")["x"]
        left_out = [place for place in places if lowest[place] < low]
        assert found.trace("latest.beyond")["x"] == left_out
        assert not {at - 1, at} & set(left_out)
        # what is drawn fills the picture
        drawn = [end for place in places if place not in left_out for end in (levels[place], lowest[place])]
        assert max(drawn) - min(drawn) > 0.7 * (high - low)
    assert shown(session.run, falls_at).trace("latest.beyond")["x"] == []
    found = shown(session.run, falls_at + 6)
    assert falls_at in found.trace("latest.beyond")["x"]
    (told,) = found.trace("latest.beyond told")["text"]
    assert told == f"↓ {wording.large(session.run.moment(falls_at).bound.elbo)}"
    # so it is in the picture of the whole climb, which begins and ends where the rest does
    ends = found.figures["timeline"]["layout"]["yaxis"]["autorangeoptions"]
    climb = [level for at, level in enumerate(levels[: falls_at + 7]) if at not in (falls_at, falls_at + 1)]
    assert levels[falls_at] < ends["clipmin"] < min(climb) and max(climb) < ends["clipmax"] < max(climb) + 20
    before = shown(session.run, falls_at - 1).figures["timeline"]["layout"]["yaxis"]["autorangeoptions"]
    assert before == {"clipmin": None, "clipmax": None}


def dragged_far():
    """A run with a mean dragged far away after eight half-steps, and gone on from there."""
    session = opened(EmSettings(), "EMEMEMEM")
    session.act({"act": "drag", "handle": "1", "x": 2.7, "y": 95.0, "at": 8, "n": 1, "turn": session.player.turn})
    assert session.messages == []
    session.run.advance(27)
    return session


@pytest.mark.parametrize(
    "climb, kept",
    [
        ([-513.0, -512.0, -511.0, -7575.0, -7000.0], [-513.0, -512.0, -511.0]),
        ([-513.0, -512.0, -1e16], [-513.0, -512.0]),
        ([-513.0, -512.0, -515.0], [-513.0, -512.0, -515.0]),
        ([-1e9, -1221.0, -1153.0], [-1e9, -1221.0, -1153.0]),
        ([-5.0, -5.0, -5.0], [-5.0] * 3),
        ([-513.0, -512.0, -7575.0, -7000.0, -6000.0], [-513.0, -512.0, -7575.0, -7000.0, -6000.0]),
        ([-513.0, -7575.0], [-513.0, -7575.0]),
    ],
)
def test_the_readable_part(climb, kept):
    assert scale.readable([(height, [height]) for height in climb]) == kept


def test_a_climb_farther_down_is_readable_too():
    """Where all that is drawn lies below what was reached before, the deepest are left out, unless half are."""
    climb = [-7575.0, -7000.0, -520.0, -519.5, -519.0]
    assert scale.readable([(height, [height]) for height in climb], -500.0) == [-520.0, -519.5, -519.0]
    assert sorted(scale.readable([(height, [height]) for height in climb[:4]], -500.0)) == climb[:4]
    assert scale.readable([(height, [height]) for height in climb], -8000.0) == climb


@pytest.mark.parametrize("fallen, kept", [(-7575.0, True), (-1e16, False)])
def test_the_step_in_view_is_in_the_picture_unless_it_leaves_no_digits(fallen, kept):
    climb = [-513.0, -512.0, -511.0, fallen]
    found = scale.readable([(height, [height]) for height in climb], present=climb[-1:])
    assert found == climb[: 4 if kept else 3]


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
    # both make room, and one that has room stays beside its curve
    assert scale.spread([0.55, 0.1, 0.45], 0.0, 1.0, 0.2) == pytest.approx([0.6, 0.1, 0.4])


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
