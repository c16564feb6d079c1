"""The one table of cases that the core's theorems are tested on: every model, every setting that matters.

A later model joins with a row here. Most theorems then hold for it without another line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from em_core.bound import decompose
from em_core.files.experiment import Experiment
from em_core.models import MODELS
from em_core.moves import MOVES, allowed
from em_core.records import State

M_TYPE = "".join(letter for letter, move in MOVES.items() if move.kind == "M")
# those that need coordinates of θ
NUMERICAL = "".join(letter for letter in M_TYPE if letter not in "MC")

REFERENCE = Path(__file__).parents[1] / "reference"


@dataclass(frozen=True)
class Case:
    """raw is an experiment file whose start holds `q_at`, so that q is not the posterior at θ.

    without: letters of moves that the model can make, but not from this start; a weight of 0 has no M-step (its
    component is lost) and no logarithm.
    """

    name: str
    raw: dict[str, Any]
    without: str = ""

    def __str__(self) -> str:
        return self.name

    def experiment(self, word: str = "E", **changes: Any) -> Experiment:
        return Experiment.parse({**json.loads(json.dumps(self.raw)), "schedule": word, **changes})

    @cached_property
    def moves(self) -> str:
        """The letters of all moves that the case allows, E first."""
        return "".join(letter for letter in allowed(MODELS[self.raw["model"]]) if letter not in self.without)

    @cached_property
    def parsed(self) -> Experiment:
        return self.experiment()

    @property
    def model(self):
        return self.parsed.model

    @property
    def data(self):
        return self.parsed.data

    @property
    def theta(self):
        return self.parsed.start

    @property
    def q_at(self):
        return self.parsed.q_at

    @cached_property
    def m_moves(self) -> str:
        """All M-type moves that the start allows: no numerical one without G, none at all without M."""
        kept = "" if "M" not in self.moves else "MC" if "G" not in self.moves else MOVES
        return "".join(letter for letter in allowed(self.model) if MOVES[letter].kind == "M" and letter in kept)

    @cached_property
    def q(self):
        """The posterior at `q_at`: not the one at `theta`."""
        return self.model.posterior(self.data, self.q_at)

    @property
    def n_units(self) -> float:
        return self.model.n_units(self.data)

    def elbo(self, theta, q) -> float:
        return decompose(self.model, self.data, State(theta, q)).elbo

    def random_theta(self, rng, scale: float = 0.3):
        """Somewhere near the start, at random in unconstrained coordinates."""
        vector = self.model.to_vector(self.theta)
        return self.model.from_vector(vector + scale * rng.standard_normal(vector.shape), self.theta)


def _spd(rng, n, dimensions):
    root = np.eye(dimensions) + 0.3 * rng.standard_normal((n, dimensions, dimensions))
    return root @ np.swapaxes(root, 1, 2)


def _gaussian_start(rng, covariance, n_components, dimensions, centres):
    covariances = {
        "full": lambda: _spd(rng, n_components, dimensions),
        "tied": lambda: _spd(rng, 1, dimensions)[0],
        "diag": lambda: rng.uniform(0.5, 2, (n_components, dimensions)),
        "spherical": lambda: rng.uniform(0.5, 2, n_components),
    }[covariance]()
    return {
        "weights": rng.dirichlet(np.full(n_components, 5.0)).tolist(),
        "means": (centres + 0.5 * rng.standard_normal(centres.shape)).tolist(),
        "covariances": covariances.tolist(),
    }


def gaussian(covariance, dimensions, n_components=2, n_points=25, fixed=(), weights=None, without=""):
    name = f"gaussian_{covariance}_{dimensions}d_k{n_components}"
    name += "".join(f"_fixed_{entry}" for entry in fixed) + ("_zero_weight" if weights else "")
    rng = np.random.default_rng([7, dimensions, n_components, len(covariance)])
    centres = 1.5 * rng.standard_normal((n_components, dimensions))
    members = rng.integers(n_components, size=n_points)
    values = centres[members] + rng.standard_normal((n_points, dimensions))
    start, q_at = (_gaussian_start(rng, covariance, n_components, dimensions, centres) for _ in range(2))
    for parameter in fixed:  # q comes from other parameters than θ, but what is fixed is the same
        q_at[parameter] = start[parameter]
    if weights:
        start["weights"] = q_at["weights"] = weights
    raw = {
        "model": "gaussian_mixture",
        "settings": {"covariance": covariance, "fixed": list(fixed)},
        "data": {"values": values.tolist()},
        "start": {**start, "q_at": q_at},
    }
    return Case(name, raw, without)


def binomial(name, trials, successes, start, q_at, fixed_weights=False):
    settings = {"trials": trials, "fixed_weights": fixed_weights}
    raw = {"model": "binomial_mixture", "settings": settings, "data": {"successes": successes}}
    return Case(f"binomial_{name}", {**raw, "start": {**start, "q_at": q_at}})


def linkage(name, counts, theta, q_at, without=""):
    raw = {"model": "linkage", "data": {"counts": counts}, "start": {"theta": theta, "q_at": {"theta": q_at}}}
    return Case(f"linkage_{name}", raw, without)


def plain(name, model, data, start, q_at, settings=None, without=""):
    """A case of any other model: its file as it stands, with q from parameters that are not the start's."""
    raw = {"model": model, "settings": settings or {}, "data": data, "start": {**start, "q_at": q_at}}
    return Case(f"{model}_{name}", raw, without)


def student(name, values, degrees_of_freedom, without=""):
    rng = np.random.default_rng([3, len(values)])
    dimensions = len(values[0])
    start, q_at = (
        {"location": (5 * rng.standard_normal(dimensions)).tolist(), "scale_matrix": (9 * matrix).tolist()}
        for matrix in _spd(rng, 2, dimensions)
    )
    return plain(
        name, "student_t", {"values": values}, start, q_at, {"degrees_of_freedom": degrees_of_freedom}, without
    )


def incomplete(name, values):
    rng = np.random.default_rng([4, len(values)])
    dimensions = len(values[0])
    start, q_at = (
        {"mean": (0.5 * rng.standard_normal(dimensions)).tolist(), "covariance": (2 * matrix).tolist()}
        for matrix in _spd(rng, 2, dimensions)
    )
    return plain(name, "incomplete_gaussian", {"values": values}, start, q_at)


def _bits(n_points, dimensions):
    rng = np.random.default_rng([9, dimensions])
    return rng.integers(2, size=(n_points, dimensions)).tolist()


def _lines(n_points):
    rng = np.random.default_rng(12)
    x, line = rng.uniform(-2, 2, n_points), rng.integers(2, size=n_points)
    y = np.where(line, 1 + 2 * x, -0.5 * x) + 0.3 * rng.standard_normal(n_points)
    return {"inputs": np.column_stack([np.ones(n_points), x]).tolist(), "targets": y.tolist()}


def _gappy(n_points, dimensions):
    """Correlated points; every row keeps at least one entry, the first two all."""
    rng = np.random.default_rng([21, dimensions])
    values = rng.standard_normal((n_points, dimensions)) @ _spd(rng, 1, dimensions)[0]
    gaps = rng.random(values.shape) < 0.35
    gaps[:2] = False
    gaps[np.arange(n_points), rng.integers(dimensions, size=n_points)] = False
    rows = zip(values.tolist(), gaps, strict=True)
    return [[None if gap else entry for entry, gap in zip(*row, strict=True)] for row in rows]


MURRAY = [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
    *([x, None] for x in (2, 2, -2, -2)),
    *([None, y] for y in (2, 2, -2, -2)),
]
OUTLIERS = [[1.0, 2.0], [2.0, 1.5], [0.0, 0.5], [1.5, 3.0], [2.5, 2.0], [40.0, -25.0], [0.5, 1.0]]
FEW_LIFETIMES = {"times": [6, 6, 0, 9, 10.5, 11, 32], "observed": [True, True, True, False, False, True, False]}


def markov(name, emission, sequences, start, q_at):
    """Starts are (start probabilities, transition matrix, emissions)."""
    names = ("start_probabilities", "transition_matrix")
    thetas = [{**dict(zip(names, theta[:2], strict=True)), **theta[2]} for theta in (start, q_at)]
    data, settings = {"sequences": sequences}, {"emission": emission}
    return plain(f"{emission}_{name}", "hidden_markov", data, *thetas, settings)


def factors(noise, dimensions, n_factors, n_points=20):
    rng = np.random.default_rng([5, dimensions, n_factors])
    loadings = rng.standard_normal((dimensions, n_factors))
    values = rng.standard_normal((n_points, n_factors)) @ loadings.T
    values += 0.5 * rng.standard_normal(values.shape) + 1
    start, q_at = (
        {
            "mean": (0.5 * rng.standard_normal(dimensions)).tolist(),
            "loadings": rng.standard_normal((dimensions, n_factors)).tolist(),
            "noise_variances": rng.uniform(0.5, 2, dimensions if noise == "diagonal" else None),
        }
        for _ in range(2)
    )
    for theta in (start, q_at):
        theta["noise_variances"] = np.array(theta["noise_variances"]).tolist()
    name = f"{noise}_{dimensions}d_l{n_factors}"
    return plain(name, "factor_analysis", {"values": values.tolist()}, start, q_at, {"noise": noise})


def belief_net(name, n_hidden, values):
    rng = np.random.default_rng([6, n_hidden])
    start, q_at = (
        {
            "hidden_biases": rng.standard_normal(n_hidden).tolist(),
            "visible_biases": rng.standard_normal(len(values[0])).tolist(),
            "weights": rng.standard_normal((len(values[0]), n_hidden)).tolist(),
        }
        for _ in range(2)
    )
    return plain(name, "sigmoid_belief_net", {"values": values}, start, q_at)


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
        {"values": _bits(14, 5)},
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
        _lines(25),
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
    incomplete("three_columns", _gappy(20, 3)),
    incomplete("nothing_missing", _gappy(20, 2)[:2] + OUTLIERS),
    factors("diagonal", 4, 2),
    factors("diagonal", 1, 1),
    factors("isotropic", 3, 1),
    factors("isotropic", 3, 3),
    belief_net("three_causes", 3, _bits(14, 5)),
    belief_net("one_cause", 1, _bits(10, 2)),
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
