"""q = N(μ, diag s²): its bound, its gap, the best one, and what is left of both where q shrinks to a point."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from em_core.sparse_coding import GaussianQ, Problem, best_gaussian, exact_posterior, log_joint
from em_core.sparse_coding.posterior.gaussian_q import bound, elbo_gradient, entropy, expected_log_joint
from tests.attack import thinned
from tests.core.sparse_coding.test_exact_posterior import THREE, TWO

ONE = {
    "one, mode at 0": Problem([1.2], [[1.0]], 2.0, 1.0),
    "mode beside 0": Problem([2.0], [[1.0]], 0.5, 4.0),
    "strong prior": Problem([0.1], [[1.0]], 1e3, 1e-2),
    "negative": Problem([-1.0, 0.5], [[1.0], [0.7]], 0.3, 2.0),
    "far": Problem([1e4], [[1.0]], 0.01, 1.0),
}
# more atoms than numbers in the signal: along one direction the likelihood says nothing
FLAT = {
    "flat": Problem([-197.0], [[-3.7, 1.6]], 0.19, 3.5),
    "flat, nearly copies": Problem([-3.0], [[7.45879202, 7.45882624]], 16.8, 8055.0),
    "flat, three": Problem([2.0], [[1.0, 0.7, -0.2]], 0.5, 10.0),
}
ALL = ONE | TWO | {"three": THREE}
made: dict[str, object] = {}


def posterior_of(name):
    if name not in made:
        made[name] = exact_posterior(ALL[name])
    return made[name]


def elbo(problem, q):
    return expected_log_joint(problem, q) + entropy(q)


@pytest.mark.parametrize("name", ALL)
def test_log_p_is_elbo_plus_kl(name):
    """Each from its own definition: closed form, integral of q log q/p, posterior's own normaliser."""
    posterior = posterior_of(name)
    spread = np.sqrt(posterior.covariance.diagonal())
    rng = np.random.default_rng(1)
    some = 2 if name == "three" else 8
    for place in (posterior.mode, *(posterior.mean + spread * rng.normal(size=(some, posterior.n_units)))):
        for size in (1e-8, 1e-3, 0.1, 1.0, 5.0)[:: 2 if name == "three" else 1]:
            terms = bound(GaussianQ(place, size * spread * rng.uniform(0.5, 2, posterior.n_units)), posterior)
            assert abs(terms.residual) < 1e-10 * max(1.0, abs(terms.log_evidence), terms.kl)
            assert terms.kl >= 0 and terms.elbo <= terms.log_evidence + 1e-10


@given(st.floats(-3, 3), st.floats(0.05, 3), st.floats(0.05, 5), st.floats(0.05, 5), st.floats(-2, 2))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_every_term_against_scipys_quadrature(mean, width, penalty, precision, v):
    problem = Problem([v], [[1.3]], penalty, precision)
    posterior, q = exact_posterior(problem), GaussianQ(np.array([mean]), np.array([width]))
    edges = sorted({0.0, *(mean + width * z for z in (-12, -3, 0, 3, 12))})

    def expected(of):
        pieces = zip(edges, edges[1:], strict=False)
        return sum(quad(lambda h: norm.pdf(h, mean, width) * of(h), a, b, epsabs=1e-9)[0] for a, b in pieces)

    terms = bound(q, posterior)
    joint = expected(lambda h: log_joint(problem, np.array([h])))
    assert terms.expected_log_joint == pytest.approx(joint, rel=1e-7, abs=1e-7)
    assert terms.entropy == pytest.approx(-expected(lambda h: norm.logpdf(h, mean, width)), abs=1e-7)
    own = expected(lambda h: norm.logpdf(h, mean, width) - float(posterior.log_density(np.array([h]))))
    assert terms.kl == pytest.approx(own, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("name", ALL)
def test_gradient_by_differences(name):
    problem, posterior = ALL[name], posterior_of(name)
    spread, step = np.sqrt(posterior.covariance.diagonal()), 1e-6
    q = GaussianQ(posterior.mean + 0.3 * spread, 0.8 * spread)
    in_mean, in_log_width = elbo_gradient(problem, q)
    for i in range(posterior.n_units):
        push = np.eye(posterior.n_units)[i] * step
        ends = [elbo(problem, GaussianQ(q.mean + sign * push * spread, q.width)) for sign in (1, -1)]
        rounding = 1e-15 * abs(ends[0]) / step
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(in_mean[i] * spread[i], abs=1e-7 + rounding)
        ends = [elbo(problem, GaussianQ(q.mean, q.width * np.exp(sign * push))) for sign in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(in_log_width[i], abs=1e-7 + rounding)


@pytest.mark.parametrize("name", ALL)
def test_the_best_gaussian_is_stationary_and_beats_its_neighbours(name):
    problem, posterior = ALL[name], posterior_of(name)
    best = best_gaussian(posterior)
    in_mean, in_log_width = elbo_gradient(problem, best)
    assert np.abs(in_mean * best.width).max() < 1e-10 and np.abs(in_log_width).max() < 1e-10
    rng, top = np.random.default_rng(0), elbo(problem, best)
    for size in (1e-3, 0.1, 1.0):
        for push in rng.normal(size=(20, 2, posterior.n_units)) * size:
            other = GaussianQ(best.mean + best.width * push[0], best.width * np.exp(push[1]))
            assert elbo(problem, other) < top + 1e-12 * abs(top)


@pytest.mark.parametrize("problem", FLAT.values(), ids=FLAT)
def test_the_best_gaussian_is_stationary_where_the_likelihood_is_flat(problem):
    best = best_gaussian(exact_posterior(problem))
    in_mean, in_log_width = elbo_gradient(problem, best)
    assert np.abs(in_mean * best.width).max() < 1e-10 and np.abs(in_log_width).max() < 1e-10


def test_the_best_gaussian_is_found_from_far_away():
    """There is one maximum: where the search begins decides nothing."""
    posterior = posterior_of("one number, two units")
    best, far = best_gaussian(posterior), best_gaussian(replace(posterior, mean=np.array([1e3, -40.0])))
    np.testing.assert_allclose(far.mean, best.mean, atol=1e-8)
    np.testing.assert_allclose(far.width, best.width, rtol=1e-8)


def test_the_best_gaussian_is_neither_the_mode_nor_the_mean():
    posterior = posterior_of("one, mode at 0")
    best = best_gaussian(posterior)
    assert posterior.mode[0] == 0.0 and best.mean[0] == pytest.approx(0.31336, abs=1e-5)
    assert best.mean[0] < posterior.mean[0]


def test_without_sparsity_the_best_gaussian_is_the_posterior():
    """λ → 0 and orthogonal atoms: N is exact, and the gap closes. With a slant a diagonal N loses the correlation."""
    upright = exact_posterior(Problem([1.0, 2.0], np.diag([1.0, 2.0]), 1e-10, 3.0))
    assert bound(best_gaussian(upright), upright).kl < 1e-9
    slanted = exact_posterior(Problem([1.0, 2.0], [[1.0, 0.6], [0.0, 0.8]], 1e-10, 3.0))
    lost = -math.log(1 - 0.6**2) / 2  # of the KL from a Gaussian with correlation r to its best factorised one
    assert bound(best_gaussian(slanted), slanted).kl == pytest.approx(lost, abs=1e-7)


@pytest.mark.parametrize("name", thinned(ALL, ONE | TWO))
def test_towards_the_dirac_the_gap_grows_like_minus_log_s_for_each_unit(name):
    """L(μ, s) = log p(μ, v) + (K/2) log 2πe + K log s + o(1), at the mode and elsewhere."""
    problem, posterior = ALL[name], posterior_of(name)
    size = posterior.n_units
    scale = 1 / (problem.penalty + math.sqrt(problem.curvature.max()))
    for place in (posterior.mode, posterior.mean):
        gaps = []
        for width in (1e-6 * scale, 1e-7 * scale):
            terms = bound(GaussianQ(place, np.full(size, width)), posterior)
            limit = log_joint(problem, place) + size / 2 * math.log(2 * math.pi * math.e) + size * math.log(width)
            assert terms.elbo == pytest.approx(limit, abs=1e-5)
            gaps.append(terms.kl)
        assert (gaps[1] - gaps[0]) / math.log(10) == pytest.approx(size, abs=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_the_dirac_is_the_end_of_that_way(name):
    problem, posterior = ALL[name], posterior_of(name)
    terms = bound(GaussianQ(posterior.mode, np.zeros(posterior.n_units)), posterior)
    assert (terms.elbo, terms.entropy, terms.kl) == (-math.inf, -math.inf, math.inf)
    # what is left is what MAP inference maximises
    assert terms.expected_log_joint == log_joint(problem, posterior.mode)
    for place in (posterior.mean, posterior.median) if posterior.n_units < 3 else (posterior.mean,):
        other = bound(GaussianQ(place, np.zeros(posterior.n_units)), posterior)
        assert other.expected_log_joint <= terms.expected_log_joint


def test_the_gaps_of_the_notebook():
    """λ = 2, β = 1, w = 1, v = 1.2 at the mode: worked out by other means."""
    posterior = posterior_of("one, mode at 0")
    gaps = [bound(GaussianQ(posterior.mode, np.array([s])), posterior).kl for s in (0.5, 0.1, 0.001)]
    assert gaps == pytest.approx([0.22, 1.07, 5.51], abs=0.005)


EXTREME = {
    "far": Problem([1e9, 1e-9], [[1, 0.5], [0, 0.8]], 1e3, 1e3),
    "blunt": Problem([1.0], [[1e-8]], 1e6, 1e-6),
    "copies": Problem([1.0], [[1.0, 1.0]], 1.0, 1e4),
    "sharp": Problem([0.0], [[1e4]], 1e-6, 1e6),
}


@pytest.mark.parametrize("problem", EXTREME.values(), ids=EXTREME)
def test_extremes_keep_the_identity(problem):
    posterior = exact_posterior(problem)
    best = best_gaussian(posterior)
    for q in (best, GaussianQ(best.mean, 1e-5 * best.width), GaussianQ(best.mean + best.width, 3 * best.width)):
        terms = bound(q, posterior)
        assert abs(terms.residual) < 1e-10 * max(1.0, abs(terms.log_evidence), terms.kl)
