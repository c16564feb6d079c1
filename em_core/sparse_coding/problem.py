"""The problem of MAP inference in sparse coding: objective, gradient, shrinkage and the certificate.

Model: p(h) = Π (λ/2) exp(−λ|h_i|), p(v | h) = N(Wh + b, I/β). The most probable code minimises
(β/2)‖v − Wh − b‖² + λ‖h‖₁. Shapes: D dimensions, K atoms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import finite_array
from em_core.records import Array
from em_core.sparse_coding.posterior.rational import Exact

# β‖w‖² and β‖v − b‖² outside these leave no room for their ratios and products in double precision
SMALLEST, LARGEST = 1e-100, 1e100


@dataclass(frozen=True, eq=False)
class Problem:
    """One signal to be explained by a sparse combination of atoms.

    signal and offset: (D,), dictionary: (D, K) with the atoms as columns; penalty λ and precision β above 0.
    `target` is v − b. Anything else raises `InvalidExperiment` naming the field as experiment files do.
    """

    signal: Array
    dictionary: Array
    penalty: float
    precision: float = 1.0
    offset: Array | None = None
    target: Array = field(init=False)

    def __post_init__(self) -> None:
        penalty = positive(self.penalty, "settings.lambda")
        precision = positive(self.precision, "settings.beta")
        signal = finite_array(self.signal, ("D",), "data.signal")
        dictionary = finite_array(self.dictionary, (len(signal), "K"), "data.dictionary")
        zeros = np.zeros_like(signal)
        offset = finite_array(zeros if self.offset is None else self.offset, signal.shape, "data.offset")
        with np.errstate(over="ignore"):
            _check_sizes(signal, dictionary, offset, precision)
        target = signal - offset
        target.flags.writeable = False
        checked = dict(signal=signal, dictionary=dictionary, penalty=penalty, precision=precision)
        for name, value in {**checked, "offset": offset, "target": target}.items():
            object.__setattr__(self, name, value)

    @property
    def n_dimensions(self) -> int:
        return int(self.dictionary.shape[0])

    @property
    def n_atoms(self) -> int:
        return int(self.dictionary.shape[1])

    @cached_property
    def exact(self) -> Exact:
        """In rational numbers, for few atoms."""
        return Exact(self.target, self.dictionary, self.penalty, self.precision)

    @cached_property
    def lipschitz(self) -> float:
        """‖βWᵀW‖₂: how fast the gradient can change, so that 1/‖βWᵀW‖₂ is a safe step."""
        return float(self.precision * np.linalg.norm(self.dictionary, 2) ** 2)

    @cached_property
    def lambda_max(self) -> float:
        """The smallest λ at which the most probable code is 0: ‖βWᵀ(v − b)‖∞."""
        return float(np.abs(gradient(self, np.zeros(self.n_atoms))).max())

    @cached_property
    def curvature(self) -> Array:
        """βWᵀW, (K, K): the Hessian of the smooth part."""
        gram: Array = self.precision * (self.dictionary.T @ self.dictionary)
        return gram


def objective(problem: Problem, code: Array) -> float:
    """What the code costs: (β/2)‖v − Wh − b‖² + λ‖h‖₁ = −log p(h, v) + constant. code: (K,)."""
    return float(objectives(problem.target, problem.dictionary, problem.penalty, problem.precision, code))


def objectives(targets: Array, dictionary: Array, penalty: float, precision: float, codes: Array) -> Array:
    """`objective` for many signals at once. targets v − b: (..., D), codes: (..., K); returns (...)."""
    residual = targets - codes @ dictionary.T
    cost: Array = precision / 2 * (residual**2).sum(-1) + penalty * np.abs(codes).sum(-1)
    return cost


def gradient(problem: Problem, code: Array) -> Array:
    """Slope of the smooth part: −βWᵀ(v − b − Wh), (K,)."""
    # from the residual, not from WᵀW: near the optimum the Gram form has lost the small residual
    slope: Array = -problem.precision * ((problem.target - problem.dictionary @ code) @ problem.dictionary)
    return slope


def soft_threshold(values: Array, threshold: float) -> Array:
    """Shrink towards 0 by `threshold` and stop there: argmin_x (x − value)²/2 + threshold·|x|."""
    shrunk: Array = values - np.clip(values, -threshold, threshold)
    return shrunk


@dataclass(frozen=True, eq=False)
class ProximalStep:
    """One step in its two parts: `start` slides down the gradient, `slope`, to `moved`, then shrinks to `shrunk`."""

    start: Array
    slope: Array
    moved: Array
    shrunk: Array


def proximal_step(problem: Problem, point: Array, step: float) -> ProximalStep:
    """Gradient step of length `step` from `point` (K,), then the soft threshold at step·λ."""
    slope = gradient(problem, point)
    moved = point - step * slope
    return ProximalStep(point, slope, moved, soft_threshold(moved, step * problem.penalty))


def duality_gap(problem: Problem, code: Array) -> float:
    """A certificate for any code (K,): objective − optimum is at most this number, which is never negative."""
    return float(duality_gaps(problem.target, problem.dictionary, problem.penalty, problem.precision, code))


def duality_gaps(targets: Array, dictionary: Array, penalty: float, precision: float, codes: Array) -> Array:
    """`duality_gap` for many signals at once. targets v − b: (..., D), codes: (..., K); returns (...).

    Dual: maximise (β/2)(‖y‖² − ‖y − u‖²) subject to ‖βWᵀu‖∞ ≤ λ, with y = v − b. The residual r = y − Wh,
    scaled by the best s that keeps u = s·r feasible, is the dual point (Kim et al. 2007).
    """
    residual = targets - codes @ dictionary.T
    return certificates(residual, precision * (residual @ dictionary), penalty, precision, codes)


def certificates(residual: Array, correlation: Array, penalty: float, precision: float, codes: Array) -> Array:
    """`duality_gaps` where residual y − Wh, (..., D), and correlation βWᵀ(y − Wh), (..., K), are at hand."""
    energy = precision * (residual**2).sum(-1)
    alignment = energy + (codes * correlation).sum(-1)  # β yᵀr
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        limit = penalty / np.abs(correlation).max(-1)
        best = np.where(energy > 0, alignment / energy, 0.0)
    scale = np.clip(best, -limit, limit)
    # primal − dual, rearranged as a sum of non-negative terms: subtracting the two values would leave
    # rounding of the size of the objective, this leaves rounding of the size of λ‖h‖₁ times one ulp
    slack = penalty * np.abs(codes) - scale[..., None] * codes * correlation
    gap: Array = (1 - scale) ** 2 * energy / 2 + np.maximum(slack, 0).sum(-1)
    return gap


def optimality_violation(problem: Problem, code: Array) -> float:
    """How far the code (K,) is from the KKT conditions: 0 exactly at an optimum.

    On the support the slope must be −λ·sign(h_i); elsewhere at most λ in size. In units of the slope.
    """
    slope = gradient(problem, code)
    on = np.abs(slope + problem.penalty * np.sign(code))
    off = np.maximum(np.abs(slope) - problem.penalty, 0)
    return float(np.where(code != 0, on, off).max())


def positive(value: Any, name: str) -> float:
    """The setting `name` as a number above 0. Raises `InvalidExperiment`."""
    usable = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not usable or not 0 < value < math.inf:
        raise InvalidExperiment(name, value, "a finite number above 0")
    return float(value)


def check_atoms(dictionary: Array, precision: float) -> None:
    """Every atom usable and all squares with room for their products. Raises `InvalidExperiment`."""
    lengths = precision * (dictionary**2).sum(axis=0)
    for k in np.flatnonzero(~(lengths > SMALLEST)):
        valid = "an atom that is not zero (a column with beta times its squared length above 1e-100)"
        raise InvalidExperiment(f"data.dictionary, column {k}", dictionary[:, k].tolist(), valid)
    if not lengths.sum() < LARGEST:
        raise InvalidExperiment(
            "data.dictionary", dictionary.tolist(), "entries whose squares times beta add up to less than 1e100"
        )


def _check_sizes(signal: Array, dictionary: Array, offset: Array, precision: float) -> None:
    check_atoms(dictionary, precision)
    if not precision * ((signal - offset) ** 2).sum() < LARGEST:
        raise InvalidExperiment(
            "data.signal",
            signal.tolist(),
            "entries whose squares, after the offset, times beta add up to less than 1e100",
        )
