"""Small cases against the sum over every assignment of the hidden values, with densities from elsewhere."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from em_core.bound import decompose
from em_core.models.abo_blood_groups import AboBloodGroups
from em_core.models.coin_of_unknown_origin import CoinOfUnknownOrigin
from em_core.models.linkage import Linkage
from em_core.models.mixture import Mixture
from em_core.records import State
from tests.core.cases import CASES
from tests.models import DENSITIES

# mixtures, on so few units that all K^5 assignments can be visited, and two models whose hidden values are as plain
LISTED = [case for case in CASES if isinstance(case.model, Mixture | Linkage | AboBloodGroups | CoinOfUnknownOrigin)]


def small(case):
    """The case's experiment with few enough units to enumerate."""
    if case.raw["model"] == "linkage":
        return case.experiment(
            data={"counts": [min(case.raw["data"]["counts"][0], 6), *case.raw["data"]["counts"][1:]]}
        )
    if case.raw["model"] == "abo_blood_groups":
        counts = case.raw["data"]["counts"]
        return case.experiment(data={"counts": {**counts, "A": min(counts["A"], 4), "B": min(counts["B"], 2)}})
    if case.raw["model"] == "coin_of_unknown_origin":
        return case.experiment()
    # each row is one unit, also where a case says how often it was seen
    return case.experiment(data={key: rows[:5] for key, rows in case.raw["data"].items() if key != "frequencies"})


def hidden_log_joint(experiment, theta):
    """(K, N) log p(v_n, h_n = k) from SciPy, and what else log p(h, v) has (0 but for the genetic models)."""
    data = experiment.data
    with np.errstate(divide="ignore"):
        if experiment.model.name == "linkage":
            p = float(theta["theta"])
            cells = np.array([0.5 + p / 4, (1 - p) / 4, (1 - p) / 4, p / 4])
            n = data.counts.astype(int)
            rest = stats.multinomial.logpmf(n, n.sum(), cells) - n[0] * math.log(cells[0])
            return np.repeat(np.log([[0.5], [p / 4]]), n[0], axis=1), rest
        if experiment.model.name == "abo_blood_groups":
            a, b, o = (float(theta[allele]) for allele in "ABO")
            n = data.counts.astype(int)
            phenotypes = np.array([a * a + 2 * a * o, b * b + 2 * b * o, 2 * a * b, o * o])
            rest = stats.multinomial.logpmf(n, n.sum(), phenotypes)
            rest -= sum(n * math.log(p) for n, p in zip(n[:2], phenotypes[:2], strict=True) if n)
            return np.log(np.repeat([[a * a, b * b], [2 * a * o, 2 * b * o]], n[:2], axis=1)), rest
        if experiment.model.name == "coin_of_unknown_origin":
            (known, n_known), (heads, n_tosses) = (experiment.data_source[key] for key in ("known", "unknown"))
            chances = np.array([[data.other], [float(theta["theta"])]])
            rest = stats.binom.logpmf(known, n_known, float(theta["theta"]))
            return np.log(0.5) + stats.binom.logpmf(heads, n_tosses, chances), rest
        log_weights = np.log(theta["weights"])[:, None]
    return log_weights + DENSITIES[experiment.model.name](experiment.model, data.values, theta), 0


def entropic(p, log_ratio):
    """Σ p · log_ratio with 0 · anything = 0."""
    counted = p > 0
    return float(np.sum(p[counted] * log_ratio[counted]))


@pytest.mark.parametrize("case", LISTED, ids=str)
def test_every_term_against_all_assignments(case):
    experiment = small(case)
    model, data, theta, q_at = experiment.model, experiment.data, experiment.start, experiment.q_at
    joint, rest = hidden_log_joint(experiment, theta)
    joint_at, rest_at = hidden_log_joint(experiment, q_at)
    n_hidden, n_units = joint.shape
    places = np.arange(n_units)
    assignments = np.array(list(itertools.product(range(n_hidden), repeat=n_units)))
    log_joint = np.array([joint[h, places].sum() + rest for h in assignments])
    log_joint_at = np.array([joint_at[h, places].sum() + rest_at for h in assignments])

    q = np.exp(log_joint_at - np.logaddexp.reduce(log_joint_at))
    log_evidence = np.logaddexp.reduce(log_joint)
    posterior = np.exp(log_joint - log_evidence)
    with np.errstate(divide="ignore"):
        log_q, log_posterior = np.log(q), np.log(posterior)
    with np.errstate(invalid="ignore"):
        elbo, kl = entropic(q, log_joint - log_q), entropic(q, log_q - log_posterior)

    found_q = model.posterior(data, q_at)
    found = decompose(model, data, State(theta, found_q))
    assert found.log_evidence == pytest.approx(log_evidence, rel=1e-12)
    assert found.entropy == pytest.approx(-entropic(q, log_q), rel=1e-11, abs=1e-12)
    assert found.expected_log_joint == pytest.approx(entropic(q, log_joint), rel=1e-11)
    assert found.elbo == pytest.approx(elbo, rel=1e-11)
    assert found.kl == pytest.approx(kl, rel=1e-9, abs=1e-12)

    marginals = np.array([[posterior[assignments[:, n] == k].sum() for n in places] for k in range(n_hidden)])
    found_posterior = model.posterior(data, theta).probabilities
    if model.name == "abo_blood_groups":
        found_posterior = np.repeat(found_posterior, data.hiding.astype(int), axis=1)
    np.testing.assert_allclose(np.broadcast_to(found_posterior, marginals.shape), marginals, rtol=1e-11, atol=1e-14)


def test_linkage_against_the_hidden_counts():
    """The first cell's animals split into two: summing over the split gives the same log evidence as the four cells."""
    case = next(case for case in CASES if case.name == "linkage_197_animals")
    first, *others = case.raw["data"]["counts"]
    theta = 0.5
    cells = np.array([0.5, theta / 4, (1 - theta) / 4, (1 - theta) / 4, theta / 4])
    splits = [(first - m, m, *others) for m in range(first + 1)]
    logs = [stats.multinomial.logpmf(split, sum(split), cells) for split in splits]
    assert case.model.log_evidence(case.data, case.theta) == pytest.approx(np.logaddexp.reduce(logs), rel=1e-12)
    mean = sum(m * math.exp(log - np.logaddexp.reduce(logs)) for (_, m, *_), log in zip(splits, logs, strict=True))
    assert case.model.posterior(case.data, case.theta).expected_counts[1, 0] == pytest.approx(mean, rel=1e-12)


def test_one_component_is_the_plain_likelihood():
    """K = 1: log evidence, ELBO and expected log joint are one number, and M fits mean and 1/N covariance."""
    case = next(case for case in CASES if case.name == "gaussian_full_3d_k1")
    values = case.data.values
    expected = stats.multivariate_normal.logpdf(values, case.theta["means"][0], case.theta["covariances"][0]).sum()
    bound = decompose(case.model, case.data, State(case.theta, case.q))
    assert [bound.log_evidence, bound.elbo] == pytest.approx([expected, expected], rel=1e-13)
    fitted = case.model.maximize(case.data, case.q, case.theta)
    np.testing.assert_allclose(fitted["means"][0], values.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(fitted["covariances"][0], np.cov(values.T, bias=True), rtol=1e-12)
