"""q(h) = N(μ, diag s²) in place of the exact posterior: its bound in closed form, its gap by integration, the best one.

With s = 0 it is the Dirac at μ, whose entropy and bound are −∞. As s goes to 0,
L(μ, s) = log p(h = μ, v) + (K/2) log 2πe + Σ log s_i + o(1): the gap grows like −log s for each of the K units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from em_core.distributions.folded import excess
from em_core.distributions.folded import normal as _normal
from em_core.files.errors import InvalidExperiment
from em_core.records import Array, Bound
from em_core.sparse_coding.posterior.exact import Posterior, log_joint
from em_core.sparse_coding.problem import Problem, gradient

LOG_TURN = math.log(2 * math.pi)
# q beyond so many standard deviations is less than the last digit
EDGE = 9.0
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
MOST_STEPS, MOST_TRIES = 100, 80
# nats that one more step promises where the search ends, and where it may be cut off
TINY, ENOUGH = 1e-28, 1e-12
A_LITTLE = 1e-5
# share of the terms of a sum that rounding may leave
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class GaussianQ:
    """mean μ and width s (standard deviation) of each of the K units, both (K,); width 0 is the Dirac."""

    mean: Array
    width: Array

    @property
    def is_dirac(self) -> bool:
        return not self.width.any()


def expected_log_joint(problem: Problem, q: GaussianQ) -> float:
    """E_q[log p(h, v)], in closed form: E|h| is the mean of a folded Gaussian."""
    spread = float(problem.curvature.diagonal() @ q.width**2) / 2
    return log_joint(problem, q.mean) - spread - problem.penalty * float(_folded(q).sum())


def entropy(q: GaussianQ) -> float:
    """−E_q[log q]; −∞ for the Dirac."""
    with np.errstate(divide="ignore"):
        return float(np.log(q.width).sum()) + len(q.width) * (1 + LOG_TURN) / 2


def kl(q: GaussianQ, posterior: Posterior) -> float:
    """∫ q log(q / p(h | v)) dh, summed over a grid that is split where a unit's kink is; ∞ for the Dirac."""
    if q.is_dirac:
        return math.inf
    axes = [_nodes(mean, width) for mean, width in zip(q.mean, q.width, strict=True)]
    steps = np.stack(np.meshgrid(*(q.width[i] * z for i, (z, _) in enumerate(axes)), indexing="ij"), -1)
    log_q = np.zeros(steps.shape[:-1])
    weight = np.ones_like(log_q)
    for i, (z, share) in enumerate(axes):
        along = [1] * len(axes)
        along[i] = -1
        log_q += (-z * z / 2 - LOG_TURN / 2 - math.log(q.width[i])).reshape(along)
        weight = weight * share.reshape(along)
    log_p = posterior.log_density(steps, q.mean)
    total = float((weight * (log_q - log_p)).sum())
    # where q is the posterior to the last digits, the sum may be rounding below 0
    if total < -ROUNDING * float((weight * (np.abs(log_q) + np.abs(log_p))).sum()):
        raise InvalidExperiment("data", "these numbers", "data for which the KL divergence is not lost to rounding")
    return max(0.0, total)


def bound(q: GaussianQ, posterior: Posterior) -> Bound:
    """The terms of log p(v) for this q, each from its own definition."""
    joint = expected_log_joint(posterior.problem, q)
    return Bound(posterior.log_evidence, joint, entropy(q), kl(q, posterior))


def elbo_gradient(problem: Problem, q: GaussianQ) -> tuple[Array, Array]:
    """Slope of the bound in the means and in the logarithms of the widths, (K,) each. All widths are above 0."""
    z = q.mean / q.width
    sign = 2 * ndtr(z) - 1  # E[sign h]
    in_mean = -gradient(problem, q.mean) - problem.penalty * sign
    in_log_width = 1 - problem.curvature.diagonal() * q.width**2 - 2 * problem.penalty * q.width * _normal(z)
    return in_mean, in_log_width


def best_gaussian(posterior: Posterior) -> GaussianQ:
    """The N(μ, diag s²) with the highest bound.

    The bound is strictly concave in (μ, s), so there is one: Newton's method finds it, from the best of several starts.
    Its line search looks at slopes alone: near the top, rises are too small to be seen. Raises `InvalidExperiment`
    where rounding hides the way up.
    """
    problem = posterior.problem
    kink = problem.penalty * math.sqrt(2 / math.pi)
    sharp = problem.curvature.diagonal()
    # best where μ is 0; best where μ is far from it; the posterior's own
    widths = 2 / (kink + np.sqrt(kink**2 + 4 * sharp)), 1 / np.sqrt(sharp), np.sqrt(posterior.covariance.diagonal())
    places = np.zeros(len(sharp)), posterior.from_mode(posterior.mean)
    starts = [_Place(posterior, away, width) for away in places for width in widths if (width > 0).all()]
    place = max(starts, key=lambda start: start.height)
    rise = math.inf
    for _ in range(MOST_STEPS):
        slope = np.concatenate(place.slope(place.width))
        step = np.linalg.lstsq(place.bend, slope, rcond=None)[0]
        rise = float(slope @ step)
        if rise < TINY:
            break
        place = _advance(place, *np.split(step, 2))
    # μ itself can be told no better
    blur = float(np.spacing(np.abs(place.away).max())) ** 2 * problem.lipschitz
    if not rise < ENOUGH + 4 * blur:
        raise InvalidExperiment("data", "these numbers", "a best Gaussian that double precision can find")
    return place.q


@dataclass(frozen=True, eq=False)
class _Place:
    """Where the search stands. away: μ minus the mode; from there no digit of the bound's slope is lost."""

    posterior: Posterior
    away: Array
    width: Array

    @property
    def q(self) -> GaussianQ:
        return GaussianQ(self.posterior.mode + (self.posterior.optimum.rest + self.away), self.width)

    @property
    def z(self) -> Array:
        result: Array = self.q.mean / self.width
        return result

    @property
    def height(self) -> float:
        """The bound, up to a constant."""
        problem, shape = self.posterior.problem, self.posterior.shape
        misfit = problem.dictionary @ self.away
        spread = problem.curvature.diagonal() @ self.width**2
        cost = shape.cost(self.q.mean) + problem.penalty * _folded(self.q).sum()
        return float(np.log(self.width).sum() - cost - (problem.precision * (misfit @ misfit) + spread) / 2)

    def slope(self, unit: Array) -> tuple[Array, Array]:
        """The bound's slope in μ and in s, in these units."""
        problem, shape, z = self.posterior.problem, self.posterior.shape, self.z
        back = problem.precision * ((problem.dictionary @ self.away) @ problem.dictionary)
        in_mean = shape.below * ndtr(-z) - shape.above * ndtr(z) - back
        in_width = 1 / self.width - problem.curvature.diagonal() * self.width - 2 * problem.penalty * _normal(z)
        return in_mean * unit, in_width * unit

    @property
    def bend(self) -> Array:
        """Minus the second derivatives of the bound in (μ, s), in units of the widths: (2K, 2K), positive definite.

        Far from its kink |h| does not bend, and where the likelihood does not either (atoms that depend on each other)
        a step would have no length: a little of the parabola that bounds E|h| from above is added.
        """
        problem, z = self.posterior.problem, self.z
        bend = 2 * problem.penalty * self.width * _normal(z)
        size = np.abs(z)
        above = problem.penalty * self.width * np.where(size > 1e-3, (2 * ndtr(size) - 1) / np.maximum(size, 1e-3), 0.8)
        sharp = problem.curvature * np.outer(self.width, self.width)
        mean = sharp + np.diag(bend + A_LITTLE * np.minimum(above, 1.0))
        cross = np.diag(-bend * z)
        return np.block([[mean, cross], [cross, np.diag(1 + sharp.diagonal() + bend * z**2)]])


def _advance(place: _Place, in_mean: Array, in_width: Array) -> _Place:
    """Along a step to where the bound's slope has fallen to a tenth; on a concave bound that is further up."""

    def there(length: float) -> _Place:
        return _Place(
            place.posterior, place.away + length * place.width * in_mean, place.width * (1 + length * in_width)
        )

    def slope(length: float) -> float:
        parts = there(length).slope(place.width)
        return float(parts[0] @ in_mean + parts[1] @ in_width)

    first = slope(0.0)
    limit = 0.95 / max(1e-300, float(-in_width.min()))  # widths stay above 0
    low, high, length = 0.0, limit, min(1.0, limit)
    for _ in range(MOST_TRIES):
        found = slope(length)
        if abs(found) <= 0.1 * first or (found > 0 and length == limit):
            break
        low, high = (length, high) if found > 0 else (low, length)
        length = min(2 * length, limit) if high == limit else (low + high) / 2
    return there(length)


def _folded(q: GaussianQ) -> Array:
    """E|h| − |μ|, (K,)."""
    return excess(q.mean, q.width)


def _nodes(mean: float, width: float) -> tuple[Array, Array]:
    """Nodes z and weights for E[f(z)], z standard normal: panels, of which one ends where μ + s·z is 0."""
    edges = np.linspace(-EDGE, EDGE, 7)
    if abs(mean) < EDGE * width:
        edges = np.sort(np.append(edges, -mean / width))
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half * (1 + NODES)).ravel()
    return z, (half * WEIGHTS).ravel() * _normal(z)
