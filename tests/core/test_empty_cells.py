"""Columns, cells and groups that stand for no unit add 0 to every term, whatever they hold possible."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.distributions import categorical
from em_core.distributions.categorical import Categorical
from em_core.files.experiment import Experiment
from em_core.records import frozen
from em_core.trajectory import run

PATTERNS = [counts for counts in itertools.product((0, 5), repeat=4) if any(counts)]
WORDS = ["(EM)3", "(TM)3E", "HMEM", "(EG)2EM", "E(SM)3E", "EMNEML", "EMAEMB"]


def linkage(counts):
    return {"model": "linkage", "data": {"counts": counts}}


def blood_groups(counts):
    return {"model": "abo_blood_groups", "data": {"counts": dict(zip(("A", "B", "AB", "O"), counts, strict=True))}}


def seen(frequencies):
    return {"model": "poisson_mixture", "data": {"counts": [0, 1, 3, 9], "frequencies": frequencies}}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("model", [linkage, blood_groups, seen])
def test_no_pattern_of_zeros_makes_a_nan(model, word):
    """Also where M has led θ to the boundary, and where a minibatch of one unit leaves most counts at 0."""
    for counts in PATTERNS:
        if model is seen and counts == (5, 0, 0, 0):
            continue  # no event at all: there is no random start
        raw = {**model(list(counts)), "schedule": word, "seed": 1, "moves": {"S": {"batch": 1}}}
        experiment = Experiment.parse(raw)
        for step in run(experiment).half_steps[1:]:
            bound = decompose(experiment.model, experiment.data, step.after)
            assert abs(bound.residual) <= 1e-11 * max(1, abs(bound.log_evidence)), (counts, step)
            assert 0 <= bound.kl < math.inf, (counts, step)


@pytest.mark.parametrize("count", [0.0, 3.0])
def test_infinitely_wrong_about_no_unit_is_not_wrong_at_all(count):
    """q holds possible what p rules out: KL is infinite, but for a column that stands for none."""
    q, p = ([[0.5, 0.25], [0.5, 0.75]], [[1.0, 0.5], [0.0, 0.5]])
    with np.errstate(divide="ignore"):
        q, p = (Categorical(frozen(np.log(entry)), frozen([count, 2.0])) for entry in (q, p))
    finite = 2 * (0.25 * math.log(0.5) + 0.75 * math.log(1.5))
    by_unit = categorical.kl_by_unit(q, p)
    assert by_unit[0] == (math.inf if count else 0)
    assert by_unit[1] == pytest.approx(finite, rel=1e-14)


def test_a_column_that_stands_for_no_unit_need_not_be_possible():
    log_joint = np.array([[-np.inf, -1.0], [-np.inf, -np.inf]])
    q = categorical.posterior(log_joint, frozen([0.0, 2.0]))
    np.testing.assert_array_equal(q.probabilities, [[0.5, 1.0], [0.5, 0.0]])
    assert categorical.kl(q, q) == categorical.entropy(q) == 0
    assert categorical.expectation(q, log_joint) == categorical.log_evidence(log_joint, q.counts) == -2
