"""The exact posterior of one, two and three hidden units: closed forms, quadrature by other hands, limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import Problem, exact_posterior, laplace_posterior, log_joint
from em_core.sparse_coding.learning.dictionaries import fan
from em_core.sparse_coding.problem import objective, objectives
from tests.core.sparse_coding.sparse_cases import reference, settle

CASES = reference("p12_laplace_posterior.json")["expected"]["cases"]
SIGNAL = [1.5, 0.7]
TWO = {
    "wide": Problem(SIGNAL, fan(2, 50), 0.7, 1.0),
    "narrow": Problem(SIGNAL, fan(2, 15), 2.0, 30.0),
    "mode at 0": Problem([0.3, -0.2], fan(2, 80), 1.5, 2.0),
    "blunt": Problem([-2.0, 1.0], fan(2, 150), 0.3, 0.5),
    "offset": Problem([1.0, 2.0, -1.0], [[1, 0.2], [0.5, -1], [0, 0.7]], 0.8, 3.0, [0.5, 0, 0.1]),
    "one number, two units": Problem([2.0], [[1.0, -0.6]], 1.0, 4.0),
}
THREE = Problem([1.5, 0.7, -0.3], [[1, 0.5, 0.2], [0.3, 1, 0.4], [0, 0.2, 0.9]], 1.0, 3.0)
# (λ, β, v): ordinary, flat prior, strong prior, little noise, much noise, far
EXTREMES = [
    (1, 1, 1),
    (0.1, 1, 1),
    (1e3, 1, 1),
    (1, 1e8, 1),
    (1, 1e-6, 1),
    (1e-3, 100, 1e6),
    (1e5, 1e5, 1e3),
    (1e-6, 1e-6, 1),
]


def marginals(problem):
    """Each unit's own posterior where the columns are orthogonal and of one entry each."""
    return [
        laplace_posterior(float(problem.target[i]), float(problem.dictionary[i, i]), problem.penalty, problem.precision)
        for i in range(problem.n_atoms)
    ]


# --- one unit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"v={c['v']} w={c['w']} lam={c['lam']} beta={c['beta']}")
def test_reference(case):
    """The same numbers seen from an experiment's problem."""
    if case["w"] == 0:
        return
    found = exact_posterior(Problem([case["v"]], [[case["w"]]], case["lam"], case["beta"]))
    assert found.log_evidence == pytest.approx(case["log_evidence"], rel=1e-12, abs=1e-12)
    scale = math.sqrt(case["posterior_second_moment"])
    assert found.mean[0] == pytest.approx(case["posterior_mean"], rel=1e-9, abs=1e-12 * scale)
    assert found.second_moment[0, 0] == pytest.approx(case["posterior_second_moment"], rel=1e-9)
    assert found.mean_absolute[0] == pytest.approx(case["posterior_E_abs_h"], rel=1e-9, abs=1e-12 * scale)
    assert found.mode[0] == pytest.approx(case["map"], rel=1e-12)
    assert found.error < 1e-12 + 1e-15 * abs(found.log_evidence)


@given(st.floats(-6, 6), st.floats(-3, 3), st.floats(0.05, 20), st.floats(0.05, 20))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_density_cdf_and_median_belong_together(v, w, penalty, precision):
    found = laplace_posterior(v, w, penalty, precision)
    reach = 40 * math.sqrt(found.second_moment)
    edges = sorted({-reach, 0.0, found.mode, found.median, reach})
    pieces = [quad(lambda h: math.exp(found.log_density(h)), a, b)[0] for a, b in zip(edges, edges[1:], strict=False)]
    assert sum(pieces) == pytest.approx(1, abs=1e-8)
    below = sum(piece for piece, end in zip(pieces, edges[1:], strict=False) if end <= found.median)
    assert below == pytest.approx(0.5, abs=1e-8)
    assert float(found.cdf(found.median)) == pytest.approx(0.5, abs=1e-14)
    assert float(found.cdf(0.0)) == pytest.approx(1 - found.probability_positive, abs=1e-15)
    places = np.linspace(-reach / 5, reach / 5, 41)
    assert (np.diff(found.cdf(places)) >= -1e-15).all()
    for share in (1e-9, 0.2, 0.9):
        assert float(found.cdf(found.quantile(share))) == pytest.approx(share, rel=1e-9)


def test_where_the_mode_is_0_mean_and_median_are_not():
    found = exact_posterior(Problem([1.2], [[1.0]], 2.0, 1.0))
    assert found.mode[0] == 0.0
    assert 0.24 < found.median[0] < 0.25 and 0.33 < found.mean[0] < 0.3309


def test_nothing_known_about_the_sign():
    found = laplace_posterior(0.0, 1.0, 1.0, 1.0)
    assert found.median == found.mean == found.mode == 0


@pytest.mark.parametrize("v", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("w", [-1e4, 1e-8, 0.0, 1.0])
@pytest.mark.parametrize("penalty", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("precision", [1e-6, 1.0, 1e6])
def test_extremes_have_a_median(v, w, penalty, precision):
    found = laplace_posterior(v, w, penalty, precision)
    rounding = np.spacing(abs(found.median)) * math.exp(found.log_density(found.mode))
    assert float(found.cdf(found.median)) == pytest.approx(0.5, abs=1e-12 + 2 * rounding)
    assert np.isfinite(found.log_density([found.mode, found.mean, found.median])).all()


# --- two and three units ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty, precision, far", EXTREMES)
def test_orthogonal_atoms_factorise(penalty, precision, far):
    problem = Problem([1.5 * far, -0.7 * far], np.diag([1.0, 0.5]), penalty, precision)
    found, own = exact_posterior(problem), marginals(problem)
    assert found.log_evidence == pytest.approx(sum(each.log_evidence for each in own), rel=1e-13, abs=1e-12)
    spread = np.sqrt(found.covariance.diagonal())
    for name in ("mean", "mode", "median", "mean_absolute"):
        away = np.array([getattr(each, name) for each in own]) - getattr(found, name)
        assert (np.abs(away) <= 1e-12 * (spread + np.abs(found.mean))).all(), name
    np.testing.assert_allclose(found.second_moment.diagonal(), [each.second_moment for each in own], rtol=1e-10)
    assert found.second_moment[0, 1] == pytest.approx(own[0].mean * own[1].mean, rel=1e-10, abs=1e-12 * spread.prod())
    assert abs(found.covariance[0, 1]) < 1e-10 * spread.prod()
    assert found.error < 1e-12 + 1e-15 * abs(found.log_evidence)


def test_three_orthogonal_atoms_factorise():
    problem = Problem([1.0, 2.0, -0.3], np.diag([1.0, 0.5, 2.0]), 1.0, 3.0)
    found, own = exact_posterior(problem), marginals(problem)
    assert found.log_evidence == pytest.approx(sum(each.log_evidence for each in own), rel=1e-13)
    for name in ("mean", "mode", "median", "mean_absolute"):
        np.testing.assert_allclose(getattr(found, name), [getattr(each, name) for each in own], rtol=1e-10)


def panels(middle, reach):
    """Gauss–Legendre nodes and weights on middle ± reach, in eight panels on either side of 0 and of the middle."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    cuts = sorted({0.0, middle - reach, middle, middle + reach})
    edges = np.unique(np.concatenate([np.linspace(a, b, 9) for a, b in zip(cuts, cuts[1:], strict=False)]))
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()


@pytest.mark.parametrize("problem", TWO.values(), ids=TWO)
def test_two_units_by_another_quadrature(problem):
    """The definition, exp(log p(h, v)) summed over a fine grid."""
    found = exact_posterior(problem)
    reach = 14 * np.sqrt(found.covariance.diagonal()) + np.abs(found.mean - found.mode)
    (x, wx), (y, wy) = (panels(m, r) for m, r in zip(found.mode, reach, strict=True))
    codes = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    heights = (log_joint(problem, np.zeros(2)) + objective(problem, np.zeros(2))
               - objectives(problem.target, problem.dictionary, problem.penalty, problem.precision, codes))  # fmt: skip
    share = np.exp(heights - found.log_evidence) * np.outer(wx, wy)
    total = share.sum()
    assert math.log(total) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(np.einsum("ij,ijk->k", share, codes), found.mean, atol=1e-9)
    np.testing.assert_allclose(np.einsum("ij,ijk,ijl->kl", share, codes, codes), found.second_moment, rtol=1e-8)
    np.testing.assert_allclose(np.einsum("ij,ijk->k", share, np.abs(codes)), found.mean_absolute, rtol=1e-9)
    assert (share * heights).sum() == pytest.approx(found.expected_log_joint, abs=1e-8)
    assert -(share * found.log_density(codes)).sum() == pytest.approx(found.entropy, abs=1e-8)


@pytest.mark.parametrize("v, w, penalty, precision", [(1, 1, 1, 1), (4, 1, 0.5, 10), (4, 2, 1e-2, 1e4), (100, 1, 1, 1)])
@pytest.mark.parametrize("copies", [2, 3])
def test_copies_of_one_atom_are_one_unit_with_a_sum_of_laplaces_for_prior(v, w, penalty, precision, copies):
    """Two: (λ/4)(1 + λ|u|) e^{−λ|u|}; three: (λ/16)(3 + 3λ|u| + λ²u²) e^{−λ|u|}. The mode is then not unique."""
    if copies == 3 and (v, precision) != (4, 10):
        return  # takes long, for the same theorem
    one = laplace_posterior(v, w, penalty, precision)
    sums = {2: (1 + penalty * one.mean_absolute) / 2,
            3: (3 + 3 * penalty * one.mean_absolute + penalty**2 * one.second_moment) / 8}  # fmt: skip
    found = exact_posterior(Problem([v], [[w] * copies], penalty, precision))
    assert found.log_evidence == pytest.approx(one.log_evidence + math.log(sums[copies]), abs=1e-11)
    np.testing.assert_allclose(found.mean, found.mean[0], rtol=1e-9)
    if copies == 2:
        np.testing.assert_allclose(found.median, found.median[0], rtol=1e-6)


@pytest.mark.parametrize("angle", [5.0, 1.0, 1e-3, 1e-6])
def test_nearly_collinear_atoms_lead_to_copies(angle):
    one = laplace_posterior(1.5, 1.0, 1.0, 100.0)
    copies = one.log_evidence + math.log((1 + one.mean_absolute) / 2)
    found = exact_posterior(
        Problem([1.5, 0.0], [[1, math.cos(math.radians(angle))], [0, math.sin(math.radians(angle))]], 1.0, 100.0)
    )
    apart = found.log_evidence - math.log(100 / (2 * math.pi)) / 2 - copies
    assert abs(apart) < 100 * math.radians(angle) ** 2 + 1e-12 and found.error < 1e-11


@pytest.mark.parametrize(
    "problem", [*TWO.values(), pytest.param(THREE, marks=pytest.mark.exhaustive)], ids=[*TWO, "three"]
)
def test_slopes_of_the_log_evidence_are_moments(problem):
    """d log p/dλ = K/λ − E‖h‖₁ and d log p/dv = −β(v − b − W E[h]): mean and E|h| against differences of log p(v)."""
    found, step = exact_posterior(problem), 1e-5

    def evidence(signal, penalty):
        return exact_posterior(
            Problem(signal, problem.dictionary, penalty, problem.precision, problem.offset)
        ).log_evidence

    rise = evidence(problem.signal, problem.penalty + step) - evidence(problem.signal, problem.penalty - step)
    expected = problem.n_atoms / problem.penalty - found.mean_absolute.sum()
    assert rise / (2 * step) == pytest.approx(expected, abs=1e-7)
    push = np.eye(problem.n_dimensions)[0] * step
    rise = evidence(problem.signal + push, problem.penalty) - evidence(problem.signal - push, problem.penalty)
    left = problem.target - problem.dictionary @ found.mean
    assert rise / (2 * step) == pytest.approx(-problem.precision * left[0], abs=1e-6)


@pytest.mark.parametrize("problem", [*TWO.values(), THREE], ids=[*TWO, "three"])
def test_the_parts_of_a_posterior_belong_together(problem):
    found = exact_posterior(problem)
    assert found.log_evidence == pytest.approx(found.expected_log_joint + found.entropy, abs=1e-11)
    np.testing.assert_allclose(found.mode, settle(problem, "homotopy").code, atol=1e-12)
    codes = np.random.default_rng(0).normal(size=(5, problem.n_atoms))
    expected = [log_joint(problem, code) - found.log_evidence for code in codes]
    np.testing.assert_allclose(found.log_density(codes), expected, atol=1e-10)
    np.testing.assert_allclose(
        found.second_moment, found.covariance + np.outer(found.mean, found.mean), atol=1e-12 * found.second_moment.max()
    )
    for unit in range(problem.n_atoms if problem.n_atoms < 3 else 0):
        spread = math.sqrt(found.covariance[unit, unit])
        edges = sorted(
            {0.0, found.mode[unit], *(found.mean[unit] + spread * z for z in (-12, 0, 12)), found.median[unit]}
        )

        def density(h, unit=unit):
            return float(np.exp(found.log_marginal(unit, np.array([h])))[0])

        pieces = [quad(density, a, b, epsabs=1e-9)[0] for a, b in zip(edges, edges[1:], strict=False)]
        assert sum(pieces) == pytest.approx(1, abs=1e-6)
        below = sum(piece for piece, end in zip(pieces, edges[1:], strict=False) if end <= found.median[unit])
        assert below == pytest.approx(0.5, abs=1e-6)


@pytest.mark.exhaustive
def test_order_of_the_atoms_does_not_matter():
    turned = exact_posterior(Problem(THREE.signal, THREE.dictionary[:, [2, 0, 1]], THREE.penalty, THREE.precision))
    found = exact_posterior(THREE)
    assert max(found.error, turned.error) < 1e-10
    assert turned.log_evidence == pytest.approx(found.log_evidence, abs=1e-12)
    np.testing.assert_allclose(turned.mean, found.mean[[2, 0, 1]], atol=1e-11)
    np.testing.assert_allclose(turned.median, found.median[[2, 0, 1]], atol=1e-9)
    np.testing.assert_allclose(turned.covariance, found.covariance[np.ix_([2, 0, 1], [2, 0, 1])], atol=1e-11)


def test_without_sparsity_the_posterior_is_gaussian():
    """λ → 0: mean (WᵀW)⁻¹Wᵀv, covariance (βWᵀW)⁻¹; mode, mean and median meet."""
    problem = Problem(SIGNAL, fan(2, 50), 1e-9, 5.0)
    found = exact_posterior(problem)
    plain = np.linalg.solve(problem.dictionary, SIGNAL)
    for place in (found.mode, found.mean, found.median):
        np.testing.assert_allclose(place, plain, atol=1e-8)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(problem.curvature), rtol=1e-8)


def test_more_than_three_units_are_refused():
    with pytest.raises(InvalidExperiment, match=r"data\.dictionary: .* at most 3 atoms"):
        exact_posterior(Problem([1.0], [[1.0, 2.0, 3.0, 4.0]], 1.0, 1.0))
