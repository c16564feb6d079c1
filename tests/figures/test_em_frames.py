"""What the page *EM* draws of the bound: metrics, timeline, course and terms, number for number the core's."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.observe.course import STOPS
from em_core.observe.moment import same
from em_core.records import State
from figures.decomposition import TERMS
from figures.em import timeline
from figures.look import wording
from figures.look.encode import numbers
from figures.look.moves import called, within
from tests.attack import thinned
from tests.figures.runs import COINS, LINKAGE, em_dealt, em_run, shown
from tests.figures.stage_replay import decode
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model


@pytest.fixture(scope="module", params=em_dealt(0))
def run(request):
    return em_run(request.param)


def bounds(run):
    return [decompose(run.experiment.model, run.experiment.data, step.after) for step in run.trajectory.half_steps]


def test_a_term_is_lit_when_its_number_changed(run):
    ids = {item["id"] for item in run.scene.json["equation"] if "id" in item}
    expected = bounds(run)
    assert run.frames()[0]["lit"] == [] and ids == {"evidence", "elbo", "kl"}
    for before, now, frame in zip(expected, expected[1:], run.frames()[1:], strict=False):
        for name, old, new in (
            ("evidence", before.log_evidence, now.log_evidence),
            ("elbo", before.elbo, now.elbo),
            ("kl", before.kl, now.kl),
        ):
            if old is not None:
                assert (name in frame["lit"]) == (abs(new - old) > 1e-12 * max(1, abs(now.log_evidence)))


def test_frames_are_small(run):
    """A half-step is a message: what is told of each point and component at the mouse fits in, too."""
    for frame in run.frames()[1:]:
        still = {name: part for name, part in frame.items() if name != "glide"}
        assert len(json.dumps(still)) < (36_000 if run.experiment.model.name == "gaussian_mixture" else 60_000)
        assert len(json.dumps(frame["glide"])) < 19_100


@pytest.mark.parametrize(
    "values", [[1e300, 0.0], [1e6, 1e6 + 1e-3, 1e6 + 2e-3], [-1130.5, -1130.5 + 1e-6], [np.inf, 1]]
)
def test_packed_numbers_lose_nothing_that_shows(values):
    found = np.array(decode(numbers(values)))
    finite = np.isfinite(values)
    assert np.isnan(found[~finite]).all()
    span = np.ptp(np.array(values)[finite])
    np.testing.assert_allclose(found[finite], np.array(values)[finite], rtol=0, atol=1e-3 * span)


# --- numbers ----------------------------------------------------------------------------------------------------


def test_metrics_are_the_cores_numbers(run):
    for at, bound in enumerate(bounds(run)):
        found = shown(run, at)
        assert found.value["metric.evidence"] == bound.log_evidence
        assert found.value["metric.elbo"] == bound.elbo
        assert found.value["metric.gap"] == bound.kl
        assert found.text["metric.elbo"] == found.text["equation.elbo"] == wording.number(bound.elbo)
        assert found.text["metric.gap"] == found.text["equation.kl"]


def test_timeline_shows_every_half_step(run):
    expected = bounds(run)
    found = shown(run)
    for trace, values in (("elbo", [b.elbo for b in expected]), ("evidence", [b.log_evidence for b in expected])):
        assert found.trace(f"timeline.{trace}")["x"] == list(range(len(run)))
        assert found.trace(f"timeline.{trace}")["y"] == values
        assert found.trace(f"latest.{trace}")["y"] == values[-timeline._LATEST :]
        assert found.trace(f"latest.{trace}")["x"] == list(range(len(run)))[-timeline._LATEST :]
    gaps = found.trace("gap.gap")
    zeros = found.trace("gap.zeros")
    for index, (drawn, said, bound) in enumerate(zip(gaps["y"], gaps["customdata"], expected, strict=True)):
        assert said.endswith(f"gap {wording.gap(bound.kl, bound.log_evidence)}") and said.startswith(f"{index}: ")
        assert (drawn is None) == (index in zeros["x"]) == (wording.gap(bound.kl, bound.log_evidence) == "0.000")
        assert drawn is None or drawn == bound.kl
    assert all(0 < height <= min(filter(None, gaps["y"]), default=1) for height in zeros["y"])
    ring = found.trace("timeline.here")
    assert ring["x"] == [len(run) - 1] * 2 and ring["y"] == [expected[-1].log_evidence, expected[-1].elbo]


# of WORD an E and an M, a gradient step and the E after it, in every run; the others with -m exhaustive
@pytest.mark.parametrize("places", thinned([[1, 2, 6, 7], [0, 3, 4, 5, 8, 9, 10]], [[1, 2, 6, 7]]), ids=str)
def test_course_touches_where_q_was_computed(run, places):
    """At t = 0 log p and L meet; at t = 1 they stand at the half-step that the M-step made."""
    expected = bounds(run)
    for at in places:
        if at >= len(run):  # a run that has stopped
            break
        if (course := run.moment(at).course) is None:
            continue
        stops = run.inner(at)
        first, last = stops[0]["value"], stops[int(np.flatnonzero(STOPS == 1)[0])]["value"]
        assert first["metric.gap"] == pytest.approx(0, abs=1e-9)
        target = at if course.at == 1 else at + 1
        if target < len(run):
            assert last["metric.evidence"] == pytest.approx(expected[target].log_evidence, rel=1e-9)
            assert last["metric.elbo"] == pytest.approx(expected[target].elbo, rel=1e-9)


def test_course_draws_log_p_above_the_bound(run):
    found = shown(run, 2)
    bound, evidence = (np.array(found.trace(f"course.{trace}")["y"], float) for trace in ("bound", "evidence"))
    assert len(bound) == len(evidence) > 40
    with np.errstate(invalid="ignore"):
        assert not (bound > evidence + 1e-4).any()
    x, y = found.points("course.touch")[0]
    for trace in ("bound", "evidence"):  # both curves pass through the point where they touch
        places = found.points(f"course.{trace}")
        assert np.interp(x, *places.T) == pytest.approx(y, abs=1e-12 * abs(y) + 0.02 * np.ptp(places[:, 1]))
    here = found.trace("course.here")
    assert here["y"] == [bounds(run)[2].log_evidence, bounds(run)[2].elbo]


def test_inner_stop_0_is_the_half_step_before_and_1_the_half_step(run):
    at = 2
    stops = run.inner(at)
    home = int(np.flatnonzero(STOPS == 1)[0])
    assert len(stops) == len(STOPS)
    back = shown(run, at).over(stops[home])
    there = shown(run, at)
    for one, other in zip(there.figures["data"]["data"], back.figures["data"]["data"], strict=True):
        for axis in "xy":
            if axis in one and one[axis] and not isinstance(one[axis][0], str):
                drawn, again = (np.array(each[axis], float) for each in (one, other))
                np.testing.assert_allclose(again, drawn, rtol=1e-5, atol=1e-5)


def test_decomposition_bars_are_as_long_as_their_terms(run):
    for at, bound in enumerate(bounds(run)):
        found = shown(run, at)
        bars = {name: found.trace(f"decomposition.{name}")["x"] for name, _, _ in TERMS}
        scale = found.trace("decomposition.scale")["x"]
        text = found.trace("decomposition.scale text")["text"]
        if not text[0]:  # all bars are equal: a length says nothing
            assert bound.entropy == pytest.approx(0, abs=1e-9) and bound.kl == pytest.approx(0, abs=1e-9)
            continue
        per_nat = (scale[1] - scale[0]) / _nats(text[0])
        entropy, gap = (bars[name][1] - bars[name][0] for name in ("entropy", "gap"))
        assert entropy == pytest.approx(bound.entropy * per_nat, abs=1e-6)
        assert gap == pytest.approx(bound.kl * per_nat, abs=1e-6)
        assert bars["evidence"][1] - bars["elbo"][1] == pytest.approx(gap, abs=1e-9)
        assert [bars[name][0] for name in ("joint", "elbo", "evidence")] == [0, 0, 0]
        if not text[1]:
            continue
        # the magnified half: the gap by its own scale bar
        big = found.trace("decomposition.gap magnified")["x"]
        assert big[1] - big[0] == pytest.approx(bound.kl * (scale[4] - scale[3]) / _nats(text[1]), abs=1e-6)


def _nats(text):
    """The length that a scale bar says it has: `50 nats` or `5.0 × 10⁻⁴ nat`."""
    plain, small = re.match(r"([\d.,]+)(?:\u00a0×\u00a010([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))? nats?", text).groups()
    return float(plain.replace(",", "")) * 10.0 ** int(
        (small or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    )


def test_labels_stay_beside_their_numbers(run):
    for at, bound in enumerate(bounds(run)):
        text = shown(run, at).trace("decomposition.labels")["text"]
        values = [bound.expected_log_joint, bound.entropy, bound.elbo]
        assert all(label.endswith(wording.number(value)) for label, value in zip(text, values, strict=False))
        assert text[4].endswith(wording.number(bound.log_evidence))


def test_the_main_button_says_which_half_step_comes_next():
    assert [called(letter) for letter in "EMHG"] == ["E-step", "M-step", "Hard E-step", "Gradient step"]
    run = EmRun.of(EmSettings(plan="EG"), "E")
    assert run.frames()[-1]["next"] | {"act": None} == {
        "label": "Gradient step",
        "detail": "one step up the bound",
        "act": None,
    }


def test_the_timelines_title_says_what_came_of_log_p(run):
    first = bounds(run)[0].log_evidence
    for at, bound in enumerate(bounds(run)):
        title = shown(run, at).text["heading.timeline"]
        risen = bound.log_evidence - first
        if at == 0:
            assert title == "log p and ELBO by half-step"
        elif title == "log p: unchanged since the start":
            assert abs(risen) <= 1e-13 * abs(first)
        else:
            where = "above" if risen > 0 else "below"
            assert title == f"log p: {wording.number(abs(risen))} {where} the start"


def test_after_a_hand_log_p_is_still_counted_from_the_start():
    """Here it fell when θ was moved, and stands above the start all the same: the title says from where it counts."""
    hand = {"after": 4, "start": {"theta": 0.25}}
    run = EmRun.reopening(for_model(EmSettings(), "coin_of_unknown_origin"), "EMEMEM", by_hand=[hand])
    run.reopen(lambda: False)
    heights = [bound.log_evidence for bound in bounds(run)]
    assert heights[0] < heights[-1] < heights[4]
    title = shown(run).text["heading.timeline"]
    assert title == f"log p: {wording.number(heights[-1] - heights[0])} above the start"


def test_linkage_draws_the_whole_curve_and_earlier_bounds():
    run = EmRun.of(LINKAGE, "EMEMEM")
    found = shown(run)
    model, data = run.experiment.model, run.experiment.data
    x, y = found.points("whole.evidence").T
    np.testing.assert_allclose(y, [model.log_evidence(data, {"theta": np.array(t)}) for t in x], rtol=1e-5)
    height, gap = np.interp(0.3, x, y), found.points("whole.gap curve")
    x, y = found.points("whole.bound").T
    # the gap of the same q, by its own definition, where the curves have parted
    q = run.trajectory.last.after.q
    there = model.kl(q, model.posterior(data, {"theta": np.array(0.3)}))
    assert np.interp(0.3, *gap.T) == pytest.approx(height - np.interp(0.3, x, y), rel=1e-2)
    assert np.interp(0.3, *gap.T) == pytest.approx(there, rel=1e-2)
    bar, top = found.trace("whole.gap height")["y"], found.figures["whole"]["layout"]["yaxis2"]["range"][1]
    assert bar == [0, pytest.approx(run.moment(len(run) - 1).bound.kl)] and bar[1] <= top
    q = run.trajectory.last.after.q
    exact = [decompose(model, data, State({"theta": np.array(t)}, q)).elbo for t in x]
    np.testing.assert_allclose(y, exact, rtol=1e-5)
    breaks = [number for number in found.trace("whole.past bounds")["y"] if number is not None and math.isnan(number)]
    assert len(breaks) == 3  # the bounds of q at the opening and after two E-steps


# --- words ------------------------------------------------------------------------------------------------------


def test_captions_tell_the_right_numbers(run):
    expected = bounds(run)
    for at in range(1, len(run)):
        caption, before, now = run.frames()[at]["text"]["caption"], expected[at - 1], expected[at]
        letter = run.moves[at - 1]
        if run.trajectory[at].events:
            continue
        if letter == "E":
            closed = wording.gap(before.kl, before.log_evidence)
            assert caption.startswith(wording.unbroken("E-step:")) and (
                closed in caption or (before.kl == 0 and "already" in caption)
            )
        else:
            rise = now.elbo - before.elbo
            stood = same(run.trajectory[at].after.theta, run.trajectory[at].before.theta)
            told = ["did not move"] if stood else [wording.number(abs(rise)), wording.gap(now.kl, now.log_evidence)]
            assert caption.startswith(wording.unbroken(f"{called(letter)}:"))
            assert all(part in caption for part in told if rise or stood)
        following = "E" if at == len(run) - 1 else run.moves[at]
        assert wording.unbroken(f"the {within(following)}") in caption
        assert run.frames()[at]["next"]["label"] == called(following)
    first = run.frames()[0]["text"]["caption"]
    assert wording.gap(expected[0].kl, expected[0].log_evidence) in first


def test_a_start_without_q_draws_log_p_alone():
    raw = {**EmRun.of(COINS).json(), "schedule": "E"}
    del raw["start"]["q_at"]
    run = EmRun.of(EmSettings.of_experiment(raw)[0])
    found = shown(run)
    assert found.value["metric.elbo"] is None and found.value["metric.evidence"] < 0
    assert found.text["metric.elbo"] == found.text["metric.gap"] == "–"
    assert all(isinstance(text, str) for text in found.text.values())
    assert found.frame["inner_at"] is None and run.inner(0) == []
    assert found.points("decomposition.evidence").shape == (2, 2)


def test_a_step_far_too_long_is_drawn_all_the_same():
    """Step 10 on data of variance 100 leads to numbers beyond single precision."""
    run = EmRun.of(EmSettings(plan="EG", step=10.0))
    run.advance(30)
    for at in range(len(run)):
        shown(run, at)
