"""Inside the half-steps of factor analysis: every number against the core's own, and against plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from tests.core.beaten import beats, only


def random_factors(seed, dimensions=4, n_factors=2, noise="diagonal", schedule="EM"):
    rng = np.random.default_rng([15, seed])
    return {
        "model": "factor_analysis",
        "settings": {"noise": noise},
        "data": {"values": (rng.standard_normal((30, dimensions)) @ rng.standard_normal((dimensions,) * 2)).tolist()},
        "start": {
            "mean": rng.standard_normal(dimensions).tolist(),
            "loadings": rng.standard_normal((dimensions, n_factors)).tolist(),
            "noise_variances": rng.uniform(0.5, 2, dimensions).tolist() if noise == "diagonal" else 1.3,
        },
        "schedule": schedule,
    }


CASES = [(0, 4, 2, "diagonal"), (1, 3, 1, "isotropic"), (2, 1, 1, "diagonal"), (3, 5, 3, "isotropic")]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("unit", [0, 17, 29])
def test_the_posterior_of_one_points_factors(case, unit):
    there, chosen, found = beats(random_factors(*case), 1, unit)
    theta, row = there.step.before.theta, there.experiment.data.values[unit]
    loadings, noise = theta["loadings"], np.broadcast_to(theta["noise_variances"], theta["mean"].shape)
    assert chosen == unit
    precision = np.eye(loadings.shape[1]) + loadings.T @ np.diag(1 / noise) @ loadings
    covariance = np.linalg.inv(precision)
    means = covariance @ loadings.T @ ((row - theta["mean"]) / noise)
    expected = {
        "data": row,
        "residual": row - theta["mean"],
        "precision": precision,
        "covariance": covariance,
        "factors": means,
        "place": theta["mean"] + loadings @ means,
    }
    assert [beat.what for beat in found] == [*expected, "bound"]
    for what, value in expected.items():
        np.testing.assert_allclose(only(found, what).found, value, rtol=1e-9, atol=1e-12)
    q = there.step.after.q
    assert np.array_equal(only(found, "factors").found, q.means[unit])
    assert np.array_equal(only(found, "covariance").found, q.covariances[0])
    assert found[-1].found == there.bound.elbo and found[-1].state is there.step.after
    assert found[3].state is there.step.before and found[4].state is there.step.after


@pytest.mark.parametrize("case", CASES, ids=str)
def test_expected_statistics_make_the_new_parameters(case):
    there, unit, found = beats(random_factors(*case), 2)
    q, data, after = there.step.after.q, there.experiment.data.values, there.step.after.theta
    assert unit == np.argmax(np.sum(q.means**2, axis=1))
    square = q.covariances[0] + np.outer(q.means[unit], q.means[unit])
    np.testing.assert_allclose(only(found, "square").found, square, rtol=1e-12)
    centred, hidden = data - data.mean(axis=0), q.means - q.means.mean(axis=0)
    spread = sum(np.outer(h, h) + q.covariances[0] for h in hidden) / len(data)
    crossed = sum(np.outer(v, h) for v, h in zip(centred, hidden, strict=True)) / len(data)
    np.testing.assert_allclose(only(found, "spread").found, spread, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(only(found, "crossed").found, crossed, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(only(found, "loadings").found, crossed @ np.linalg.inv(spread), rtol=1e-9, atol=1e-12)
    for name, value in after.items():
        assert np.array_equal(only(found, name).found, value), name
    assert all(np.array_equal(found[-2].state.theta[name], after[name]) for name in after)
    assert found[-1].found == there.bound.elbo


def test_moves_without_a_closed_working_have_no_beats():
    assert beats(random_factors(0, schedule="EG"), 2)[2] == []
    assert beats(random_factors(0, schedule="HM"), 1)[2] == []
