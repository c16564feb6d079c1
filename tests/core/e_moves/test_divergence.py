"""KL, unit by unit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.core.cases import CASES
from tests.core.e_moves.shared import with_move

# The posterior of some units and that of all may round differently, by e of a probability: their KL is about e² a unit.
_ROUNDED = 1e-26


@pytest.mark.parametrize("case", CASES, ids=str)
def test_kl_is_the_sum_over_hidden_units(case):
    exact = case.model.posterior(case.data, case.theta)
    parts = case.model.kl_by_unit(case.q, exact)
    assert parts.shape == (case.model.n_hidden_units(case.data),) and (parts >= 0).all()
    assert case.model.kl(case.q, exact) == pytest.approx(parts.sum(), rel=1e-14)


@pytest.mark.parametrize("case", with_move("P"), ids=str)
def test_the_kl_of_a_unit_is_that_of_a_q_exact_in_all_others(case):
    exact = case.model.posterior(case.data, case.theta)
    parts = case.model.kl_by_unit(case.q, exact)
    for unit in range(len(parts)):
        others = np.delete(np.arange(len(parts)), unit)
        one = case.model.posterior_for(case.data, case.theta, case.q, others)
        assert case.model.kl(one, exact) == pytest.approx(parts[unit], rel=1e-13, abs=_ROUNDED)
