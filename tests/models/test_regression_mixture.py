"""Mixtures of regressions: cases, random files, and what is drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy import stats

from tests.core.any_data import SEEDS, moments, rounded, shares, tables
from tests.core.making import lines, plain

CASES = [
    plain(
        "lines",
        "regression_mixture",
        lines(25),
        {"weights": [0.5, 0.5], "coefficients": [[0.5, 1.0], [0.0, 0.0]], "variances": [1.0, 0.5]},
        {"weights": [0.3, 0.7], "coefficients": [[0.0, 1.5], [0.5, -0.3]], "variances": [0.7, 1.2]},
    ),
    plain(
        "no_intercept",
        "regression_mixture",
        {"inputs": [1.0, 2.0, -1.5, 3.0, 0.5, -2.0, 1.2], "targets": [1.1, 2.5, 1.0, 3.5, -0.6, 2.2, 0.9]},
        {"weights": [0.5, 0.5], "coefficients": [[1.0], [-0.5]], "variances": [0.4, 0.6]},
        {"weights": [0.4, 0.6], "coefficients": [[0.6], [-1.0]], "variances": [1.0, 0.8]},
    ),
]
SAID = "responsibility of component 1"


def density(model, values, theta):
    fitted = theta["coefficients"] @ values[:, :-1].T
    return stats.norm.logpdf(values[:, -1], fitted, np.sqrt(theta["variances"])[:, None])


@st.composite
def files(draw):
    inputs, size = draw(tables(least_points=2)), draw(st.integers(1, 3))
    if draw(st.booleans()):
        inputs = [[1.0, *row][:3] for row in inputs]
    rng = np.random.default_rng(draw(SEEDS))
    _, scale = moments(inputs)
    table = np.array(inputs)
    line = (table / scale) @ rng.standard_normal(table.shape[1])
    noise = draw(st.sampled_from([0.3, 0.3, 1e-6, 0.0]))
    factor = draw(st.sampled_from([1.0, 1.0, 1e-8, 1e-4, 1e4, 1e8]))
    targets = factor * (line + noise * rng.standard_normal(len(line)))
    spread_of_targets = max(float(targets.std()), 1e-12 * factor)

    def start(rng, edge, spread):
        coefficients = spread_of_targets * rng.standard_normal((size, len(scale))) / scale
        variances = spread_of_targets**2 * 10.0 ** rng.uniform(-spread, 0, size)
        return {
            "weights": shares(rng, size, edge),
            "coefficients": coefficients.tolist(),
            "variances": variances.tolist(),
        }

    return {"n_components": size}, {"inputs": inputs, "targets": rounded(targets)}, start


def test_regression_lines_are_the_fit(made):
    _, found, q, theta, data = made()
    for k in range(2):
        line = found.trace(f"data.line {k + 1}")
        intercept, slope = theta["coefficients"][k]
        np.testing.assert_allclose(line["y"], intercept + slope * np.array(line["x"], dtype=float))
        band = np.array(found.trace(f"data.band {k + 1}")["y"], dtype=float)
        np.testing.assert_allclose(band[3] - band[0], 2 * np.sqrt(theta["variances"][k]), rtol=1e-5)
