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
from em_core.experiment import Experiment
from em_core.records import State

REFERENCE = Path(__file__).parents[1] / "reference"


@dataclass(frozen=True)
class Case:
    """raw is an experiment file whose start holds `q_at`, so that q is not the posterior at θ.

    moves: those that the start allows; a weight of 0 has no M-step (its component is lost) and no logarithm.
    """

    name: str
    raw: dict[str, Any]
    moves: str = "EMGB"

    def __str__(self) -> str:
        return self.name

    def experiment(self, word: str = "E", **changes: Any) -> Experiment:
        return Experiment.parse({**json.loads(json.dumps(self.raw)), "schedule": word, **changes})

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


def gaussian(covariance, dimensions, n_components=2, n_points=25, fixed=(), weights=None, moves="EMGB"):
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
    return Case(name, raw, moves)


def binomial(name, trials, successes, start, q_at, fixed_weights=False, moves="EMGB"):
    settings = {"trials": trials, "fixed_weights": fixed_weights}
    raw = {"model": "binomial_mixture", "settings": settings, "data": {"successes": successes}}
    return Case(f"binomial_{name}", {**raw, "start": {**start, "q_at": q_at}}, moves)


def linkage(name, counts, theta, q_at, moves="EMGB"):
    raw = {"model": "linkage", "data": {"counts": counts}, "start": {"theta": theta, "q_at": {"theta": q_at}}}
    return Case(f"linkage_{name}", raw, moves)


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
    gaussian("full", 2, 3, weights=[0.6, 0.4, 0.0], moves="E"),
    gaussian("diag", 2, 3, fixed=("means", "covariances"), weights=[0.6, 0.4, 0.0], moves="EM"),
    gaussian("diag", 2, 3, fixed=("weights", "means"), weights=[0.6, 0.4, 0.0], moves="E"),
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
    linkage("at_the_boundary", [5, 0, 0, 3], 1.0, 0.4, moves="EM"),
]

# where every move is defined, and θ has coordinates
INTERIOR = [case for case in CASES if case.moves == "EMGB"]
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
