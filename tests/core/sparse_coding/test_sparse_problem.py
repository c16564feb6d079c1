"""The objective, its gradient, the soft threshold, λ_max and the certificate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import Problem, duality_gap, gradient, objective, optimality_violation, soft_threshold
from tests.core.sparse_coding.sparse_cases import CASES, drive

on_every_case = pytest.mark.parametrize("case", CASES, ids=str)


@on_every_case
def test_gradient_is_the_slope_of_the_smooth_part(case):
    problem, rng = case.problem, np.random.default_rng(0)
    code = rng.normal(size=problem.n_atoms)

    def smooth(h):
        return objective(problem, h) - problem.penalty * np.abs(h).sum()

    width = 1e-4
    slopes = [(smooth(code + width * e) - smooth(code - width * e)) / (2 * width) for e in np.eye(problem.n_atoms)]
    assert np.allclose(gradient(problem, code), slopes, atol=1e-8 * case.scale * max(1, problem.lipschitz))


@on_every_case
def test_objective_is_the_joint_up_to_a_constant(case):
    """−log p(h, v) from the definition of the two densities, differences between codes."""
    problem, rng = case.problem, np.random.default_rng(1)

    def minus_log_joint(h):
        prior = np.log(problem.penalty / 2) - problem.penalty * np.abs(h)
        mean = problem.dictionary @ h + np.asarray(problem.offset)
        likelihood = np.log(problem.precision / (2 * np.pi)) / 2 - problem.precision * (problem.signal - mean) ** 2 / 2
        return -prior.sum() - likelihood.sum()

    a, b = rng.normal(size=(2, problem.n_atoms))
    assert objective(problem, a) - objective(problem, b) == pytest.approx(minus_log_joint(a) - minus_log_joint(b))


@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0, 2.5])
def test_soft_threshold_minimises_on_a_grid(threshold):
    grid = np.linspace(-4, 4, 80_001)
    for value in (-3.0, -1.0, -0.2, 0.0, 0.5, 1.0, 2.7):
        best = grid[np.argmin((grid - value) ** 2 / 2 + threshold * np.abs(grid))]
        assert soft_threshold(np.array([value]), threshold)[0] == pytest.approx(best, abs=1e-4)
    inside = soft_threshold(np.linspace(-threshold, threshold, 11), threshold)
    assert not inside.any() and not np.signbit(inside).any()


@on_every_case
def test_zero_is_optimal_from_lambda_max_on_and_not_below(case):
    problem = case.problem
    zero = np.zeros(problem.n_atoms)
    if problem.lambda_max == 0:
        assert optimality_violation(problem, zero) == 0
        return
    above, below = (
        Problem(problem.signal, problem.dictionary, f * problem.lambda_max, problem.precision, problem.offset)
        for f in (1.0, 0.999)
    )
    assert optimality_violation(above, zero) == 0
    assert optimality_violation(below, zero) > 0


finite = st.floats(-3, 3, allow_subnormal=False).map(lambda x: round(x, 6))


@given(
    arrays(float, 4, elements=finite),
    arrays(float, (4, 5), elements=finite),
    arrays(float, 5, elements=finite),
    st.floats(0.01, 10),
    st.floats(0.1, 10),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_gap_is_a_certificate_for_any_code(signal, dictionary, code, penalty, precision):
    dictionary[0, ~dictionary.any(axis=0)] = 1.0
    problem = Problem(signal, dictionary, penalty, precision)
    scale = max(1, objective(problem, 0 * code), objective(problem, code))
    optimum = objective(problem, drive(problem, "feature_sign", 1000)[-1].code)
    gap = duality_gap(problem, code)
    assert gap >= 0
    assert objective(problem, code) - optimum <= gap + 1e-12 * scale
    # and it is the primal minus the dual value of a feasible point, computed the plain way
    residual = problem.target - dictionary @ code
    size = precision * np.abs(residual @ dictionary).max()
    shares = np.linspace(-1, 1, 2001) * (penalty / size if size else 1.0)
    values = precision / 2 * (signal @ signal - ((signal - shares[:, None] * residual) ** 2).sum(axis=1))
    assert gap <= objective(problem, code) - values.max() + 1e-12 * scale


@on_every_case
def test_the_gap_closes_at_the_optimum_and_stays_tight_near_it(case):
    problem = case.problem
    code = drive(problem, "homotopy", 1000)[-1].code
    assert duality_gap(problem, code) <= 1e-13 * case.scale
    for distance in (1e-2, 1e-4, 1e-6):
        nearby = code + distance * np.random.default_rng(4).normal(size=len(code))
        excess = objective(problem, nearby) - objective(problem, code)
        assert excess - 1e-13 * case.scale <= duality_gap(problem, nearby)
        assert duality_gap(problem, nearby) <= 100 * distance * case.scale * max(1, problem.lipschitz)


BAD = [
    (dict(signal=[1.0, np.nan]), "data.signal[1]"),
    (dict(signal=[[1.0, 2.0]]), "data.signal"),
    (dict(signal=[]), "data.signal"),
    (dict(signal=[1e200, 1.0]), "data.signal[0]"),
    (dict(dictionary=[[1.0, 0.0], [1.0, 0.0]]), "data.dictionary, column 1"),
    (dict(dictionary=[[1.0, 1e-170], [1.0, 0.0]]), "data.dictionary, column 1"),
    (dict(dictionary=[[1.0, np.nan], [1.0, 1.0]]), "data.dictionary[0][1]"),
    (dict(dictionary=[[1.0, np.inf], [1.0, 1.0]]), "data.dictionary[0][1]"),
    (dict(dictionary=[[1.0, 1.0]]), "data.dictionary"),
    (dict(dictionary=[[1.0], [1.0, 2.0]]), "data.dictionary"),
    (dict(dictionary=[[1e200], [1.0]]), "data.dictionary[0][0]"),
    (dict(signal=[1e60, 1.0]), "data.signal"),
    (dict(dictionary=[[1e60], [1.0]]), "data.dictionary"),
    (dict(penalty=0.0), "settings.lambda"),
    (dict(penalty=-1.0), "settings.lambda"),
    (dict(penalty=np.nan), "settings.lambda"),
    (dict(penalty=np.inf), "settings.lambda"),
    (dict(penalty="1"), "settings.lambda"),
    (dict(penalty=True), "settings.lambda"),
    (dict(precision=0), "settings.beta"),
    (dict(precision=-2.0), "settings.beta"),
    (dict(offset=[1.0]), "data.offset"),
    (dict(offset=[1.0, np.nan]), "data.offset[1]"),
]


@pytest.mark.parametrize("change, field", BAD, ids=lambda x: str(x))
def test_bad_problems_name_the_field(change, field):
    good = dict(signal=[1.0, 2.0], dictionary=[[1.0, 0.0], [0.0, 1.0]], penalty=1.0, precision=1.0, offset=None)
    Problem(**good)
    with pytest.raises(InvalidExperiment) as caught:
        Problem(**{**good, **change})
    assert caught.value.field.split("[")[0] == field.split("[")[0]
    assert field in caught.value.field
    assert "\n" not in str(caught.value)
