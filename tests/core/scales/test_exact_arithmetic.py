"""log p next to the limits, against exact arithmetic."""

from __future__ import annotations

import decimal
import math
from fractions import Fraction

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.models import missing
from tests.core.scales.shared import WORST_CONDITION, columns, condition, line, size, with_gaps


def number(fraction):
    return decimal.Decimal(fraction.numerator) / decimal.Decimal(fraction.denominator)


def distance_and_determinant(matrix, deviation):
    """xᵀA⁻¹x and |A| in rational numbers."""
    rows = [[*map(Fraction, row), Fraction(x)] for row, x in zip(matrix, deviation, strict=True)]
    square, determinant = Fraction(0), Fraction(1)
    for i, pivot in enumerate(rows):
        determinant *= pivot[i]
        square += pivot[-1] ** 2 / pivot[i]
        for other in rows[i + 1 :]:
            share = other[i] / pivot[i]
            other[:] = [a - share * b for a, b in zip(other, pivot, strict=True)]
    return square, determinant


def exact_density(matrix, deviations):
    """Σ log N(deviation; 0, matrix) to 50 digits."""
    with decimal.localcontext(decimal.Context(prec=50)):
        total = decimal.Decimal(0)
        for deviation in deviations:
            square, determinant = distance_and_determinant(matrix, deviation)
            total -= (number(square) + number(determinant).ln()) / 2
        return float(total) - len(deviations) * len(matrix) * math.log(2 * math.pi) / 2


def next_to_the_limit(rng, dimensions):
    """A covariance of any units whose condition number is as large as may be, and rows that suit it."""
    turned = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))[0]
    sizes = np.concatenate([[1.0], 10 ** rng.uniform(-7, 0, dimensions - 2), 10 ** rng.uniform(-8, -7, 1)])
    units = 10 ** rng.uniform(-8, 8, dimensions)
    matrix = (turned * sizes) @ turned.T * units[:, None] * units
    matrix = (matrix + matrix.T) / 2
    return matrix, rng.standard_normal((6, dimensions)) @ np.linalg.cholesky(matrix).T


@pytest.mark.parametrize("dimensions", [2, 3, 5])
def test_log_p_keeps_the_digits_that_the_condition_number_leaves(dimensions):
    """Off by at most 1e-16 · condition · (half of Σ distance² + N D): eight digits at the limit."""
    seen = 0.0
    for seed in range(40):
        matrix, values = next_to_the_limit(np.random.default_rng([dimensions, seed]), dimensions)
        if condition(matrix) > WORST_CONDITION:
            continue
        seen = max(seen, condition(matrix))
        zero = [0.0] * dimensions
        theta = {"weights": [1.0], "means": [zero], "covariances": [matrix.tolist()]}
        table = {"model": "gaussian_mixture", "data": {"values": values.tolist()}, "schedule": "E"}
        mixture = Experiment.parse({**table, "start": theta})
        squares = sum(float(distance_and_determinant(matrix.tolist(), row)[0]) for row in values.tolist())
        slack = 1.2e-16 * condition(matrix) * (squares + values.size) / 2
        exact = exact_density(matrix.tolist(), values.tolist())
        found = mixture.model.log_evidence(mixture.data, mixture.start)
        assert abs(found - exact) <= slack + 1e-14 * abs(exact)
        gaussian = {**table, "model": "incomplete_gaussian", "start": {"mean": zero, "covariance": matrix.tolist()}}
        whole = Experiment.parse(gaussian)
        assert abs(whole.model.log_evidence(whole.data, whole.start) - exact) <= slack + 1e-14 * abs(exact)
    assert seen > WORST_CONDITION / 10


def test_both_ways_to_the_factors_of_a_table_with_gaps_give_the_same_terms(monkeypatch):
    """From the covariance itself, and from one factor of it: all terms at their own q and at another, to 1e-12."""
    rows = with_gaps(columns(18, 3, 0.3, 0))
    experiment = Experiment.parse({"model": "incomplete_gaussian", "data": {"values": rows}, "schedule": "EMEG"})
    states = [step.after for step in run.run(experiment).half_steps[1:]]
    found = []
    for most in (math.inf, 0.0):
        monkeypatch.setattr(missing, "_WELL_CONDITIONED", most)
        found.append([decompose(experiment.model, experiment.data, state) for state in states])
    for direct, triangulated in zip(*found, strict=True):
        for name in ("log_evidence", "expected_log_joint", "entropy", "kl"):
            assert getattr(direct, name) == pytest.approx(getattr(triangulated, name), abs=1e-12 * size(direct))


@pytest.mark.parametrize("thinnest", [-4, -8, -11.5])
def test_log_p_of_factors_next_to_heywood(thinnest):
    """Noise variances down to the smallest that may be: 1e-11 of the largest term."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        loadings, noise = rng.standard_normal((4, 2)), 10 ** rng.uniform(thinnest, 0, 4)
        values = rng.standard_normal((6, 2)) @ loadings.T + np.sqrt(noise) * rng.standard_normal((6, 4))
        theta = {"mean": [0.0] * 4, "loadings": loadings.tolist(), "noise_variances": noise.tolist()}
        try:
            raw = {"model": "factor_analysis", "data": {"values": values.tolist()}, "start": theta, "schedule": "E"}
            experiment = Experiment.parse(raw)
        except InvalidExperiment:
            assert thinnest < -10
            continue
        rows = [[Fraction(x) for x in row] for row in loadings.tolist()]
        matrix = [[sum(a * b for a, b in zip(one, two, strict=True)) for two in rows] for one in rows]
        for d, variance in enumerate(noise.tolist()):
            matrix[d][d] += Fraction(variance)
        exact = exact_density(matrix, values.tolist())
        assert abs(experiment.model.log_evidence(experiment.data, experiment.start) - exact) <= 1e-11 * max(
            1, abs(exact)
        )


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_residuals_of_lines_far_from_zero(offset):
    """Targets and products that agree in half their digits: log p is that of the parameters as they are stored."""
    x, y = line(0.09)
    inputs, targets = np.column_stack([np.ones(18), x + offset]).tolist(), (y + offset).tolist()
    raw = {"model": "regression_mixture", "data": {"inputs": inputs, "targets": targets}, "schedule": "(EM)3"}
    experiment = Experiment.parse(raw)
    theta = run.run(experiment).last.after.theta
    total = 0.0
    for row, target in zip(inputs, targets, strict=True):
        density = 0.0
        for weight, line_, variance in zip(*(theta[name].tolist() for name in theta), strict=True):
            fitted = sum(Fraction(a) * Fraction(b) for a, b in zip(line_, row, strict=True))
            square = float((Fraction(target) - fitted) ** 2)
            density += weight * math.exp(-0.5 * square / variance) / math.sqrt(2 * math.pi * variance)
        total += math.log(density)
    found = experiment.model.log_evidence(experiment.data, theta)
    assert abs(found - total) <= 1e-12 * abs(total)


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
@pytest.mark.parametrize(
    ("model", "name", "weights"),
    [
        ("gaussian_mixture", "means", lambda q: q.expected_counts),
        ("student_t", "location", lambda q: q.weights[None]),
    ],
    ids=["gaussian_mixture", "student_t"],
)
def test_weighted_means_far_from_zero_are_right_to_their_last_digit(model, name, weights, offset):
    """A sum of large numbers loses some six units of it over 500 points; deviations from a centre do not."""
    values = 1e-3 * np.random.default_rng(2).standard_normal((500, 2)) + offset
    experiment = Experiment.parse({"model": model, "data": {"values": values.tolist()}, "schedule": "EM"})
    last = run.run(experiment).last.after
    columns = [[Fraction(x) for x in column] for column in values.T.tolist()]
    for row, found in zip(weights(last.q).tolist(), np.atleast_2d(last.theta[name]).tolist(), strict=True):
        shares = [Fraction(weight) for weight in row]
        for column, mean in zip(columns, found, strict=True):
            exact = sum(a * b for a, b in zip(shares, column, strict=True)) / sum(shares)
            assert abs(Fraction(mean) - exact) <= np.spacing(np.abs(values).max())
