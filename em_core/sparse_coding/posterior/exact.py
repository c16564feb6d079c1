"""The exact posterior of up to three hidden units: log evidence, mean, median, mode, second moments.

With one unit everything is in closed form; with more, all but one are integrated numerically (`quadrature`), and the
error that this may leave is part of the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.records import Array
from em_core.sparse_coding.posterior.laplace import laplace_posterior
from em_core.sparse_coding.posterior.quadrature import DEPTH, Density, Indices, Moments, Shape, median, moments
from em_core.sparse_coding.posterior.rational import Optimum
from em_core.sparse_coding.problem import Problem

MOST_UNITS = 3
# a posterior that is known no better than this is none
WORST = 1e-3
# what each nat of the parts of log p(v) may lose
ROUNDING = 4 * float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Posterior:
    """p(h | v) of a problem with K ≤ 3 atoms. `log_evidence` is the log density log p(v).

    mode, mean, mean_absolute: (K,); covariance, second_moment: (K, K). expected_log_joint and entropy are those of
    q = p(h | v), so that log p(v) is their sum. error: what the quadrature may have left, as a share of each integral
    (0 for one unit), and what rounding may have left in log p(v).
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
    optimum: Optimum = field(repr=False)
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

    @cached_property
    def shape(self) -> Shape:
        """Of −log p(h | v) around the mode, the units in their own order."""
        return _shape(self.problem, self.optimum, range(self.n_units))

    @cached_property
    def _root(self) -> Array:
        """R with RᵀR = βWᵀW. From W: products would lose digits."""
        root: Array = np.linalg.qr(math.sqrt(self.problem.precision) * self.problem.dictionary)[1]
        return root

    def log_density(self, codes: Array, center: Array | None = None) -> Array:
        """log p(h | v) of codes (..., K); of `center` (K,) plus these, if there is one.

        No term is positive except the last: far out, too, nothing large cancels.
        """
        if center is None:
            center, steps = self.mode, codes - self.mode
        else:
            steps, codes = codes, center + codes
        away = self.from_mode(center)
        misfit = math.sqrt(self.problem.precision) * (self.problem.dictionary @ away)
        across = steps @ (math.sqrt(self.problem.precision) * (misfit @ self.problem.dictionary))
        squares = ((steps @ self._root.T) ** 2).sum(axis=-1) / 2 + across + float(misfit @ misfit) / 2
        result: Array = -np.maximum(squares, 0.0) - self.shape.cost(codes) - self._log_mass
        return result

    def from_mode(self, code: Array) -> Array:
        """h minus the mode, in which the mode's own rounding does not matter."""
        return (code - self.mode) - self.optimum.rest

    def log_marginal(self, unit: int, values: Array) -> Array:
        """log p(h_unit | v) at values (n,)."""
        result: Array = self._last(unit).log(values - self.mode[unit]) - self._log_mass
        return result

    def _last(self, unit: int) -> Density:
        """The posterior of this unit, the others integrated out."""
        order = np.array([i for i in range(self.n_units) if i != unit] + [unit])
        return Density(_shape(self.problem, self.optimum, order), self.mode[None, order])


def exact_posterior(problem: Problem) -> Posterior:
    """The posterior of all K ≤ 3 units. Raises `InvalidExperiment` for more, and where it cannot be computed."""
    optimum = _optimum(problem)
    # what the data know best is integrated in closed form, so that the others do not have to follow it far
    order = np.argsort(-problem.curvature.diagonal(), kind="stable")
    with np.errstate(all="ignore"):
        seen = moments(_shape(problem, optimum, order), optimum.code[None, order])
    return _posterior(problem, optimum, seen, np.argsort(order))


def most_likely_code(problem: Problem) -> Array:
    """The mode (K,) of K ≤ 3 units, rounded once. Raises `InvalidExperiment` where it is not within the numbers."""
    return _optimum(problem).code


def log_joint(problem: Problem, code: Array) -> float:
    """log p(h, v), every constant included. code: (K,)."""
    return _log_constant(problem) - problem.exact.cost(code)


def _log_constant(problem: Problem) -> float:
    prior = problem.n_atoms * math.log(problem.penalty / 2)
    return prior + problem.n_dimensions / 2 * math.log(problem.precision / (2 * math.pi))


def _optimum(problem: Problem) -> Optimum:
    if problem.n_atoms > MOST_UNITS:
        raise InvalidExperiment("data.dictionary", problem.dictionary.tolist(), f"at most {MOST_UNITS} atoms")
    try:
        return problem.exact.optimum()
    except OverflowError:
        raise InvalidExperiment("data", "these numbers", "a mode in the range of double precision") from None


def _shape(problem: Problem, optimum: Optimum, order: Sequence[int] | Indices) -> Shape:
    order = np.asarray(order, dtype=np.intp)
    return Shape(problem.exact.bowl(order.tolist()), optimum.below[order], optimum.above[order])


def _posterior(problem: Problem, optimum: Optimum, seen: Moments, place: Indices) -> Posterior:
    """place: where each unit stands in `seen`."""
    away, spread, beyond = seen.mean[0, place], seen.second_moment[0][np.ix_(place, place)], seen.excess[0, place]
    mode, log_mass, drop = optimum.code, float(seen.log_mass[0]), float(seen.depth[0])
    constant = _log_constant(problem)
    height = constant - optimum.cost
    size = abs(constant) + optimum.cost + abs(log_mass) + DEPTH
    result = Posterior(
        problem=problem,
        mode=mode,
        log_evidence=height + log_mass,
        mean=mode + away,
        covariance=spread - np.outer(away, away),
        second_moment=spread + np.outer(mode, mode + away) + np.outer(away, mode),
        mean_absolute=np.abs(mode) + beyond,
        expected_log_joint=height - drop,
        entropy=log_mass + drop,
        error=float(seen.error[0]) + ROUNDING * size,
        optimum=optimum,
        _log_mass=log_mass,
    )
    finite = math.isfinite(result.log_evidence) and np.isfinite(result.second_moment).all()
    if not (finite and seen.error[0] < WORST):
        raise InvalidExperiment("data", "these numbers", "a posterior that double precision can integrate")
    return result
