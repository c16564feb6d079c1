"""The bound along a line of parameters, and the gradients that hold it to log p where it touches."""

from __future__ import annotations

import numpy as np
import pytest

from em_core import m_steps
from em_core.bound import decompose, line, profile, scan
from em_core.distributions.categorical import Categorical
from em_core.files.errors import HalfStepFailed
from em_core.records import State
from tests.core.cases import CASES, INTERIOR, central_difference

T = np.linspace(-1, 2, 31)


def moved_by_m(case):
    """θ⁽⁰⁾, its posterior and where M goes from there."""
    q = case.model.posterior(case.data, case.theta)
    return case.theta, q, m_steps.full(case.model, case.data, State(case.theta, q)).state.theta


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_the_bound_lies_below_log_p_everywhere_along_a_line(case):
    theta, q, after = moved_by_m(case)
    found = profile(case.model, case.data, q, theta, after, T)
    assert np.isfinite(found.elbo).all() and found.elbo.shape == found.log_evidence.shape == T.shape
    slack = 1e-11 * np.maximum(1, np.abs(found.log_evidence))
    assert (found.elbo <= found.log_evidence + slack).all()


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_the_ends_of_a_profile_are_the_half_steps(case):
    theta, q, after = moved_by_m(case)
    found = profile(case.model, case.data, q, theta, after, [0.0, 1.0])
    for i, end in enumerate((theta, after)):
        bound = decompose(case.model, case.data, State(end, q))
        assert found.log_evidence[i] == pytest.approx(bound.log_evidence, rel=1e-12)
        assert found.elbo[i] == pytest.approx(bound.elbo, rel=1e-12)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_where_the_bound_touches_log_p_their_slopes_agree(case):
    """At θ⁽⁰⁾, where q is the posterior; and the slope is that of the analytic gradient along the line."""
    theta, q, after = moved_by_m(case)
    h = 1e-3
    found = profile(case.model, case.data, q, theta, after, [-2 * h, -h, 0, h, 2 * h])
    slopes = []
    for curve in (found.log_evidence, found.elbo):
        slopes.append((8 * (curve[3] - curve[1]) - (curve[4] - curve[0])) / (12 * h))
    assert found.log_evidence[2] == pytest.approx(found.elbo[2], rel=1e-12)
    vectors = [case.model.to_vector(end) for end in (theta, after)]
    along = case.model.gradient(case.data, theta, q) @ (vectors[1] - vectors[0])
    assert slopes == pytest.approx([along, along], rel=1e-7, abs=1e-7 * case.n_units)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_the_bound_is_highest_at_the_end_of_a_full_m_step(case):
    theta, q, after = moved_by_m(case)
    elbo = profile(case.model, case.data, q, theta, after, T).elbo
    at_one = case.elbo(after, q)
    assert (elbo <= at_one + 1e-12 * max(1, abs(at_one))).all()


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_profile_far_beyond_its_ends_never_warns(case):
    """Where θ leaves the numbers there is NaN and no θ, at both ends of the line."""
    theta, q, after = moved_by_m(case)
    found = profile(case.model, case.data, q, theta, after, [-1e6, -1e3, 1e3, 1e6])
    for entry, evidence, elbo in zip(found.thetas, found.log_evidence, found.elbo, strict=True):
        assert entry is not None or (np.isnan(evidence) and np.isnan(elbo))
        assert elbo <= evidence or elbo == pytest.approx(evidence, rel=1e-10) or np.isnan(elbo)


def test_a_line_needs_the_same_coordinates_at_both_ends():
    case = next(case for case in CASES if case.name == "binomial_structural")
    inside = {**case.theta, "probabilities": np.array([0.3, 0.45, 1.0])}
    swapped = {**case.theta, "probabilities": np.array([0.45, 0.0, 1.0])}
    for other in (inside, swapped):
        with pytest.raises(HalfStepFailed):
            line(case.model, case.theta, other, [0.5])
    zero = next(case for case in CASES if case.name == "gaussian_full_2d_k3_zero_weight")
    with pytest.raises(HalfStepFailed):
        line(zero.model, zero.theta, zero.theta, [0.5])


def test_scan_passes_over_what_is_not_usable():
    case = next(case for case in INTERIOR if "covariances" in case.theta)
    bad = {**case.theta, "covariances": -case.theta["covariances"]}
    found = scan(case.model, case.data, case.q, [None, case.theta, bad])
    assert np.isnan(found.elbo[[0, 2]]).all() and np.isfinite(found.elbo[1])


# ---- gradients and coordinates -----------------------------------------------------------------------------
@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_the_gradient_is_that_of_central_differences(case):
    rng = np.random.default_rng(1)
    for _ in range(3):
        theta, q = case.random_theta(rng), case.model.posterior(case.data, case.random_theta(rng))
        expected = central_difference(
            lambda x, theta=theta, q=q: case.model.expected_log_joint(case.data, case.model.from_vector(x, theta), q),
            case.model.to_vector(theta),
        )
        found = case.model.gradient(case.data, theta, q)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8 * case.n_units)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_fisher_identity(case):
    """At q = posterior the gradient of the bound is the gradient of log p."""
    rng = np.random.default_rng(2)
    for _ in range(3):
        theta = case.random_theta(rng)
        expected = central_difference(
            lambda x, theta=theta: case.model.log_evidence(case.data, case.model.from_vector(x, theta)),
            case.model.to_vector(theta),
        )
        found = case.model.gradient(case.data, theta, case.model.posterior(case.data, theta))
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8 * case.n_units)


@pytest.mark.parametrize("case", [case for case in CASES if "zero_weight" not in case.name], ids=str)
def test_coordinates_round_trip(case):
    """Fixed and structural values come back to the last bit, the others to 1e-12; the vector is as long as is free."""
    rng = np.random.default_rng(4)
    fixed = set(case.raw.get("settings", {}).get("fixed", ()))
    vector = case.model.to_vector(case.theta)
    for theta in (case.theta, *(case.random_theta(rng, 1.0) for _ in range(5))):
        back = case.model.from_vector(case.model.to_vector(theta), theta)
        assert set(back) == set(theta)
        for name, entry in theta.items():
            np.testing.assert_allclose(back[name], entry, rtol=1e-12, atol=1e-14)
            if name in fixed:
                np.testing.assert_array_equal(back[name], case.theta[name])
            if name in ("probabilities", "theta"):
                structural = (case.theta[name] == 0) | (case.theta[name] == 1)
                np.testing.assert_array_equal(back[name][structural], case.theta[name][structural])
    other = rng.standard_normal(vector.shape)
    np.testing.assert_allclose(
        case.model.to_vector(case.model.from_vector(other, case.theta)), other, rtol=1e-10, atol=1e-10
    )


def test_the_number_of_coordinates_is_the_number_of_free_parameters():
    sizes = {case.name: len(case.model.to_vector(case.theta)) for case in INTERIOR}
    assert sizes["gaussian_full_2d_k3"] == 2 + 6 + 9
    assert sizes["gaussian_tied_2d_k3"] == 2 + 6 + 3
    assert sizes["gaussian_diag_2d_k3"] == 2 + 6 + 6
    assert sizes["gaussian_spherical_2d_k3"] == 2 + 6 + 3
    assert sizes["gaussian_full_2d_k2_fixed_means"] == 1 + 6
    assert sizes["gaussian_spherical_2d_k2_fixed_means_fixed_covariances"] == 1
    assert sizes["binomial_two_coins"] == 2
    assert sizes["binomial_structural"] == 2 + 1
    assert sizes["linkage_197_animals"] == 1


FREE_WEIGHTS = [
    case
    for case in INTERIOR
    if case.theta.get("weights", np.ones(1)).size > 1
    and case.raw["model"] != "sigmoid_belief_net"  # its weights are no probabilities
    and "weights" not in case.raw.get("settings", {}).get("fixed", ())
    and not case.raw.get("settings", {}).get("fixed_weights")
]


@pytest.mark.parametrize("case", FREE_WEIGHTS, ids=str)
def test_weights_that_come_from_coordinates_sum_to_one(case):
    vector, free = case.model.to_vector(case.theta), case.theta["weights"].size - 1
    for size in (1.0, 50.0, 800.0, -800.0):  # beyond e⁷⁰⁰ an exponential taken too early would overflow
        weights = case.model.from_vector(np.r_[np.full(free, size), vector[free:]], case.theta)["weights"]
        assert weights.sum() == pytest.approx(1, abs=1e-12) and (weights >= 0).all()


# ---- blend -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", [case for case in CASES if isinstance(case.q, Categorical)], ids=str)
def test_blend_is_the_mixture_of_two_qs(case):
    q0, q1 = case.q, case.model.posterior(case.data, case.theta)
    for weight in (0.0, 1e-12, 0.25, 0.5, 1.0):
        mixed = case.model.blend(q0, q1, weight)
        expected = (1 - weight) * q0.probabilities + weight * q1.probabilities
        np.testing.assert_allclose(mixed.probabilities, expected, rtol=1e-12, atol=1e-300)
        joint = [case.model.expected_log_joint(case.data, case.theta, q) for q in (q0, q1, mixed)]
        assert joint[2] == pytest.approx((1 - weight) * joint[0] + weight * joint[1], rel=1e-11)
    for end, q in ((0.0, q0), (1.0, q1)):
        np.testing.assert_array_equal(case.model.blend(q0, q1, end).probabilities, q.probabilities)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_blend_interpolates_what_an_m_step_sees(case):
    """L(θ, q) − L(θ′, q) is what q tells about θ: for expected statistics that are interpolated it is linear."""
    model, data = case.model, case.data
    q0, q1 = case.q, model.posterior(data, case.theta)
    told = [
        model.expected_log_joint(data, case.theta, q) - model.expected_log_joint(data, case.q_at, q)
        for q in (q0, *(model.blend(q0, q1, weight) for weight in (0.0, 1e-9, 0.3, 0.5, 1.0)), q1)
    ]
    expected = [(1 - weight) * told[0] + weight * told[-1] for weight in (0.0, 1e-9, 0.3, 0.5, 1.0)]
    np.testing.assert_allclose(told[1:-1], expected, rtol=1e-9, atol=1e-10 * case.n_units)
    for end, q in ((0.0, q0), (1.0, q1)):
        assert model.kl(model.blend(q0, q1, end), q) == 0
        assert model.entropy(model.blend(q0, q1, end)) == model.entropy(q)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_the_kl_to_the_posterior_is_convex_along_a_blend(case):
    exact = case.model.posterior(case.data, case.theta)
    weights = np.linspace(0, 1, 11)
    kls = np.array([case.model.kl(case.model.blend(case.q, exact, w), exact) for w in weights])
    assert kls[-1] == 0
    assert (np.diff(kls) <= 1e-14).all()
    assert (np.diff(kls, 2) >= -1e-13 * max(1, kls[0])).all()
