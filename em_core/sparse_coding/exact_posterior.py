"""The exact posterior of up to three hidden units: log evidence, mean, median, mode, second moments.

With one unit everything is in closed form; with more, all but one are integrated numerically (`quadrature`), and the
error that this may leave is part of the result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from em_core.errors import HalfStepFailed, InvalidExperiment
from em_core.fields import Array
from em_core.sparse_coding import feature_sign
from em_core.sparse_coding.kinked import excess
from em_core.sparse_coding.posterior import laplace_posterior
from em_core.sparse_coding.problem import Problem, gradient, objective
from em_core.sparse_coding.quadrature import Density, Indices, Moments, median, moments

MOST_UNITS = 3
# a posterior that is known no better than this is none
WORST = 1e-3
_MOST_STEPS = 100


@dataclass(frozen=True, eq=False)
class Posterior:
    """p(h | v) of a problem with K ≤ 3 atoms. `log_evidence` is the log density log p(v).

    mode, mean, mean_absolute: (K,); covariance, second_moment: (K, K). expected_log_joint and entropy are those of
    q = p(h | v), so that log p(v) is their sum. error: what the quadrature may have left, as a share of each integral;
    0 for one unit. slope: of the log likelihood at the mode, (K,).
    """

    problem: Problem
    mode: Array
    log_evidence: float
    mean: Array
    covariance: Array
    second_moment: Array
    mean_absolute: Array
    expected_log_joint: float
    entropy: float
    error: float
    slope: Array = field(repr=False)
    _log_mass: float = field(repr=False)

    @property
    def n_units(self) -> int:
        return len(self.mode)

    @cached_property
    def median(self) -> Array:
        """(K,): of each unit by itself."""
        if self.n_units == 1:
            atom = self.problem.dictionary[:, 0]
            length = float(np.linalg.norm(atom))
            along = float(atom @ self.problem.target) / length
            return np.array([laplace_posterior(along, length, self.problem.penalty, self.problem.precision).median])
        with np.errstate(all="ignore"):
            return np.array([self.mode[unit] + median(self._last(unit)) for unit in range(self.n_units)])

    def log_density(self, codes: Array) -> Array:
        """log p(h | v) of codes (..., K)."""
        away = codes - self.mode
        result = -np.einsum("...i,ij,...j->...", away, self.problem.curvature, away) / 2 - self._log_mass
        for i, place in enumerate(self.mode):
            result += away[..., i] * self.slope[i] - self.problem.penalty * excess(away[..., i], float(place))
        return result

    def log_marginal(self, unit: int, values: Array) -> Array:
        """log p(h_unit | v) at values (n,)."""
        result: Array = self._last(unit).log(values - self.mode[unit]) - self._log_mass
        return result

    def _last(self, unit: int) -> Density:
        """The posterior of this unit, the others integrated out."""
        order = np.array([i for i in range(self.n_units) if i != unit] + [unit])
        return Density(_root(self.problem, order), self.slope[order], self.mode[None, order], self.problem.penalty)


def exact_posterior(problem: Problem) -> Posterior:
    """The posterior of all K ≤ 3 units. Raises `InvalidExperiment` for more, and where it cannot be computed."""
    size = problem.n_atoms
    if size > MOST_UNITS:
        raise InvalidExperiment("data.dictionary", problem.dictionary.tolist(), f"at most {MOST_UNITS} atoms")
    mode = most_likely_code(problem)
    # known exactly on the support; the computed slope has lost the small residual to rounding there
    pull = np.clip(-gradient(problem, mode), -problem.penalty, problem.penalty)
    slope = np.where(mode == 0, pull, np.copysign(problem.penalty, mode))
    # what the data know best is integrated in closed form, so that the others do not have to follow it far
    order = np.argsort(-problem.curvature.diagonal(), kind="stable")
    with np.errstate(all="ignore"):
        seen = moments(_root(problem, order), slope[order], mode[None, order], problem.penalty)
    return _posterior(problem, mode, slope, seen, np.argsort(order))


def most_likely_code(problem: Problem) -> Array:
    """The mode (K,), exact up to rounding: by feature-sign search. Raises `InvalidExperiment` where that fails."""
    state = feature_sign.init(problem)
    try:
        for _ in range(_MOST_STEPS):
            if state.done:
                break
            state = feature_sign.step(problem, state)
    except (HalfStepFailed, np.linalg.LinAlgError):  # of atoms of such different lengths rounding decides which help
        raise InvalidExperiment("data.dictionary", problem.dictionary.tolist(), "atoms of comparable length") from None
    return state.code


def log_joint(problem: Problem, code: Array) -> float:
    """log p(h, v), every constant included. code: (K,)."""
    prior = problem.n_atoms * math.log(problem.penalty / 2)
    noise = problem.n_dimensions / 2 * math.log(problem.precision / (2 * math.pi))
    return prior + noise - objective(problem, code)


def _root(problem: Problem, order: Indices) -> Array:
    """R (K, K), upper triangular, with RᵀR = βWᵀW for the atoms in this order. From W: products would lose digits."""
    triangle = np.linalg.qr(math.sqrt(problem.precision) * problem.dictionary[:, order], mode="r")
    root = np.zeros((problem.n_atoms, problem.n_atoms))
    root[: len(triangle)] = triangle
    return root


def _posterior(problem: Problem, mode: Array, slope: Array, seen: Moments, place: Indices) -> Posterior:
    """place: where each unit stands in `seen`."""
    away, spread, beyond = seen.mean[0, place], seen.second_moment[0][np.ix_(place, place)], seen.excess[0, place]
    height, log_mass = log_joint(problem, mode), float(seen.log_mass[0])
    # E[log p(h, v)] − log p(mode, v)
    drop = away @ slope - (problem.curvature * spread).sum() / 2 - problem.penalty * beyond.sum()
    result = Posterior(
        problem=problem,
        mode=mode,
        log_evidence=height + log_mass,
        mean=mode + away,
        covariance=spread - np.outer(away, away),
        second_moment=spread + np.outer(mode, mode + away) + np.outer(away, mode),
        mean_absolute=np.abs(mode) + beyond,
        expected_log_joint=height + float(drop),
        entropy=log_mass - float(drop),
        error=float(seen.error[0]),
        slope=slope,
        _log_mass=log_mass,
    )
    finite = math.isfinite(result.log_evidence) and np.isfinite(result.second_moment).all()
    if not (finite and result.error < WORST):
        raise InvalidExperiment("data", "these numbers", "a posterior that double precision can integrate")
    return result
