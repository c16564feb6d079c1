"""θ that moves more than once with the same q: its way bends where the last move began, and the bound goes along it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from em_core.bound import decompose, line
from em_core.observe.course import ORIGIN, PLACES, STEPS
from em_core.records import State
from tests.figures.runs import EM, shown
from ui.em.run import EmRun

_SECOND = 3  # of E, G, G, G: the second G
_RUNS = ["old_faithful", "one_dimension", "linkage", "hidden_markov, casino", "student_t, stackloss"]


@pytest.fixture(scope="module", params=_RUNS)
def run(request):
    return EmRun.of(EM[request.param], "EGGG")


def test_the_way_passes_through_theta_before_the_last_move(run):
    """Its heights there are those of the half-step before, and it ends at those of this one."""
    for at in (2, 3, 4):
        moment = run.moment(at)
        course = moment.course
        assert (course.bend == ORIGIN) == (at == 2)
        for place, bound in ((course.bend, run.moment(at - 1).bound), (ORIGIN + STEPS, moment.bound)):
            size = max(1.0, abs(bound.log_evidence))
            assert course.profile.log_evidence[place] == pytest.approx(bound.log_evidence, abs=1e-9 * size)
            assert course.profile.elbo[place] == pytest.approx(bound.elbo, abs=1e-9 * size)


def test_both_parts_are_straight_and_as_long_as_the_moves(run):
    """Half of the way after the bend is half of the move, in unconstrained coordinates."""
    model, data, step = run.experiment.model, run.experiment.data, run.trajectory[_SECOND]
    course, q = run.moment(_SECOND).course, step.after.q
    first, between, last = (run.trajectory[at].after.theta for at in (1, 2, 3))
    parts = [model.to_vector(theta) for theta in (first, between, last)]
    lengths = [float(np.linalg.norm(one - other)) for one, other in zip(parts, parts[1:], strict=False)]
    share = (course.bend - ORIGIN) / STEPS
    assert abs(share - lengths[0] / sum(lengths)) < 1.0 / STEPS
    for place in (ORIGIN + 2, course.bend + 2):
        begin, end, low, high = (first, between, 0.0, share) if place < course.bend else (between, last, share, 1.0)
        (theta,) = line(model, begin, end, [(PLACES[place] - low) / (high - low)])
        bound = decompose(model, data, State(theta, q))
        size = max(1.0, abs(bound.log_evidence))
        assert course.profile.log_evidence[place] == pytest.approx(bound.log_evidence, abs=1e-11 * size)
        assert course.profile.elbo[place] == pytest.approx(bound.elbo, abs=1e-11 * size)


def test_the_marker_glides_on_from_where_it_stood(run):
    """From the bend to 1, through the core's values, with what has opened shaded up to it."""
    course, glide = run.moment(_SECOND).course, run.frames()[_SECOND]["glide"]
    (texts,) = {json.dumps(entry) for slot, entry in glide["text"].items() if slot == "metric.elbo"}
    assert json.loads(texts)[0] == run.frames()[_SECOND - 1]["text"]["metric.elbo"]
    steps = len(json.loads(texts))
    assert steps == ORIGIN + STEPS + 1 - course.bend
    for step in (1, steps - 2):
        found = shown(run, _SECOND).passing(step)
        place = course.bend + step
        (x, log_p), (_, elbo) = found.points("course.here")
        assert x == pytest.approx(PLACES[place], abs=1e-6)
        size = max(1.0, abs(log_p))
        assert [log_p, elbo] == pytest.approx(
            [course.profile.log_evidence[place], course.profile.elbo[place]], abs=2e-7 * size
        )
        assert len(found.trace("course.shade")["y"]) == place - ORIGIN + 1
    ticks = shown(run, _SECOND).figures["course"]["layout"]["xaxis"]
    assert ticks["tickvals"][1] == PLACES[course.bend] and ticks["ticktext"][1] == "before"


def test_a_move_that_leaves_theta_has_no_bend_of_its_own():
    """M twice: the second leaves θ at the maximum, and the way is the first one's."""
    run = EmRun.of(EM["old_faithful"], "EMM")
    assert run.moment(3).course.bend == ORIGIN
