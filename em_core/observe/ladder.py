"""All that can be seen of one rung of the ladder, and what stands still behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from em_core.records import Array, Bound, frozen
from em_core.sparse_coding import Posterior, Problem, exact_posterior, log_joint
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ, bound, entropy, expected_log_joint
from em_core.sparse_coding.posterior.ladder import LadderExperiment, Rung, around, rungs

# the widths that the reader can scrub through, from the widest on: ten in each factor of ten
STOPS = [float(f"{digits}e{power}") for power in range(0, -7, -1) for digits in (8, 6, 5, 4, 3, 2.5, 2, 1.5, 1.2, 1)]
# the narrowest of them; beyond it the slope of the gap is −log s to the last digit that shows
NARROWEST = STOPS[-1]
PLACES = 121
# standard deviations between the posterior and 0: beyond, showing both would make a needle of it
_FAR = 12.0


@dataclass(frozen=True, eq=False)
class Likelihood:
    """p(v | h) over h, a Gaussian up to scale: it has fallen to e^{−d²/2} of its peak at peak + d · root · u, ‖u‖ = 1.

    at_mode: the d of the most probable h.
    """

    peak: Array
    root: Array
    at_mode: float


@dataclass(frozen=True, eq=False)
class Background:
    """What does not depend on q: the problem and its posterior, and how far the pictures reach."""

    problem: Problem

    @cached_property
    def posterior(self) -> Posterior:
        return exact_posterior(self.problem)

    @property
    def n_units(self) -> int:
        return self.problem.n_atoms

    @cached_property
    def height(self) -> float:
        """log p(h, v) at the most probable h."""
        return float(log_joint(self.problem, self.posterior.mode))

    @cached_property
    def spread(self) -> Array:
        """(K,): the posterior's standard deviations."""
        result: Array = np.sqrt(self.posterior.covariance.diagonal())
        return result

    @cached_property
    def window(self) -> Array:
        """(K, 2): the part of each axis that is drawn. It holds the posterior, and 0 unless that is far off."""
        posterior, spread = self.posterior, self.spread
        low = np.minimum(posterior.mean, posterior.mode) - 4 * spread
        high = np.maximum(posterior.mean, posterior.mode) + 4 * spread
        near = np.minimum(np.abs(low), np.abs(high)) < _FAR * spread
        low = np.where(near, np.minimum(low, -0.5 * spread), low)
        high = np.where(near, np.maximum(high, 0.5 * spread), high)
        return np.column_stack([low, high])

    def density(self, codes: Array) -> Array:
        """(...) p(h | v) of codes (..., K)."""
        result: Array = np.exp(self.posterior.log_density(codes))
        return result

    def prior_and_likelihood(self, h: Array) -> tuple[Array, Array]:
        """Of one unit at places (n,): p(h), and p(v | h) in units of its own maximum over h."""
        problem = self.problem
        atom = problem.dictionary[:, 0]
        best = float(atom @ problem.target) / float(atom @ atom)
        prior = problem.penalty / 2 * np.exp(-problem.penalty * np.abs(h))
        return prior, np.exp(-float(problem.curvature[0, 0]) * (h - best) ** 2 / 2)

    @cached_property
    def likelihood(self) -> Likelihood:
        """That of several units."""
        problem = self.problem
        peak = frozen(np.linalg.lstsq(problem.dictionary, problem.target, rcond=None)[0])
        # copies of an atom: level sets without end
        ridge = 1e-12 * np.trace(problem.curvature) * np.eye(self.n_units)
        root = np.linalg.cholesky(np.linalg.inv(problem.curvature + ridge))
        away = self.posterior.mode - peak
        return Likelihood(peak, root, math.sqrt(max(0.0, float(away @ problem.curvature @ away))))

    def depth(self, codes: Array) -> Array:
        """(...) the d at which p(h | v) of codes (..., K) is e^{−d²/2} of its peak."""
        drop = self._peak - self.posterior.log_density(codes)
        result: Array = np.sqrt(2 * np.maximum(drop, 0))
        return result

    def level_set(self, depth: float, directions: Array) -> Array:
        """(n, K) the codes of this depth along directions (n, K) from the mode, in units of `spread`."""
        mode, directions = self.posterior.mode, directions * self.spread
        low, high = np.zeros(len(directions)), np.full(len(directions), 1e3)
        for _ in range(60):  # log-concave: along each ray the density only falls
            middle = (low + high) / 2
            inside = self.posterior.log_density(mode + middle[:, None] * directions) > self._peak - depth * depth / 2
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        result: Array = mode + low[:, None] * directions
        return result

    @cached_property
    def _peak(self) -> float:
        return float(self.posterior.log_density(self.posterior.mode))


@dataclass(frozen=True, eq=False)
class OverMean:
    """How the bound changes with the place of a q, along the first unit; the rest of μ stays.

    places: (PLACES,) of μ₁; joint: there E log p(h, v) of q; points: there log p(h = μ, v). here: E log p(h, v) where q
    stands; entropy: of q, the same everywhere, −∞ for the Dirac.
    """

    places: Array
    joint: Array
    points: Array
    here: float
    entropy: float


@dataclass(frozen=True, eq=False)
class Ladder:
    """The rungs of one experiment, and the bound over the width of a Gaussian that stands where they stand."""

    experiment: LadderExperiment
    background: Background

    @cached_property
    def rungs(self) -> list[Rung]:
        return rungs(self.experiment, self.background.posterior)

    @cached_property
    def over_width(self) -> list[Bound]:
        """The bound of N(μ, s²) for every s of `STOPS`."""
        return [bound(self.at_width(width), self.background.posterior) for width in STOPS]

    @property
    def asymptote(self) -> Array:
        """(STOPS,) the gap there, up to a constant, as s goes to 0: −log s for each unit; through the narrowest."""
        narrow = self.over_width[-1].kl or 0.0
        result: Array = narrow + self.background.n_units * (math.log(NARROWEST) - np.log(STOPS))
        return result

    def at_width(self, width: float) -> GaussianQ:
        """N(μ, s²) where the ladder stands."""
        return around(self.experiment.mean, width)

    def over_mean(self, q: GaussianQ) -> OverMean:
        """The bound over the place of q."""
        low, high = self.background.window[0]
        places = np.linspace(low, high, PLACES)
        means = np.tile(q.mean, (PLACES, 1))
        means[:, 0] = places
        problem = self.background.problem
        joint = np.array([expected_log_joint(problem, replace(q, mean=mean)) for mean in means])
        points = np.array([log_joint(problem, mean) for mean in means])
        return OverMean(places, joint, points, expected_log_joint(problem, q), entropy(q))
