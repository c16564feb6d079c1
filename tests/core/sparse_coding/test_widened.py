"""The best Gaussian beside the most probable code: its ELBO and log p(v) by quadrature, and the way to the point."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from em_core.observe.widened import SHARES, Widened
from em_core.sparse_coding import Problem
from em_core.sparse_coding.learning import dictionaries
from em_core.sparse_coding.posterior.gaussian_q import elbo_gradient


def toy(v1=1.5, v2=0.7, angle=50.0, penalty=0.7, precision=1.0):
    """The page's own problem."""
    return Problem([v1, v2], dictionaries.fan(2, angle).tolist(), penalty, precision)


TOYS = {
    "as it opens": toy(),
    "strong prior": toy(penalty=5.0),
    "weak prior, close atoms": toy(penalty=0.05, angle=15.0, precision=4.0),
    "wide angle": toy(v1=-2.0, v2=1.0, angle=140.0, penalty=1.3),
}


def log_joint(problem, codes):
    """log p(h, v) of codes (..., 2), written out."""
    left = problem.target - codes @ problem.dictionary.T
    fit = math.log(problem.precision / (2 * math.pi)) - problem.precision / 2 * (left**2).sum(-1)
    return fit + 2 * math.log(problem.penalty / 2) - problem.penalty * np.abs(codes).sum(-1)


def nodes(low, high, count=24):
    """Gauss-Legendre nodes and weights on pieces of a line, one of which ends at the kink."""
    edges = np.union1d(np.linspace(low, high, count), [0.0])
    x, w = np.polynomial.legendre.leggauss(12)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


def plane(center, width):
    """Places (n, 2) around a center and what each counts for."""
    axes = [nodes(c - 14 * w, c + 14 * w) for c, w in zip(center, width, strict=True)]
    places = np.stack(np.meshgrid(axes[0][0], axes[1][0], indexing="ij"), -1).reshape(-1, 2)
    return places, np.outer(axes[0][1], axes[1][1]).ravel()


@pytest.mark.parametrize("problem", TOYS.values(), ids=TOYS)
def test_elbo_and_log_p_by_quadrature_in_the_plane(problem):
    widened = Widened(problem)
    q, terms, posterior = widened.q, widened.bound, widened.posterior
    places, weight = plane(q.mean, q.width)
    log_q = (-(((places - q.mean) / q.width) ** 2) / 2 - np.log(q.width) - math.log(2 * math.pi) / 2).sum(-1)
    elbo = float(weight @ (np.exp(log_q) * (log_joint(problem, places) - log_q)))
    assert terms.elbo == pytest.approx(elbo, abs=1e-10)
    places, weight = plane(posterior.mean, np.sqrt(posterior.covariance.diagonal()))
    evidence = math.log(float(weight @ np.exp(log_joint(problem, places))))
    assert terms.log_evidence == pytest.approx(evidence, abs=1e-9)
    assert posterior.error < 1e-12
    assert terms.kl == pytest.approx(evidence - elbo, abs=1e-9)


@pytest.mark.parametrize("problem", TOYS.values(), ids=TOYS)
def test_the_slope_at_the_best_is_zero(problem):
    widened = Widened(problem)
    in_mean, in_log_width = elbo_gradient(problem, widened.q)
    assert np.abs(in_mean * widened.q.width).max() < 1e-10 and np.abs(in_log_width).max() < 1e-10


@given(
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.integers(1, 35).map(lambda n: 5.0 * n),
    st.floats(-4, 3).map(lambda e: 10.0**e),
    st.floats(-2, 3).map(lambda e: 10.0**e),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_below_log_p_on_all_of_the_way_and_highest_at_the_best(v1, v2, angle, penalty, precision):
    """For whatever the page's sliders say."""
    widened = Widened(toy(v1, v2, angle, penalty, precision))
    evidence, way = widened.bound.log_evidence, widened.way
    size = max(1.0, abs(evidence))
    assert widened.bound.elbo <= evidence + 1e-12 * size
    assert (way <= evidence + 1e-12 * size).all()
    (best,) = np.flatnonzero(SHARES == 1.0)
    assert way[best] == widened.bound.elbo and (way <= way[best] + 1e-12 * size).all()
    # concave in the share itself
    slopes = np.diff(way) / np.diff(SHARES)
    assert (np.diff(slopes) >= -1e-9 * np.abs(slopes[1:]) - 1e-6 * size).all()


@pytest.mark.parametrize("problem", TOYS.values(), ids=TOYS)
def test_towards_the_point_the_elbo_falls_without_end(problem):
    widened = Widened(problem)
    fall = (widened.way[-11] - widened.way[-1]) / math.log(SHARES[-11] / SHARES[-1])
    assert fall == pytest.approx(2, abs=1e-4)  # log s for each atom
    assert widened.point.elbo == -math.inf and widened.point.kl == math.inf
    assert widened.point.expected_log_joint == pytest.approx(float(log_joint(problem, widened.posterior.mode)))
