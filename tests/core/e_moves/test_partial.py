"""P: the gap closes block by block."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.records import State
from tests.attack import thinned
from tests.core.cases import CASES
from tests.core.e_moves.shared import end, made, with_move


@pytest.mark.parametrize("case", with_move("P"), ids=str)
@pytest.mark.parametrize("blocks", [1, 2, 3, 1000])
def test_partial_steps_close_the_gap_block_by_block(case, blocks):
    """KL of the block just done is 0 and of the others what it was; L never falls; after a round q is exact."""
    n_units = case.model.n_hidden_units(case.data)
    parts = np.array_split(np.arange(n_units), min(blocks, max(1, n_units)))
    _, trajectory, bounds = made(case, f"P{len(parts)}", P={"blocks": blocks})
    exact = case.model.posterior(case.data, case.theta)
    expected = case.model.kl_by_unit(case.q, exact)
    for step, part in zip(trajectory.half_steps[1:], parts, strict=True):
        found = case.model.kl_by_unit(step.after.q, exact)
        # computed for the block alone: the posterior of all units may differ in its last digits
        assert found[part].max(initial=0) < 1e-24
        expected[part] = found[part]
        np.testing.assert_array_equal(found, expected)
        assert step.after.q_at is None
    values = np.array([bound.elbo for bound in bounds])
    assert (np.diff(values) >= -1e-14 * np.abs(values[1:])).all()
    assert 0 <= bounds[-1].kl < 1e-23 and abs(bounds[-1].gap) <= 1e-12 * max(1, abs(bounds[-1].log_evidence))
    whole = decompose(case.model, case.data, State(case.theta, exact))
    for term in ("expected_log_joint", "entropy"):
        assert getattr(bounds[-1], term) == pytest.approx(getattr(whole, term), rel=1e-13)


@pytest.mark.parametrize("case", [c for c in with_move("P") if "M" in c.moves], ids=str)
def test_incremental_em_never_lowers_the_elbo(case):
    _, _, bounds = made(case, "(PM)12", P={"blocks": 3})
    values = np.array([bound.elbo for bound in bounds])
    assert (np.diff(values) >= -1e-12 * np.maximum(1, np.abs(values[1:]))).all()


NAMES = ["gaussian_full_2d_k2", "poisson_mixture_counts", "factor_analysis_isotropic_3d_l1"]


@pytest.mark.parametrize("name", thinned(NAMES, ["poisson_mixture_counts"]))
def test_incremental_em_reaches_the_optimum_of_em(name):
    """A round of four P M costs as much as one E M, and gets further."""
    case = next(case for case in CASES if case.name == name)
    ends = [end(case, word)[1].log_evidence for word in ("(EM)600", "E(PM)2400")]
    assert ends[1] == pytest.approx(ends[0], rel=1e-9)
    early = [end(case, word)[1].log_evidence for word in ("E(EM)8", "E(PM)32")]
    assert early[1] > early[0]
