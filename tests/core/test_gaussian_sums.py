"""Densities and moments of Gaussian components, made by products of matrices, against long doubles point by point."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.distributions import definite, planar
from em_core.distributions.points import Points
from em_core.families.gaussian import GaussianFamily
from em_core.files.errors import HalfStepFailed
from em_core.models.gaussian_mixture import GaussianMixture
from em_core.models.observations import Observations
from em_core.records import frozen

Long = np.longdouble
# up to how many entries a table is summed, where more would be left to moments
SMALL = "em_core.models.mixture._SMALL_TABLE"
SHAPES = ["full", "tied", "diag", "spherical"]
# up to how many deviations all are taken at once, where features would serve more points
FEW = "em_core.distributions.points._MOST_DEVIATIONS"
WAYS = pytest.mark.parametrize("most", [0, 10**9], ids=["many", "few"])
# how far components lie from the middle of all points, in their own standard deviations, and all from 0
PLACES = [(distance, offset) for distance in (1.0, 30.0, 1e3, 1e8) for offset in (0.0, 1e8)]


def clusters(shape, distance, offset, seed=0, n=700, k=3, d=3):
    """Points around components with such a θ, and what they count for each of them."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(k, d, d))
    covariances = mixed @ np.swapaxes(mixed, -1, -2) + 0.1 * np.eye(d)
    means = distance * rng.normal(size=(k, d))
    label = rng.integers(k, size=n)
    values = np.einsum("nij,nj->ni", np.linalg.cholesky(covariances)[label], rng.normal(size=(n, d)))
    values += means[label] + offset
    weights = np.where(np.arange(k)[:, None] == label, 1.0, 1e-3 if distance == 1 else 0.0) * rng.random((k, n))
    given = {
        "full": covariances,
        "tied": covariances[0],
        "diag": 1 + rng.random((k, d)),
        "spherical": 1 + rng.random(k),
    }
    return values, weights, {"means": means + offset, "covariances": given[shape]}


def factor(matrix):
    """Cholesky's factor in long doubles."""
    result, matrix = np.zeros(matrix.shape, Long), matrix.astype(Long)
    for i in range(len(matrix)):
        for j in range(i + 1):
            rest = matrix[i, j] - result[i, :j] @ result[j, :j]
            result[i, j] = np.sqrt(rest) if i == j else rest / result[j, j]
    return result


def exact_density(values, theta, family):
    """(K, N) in long doubles: deviations first, then forward substitution."""
    rows = []
    for mean, matrix in zip(theta["means"], family.matrices(theta), strict=True):
        lower, apart = factor(matrix), (values.astype(Long) - mean.astype(Long)).T
        whitened = np.zeros_like(apart)
        for i, row in enumerate(lower):
            whitened[i] = (apart[i] - row[:i] @ whitened[:i]) / row[i]
        constant = 2 * np.log(np.diag(lower)).sum() + len(lower) * np.log(2 * Long(np.pi))
        rows.append(-((whitened**2).sum(axis=0) + constant) / 2)
    return np.array(rows)


def exact_moments(values, weights):
    """Of every component in long doubles: mass, a place next to its mean, the mean from there, and its covariance."""
    weights = weights.astype(Long)
    mass = weights.sum(axis=1)
    near = (weights @ values.astype(Long) / mass[:, None]).astype(float)
    apart = values.astype(Long) - near[:, None].astype(Long)
    means = np.einsum("kn,kni->ki", weights, apart) / mass[:, None]
    apart -= means[:, None]
    return mass, near, means, np.einsum("kn,kni,knj->kij", weights, apart, apart) / mass[:, None, None]


@WAYS
@pytest.mark.parametrize(("distance", "offset"), PLACES)
@pytest.mark.parametrize("shape", SHAPES)
def test_log_densities_keep_their_digits_wherever_components_lie(shape, distance, offset, most, monkeypatch):
    """Relative to a density, or to 1: 1e-12, far below what is asked for, 1e-11."""
    monkeypatch.setattr(FEW, most)
    family = GaussianFamily(shape)
    values, _, theta = clusters(shape, distance, offset)
    exact = exact_density(values, theta, family)
    found = family.log_density(values, theta)
    assert float((np.abs(found - exact) / np.maximum(1, np.abs(exact))).max()) < 1e-12


@WAYS
@pytest.mark.parametrize(("distance", "offset"), PLACES)
def test_weighted_moments_keep_their_digits_wherever_components_lie(distance, offset, most, monkeypatch):
    """Covariances relative to their own deviations, means relative to these and to their own rounding."""
    monkeypatch.setattr(FEW, most)
    values, weights, theta = clusters("full", distance, offset)
    mass, near, means, covariances = exact_moments(values, weights)
    deviations, rounding = np.sqrt(np.einsum("kii->ki", covariances)), np.spacing(np.abs(near))
    moments = GaussianFamily().moments(values, lambda columns: weights[:, columns])
    apart = (moments.reference - near).astype(Long) + moments.offset - means
    assert float((np.abs(apart) / deviations).max()) < 1e-13
    assert float(np.abs(moments.mass / mass - 1).max()) < 1e-14
    found = GaussianFamily().fit(values, weights, theta)
    assert float((np.abs(found["means"] - near - means) / (1e-13 * deviations + rounding)).max()) < 1
    # about a mean that is rounded, covariances are larger by the square of that
    slack = 1e-12 + (rounding / deviations).max() ** 2
    scale = deviations[:, :, None] * deviations[:, None, :]
    assert float((np.abs(found["covariances"] - covariances) / scale).max()) < slack


@WAYS
@pytest.mark.parametrize(("distance", "offset"), PLACES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_expected_log_density_from_moments_is_off_by_less_than_it_says(shape, distance, offset, most, monkeypatch):
    monkeypatch.setattr(FEW, most)
    family = GaussianFamily(shape)
    values, weights, theta = clusters(shape, distance, offset)
    moments = family.moments(values, lambda columns: weights[:, columns])
    for components in (theta, family.fit_to(moments, theta)):
        exact = float((weights * exact_density(values, components, family)).sum())
        found, doubt = family.expected_log_density(moments, components)
        assert doubt < 1e-11 * abs(exact)
        assert abs(found - exact) <= doubt + 1e-14 * abs(exact)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_small_table_and_moments_say_the_same_of_the_bound(shape, monkeypatch):
    """Of few points E[log p(h, v)] is the sum over the table, of many it comes from moments."""
    values, _, theta = clusters(shape, 1.0, 0.0)
    theta = {"weights": np.array([0.2, 0.3, 0.5]), **theta}
    data, model = Observations.single(frozen(values)), GaussianMixture(3, False, shape)
    q = model.posterior(data, theta)
    from_table = model.expected_log_joint(data, theta, q)
    monkeypatch.setattr(SMALL, 0)
    monkeypatch.setattr(GaussianFamily, "log_density", None)
    assert model.expected_log_joint(data, dict(theta), q) == pytest.approx(from_table, rel=1e-13)


def test_next_to_singular_the_doubt_grows_and_the_table_is_asked(monkeypatch):
    """Where moments lose digits, E[log p(h, v)] is the sum over the table, as good as log p."""
    monkeypatch.setattr(SMALL, 0)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(400, 2)) @ np.array([[1.0, 1.0], [0.0, 1e-4]])
    data, model = Observations.single(frozen(values)), GaussianMixture(2, False)
    covariance = values.T @ values / len(values)
    theta = {"weights": np.array([0.4, 0.6]), "means": np.zeros((2, 2)), "covariances": np.array([covariance] * 2)}
    q = model.posterior(data, theta)
    found = model.expected_log_joint(data, theta, q)
    exact = exact_density(values, theta, model.family) + np.log(theta["weights"].astype(Long))[:, None]
    assert found == pytest.approx(float((q.probabilities * exact).sum()), rel=1e-11)
    _, doubt = model.family.expected_log_density(model.moments(data, q), theta)
    assert doubt > 1e-10 * abs(found)


@WAYS
@pytest.mark.parametrize("shape", SHAPES)
def test_a_point_far_out_takes_no_digits_from_the_others(shape, most, monkeypatch):
    """Nor does its square, which is beyond the floats, and so are features of all points in its chunk."""
    monkeypatch.setattr(FEW, most)
    family = GaussianFamily(shape)
    values, weights, theta = clusters(shape, 1.0, 0.0)
    alone, fitted = family.log_density(values, theta), family.fit(values, weights, theta)
    far, nothing = [np.vstack([values, np.full(values.shape[1], place)]) for place in (1e160, 1e12)], np.zeros((3, 1))
    with np.errstate(over="ignore"):
        found = family.log_density(far[0], theta)
    np.testing.assert_allclose(found[:, :-1], alone, rtol=1e-12, atol=1e-12)
    assert np.all(found[:, -1] < -1e300)
    for name, entry in family.fit(far[1], np.column_stack([weights, nothing]), theta).items():
        np.testing.assert_allclose(entry, fitted[name], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_tables_of_several_chunks_are_those_of_one(shape, monkeypatch):
    monkeypatch.setattr(FEW, 0)
    values, weights, theta = clusters(shape, 1.0, 0.0)
    family = GaussianFamily(shape)
    whole, fitted = family.log_density(values, theta), family.fit(values, weights, theta)
    monkeypatch.setattr("em_core.distributions.points._NARROWEST", 64)
    monkeypatch.setattr("em_core.distributions.points._WIDEST", 64)
    monkeypatch.setattr("em_core.distributions.points._MOST_KEPT", 0)
    monkeypatch.setattr("em_core.distributions.points._MOST_FEATURES_KEPT", 0)
    np.testing.assert_allclose(family.log_density(Points(values), theta), whole, rtol=1e-12, atol=1e-12)
    for name, entry in family.fit(values, weights, theta).items():
        np.testing.assert_allclose(entry, fitted[name], rtol=1e-12, atol=1e-13)


def test_m_and_its_gradient_take_one_pass_over_the_data(monkeypatch):
    """Moments of q are kept: M, the bound at both its ends and gradients at any θ share them."""
    values, _, theta = clusters("full", 1.0, 0.0)
    theta = {"weights": np.full(3, 1 / 3), **theta}
    data, model, passes = Observations.single(frozen(values)), GaussianMixture(3, False), []
    monkeypatch.setattr(SMALL, 0)
    take = GaussianFamily.moments
    monkeypatch.setattr(GaussianFamily, "moments", lambda *args: passes.append(1) or take(*args))
    q = model.posterior(data, theta)
    fitted = model.maximize(data, q, theta)
    monkeypatch.setattr(GaussianFamily, "log_density", None)
    assert model.surely_higher(data, q, fitted, theta) and not model.surely_higher(data, q, theta, fitted)
    assert model.expected_log_joint(data, fitted, q) > model.expected_log_joint(data, theta, q)
    assert np.abs(model.gradient(data, fitted, q)).max() < 1e-9 * len(values)
    assert len(passes) == 1


@pytest.mark.parametrize("unit", [1.0, 1e-140, 1e140])
def test_two_dimensions_by_hand_are_whitened_as_by_lapack(unit):
    """L⁻¹ Σ L⁻ᵀ = I, and log |Σ|; up to the condition, in any units."""
    mixed = np.random.default_rng(0).normal(size=(40, 2, 2))
    covariances = mixed @ np.swapaxes(mixed, -1, -2) * unit**2
    found = planar.whitening(covariances)
    whitening, logarithms = found.inverses, found.logarithms
    factors = np.linalg.cholesky(covariances)
    np.testing.assert_allclose(whitening @ factors, np.tile(np.eye(2), (40, 1, 1)), atol=1e-10)
    np.testing.assert_allclose(logarithms, definite.log_determinant(factors), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("matrix", [[[0, 0], [0, 1]], [[1, 2], [2, 4]], [[1, 2], [2, 1]], [[np.nan, 0], [0, 1]]])
def test_two_dimensions_that_are_no_covariance_are_refused(matrix):
    with pytest.raises(HalfStepFailed, match="positive definite"):
        planar.whitening(np.array([np.eye(2), matrix], dtype=float))
