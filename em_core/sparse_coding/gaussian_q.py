"""q(h) = N(μ, diag s²) in place of the exact posterior: its bound in closed form, its gap by integration, the best one.

With s = 0 it is the Dirac at μ, whose entropy and bound are −∞. As s goes to 0,
L(μ, s) = log p(h = μ, v) + (K/2) log 2πe + Σ log s_i + o(1): the gap grows like −log s for each of the K units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, ndtr

from em_core.fields import Array
from em_core.records import Bound
from em_core.sparse_coding.exact_posterior import Posterior, log_joint
from em_core.sparse_coding.problem import Problem, gradient

LOG_TURN = math.log(2 * math.pi)
# q beyond so many standard deviations is less than the last digit
EDGE = 9.0
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
MOST_STEPS, MOST_TRIES = 100, 80
A_LITTLE = 1e-5


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
    places = np.stack(np.meshgrid(*(q.mean[i] + q.width[i] * z for i, (z, _) in enumerate(axes)), indexing="ij"), -1)
    log_q = np.zeros(places.shape[:-1])
    weight = np.ones_like(log_q)
    for i, (z, share) in enumerate(axes):
        along = [1] * len(axes)
        along[i] = -1
        log_q += (-z * z / 2 - LOG_TURN / 2 - math.log(q.width[i])).reshape(along)
        weight = weight * share.reshape(along)
    # where q is the posterior to the last digit, the sum may be rounding below 0
    return max(0.0, float((weight * (log_q - posterior.log_density(places))).sum()))


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

    The bound is strictly concave in (μ, s), so there is one: Newton's method finds it. Its line search looks at slopes
    alone: near the top, rises are too small to be seen.
    """
    problem = posterior.problem
    kink = problem.penalty * math.sqrt(2 / math.pi)
    # the widths that are best at μ = 0
    q = GaussianQ(posterior.mean, 2 / (kink + np.sqrt(kink**2 + 4 * problem.curvature.diagonal())))
    for _ in range(MOST_STEPS):
        slope = np.concatenate(_slope(problem, q, q.width))
        step = np.linalg.lstsq(_bend(problem, q), slope, rcond=None)[0]
        if float(slope @ step) < 1e-28:
            break
        q = _advance(problem, q, *np.split(step, 2))
    return q


def _advance(problem: Problem, q: GaussianQ, in_mean: Array, in_width: Array) -> GaussianQ:
    """Along a step to where the bound's slope has fallen to a tenth; on a concave bound that is further up."""

    def there(length: float) -> GaussianQ:
        return GaussianQ(q.mean + length * q.width * in_mean, q.width * (1 + length * in_width))

    def slope(length: float) -> float:
        parts = _slope(problem, there(length), q.width)
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


def _slope(problem: Problem, q: GaussianQ, unit: Array) -> tuple[Array, Array]:
    """The bound's slope in μ and in s, in these units."""
    in_mean, in_log_width = elbo_gradient(problem, q)
    return in_mean * unit, in_log_width * unit / q.width


def _bend(problem: Problem, q: GaussianQ) -> Array:
    """Minus the second derivatives of the bound in (μ, s), in units of the widths: (2K, 2K), positive definite.

    Far from its kink |h| does not bend, and where the likelihood does not either (atoms that depend on each other) a
    step would have no length: a little of the parabola that bounds E|h| from above is added.
    """
    z = q.mean / q.width
    bend = 2 * problem.penalty * q.width * _normal(z)
    size = np.abs(z)
    above = problem.penalty * q.width * np.where(size > 1e-3, (2 * ndtr(size) - 1) / np.maximum(size, 1e-3), 0.8)
    sharp = problem.curvature * np.outer(q.width, q.width)
    mean = sharp + np.diag(bend + A_LITTLE * above)
    cross = np.diag(-bend * z)
    return np.block([[mean, cross], [cross, np.diag(1 + sharp.diagonal() + bend * z**2)]])


def _folded(q: GaussianQ) -> Array:
    """E|h| − |μ|, (K,): never negative, and s·√(2/π) where μ is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(q.mean) / q.width
        mills = math.sqrt(math.pi / 2) * erfcx(z / math.sqrt(2))
        return np.where(q.width > 0, 2 * q.width * _normal(z) * (1 - np.minimum(z * mills, 1)), 0.0)


def _normal(z: Array) -> Array:
    """The standard normal density; 0 from 1e3 standard deviations on."""
    result: Array = np.exp(-(np.minimum(np.abs(z), 1e3) ** 2) / 2) / math.sqrt(2 * math.pi)
    return result


def _nodes(mean: float, width: float) -> tuple[Array, Array]:
    """Nodes z and weights for E[f(z)], z standard normal: panels, of which one ends where μ + s·z is 0."""
    edges = np.linspace(-EDGE, EDGE, 7)
    if abs(mean) < EDGE * width:
        edges = np.sort(np.append(edges, -mean / width))
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half * (1 + NODES)).ravel()
    return z, (half * WEIGHTS).ravel() * _normal(z)
