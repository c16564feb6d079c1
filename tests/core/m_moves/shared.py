"""What the tests of M-type moves share."""

from __future__ import annotations

import numpy as np

from em_core.records import State
from tests.core.cases import CASES, INTERIOR

BY_NAME = {case.name: case for case in CASES}
COINS = BY_NAME["binomial_two_coins"]
WITH_C = [case for case in INTERIOR if "C" in case.m_moves]
CLOSED = [case for case in INTERIOR if case.model.help["m_step"] == "closed form"]
SETTINGS = {"G": {"step": 0.07}, "S": {"step": 0.03, "batch": 3}, "A": {"step": 0.02, "beta1": 0.7, "beta2": 0.9}}


class Chosen:
    """Stands for a random generator: units are not drawn, they are these."""

    def __init__(self, units):
        self.units = np.array(units)

    def choice(self, total, size, replace, shuffle):
        assert len(self.units) == size and self.units.max() < total and not replace
        return self.units


def n_drawable(case):
    """How many units a minibatch draws from: sequences of a hidden Markov model."""
    return len(case.data.lengths) if hasattr(case.data, "lengths") else int(case.n_units)


def slope(case, theta, q=None):
    return case.model.gradient(case.data, theta, case.q if q is None else q)


def same(first, second):
    return all(np.array_equal(entry, second[name]) for name, entry in first.items()) and first.keys() == second.keys()


def state(case, theta=None):
    return State(case.theta if theta is None else theta, case.q)
