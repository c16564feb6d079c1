"""A case, and what makes the cases of each model."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from em_core.bound import decompose
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from em_core.records import State

REFERENCE = Path(__file__).parents[1] / "reference"
M_TYPE = "".join(letter for letter, move in MOVES.items() if move.kind == "M")
# those that need coordinates of θ
NUMERICAL = "".join(letter for letter in M_TYPE if letter not in "MC")

# an experiment but for its schedule: θ forbids what q holds possible; the bound is −∞, gap and KL ∞, until M mends it
RULED_OUT = {
    "model": "binomial_mixture",
    "settings": {"trials": 2},
    "data": {"successes": [0, 1, 2]},
    "start": {
        "weights": [0.5, 0.5],
        "probabilities": [0.5, 0.0],
        "q_at": {"weights": [0.5, 0.5], "probabilities": [0.4, 0.6]},
    },
}


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


def bits(n_points, dimensions):
    rng = np.random.default_rng([9, dimensions])
    return rng.integers(2, size=(n_points, dimensions)).tolist()


def lines(n_points):
    rng = np.random.default_rng(12)
    x, line = rng.uniform(-2, 2, n_points), rng.integers(2, size=n_points)
    y = np.where(line, 1 + 2 * x, -0.5 * x) + 0.3 * rng.standard_normal(n_points)
    return {"inputs": np.column_stack([np.ones(n_points), x]).tolist(), "targets": y.tolist()}


def gappy(n_points, dimensions):
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


def reference(name: str) -> dict[str, Any]:
    """A reference case by the beginning of its file's name."""
    (path,) = REFERENCE.glob(f"{name}_*.json")
    return json.loads(path.read_text(encoding="utf-8"))


def fields_of(record):
    """What a record was made from, without what it has worked out since."""
    return {entry.name: getattr(record, entry.name) for entry in fields(record)}
