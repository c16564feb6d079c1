"""L: the way of L-BFGS to M; N and L at a maximum."""

from __future__ import annotations

import re

import numpy as np
import pytest

from em_core import m_steps
from em_core import trajectory as run
from tests.attack import dealt
from tests.core.cases import INTERIOR
from tests.core.m_moves.shared import CLOSED, slope, state

# which sizes were tried, never one "down to" itself
_TRIED = re.compile(r"\(tried size [^ ]+\)|\(tried sizes from ([^ ]+) down to (?!\1\))[^ ]+\)")


@pytest.mark.parametrize("case", dealt(CLOSED, 1, of=2), ids=str)
def test_l_bfgs_ends_where_m_goes(case):
    model = case.model
    best = case.elbo(model.maximize(case.data, case.q, case.theta), case.q)
    after = state(case)
    for _ in range(12):
        after = m_steps.lbfgs_steps(model, case.data, after, 25).state
    assert case.elbo(after.theta, case.q) == pytest.approx(best, rel=1e-10)
    assert np.linalg.norm(slope(case, after.theta)) <= 1e-5 * case.n_units * max(
        1, np.abs(model.to_vector(case.theta)).max()
    )


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_more_iterations_of_l_bfgs_climb_higher(case):
    reached = [
        case.elbo(m_steps.lbfgs_steps(case.model, case.data, state(case), iterations).state.theta, case.q)
        for iterations in (1, 3, 10)
    ]
    assert case.elbo(case.theta, case.q) <= reached[0] <= reached[1] <= reached[2]
    if case.model.to_vector(case.theta).size:
        assert case.elbo(case.theta, case.q) < reached[0]


@pytest.mark.parametrize("letter", "NL")
@pytest.mark.parametrize("case", dealt(INTERIOR, 0, of=2), ids=str)
def test_a_rejected_step_leaves_theta_and_goes_on(case, letter):
    """Right at the maximum no step helps: an event with finite numbers, the same θ, and the schedule goes on."""
    trajectory = run.run(case.experiment(f"EM({letter})6E"))
    assert len(trajectory) == 10 and not trajectory.last.stopped
    for step in trajectory.half_steps[3:9]:
        if step.events:
            (event,) = step.events
            assert event.kind == "rejected_step" and not event.stops and step.after is step.before
            assert np.isfinite(list(event.numbers.values())).all() and event.numbers["slope"] < 1e-3
            assert _TRIED.search(event.message), event.message
    assert trajectory[8].events  # at the latest now it is at the rounding of L
