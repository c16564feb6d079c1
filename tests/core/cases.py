"""The one table of cases that the core's theorems are tested on: every model, every setting that matters.

A later model joins with a row here. Most theorems then hold for it without another line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from tests.core.making import (
    FEW_LIFETIMES,
    M_TYPE,
    MURRAY,
    NUMERICAL,
    OUTLIERS,
    belief_net,
    binomial,
    bits,
    factors,
    gappy,
    gaussian,
    incomplete,
    lines,
    linkage,
    markov,
    plain,
    student,
)

REFERENCE = Path(__file__).parents[1] / "reference"

CASES = [
    *(gaussian(shape, d, 1 + d % 3) for shape in ("full", "tied", "diag", "spherical") for d in (1, 2, 3)),
    gaussian("full", 2, 2),
    gaussian("full", 2, 2, fixed=("means",)),
    gaussian("full", 1, 2, fixed=("weights", "means")),
    gaussian("tied", 2, 3, fixed=("weights",)),
    gaussian("tied", 3, 2, fixed=("means",)),
    gaussian("diag", 2, 3, fixed=("covariances",)),
    gaussian("spherical", 2, 2, fixed=("weights", "covariances")),
    gaussian("spherical", 2, 2, fixed=("means", "covariances")),
    gaussian("full", 2, 3, weights=[0.6, 0.4, 0.0], without=M_TYPE),
    gaussian("diag", 2, 3, fixed=("means", "covariances"), weights=[0.6, 0.4, 0.0], without=NUMERICAL),
    gaussian("diag", 2, 3, fixed=("weights", "means"), weights=[0.6, 0.4, 0.0], without=M_TYPE),
    binomial(
        "two_coins",
        10,
        [5, 9, 8, 4, 7],
        {"weights": [0.5, 0.5], "probabilities": [0.6, 0.5]},
        {"weights": [0.5, 0.5], "probabilities": [0.7, 0.3]},
        fixed_weights=True,
    ),
    binomial(
        "free_weights",
        12,
        [3, 9, 12, 8, 0, 4, 6, 6, 11, 2],
        {"weights": [0.2, 0.5, 0.3], "probabilities": [0.3, 0.5, 0.8]},
        {"weights": [0.4, 0.3, 0.3], "probabilities": [0.25, 0.55, 0.9]},
    ),
    binomial(
        "structural",
        4,
        [0, 0, 1, 3, 2, 4, 4, 0],
        {"weights": [0.3, 0.4, 0.3], "probabilities": [0.0, 0.45, 1.0]},
        {"weights": [0.2, 0.5, 0.3], "probabilities": [0.0, 0.6, 1.0]},
    ),
    binomial(
        "one_toss_one_coin",
        1,
        [0, 1, 1, 0, 1],
        {"weights": [1.0], "probabilities": [0.3]},
        {"weights": [1.0], "probabilities": [0.7]},
    ),
    linkage("197_animals", [125, 18, 20, 34], 0.5, 0.9),
    linkage("few_animals", [3, 1, 2, 0], 0.2, 0.7),
    linkage("at_the_boundary", [5, 0, 0, 3], 1.0, 0.4, without=NUMERICAL),
    plain(
        "counts",
        "poisson_mixture",
        {"counts": [0, 1, 1, 2, 7, 9, 4, 0, 3]},
        {"weights": [0.3, 0.7], "rates": [1.0, 4.5]},
        {"weights": [0.6, 0.4], "rates": [2.0, 3.0]},
    ),
    plain(
        "frequencies",
        "poisson_mixture",
        {"counts": [0, 1, 2, 3, 4, 8], "frequencies": [16, 26, 27, 0, 11, 3]},
        {"weights": [0.3, 0.5, 0.2], "rates": [1.0, 2.5, 6.0]},
        {"weights": [0.2, 0.5, 0.3], "rates": [0.5, 3.0, 5.0]},
    ),
    plain(
        "structural",
        "poisson_mixture",
        {"counts": [0, 0, 0, 3, 1, 2]},
        {"weights": [0.5, 0.5], "rates": [0.0, 2.0]},
        {"weights": [0.4, 0.6], "rates": [0.0, 1.0]},
    ),
    plain(
        "pictures",
        "bernoulli_mixture",
        {"values": bits(14, 5)},
        {"weights": [0.4, 0.6], "probabilities": [[0.2, 0.4, 0.6, 0.7, 0.5], [0.6, 0.3, 0.45, 0.2, 0.9]]},
        {"weights": [0.7, 0.3], "probabilities": [[0.3, 0.5, 0.2, 0.8, 0.6], [0.7, 0.6, 0.5, 0.4, 0.3]]},
    ),
    plain(
        "structural",
        "bernoulli_mixture",
        {"values": [[0, 1], [0, 1], [0, 0], [1, 1], [0, 1], [1, 0]]},
        {"weights": [0.4, 0.6], "probabilities": [[0.0, 0.8], [0.6, 0.3]]},
        {"weights": [0.7, 0.3], "probabilities": [[0.0, 0.6], [0.5, 0.4]]},
    ),
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
    plain(
        "521_people",
        "abo_blood_groups",
        {"counts": {"A": 186, "B": 38, "AB": 13, "O": 284}},
        {"A": 0.3, "B": 0.2, "O": 0.5},
        {"A": 0.5, "B": 0.3, "O": 0.2},
    ),
    plain(
        "few_people",
        "abo_blood_groups",
        {"counts": {"A": 3, "B": 2, "AB": 1, "O": 4}},
        {"A": 0.6, "B": 0.2, "O": 0.2},
        {"A": 0.2, "B": 0.5, "O": 0.3},
    ),
    plain(
        "without_b",
        "abo_blood_groups",
        {"counts": {"A": 4, "B": 0, "AB": 0, "O": 3}},
        {"A": 0.6, "B": 0.0, "O": 0.4},
        {"A": 0.2, "B": 0.0, "O": 0.8},
    ),
    plain("lifetimes", "censored_exponential", FEW_LIFETIMES, {"mean": 10.0}, {"mean": 40.0}),
    plain(
        "all_failed",
        "censored_exponential",
        {"times": [1.0, 2.5, 4.0], "observed": [True, True, True]},
        {"mean": 1.0},
        {"mean": 7.0},
    ),
    student("outliers", OUTLIERS, 3.0),
    student("one_column", [row[:1] for row in OUTLIERS], 0.5, without="H"),  # ν + D < 2: no mode
    student("almost_gaussian", OUTLIERS, 1e8),
    incomplete("murray", MURRAY),
    incomplete("three_columns", gappy(20, 3)),
    incomplete("nothing_missing", gappy(20, 2)[:2] + OUTLIERS),
    factors("diagonal", 4, 2),
    factors("diagonal", 1, 1),
    factors("isotropic", 3, 1),
    factors("isotropic", 3, 3),
    belief_net("three_causes", 3, bits(14, 5)),
    belief_net("one_cause", 1, bits(10, 2)),
    markov(
        "two_states",
        "gaussian",
        [[0.3, -0.7, 2.9, 3.4, 2.2, 0.1], [3.1, 2.5, 0.4], [1.2]],
        ([0.6, 0.4], [[0.7, 0.3], [0.2, 0.8]], {"means": [0.0, 2.0], "variances": [1.0, 1.5]}),
        ([0.3, 0.7], [[0.5, 0.5], [0.4, 0.6]], {"means": [0.5, 3.0], "variances": [0.5, 2.0]}),
    ),
    markov(
        "left_right",
        "gaussian",
        [[0.3, -0.7, 2.9, 3.4, 2.2, 6.1, 5.5], [0.2, 3.1, 2.5, 6.4, 4.9]],
        (
            [1.0, 0.0, 0.0],
            [[0.6, 0.4, 0.0], [0.0, 0.7, 0.3], [0.0, 0.0, 1.0]],
            {"means": [0.0, 2.0, 5.0], "variances": [1.0, 1.5, 1.0]},
        ),
        (
            [1.0, 0.0, 0.0],
            [[0.5, 0.5, 0.0], [0.0, 0.4, 0.6], [0.0, 0.0, 1.0]],
            {"means": [0.5, 2.5, 6.0], "variances": [1.5, 0.7, 2.0]},
        ),
    ),
    markov(
        "three_states",
        "poisson",
        [[1, 0, 4, 9, 12], [3, 3, 0, 1, 7, 8], [5]],
        (
            [0.2, 0.5, 0.3],
            [[0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]],
            {"rates": [1.0, 4.0, 9.0]},
        ),
        (
            [0.4, 0.4, 0.2],
            [[0.2, 0.4, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]],
            {"rates": [2.0, 3.0, 7.0]},
        ),
    ),
    markov(
        "structural",
        "categorical",
        [[0, 1, 2, 1, 0], [2, 2, 0], [1]],
        ([0.5, 0.5], [[0.7, 0.3], [0.4, 0.6]], {"probabilities": [[0.5, 0.5, 0.0], [0.1, 0.3, 0.6]]}),
        ([0.2, 0.8], [[0.3, 0.7], [0.5, 0.5]], {"probabilities": [[0.3, 0.7, 0.0], [0.3, 0.3, 0.4]]}),
    ),
]


def _normal(model, values, theta):
    density = stats.multivariate_normal.logpdf
    pairs = zip(theta["means"], model.family.matrices(theta), strict=True)
    return np.array([density(values, mean, matrix) for mean, matrix in pairs])


def _lines(model, values, theta):
    fitted = theta["coefficients"] @ values[:, :-1].T
    return stats.norm.logpdf(values[:, -1], fitted, np.sqrt(theta["variances"])[:, None])


# (K, N) log density of a mixture's components, from SciPy: what the enumeration of all assignments rests on
DENSITIES = {
    "gaussian_mixture": _normal,
    "binomial_mixture": lambda model, values, theta: stats.binom.logpmf(
        values, model.trials, theta["probabilities"][:, None]
    ),
    "poisson_mixture": lambda model, values, theta: stats.poisson.logpmf(values, theta["rates"][:, None]),
    "bernoulli_mixture": lambda model, values, theta: stats.bernoulli.logpmf(
        values, theta["probabilities"][:, None, :]
    ).sum(axis=2),
    "regression_mixture": _lines,
}

# where every M-type move is defined, and θ has coordinates
INTERIOR = [case for case in CASES if "G" in case.moves]
WITH_M = [case for case in CASES if "M" in case.moves]


def central_difference(function, x, step=1e-3):
    """Gradient of `function` at x by the five-point rule: its error is of order step⁴."""
    x = np.asarray(x, dtype=float)
    slopes = np.empty_like(x)
    for i in range(x.size):
        unit = np.zeros_like(x)
        unit[i] = step
        near = function(x + unit) - function(x - unit)
        far = function(x + 2 * unit) - function(x - 2 * unit)
        slopes[i] = (8 * near - far) / (12 * step)
    return slopes


def reference(name: str) -> dict[str, Any]:
    """A reference case by the beginning of its file's name."""
    (path,) = REFERENCE.glob(f"{name}_*.json")
    return json.loads(path.read_text(encoding="utf-8"))
