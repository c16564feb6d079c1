"""Beside the most probable code, which is a point: the best Gaussian around it, and what the bound says of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from em_core.records import Array, Bound, frozen
from em_core.sparse_coding import GaussianQ, Posterior, Problem, best_gaussian, exact_posterior
from em_core.sparse_coding.posterior.gaussian_q import bound, entropy, expected_log_joint

# shares of the way from the point to the best Gaussian, 1, and somewhat beyond it; from the widest on
SHARES = frozen(np.concatenate([np.geomspace(4, 1, 13), np.geomspace(1, 1e-6, 61)[1:]]))


@dataclass(frozen=True, eq=False)
class Widened:
    """The q = N(μ, diag s²) with the highest bound, for up to three atoms.

    Raises `InvalidExperiment` where double precision cannot integrate the posterior.
    """

    problem: Problem

    @cached_property
    def posterior(self) -> Posterior:
        """The exact one: log p(v) comes from it, with an `error` of its own."""
        return exact_posterior(self.problem)

    @cached_property
    def q(self) -> GaussianQ:
        return best_gaussian(self.posterior)

    @cached_property
    def bound(self) -> Bound:
        """The terms of log p(v) for this q: L in closed form, KL integrated, each from its own definition."""
        return bound(self.q, self.posterior)

    @cached_property
    def point(self) -> Bound:
        """Those of the Dirac at the most probable code: L is −∞."""
        return bound(self.at(0.0), self.posterior)

    def at(self, share: float) -> GaussianQ:
        """A q on the straight way in (μ, s) from the point, 0, to the best Gaussian, 1."""
        mode = self.posterior.mode
        return GaussianQ(mode + share * (self.q.mean - mode), share * self.q.width)

    @cached_property
    def way(self) -> Array:
        """(SHARES,): L there. Concave in (μ, s), it is highest at 1; towards 0 it falls like log s for each atom."""
        found = [self.at(share) for share in SHARES.tolist()]
        return np.array([expected_log_joint(self.problem, q) + entropy(q) for q in found])
