"""Gaussian q: one normal distribution per unit, over continuous hidden values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtri, dtrtrs

from em_core.distributions import definite
from em_core.distributions.remainders import log_remainder
from em_core.distributions.scatter import Scatter
from em_core.records import Array, frozen, sealed


@dataclass(frozen=True, eq=False)
class Normals:
    """q for N independent units with L hidden values each.

    means: (N, L). precision_factors: lower Cholesky factors of the inverse covariances, (N, L, L), or (1, L, L) where
    all units share one. They keep their digits where a covariance is all but singular; those of a point mass at the
    mean are infinite on the diagonal.
    """

    @cached_property
    def points(self) -> NDArray[np.bool_]:
        """(N,) or (1,): which units have all their mass at the mean."""
        return np.isinf(self.precision_factors[:, 0, 0])

    means: Array
    precision_factors: Array

    @property
    def shape(self) -> tuple[int, int]:
        """N and L."""
        return self.means.shape[0], self.means.shape[1]

    def with_factors(self, factors: Array) -> Normals:
        """Normals at the same places, with these precision factors."""
        return Normals(self.means, factors)

    @cached_property
    def covariances(self) -> Array:
        """(N, L, L) or (1, L, L)."""
        if len(self.precision_factors) == 1 and not self._are_one_point:
            half, _ = dtrtri(self.precision_factors[0], lower=1)
            return sealed((half.T @ half)[None])
        halves = definite.inverses(_finite_factors(self))
        return frozen(np.where(self.points[:, None, None], 0.0, _transposed(halves) @ halves))

    @cached_property
    def covariance(self) -> Array:
        """(L, L), averaged over the units."""
        every = self.covariances
        return every[0] if len(every) == 1 else frozen(every.mean(axis=0))

    @property
    def _are_one_point(self) -> bool:
        """`points`, of units that share their factor."""
        return math.isinf(self.precision_factors[0, 0, 0])

    @property
    def deviations(self) -> Array:
        """(N, L) or (1, L) standard deviations."""
        result: Array = np.sqrt(np.diagonal(self.covariances, axis1=-2, axis2=-1))
        return result

    def part(self, rows: NDArray[np.intp]) -> Normals:
        """q of these units."""
        factors = self.precision_factors
        return Normals(frozen(self.means[rows]), factors if len(factors) == 1 else frozen(factors[rows]))

    def spread(self, loadings: Array) -> Array:
        """The variance of loadings h under q, (D, L) -> (D,), averaged over the units."""
        if len(self.precision_factors) == 1:
            if self._are_one_point:
                return np.zeros(len(loadings))
            whitened = dtrtrs(self.precision_factors[0], loadings.T, lower=1)[0]
            return np.asarray(np.einsum("ld,ld->d", whitened, whitened))
        whitened = np.linalg.solve(_finite_factors(self), loadings.T)
        return np.mean(np.where(self.points[:, None], 0.0, np.sum(whitened**2, axis=-2)), axis=0)


class Linear(Normals):
    """Normals of one covariance whose means are the same linear function of each unit's own values, as E makes them.

    Sums over the units need no more than the `scatter` of the means, with as few rows as that of the values; the means
    themselves, (N, L), are worked out when asked for. A copy with other means or factors is a q like any other.
    """

    scatter: Scatter | None = None
    source: Scatter
    place: Callable[[], Array]

    @classmethod
    def of(cls, source: Scatter, scatter: Scatter, place: Callable[[], Array], factors: Array) -> Self:
        """source, scatter: of the values and of the means; place: what makes these, (N, L); factors: (1, L, L)."""
        made = object.__new__(cls)
        vars(made).update(scatter=scatter, precision_factors=factors, source=source, place=place)
        return made

    @property
    def made_of(self) -> frozenset[str]:
        """The attributes from which the means come again, where they do (for `forget_derived`)."""
        return frozenset({"scatter", "source", "place", "precision_factors"} if self.scatter else ())

    def linear_in(self, values: Scatter) -> Scatter | None:
        """That of the means, where they are a linear function of these values; else None."""
        return self.scatter if self.scatter and values.same(self.source) else None

    @property
    def shape(self) -> tuple[int, int]:
        return (self.scatter.number, self.scatter.rows.shape[1]) if self.scatter else super().shape

    def with_factors(self, factors: Array) -> Normals:
        if self.scatter is None:
            return super().with_factors(factors)
        return Linear.of(self.source, self.scatter, self.place, factors)

    @cached_property
    def means(self) -> Array:
        return self.place()


def mode(q: Normals) -> Normals:
    """All mass of each unit at its mean, which is its mode too."""
    return q.with_factors(frozen(np.diag(np.full(q.shape[1], np.inf))[None]))


def tempered(q: Normals, power: float) -> Normals:
    """q^power, normalised: the covariances divided by the power."""
    return q.with_factors(frozen(np.sqrt(power) * q.precision_factors))


def mean_field(start: Array, p: Normals) -> Normals:
    """The best normals with independent hidden values, but for their means: these move from `start` by one sweep.

    A factor's best variance is 1 / G_ll, whatever the others do, G the precision of `p`; its best mean depends on those
    of the others, so that sweeps (of Gauss and Seidel) approach the means of `p`.
    """
    precisions: Any = p.precision_factors @ _transposed(p.precision_factors)
    own = np.diagonal(precisions, axis1=-2, axis2=-1)
    apart = start - p.means
    for factor in range(apart.shape[1]):
        apart[:, factor] = 0.0
        apart[:, factor] = -np.sum(precisions[:, factor] * apart, axis=-1) / own[:, factor]
    return Normals(frozen(p.means + apart), frozen(np.sqrt(own)[:, :, None] * np.eye(apart.shape[1])))


def replaced(q: Normals, other: Normals, units: np.ndarray) -> Normals:
    """`q`, but with the normals of `other`, one for each of these units, in their places."""
    n_units, n_hidden = q.shape
    means = q.means.copy()
    factors = np.broadcast_to(q.precision_factors, (n_units, n_hidden, n_hidden)).copy()
    means[units], factors[units] = other.means, other.precision_factors
    return Normals(frozen(means), frozen(factors))


def entropy(q: Normals) -> float:
    """H(q) = ½ Σ log |2πe C_n| in nats: a differential entropy, which may be negative, and is −∞ for a point."""
    n_units, n_hidden = q.shape
    logs = -definite.log_determinant(q.precision_factors)
    return 0.5 * n_units * (n_hidden * float(np.log(2 * np.pi * np.e)) + float(np.mean(logs)))


def kl(q: Normals, p: Normals) -> float:
    """KL(q ‖ p) over all units, the sum of `kl_by_unit`: by their scatters where both are linear in the same values."""
    if not (isinstance(q, Linear) and isinstance(p, Linear) and q.scatter and p.scatter and q.linear_in(p.source)):
        return float(np.sum(kl_by_unit(q, p)))
    if q.points[0]:
        return float("inf")
    apart = (q.scatter.rows - p.scatter.rows) @ p.precision_factors[0]
    return 0.5 * float(np.sum(apart**2) + q.scatter.number * _remainders(q, p)[0])


def kl_by_unit(q: Normals, p: Normals) -> Array:
    """(N,) ½ [δᵀP⁻¹δ + Σ (x − 1 − log x)], x the eigenvalues of P⁻¹C, δ the difference of the means.

    Never negative, 0 for equal arguments, infinite for a point.
    """
    apart = (q.means - p.means)[:, None, :] @ p.precision_factors
    return np.where(q.points, np.inf, 0.5 * (np.sum(apart**2, axis=(-2, -1)) + _remainders(q, p)))


def _remainders(q: Normals, p: Normals) -> Array:
    """(N,) or (1,) Σ (x − 1 − log x), x the eigenvalues of P⁻¹C.

    From the factors' difference, R_q⁻¹R_p = I + E, the eigenvalues of E + Eᵀ + EᵀE are x − 1 without cancellation, and
    x − 1 − log x is then a series where it is small.
    """
    factors = _finite_factors(q)
    change: Any = np.linalg.solve(factors, p.precision_factors - factors)
    excess = np.linalg.eigvalsh(change + _transposed(change) + _transposed(change) @ change)
    near = np.abs(excess).max(axis=-1) < 0.5
    small = np.where(near[:, None], excess, 0.0)
    terms: Array = np.sum(log_remainder(1 + small, small), axis=-1)
    if not near.all():  # far apart: an x close to 0 would be lost in x − 1, and nothing cancels
        ratios = definite.log_determinant(p.precision_factors) - definite.log_determinant(factors)
        terms = np.where(near, terms, excess.sum(axis=-1) - ratios)
    return terms


def blend(q0: Normals, q1: Normals, weight: float) -> Normals:
    """The normals whose E[h] and E[hhᵀ] are those of (1 − weight) q0 + weight q1, for weight in [0, 1].

    Raises `HalfStepFailed` where these leave no spread in some direction: between two points.
    """
    if weight in (0.0, 1.0):
        return q1 if weight else q0
    means = (1 - weight) * q0.means + weight * q1.means
    apart = q1.means - q0.means
    between = weight * (1 - weight) * apart[:, :, None] * apart[:, None, :]
    covariances = (1 - weight) * q0.covariances + weight * q1.covariances + between
    definite.cholesky(covariances)  # tells of one that is singular
    precisions: Any = np.linalg.inv(covariances)
    return Normals(frozen(means), frozen(definite.cholesky(precisions)))


def _finite_factors(q: Normals) -> Array:
    """The precision factors, with the identity in place of a point's."""
    return np.where(q.points[:, None, None], np.eye(q.shape[1]), q.precision_factors)


def _transposed(matrices: Any) -> Any:
    return np.swapaxes(matrices, -1, -2)
