"""A look along a line takes many θ at once: with the numbers that each θ has by itself."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.bound import heights, scan
from em_core.caching import AT_THETA
from em_core.distributions import categorical
from em_core.files.errors import HalfStepFailed
from em_core.model import check
from em_core.models import at_many
from tests.core.cases import CASES

MIXTURES = [case for case in CASES if isinstance(case.model, at_many.AtMany)]


def near(case, number):
    """θ and others about it, drawn at random, in the form in which moves find them."""
    rng, vector = np.random.default_rng(7), case.model.to_vector(case.theta)
    return [case.theta] + [
        case.model.from_vector(vector + 0.05 * rng.standard_normal(vector.shape), case.theta) for _ in range(number)
    ]


def by_itself(case, theta):
    """log p and E_q[log p(h, v)] at one θ, NaN where it is not usable."""
    try:
        check(case.model, case.data, theta)
        return case.model.log_evidence(case.data, theta), case.model.expected_log_joint(case.data, theta, case.q)
    except HalfStepFailed:
        return np.nan, np.nan


@pytest.mark.parametrize("at_once", [400_000, 40, 0], ids=["all", "some", "one by one"])
@pytest.mark.parametrize("case", MIXTURES, ids=str)
def test_many_thetas_have_the_heights_that_each_has_by_itself(case, at_once, monkeypatch):
    monkeypatch.setattr(at_many, "_AT_ONCE", at_once)
    try:
        thetas = near(case, 6)
    except HalfStepFailed:  # on a boundary there are no coordinates
        thetas = [case.theta, {**case.theta}]
    expected = np.array([by_itself(case, theta) for theta in thetas]).T
    evidence, (joint,) = heights(case.model, case.data, [case.q], thetas)
    np.testing.assert_allclose([evidence, joint], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("at_once", [400_000, 0], ids=["all", "one by one"])
def test_a_theta_that_is_not_usable_leaves_the_others_as_they_are(at_once, monkeypatch):
    monkeypatch.setattr(at_many, "_AT_ONCE", at_once)
    case = next(case for case in MIXTURES if "covariances" in case.theta)
    singular = {**case.theta, "covariances": 1e-300 * case.theta["covariances"]}
    found = scan(case.model, case.data, case.q, [case.theta, singular, None, case.theta])
    alone = scan(case.model, case.data, case.q, [case.theta])
    assert np.isnan(found.log_evidence).tolist() == np.isnan(found.elbo).tolist() == [False, True, True, False]
    np.testing.assert_allclose(found.elbo[[0, 3]], alone.elbo[[0, 0]], rtol=1e-14)
    np.testing.assert_allclose(found.log_evidence[[0, 3]], alone.log_evidence[[0, 0]], rtol=1e-14)


@pytest.mark.parametrize("counts", [np.ones(11), np.arange(11.0)], ids=["single", "counted"])
def test_log_evidences_are_those_of_each_table(counts):
    """Also where entries are −inf, or so small or large that no exponential of them is a number."""
    tables = np.random.default_rng(2).normal(size=(3, 5, 11)) - 2
    tables[0, :, ::3] = -np.inf
    tables[:, 1] -= 900
    tables[:, 2] += 900
    tables[:, 3, 4] = -1e6
    expected = [categorical.log_evidence(table, counts) for table in tables.swapaxes(0, 1)]
    np.testing.assert_allclose(categorical.log_evidences(tables.copy(), counts), expected, rtol=1e-14)


def test_weighted_sums_are_those_of_each_table():
    rng = np.random.default_rng(3)
    tables, weights = rng.normal(size=(3, 4, 9)), rng.random((2, 3, 9))
    tables[1, 2], weights[:, 1] = -np.inf, 0.0
    expected = [[categorical.weighted_sum(own, table) for table in tables.swapaxes(0, 1)] for own in weights]
    np.testing.assert_allclose(categorical.weighted_sums(list(weights), tables), expected, rtol=1e-14)


def test_a_weighted_sum_is_the_same_however_large_its_parts():
    weights, logs = np.random.default_rng(4).random((2, 3, categorical.AT_ONCE))
    expected = float((weights * logs).sum())
    assert categorical.weighted_sum(weights, logs) == pytest.approx(expected, rel=1e-14)
    assert categorical.weighted_sum(weights, np.asfortranarray(logs)) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_look_leaves_what_the_data_keep_of_the_run(case):
    """The next half-step finds the table of its θ where it was."""
    if not hasattr(case.model, "log_evidence"):
        return
    q = case.q  # itself a posterior, which the data may keep
    case.model.log_evidence(case.data, case.theta)
    case.model.posterior(case.data, case.theta)
    kept = {name: entries for name, entries in vars(case.data).items() if name in AT_THETA}
    heights(case.model, case.data, [q], [{**case.theta} for _ in range(6)])
    assert kept and all(vars(case.data)[name] is entries for name, entries in kept.items())
