"""The run before, drawn dashed where another took its place: beside it, and never instead of it."""

from __future__ import annotations

import pytest

from figures.em import words
from figures.look import wording
from tests.figures.runs import shown
from tests.figures.test_falls import dragged_far
from tests.ui.test_by_hand import opened
from ui.em.settings import EmSettings


@pytest.fixture(scope="module")
def undone():
    """Nine half-steps, after a run was undone that fell deep and then went on for longer."""
    session = dragged_far()
    session.run.advance(60)
    session.act({"act": "undo", "n": 9})
    session.run.advance(9)
    return session


def heights(found, trace):
    places = found.trace(trace)
    return {x: y for x, y in zip(places["x"], places["y"], strict=True) if y is not None}


def test_a_fall_of_the_run_before_does_not_set_the_scale(undone):
    run, found = undone.run, shown(undone.run)
    low, high = (end(moment.bound.elbo for moment in run.seen()) for end in (min, max))
    for trace in ("timeline.before", "timeline.before elbo", "latest.before"):
        drawn = heights(found, trace)
        assert len(drawn) > 30 and not {9, 10} & drawn.keys()
        assert min(drawn.values()) > low - 9 * (high - low)


def test_the_axis_has_numbers_as_far_as_the_run_before_goes(undone):
    found = shown(undone.run)
    axis, last = found.figures["timeline"]["layout"]["xaxis"], found.trace("timeline.before")["x"][-1]
    step = axis["tickvals"][1] - axis["tickvals"][0]
    assert last - step < axis["tickvals"][-1] <= last and axis["ticktext"][-1] == str(axis["tickvals"][-1])
    # the last few stand under their letters
    assert (
        found.figures["latest"]["layout"]["xaxis"]["ticktext"][-2:] == ["E", "M"][:: 1 if len(undone.run) % 2 else -1]
    )


def test_the_gap_of_the_run_before_is_drawn_too(undone):
    found = shown(undone.run)
    dashed = found.trace("gap.before")
    assert dashed["visible"] and dashed["line"]["dash"] == "dash" and dashed["name"] == words.BEFORE
    assert found.figures["gap"]["layout"]["showlegend"] is True
    (ghost,) = {id(moment.ghost): moment.ghost for moment in undone.run.seen() if moment.ghost}.values()
    drawn = heights(found, "gap.before")
    for place, kl, level in zip(ghost.places, ghost.kl, ghost.log_evidence, strict=True):
        assert drawn.get(place) == (None if wording.gap(kl, level) == "0.000" else kl)
    assert max(drawn.values()) > 30
    plain = shown(opened(EmSettings(), "EM").run)
    assert plain.trace("gap.before")["visible"] is False and plain.figures["gap"]["layout"]["showlegend"] is False


def test_only_curves_in_the_picture_have_their_names_beside_them(undone):
    """A name stands where its curve is: of the run before, too."""
    session = opened(EmSettings(), "EMEM")
    session.player.go(1)
    session.change(step=0.5)
    session.act({"act": "move", "letter": "G", "n": 5})
    session.run.advance(6)
    seen = 0
    for run in (session.run, undone.run):
        for at in range(len(run)):
            found, moment = shown(run, at), run.moment(at)
            low, high = found.figures["latest"]["layout"]["yaxis"]["range"]
            ghost = moment.ghost and dict(zip(moment.ghost.places, moment.ghost.log_evidence, strict=True)).get(at)
            names = [text.strip() for text in found.trace("latest.names")["text"]]
            assert (words.BEFORE in names) == (ghost is not None and low <= ghost <= high)
            seen += ghost is not None
            ends = {"log p(v)": moment.bound.log_evidence, "ELBO": moment.bound.elbo, words.BEFORE: ghost}
            assert {"log p(v)", "ELBO"} <= set(names)
            # two that end at one place stand above and below it; those of one more make room
            places = dict(zip(names, found.trace("latest.names")["y"], strict=True))
            assert all(abs(place - ends[name]) < 0.12 * len(names) * (high - low) for name, place in places.items())
            assert places["log p(v)"] > places["ELBO"]
    assert seen


@pytest.mark.parametrize("word", ["EM", "EMEMEMEMEM"])
def test_the_last_tooth_follows_the_scrubber(word):
    """Its ends and the rings are at log p and the ELBO on the way; nothing else of the timeline moves."""
    run = opened(EmSettings(), word).run
    at = len(run) - 1
    still = shown(run, at)
    for stop in run.inner(at):
        found = shown(run, at).over(stop)
        bound = found.value["metric.evidence"], found.value["metric.elbo"]
        assert (found.trace("latest.evidence")["y"][-1], found.trace("latest.elbo")["y"][-1]) == bound
        assert found.trace("latest.evidence")["y"][:-1] == still.trace("latest.evidence")["y"][:-1]
        for figure in ("latest", "timeline"):
            assert tuple(found.trace(f"{figure}.here")["y"]) == bound
        risen = bound[0] - run.moment(0).bound.log_evidence
        assert (
            f"{abs(risen):.3f} " in found.text["heading.timeline"]
            or "unchanged since the start" in found.text["heading.timeline"]
        )
        assert not [key for key in stop["set"] if key.startswith(("latest/", "timeline/", "gap/")) and "axis" in key]


def test_the_gaps_own_title_says_how_large_it_is(undone):
    for at in (0, 1, 2):
        moment, text = undone.run.moment(at), shown(undone.run, at).text["heading.timeline.gap"]
        told = wording.gap(moment.bound.kl, moment.bound.log_evidence)
        assert text.startswith("Gap 0 " if told == "0.000" else f"Gap {told}")
        assert ("(○)" in text) == (at > 0)


def test_a_run_before_that_did_nothing_but_fall_is_left_out():
    session = opened(EmSettings())
    session.act({"act": "drag", "handle": "1", "x": 2.7, "y": 92.0, "at": 0, "n": 1, "turn": session.player.turn})
    session.act({"act": "undo", "n": 2})
    session.run.advance(6)
    drawn = heights(shown(session.run), "timeline.before elbo")
    assert set(drawn) == {0}
    assert heights(shown(session.run), "gap.before")[1] > 100  # on its scale there is room
