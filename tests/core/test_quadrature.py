"""Hidden values that are numbers: every term against an integral over them, with densities from SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from em_core.bound import decompose
from em_core.records import State
from tests.attack import dealt
from tests.core.cases import CASES, INTERIOR

TIGHT = {"epsabs": 1e-13, "epsrel": 1e-12, "limit": 400}


def named(*models):
    return [case for case in CASES if case.raw["model"] in models]


def terms(joint, log_q, integrate_over):
    """(log evidence, expected log joint, entropy, KL) of one unit by integration.

    joint(h) = log p(h, v), log_q(h) = log q(h); integrate_over(f) = ∫ f(h) dh.
    """
    log_evidence = np.log(integrate_over(lambda h: np.exp(joint(h))))

    def expect(f):
        return integrate_over(lambda h: np.exp(log_q(h)) * f(h))

    assert expect(lambda h: 1.0) == pytest.approx(1, rel=1e-9)
    kl = expect(lambda h: log_q(h) - (joint(h) - log_evidence))
    return np.array([log_evidence, expect(joint), -expect(log_q), kl])


def assert_terms(case, expected, rel=1e-8):
    bound = decompose(case.model, case.data, State(case.theta, case.q))
    found = [bound.log_evidence, bound.expected_log_joint, bound.entropy, bound.kl]
    np.testing.assert_allclose(found, expected, rtol=rel, atol=1e-9)


@pytest.mark.parametrize(
    "case", dealt([c for c in named("student_t") if c.model.degrees_of_freedom < 100], 0, of=2), ids=str
)
def test_student_t_against_the_integral_over_the_scale(case):
    """∫ over log u of N(x; location, scale_matrix / u) Gamma(u; ν/2, ν/2), point by point."""
    half = 0.5 * case.model.degrees_of_freedom
    total = np.zeros(4)
    for n, point in enumerate(case.data.values):
        location, matrix = case.theta["location"], case.theta["scale_matrix"]

        def joint(t, point=point, location=location, matrix=matrix):
            u = np.exp(t)
            density = stats.multivariate_normal.logpdf(point, location, matrix / u)
            return density + stats.gamma.logpdf(u, half, scale=1 / half) + t

        def log_q(t, n=n):
            return stats.gamma.logpdf(np.exp(t), case.q.shape, scale=1 / case.q.rates[n]) + t

        def over(f, n=n):
            centre = np.log(case.q.weights[n])
            edges = centre + np.array([-60, -20, -8, -3, 0, 2, 4, 6])
            return sum(integrate.quad(f, a, b, **TIGHT)[0] for a, b in zip(edges, edges[1:], strict=False))

        # in log u the entropy of q differs by E[log u]: both densities carry it, and it leaves the KL alone
        mean_log = over(lambda t, q=log_q: np.exp(q(t)) * t)
        total += terms(joint, log_q, over) + [0, -mean_log, mean_log, 0]
    assert_terms(case, total)


@pytest.mark.parametrize("case", named("censored_exponential"), ids=str)
def test_censored_lifetimes_against_the_integral_over_the_remainder(case):
    mean, remainder = float(case.theta["mean"]), float(case.q.remainder)
    total = np.zeros(4)
    for time, observed in zip(case.data.times, case.data.observed, strict=True):
        if observed:
            total += np.array([1, 1, 0, 0]) * stats.expon.logpdf(time, scale=mean)
            continue
        total += terms(
            lambda h: stats.expon.logpdf(h, scale=mean),
            lambda h, time=time: stats.expon.logpdf(h, loc=time, scale=remainder),
            lambda f, time=time: sum(
                integrate.quad(f, time + a, time + b, **TIGHT)[0] for a, b in ((0, 60), (60, 400), (400, 3000))
            ),
        )
    assert_terms(case, total)


def gauss_hermite(dimensions):
    """Points (M, dimensions) and weights for expectations under a standard normal; exact for polynomials up to 9."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    grid = np.stack(np.meshgrid(*[nodes] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)
    product = np.prod(np.stack(np.meshgrid(*[weights] * dimensions, indexing="ij"), axis=-1), axis=-1).ravel()
    return grid, product / product.sum()


@pytest.mark.parametrize("case", named("incomplete_gaussian"), ids=str)
def test_incomplete_rows_against_quadrature_over_the_gaps(case):
    """Row by row: densities of completed rows from SciPy, expectations by Gauss and Hermite's rule, exact here."""
    mean, matrix = case.theta["mean"], case.theta["covariance"]
    expected = np.zeros(4)
    for part in case.model.posterior(case.data, case.theta).conditionals:
        pattern = part.pattern
        grid, weights = gauss_hermite(len(pattern.missing))
        (q_part,) = (entry for entry in case.q.conditionals if entry.pattern.rows[0] == pattern.rows[0])
        for i, row in enumerate(pattern.rows):
            completed = np.repeat(case.data.values[row][None], len(grid), axis=0)
            q_mean, factor = q_part.means[i], q_part.factors[0]
            completed[:, pattern.missing] = q_mean + grid @ factor.T
            joint = stats.multivariate_normal.logpdf(completed, mean, matrix)
            log_q = stats.multivariate_normal.logpdf(
                completed[:, pattern.missing].reshape(len(grid), -1), q_mean, factor @ factor.T
            )
            # log p(v) = log p(h, v) − log p(h | v) wherever h lies: here in the observed block alone
            seen = pattern.observed
            evidence = stats.multivariate_normal.logpdf(
                case.data.values[row][seen], mean[seen], matrix[np.ix_(seen, seen)]
            )
            expected += [evidence, weights @ joint, -weights @ log_q, weights @ (log_q - joint) + evidence]
    whole = ~np.isnan(case.data.values).any(axis=1)
    if whole.any():
        complete = stats.multivariate_normal.logpdf(case.data.values[whole], mean, matrix).sum()
        expected += [complete, complete, 0, 0]
    assert_terms(case, expected, 1e-10)


def test_the_evidence_of_a_row_is_the_integral_over_its_gap():
    case = next(case for case in CASES if case.name == "incomplete_gaussian_murray")
    total = 0.0
    for row in case.data.values:
        (gaps,) = np.nonzero(np.isnan(row))

        def density(h, row=row, gaps=gaps):
            filled = row.copy()
            filled[gaps] = h
            return stats.multivariate_normal.pdf(filled, case.theta["mean"], case.theta["covariance"])

        total += np.log(integrate.quad(density, -60, 60, points=[-5, 0, 5], **TIGHT)[0] if len(gaps) else density(0))
    assert case.model.log_evidence(case.data, case.theta) == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("case", [c for c in INTERIOR if c in named("student_t", "incomplete_gaussian")], ids=str)
@pytest.mark.parametrize("delta", [1e-2, 1e-4, 1e-6, 1e-8])
def test_kl_keeps_its_digits_near_convergence(case, delta):
    """To second order KL is a quadratic form in the step: KL(δ) / KL(δ/2) = 4, down to gaps of 1e-16."""
    vector, along = case.model.to_vector(case.theta), np.linspace(-1, 1, len(case.model.to_vector(case.theta)))
    q = case.model.posterior(case.data, case.theta)
    kls = []
    for size in (delta, delta / 2):
        near = case.model.from_vector(vector + size * along, case.theta)
        kls.append(case.model.kl(q, case.model.posterior(case.data, near)))
    if case.name.endswith("nothing_missing"):
        assert kls == [0, 0]
    else:
        assert kls[0] / kls[1] == pytest.approx(4, rel=20 * delta + 1e-13 / delta)
