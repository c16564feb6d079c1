"""What each row of the data has of log p: together all of it, and alone what the model says of that row by itself."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.files.experiment import Experiment
from em_core.trajectory import run
from tests.models import CASES

WITH_EVIDENCE = [case for case in CASES if hasattr(case.model, "log_evidence")]


@pytest.mark.parametrize("case", WITH_EVIDENCE, ids=str)
def test_they_sum_to_log_p(case):
    """But for the ways in which the units of cells can be arranged."""
    shares = case.model.evidence_by_unit(case.data, case.theta)
    whole = case.model.log_evidence(case.data, case.theta) - getattr(case.data, "log_ways", 0.0)
    assert shares.sum() == pytest.approx(whole, rel=1e-11, abs=1e-11)


ROWS = {
    "student_t": [[0.0, 1.0], [2.0, -1.0], [9.0, 9.0], [1.0, 1.5]],
    "factor_analysis": [[0.0, 1.0, 2.0], [2.0, -1.0, 0.5], [1.0, 3.0, 2.0], [0.3, 1.5, -1.0]],
    "incomplete_gaussian": [[0.0, 1.0], [None, -1.0], [1.0, None], [0.3, 1.5]],
    "gaussian_mixture": [[0.0, 1.0], [2.0, -1.0], [9.0, 9.0], [1.0, 1.5], [3.0, 1.0], [7.0, 8.0]],
}


@pytest.mark.parametrize("name", ROWS)
def test_each_is_what_its_row_adds(name):
    """log p of the data with the row once more, less log p of the data."""
    values = ROWS[name]
    experiment = _read(name, values)
    theta = run(experiment).last.after.theta
    shares = experiment.model.evidence_by_unit(experiment.data, theta)
    before = experiment.model.log_evidence(experiment.data, theta)
    for row, share in zip(values, shares, strict=True):
        with_it = experiment.model.log_evidence(_read(name, [*values, row]).data, theta)
        assert share == pytest.approx(with_it - before, rel=1e-10)


def _read(name, values):
    return Experiment.parse({"model": name, "data": {"values": values}, "schedule": "(EM)2", "seed": 1})


def test_a_step_of_a_sequence_is_told_by_those_before_it():
    """log p(v_t | v_1, …, v_{t−1}): the difference of two log p."""
    steps = [0.1, 2.0, 1.7, -0.4, 0.3]
    raw = {"model": "hidden_markov", "data": {"sequences": [steps, steps[2:]]}, "schedule": "EM", "seed": 0}
    experiment = Experiment.parse(raw)
    theta = run(experiment).last.after.theta
    shares = experiment.model.evidence_by_unit(experiment.data, theta)
    for length in range(2, 6):
        longer, shorter = (
            experiment.model.log_evidence(_sequence(experiment, steps[:count]), theta) for count in (length, length - 1)
        )
        assert shares[length - 1] == pytest.approx(longer - shorter, rel=1e-10)


def _sequence(experiment, steps):
    return type(experiment.data)(np.array(steps), (len(steps),))
