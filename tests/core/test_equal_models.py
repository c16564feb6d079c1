"""Models that say the same agree to the last digits, at every half-step."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.core.cases import CASES
from tests.core.test_references import column, replay

TERMS = ("log_evidence", "elbo", "kl", "expected_log_joint", "entropy")


def raw(name, **changes):
    return {**next(case for case in CASES if case.name == name).raw, **changes}


def assert_same_terms(one, other, terms=TERMS, rtol=1e-12):
    for term in terms:
        found, expected = (np.array(column(result, term), dtype=float) for result in (one, other))
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


def last(result):
    return result["half_steps"][-1]["parameters"]


def test_frequencies_are_repeated_counts():
    listed = raw("poisson_mixture_frequencies", schedule="(EM)10")
    data = listed["data"]
    counts = np.repeat(data["counts"], data["frequencies"]).tolist()
    one, other = replay(**listed), replay(**{**listed, "data": {"counts": counts}})
    assert_same_terms(one, other)
    np.testing.assert_allclose(last(one)["rates"], last(other)["rates"], rtol=1e-12)


def test_a_bernoulli_mixture_of_one_column_is_a_binomial_mixture_of_one_trial():
    values, schedule = [1, 0, 0, 1, 1, 1, 0, 1], "(EM)10"
    start = {"weights": [0.3, 0.7], "q_at": {"weights": [0.6, 0.4]}}
    columns, coins = ({**start, "q_at": dict(start["q_at"])} for _ in range(2))
    for holder, coin in ((columns, coins), (columns["q_at"], coins["q_at"])):
        heads = [0.2, 0.7] if holder is columns else [0.5, 0.4]
        holder["probabilities"], coin["probabilities"] = [[heads[0]], [heads[1]]], heads
    one = replay(model="bernoulli_mixture", data={"values": values}, start=columns, schedule=schedule)
    binomial = {"model": "binomial_mixture", "settings": {"trials": 1}, "data": {"successes": values}}
    other = replay(**binomial, start=coins, schedule=schedule)
    assert_same_terms(one, other)
    np.testing.assert_allclose(np.ravel(last(one)["probabilities"]), last(other)["probabilities"], rtol=1e-12)


def test_regressions_on_ones_are_a_gaussian_mixture():
    rng = np.random.default_rng(5)
    values = np.r_[rng.normal(0, 1, 12), rng.normal(4, 0.5, 10)]
    weights, means, variances = [0.5, 0.5], [-1.0, 3.0], [1.0, 2.0]
    ones = {"inputs": np.ones(len(values)).tolist(), "targets": values.tolist()}
    lines = {"weights": weights, "coefficients": [[mean] for mean in means], "variances": variances}
    clusters = {"weights": weights, "means": [[mean] for mean in means], "covariances": variances}
    one = replay(model="regression_mixture", data=ones, start=lines, schedule="(EM)10")
    other = replay(
        model="gaussian_mixture",
        settings={"covariance": "spherical"},
        data={"values": values.tolist()},
        start=clusters,
        schedule="(EM)10",
    )
    terms = ("log_evidence",)
    assert_same_terms(one, other, terms)
    assert_same_terms(*({"half_steps": result["half_steps"][1:]} for result in (one, other)))
    np.testing.assert_allclose(last(one)["coefficients"], last(other)["means"], rtol=1e-12)
    np.testing.assert_allclose(last(one)["variances"], last(other)["covariances"], rtol=1e-11)


def test_one_line_is_least_squares():
    rng = np.random.default_rng(6)
    x = rng.normal(size=30)
    y = 3 - 2 * x + rng.normal(size=30)
    start = {"weights": [1.0], "coefficients": [[0.0, 0.0]], "variances": [1.0]}
    data = {"inputs": np.column_stack([np.ones(30), x]).tolist(), "targets": y.tolist()}
    fitted = last(replay(model="regression_mixture", data=data, start=start, schedule="EM"))
    slope, intercept = np.polyfit(x, y, 1)
    np.testing.assert_allclose(fitted["coefficients"], [[intercept, slope]], rtol=1e-12)
    np.testing.assert_allclose(fitted["variances"], [np.mean((y - intercept - slope * x) ** 2)], rtol=1e-12)


@pytest.mark.parametrize("degrees_of_freedom", [1e5, 1e7, 1e9])
def test_student_t_at_many_degrees_of_freedom_is_one_gaussian(degrees_of_freedom):
    """Maximum likelihood and log evidence; what is left shrinks like 1/ν. And the gap all but closes for every θ."""
    values = raw("student_t_outliers")["data"]["values"][:5]
    start = {"location": [0.0, 0.0], "scale_matrix": [[1.0, 0.2], [0.2, 1.0]]}
    settings = {"degrees_of_freedom": degrees_of_freedom}
    result = replay(model="student_t", settings=settings, data={"values": values}, start=start, schedule="(EM)5")
    mean, covariance = np.mean(values, axis=0), np.cov(np.transpose(values), bias=True)
    slack = 100 / degrees_of_freedom
    np.testing.assert_allclose(last(result)["location"], mean, rtol=slack)
    np.testing.assert_allclose(last(result)["scale_matrix"], covariance, rtol=slack)
    expected = stats.multivariate_normal.logpdf(values, mean, covariance).sum()
    assert result["half_steps"][-1]["log_evidence"] == pytest.approx(expected, rel=slack)
    assert 0 < result["half_steps"][2]["kl"] < 1000 / degrees_of_freedom


def test_student_t_log_evidence_is_scipys():
    for name in ("student_t_outliers", "student_t_one_column"):
        case = next(case for case in CASES if case.name == name)
        location, matrix = case.theta["location"], case.theta["scale_matrix"]
        expected = stats.multivariate_t.logpdf(case.data.values, location, matrix, case.model.degrees_of_freedom)
        assert case.model.log_evidence(case.data, case.theta) == pytest.approx(np.sum(expected), rel=1e-12)


def test_with_nothing_missing_it_is_one_gaussian():
    listed = raw("incomplete_gaussian_nothing_missing", schedule="(EM)2")
    one = replay(**listed)
    start = {
        key: {"weights": [1.0], "means": [theta["mean"]], "covariances": [theta["covariance"]]}
        for key, theta in (("start", listed["start"]), ("q_at", listed["start"]["q_at"]))
    }
    other = replay(
        model="gaussian_mixture",
        data=listed["data"],
        start={**start["start"], "q_at": start["q_at"]},
        schedule="(EM)2",
    )
    assert_same_terms(one, other)
    np.testing.assert_allclose([last(one)["mean"]], last(other)["means"], rtol=1e-12)
    np.testing.assert_allclose([last(one)["covariance"]], last(other)["covariances"], rtol=1e-12)


def test_a_gap_in_a_column_of_its_own_says_nothing_of_the_others():
    """Missing entries that are independent of the rest: the observed margins are fitted as if alone, at once."""
    rng = np.random.default_rng(8)
    values = rng.normal(size=(30, 2))
    listed = [[x, None if i % 3 == 0 else y] for i, (x, y) in enumerate(values.tolist())]
    start = {"mean": [0.3, 0.2], "covariance": [[1.0, 0.0], [0.0, 2.0]]}
    fitted = last(replay(model="incomplete_gaussian", data={"values": listed}, start=start, schedule="EM"))
    assert fitted["mean"][0] == pytest.approx(values[:, 0].mean(), rel=1e-12)
    assert fitted["covariance"][0][0] == pytest.approx(values[:, 0].var(), rel=1e-12)


def test_nothing_censored_is_the_plain_mean_at_once():
    result = replay(**raw("censored_exponential_all_failed", schedule="EM"))
    assert last(result)["mean"] == pytest.approx(2.5, rel=1e-15)
