"""A move, a start and a q_at accept the same θ."""

from __future__ import annotations

import math

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from tests.attack import thinned
from tests.core.scales.shared import (
    NEXT_TO_SINGULAR,
    PLAIN,
    TABLE,
    WORST_CONDITION,
    assert_digits,
    condition,
)


def random_table(seed, smallest=-8):
    rng = np.random.default_rng(seed)
    values = np.round(10 * rng.standard_normal((int(rng.integers(4, 12)), 3)), int(rng.integers(0, 3)))
    word = "E" + "".join(rng.choice(list("EEGGSABNLMC"), size=rng.integers(1, 8)))
    return values * 10.0 ** rng.integers(smallest, 9), rng.random(values.shape) < 0.35, word


@pytest.mark.parametrize("seeds", thinned([range(16), range(16, 50)], [range(16)]), ids=str)
@pytest.mark.parametrize("model", ["incomplete_gaussian", "student_t", "factor_analysis", "gaussian_mixture"])
def test_whatever_a_move_accepts_has_all_its_terms(model, seeds):
    """Small tables, step sizes that do not suit their units, any order of moves."""
    ended = set()
    for seed in seeds:
        values, gaps, word = random_table(seed, -8 if model == "incomplete_gaussian" else -60)
        rows = values.tolist()
        if model == "incomplete_gaussian":
            rows = [[None if gap else x for x, gap in zip(*row, strict=True)] for row in zip(rows, gaps, strict=True)]
        try:
            experiment = Experiment.parse({"model": model, "data": {"values": rows}, "schedule": word, "seed": seed})
        except InvalidExperiment:
            continue
        trajectory = run.run(experiment)
        assert_digits(experiment, trajectory)
        ended.add(trajectory.last.stopped)
        for step in trajectory.half_steps:
            for matrices in (step.after.theta.get(name) for name in ("covariance", "scale_matrix", "covariances")):
                for matrix in () if matrices is None else matrices.reshape(-1, 3, 3):
                    assert condition(matrix) <= 1.01 * WORST_CONDITION
    assert ended == {False, True}


MATRICES = [
    (
        "gaussian_mixture",
        "covariances",
        lambda matrix: {"weights": [1.0], "means": [[0.0, 0.0]], "covariances": [matrix]},
    ),
    ("student_t", "scale_matrix", lambda matrix: {"location": [0.0, 0.0], "scale_matrix": matrix}),
    ("incomplete_gaussian", "covariance", lambda matrix: {"mean": [0.0, 0.0], "covariance": matrix}),
]


@pytest.mark.parametrize(("model", "name", "theta"), MATRICES)
def test_starts_and_q_at_are_held_to_what_moves_are_held_to(model, name, theta):
    good, bad = theta(PLAIN), theta(NEXT_TO_SINGULAR)
    raw = {"model": model, "data": {"values": TABLE}, "schedule": "E"}
    Experiment.parse({**raw, "start": {**good, "q_at": good}})
    for start, field in ((bad, "start"), ({**bad, "q_at": good}, "start"), ({**good, "q_at": bad}, "start.q_at")):
        with pytest.raises(InvalidExperiment, match=f"^{field}: .*singular"):
            Experiment.parse({**raw, "start": start})


@pytest.mark.parametrize(("model", "name", "theta"), MATRICES)
def test_a_step_that_leads_to_a_singular_matrix_is_an_event_or_is_halved(model, name, theta):
    raw = {"model": model, "data": {"values": TABLE}, "start": theta(PLAIN)}
    far = {"step": 1e3}
    for letter in "GSA":
        made = run.run(Experiment.parse({**raw, "schedule": f"E{letter}", "moves": {letter: far}}))
        (event,) = made.last.events
        assert event.stops and made.last.after is made.last.before, letter
        assert event.kind in ("singular_covariance", "diverged") and "step of size 1000" in event.message
        assert all(math.isfinite(number) for number in event.numbers.values())
    for letter in "BNL":
        experiment = Experiment.parse({**raw, "schedule": f"E({letter})8", "moves": {"B": far}})
        made = run.run(experiment)
        assert not made.last.stopped
        assert condition(np.reshape(made.last.after.theta[name], (2, 2))) <= 1.01 * WORST_CONDITION
        assert_digits(experiment, made)


def test_a_noise_variance_next_to_zero_is_no_start():
    theta = {"mean": [0.0, 0.0], "loadings": [[1.0], [1.0]], "noise_variances": [1e-3, 1e-3]}
    raw = {"model": "factor_analysis", "data": {"values": TABLE}, "schedule": "E"}
    Experiment.parse({**raw, "start": {**theta, "q_at": theta}})
    thin = {**theta, "noise_variances": [1e-3, 1e-13]}
    with pytest.raises(InvalidExperiment, match="^start: .*Heywood"):
        Experiment.parse({**raw, "start": thin})
    with pytest.raises(InvalidExperiment, match="^start.q_at: .*Heywood"):
        Experiment.parse({**raw, "start": {**theta, "q_at": thin}})
