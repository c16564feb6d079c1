"""Gaussian components in two dimensions, number by number, against long doubles and the general form."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.distributions import definite, planar
from em_core.distributions import points as sums
from em_core.distributions.points import Points
from em_core.distributions.scales import Matrices
from em_core.families.gaussian import GaussianFamily
from tests.core.test_gaussian_sums import PLACES, clusters, exact_density, exact_moments

HERE = pytest.mark.parametrize(("distance", "offset"), PLACES)


@HERE
def test_densities_keep_their_digits_wherever_components_lie(distance, offset):
    """Off by rounding of a squared distance, or of the dimensions where that is smaller."""
    values, _, theta = clusters("full", distance, offset, d=2)
    family = GaussianFamily("full")
    exact = exact_density(values, theta, family)
    off = np.abs(family.log_density(values, theta) - exact).astype(float)
    assert (off / np.maximum(np.abs(exact), 1)).max() < 2e-13


@HERE
def test_moments_keep_their_digits_wherever_components_lie(distance, offset):
    """Means and covariances in units of the exact covariance's own deviations."""
    values, weights, _ = clusters("full", distance, offset, d=2)
    found = sums.moments(Points(values), lambda columns: weights[:, columns], Matrices)
    mass, near, means, covariances = exact_moments(values, weights)
    deviations = np.sqrt(np.einsum("kii->ki", covariances))
    np.testing.assert_allclose(found.mass, mass.astype(float), rtol=1e-14)
    assert np.abs((found.apart(near) - means) / deviations).max() < 1e-13
    scaled = (found.scatter / found.mass[:, None, None] - covariances) / deviations[:, :, None] / deviations[:, None]
    assert np.abs(scaled).max() < 1e-12


@pytest.mark.parametrize("offset", [0.0, 1e12])
def test_scatter_is_about_means_as_they_are_rounded(offset):
    """Far from 0 a mean of one number each is off by as much as points are apart in their last digits."""
    values, weights, _ = clusters("full", 1.0, offset, d=2)
    found = planar.moments(weights @ Points(values).in_plane.T, Points(values).centre, 1e4)
    apart = values[:, None] - found.means.astype(np.longdouble)
    about = np.einsum("kn,nki,nkj->kij", weights, apart, apart)
    scales = np.sqrt(np.einsum("kii->ki", about))
    assert np.abs((found.about_means - about) / scales[:, :, None] / scales[:, None]).max() < 1e-12


@pytest.mark.parametrize(("distance", "by_products"), [(1.0, True), (1e3, False)])
def test_products_serve_components_that_are_not_far(distance, by_products, monkeypatch):
    asked = []
    monkeypatch.setattr(sums, "_of_few", lambda *given: asked.append(given))
    values, weights, _ = clusters("full", distance, 0.0, d=2)
    sums.moments(Points(values), lambda columns: weights[:, columns], Matrices)
    assert bool(asked) is not by_products


def test_a_component_without_points_has_no_scatter():
    values, weights, _ = clusters("full", 1.0, 0.0, d=2)
    weights[1] = 0.0
    found = sums.moments(Points(values), lambda columns: weights[:, columns], Matrices)
    assert found.mass[1] == 0 and not found.scatter[1].any() and not found.offset[1].any()


@pytest.mark.parametrize("size", [1e-170, 1e120, 1e170])
def test_numbers_next_to_the_end_of_the_floats_take_no_products(size):
    points = Points(size * clusters("full", 1.0, 0.0, d=2)[0])
    features = points.in_plane
    assert features is None or planar.moments(features.sum(axis=1)[None], points.centre, 1e4) is None


@pytest.mark.parametrize("correlation", [0.0, 0.9, 1 - 1e-6, 1 - 1e-10])
def test_a_matrix_is_regular_where_its_condition_says_so(correlation):
    """2 / (1 − ρ²) is the trace of R⁻¹, and bounds the condition number."""
    deviations = np.array([3.0, 1e-4])
    matrix = np.outer(deviations, deviations) * np.array([[1, correlation], [correlation, 1]])
    both, floor = Matrices(np.array([np.diag(deviations**2), matrix])), np.full(2, 1e-12)
    regular = both.surely_regular(floor)
    assert regular == both._surely_regular(floor)
    assert not regular or definite.conditions(matrix[None])[0] < definite.WORST_CONDITION
    assert not both.surely_regular(np.array([0.0, 1e-8]))
