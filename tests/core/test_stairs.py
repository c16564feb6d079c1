"""Staircases beside the run's own: EM from a second start, and where EM leads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from em_core.files.experiment import Experiment
from em_core.observe.plane import plane
from em_core.observe.stairs import leading, second
from em_core.records import frozen
from em_core.trajectory import run
from tests.core.test_plane import COIN, LINKAGE


def height(theta):
    """log p of the coin, from SciPy's binomials."""
    return stats.binom.logpmf(1, 4, theta) + np.log(stats.binom.pmf(9, 10, [0.5, theta]).mean())


def extreme(sign, *between):
    """Where log p of the coin is highest, or lowest, between two θ."""
    return float(optimize.minimize_scalar(lambda theta: -sign * height(theta), bounds=between, method="bounded").x)


VALLEY = extreme(-1, 0.25, 0.7)
HILLS = extreme(1, 0.05, VALLEY), extreme(1, VALLEY, 0.95)


@pytest.mark.parametrize("theta", [0.05, 0.3, VALLEY - 0.01, VALLEY + 0.01, 0.6, 0.95])
def test_the_start_decides_which_maximum_em_reaches(theta):
    there, top = leading(Experiment.parse(COIN), theta)
    hill = HILLS[theta > VALLEY]
    assert there == pytest.approx(hill, abs=1e-3) and top == pytest.approx(height(hill), abs=1e-6)


@pytest.mark.parametrize(("own", "other"), [(0.42, 0.35), (0.3, 0.4), (0.9, 0.35), (0.05, 0.4)])
def test_a_second_start_is_the_nearest_that_leads_to_the_other_maximum(own, other):
    experiment = Experiment.parse({**COIN, "start": {"theta": own, "q": 0.9}})
    stairs = second(experiment)
    assert (stairs.theta[0], stairs.q[0]) == (other, pytest.approx(0.9)) and (own > VALLEY) != (other > VALLEY)
    assert stairs.end == (pytest.approx(HILLS[other > VALLEY], abs=1e-3), pytest.approx(height(stairs.theta[-1])))
    # each stair is EM's: to the posterior, then to the share of heads
    free, known = stairs.theta[1::2] ** 9 * (1 - stairs.theta[1::2]), 0.5**10
    np.testing.assert_allclose(stairs.q[1::2], free / (free + known))
    np.testing.assert_allclose(stairs.theta[2::2], (1 + 9 * stairs.q[2::2]) / (4 + 10 * stairs.q[2::2]))


def test_with_one_maximum_a_second_start_far_away_leads_there_too():
    experiment = Experiment.parse(LINKAGE)
    stairs = second(experiment)
    assert stairs.theta[0] == 0.95 and stairs.end[0] == pytest.approx(0.6268, abs=1e-4)


def test_a_second_start_is_that_of_the_file_whatever_was_done_by_hand():
    there = [{"after": 2, "start": {"theta": 0.2, "q": 0.1}}]
    for raw in (COIN, {**COIN, "by_hand": there}):
        assert second(Experiment.parse(raw)).theta[0] == 0.35
    assert leading(Experiment.parse({**COIN, "by_hand": there}), 0.42)[0] == pytest.approx(HILLS[1], abs=1e-3)


def test_it_is_the_staircase_of_a_run_from_there():
    experiment = Experiment.parse(COIN)
    other = replace(experiment, start={"theta": frozen(0.35)}, schedule="(EM)3")
    treads = plane(other, run(other), 6).staircase
    stairs = second(experiment)
    np.testing.assert_array_equal(stairs.theta[:7], [tread.theta for tread in treads])
    np.testing.assert_array_equal(stairs.q[:7], [tread.q for tread in treads])
