"""Gaussian q: one normal distribution per unit, over continuous hidden values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from em_core import definite
from em_core.records import Array, frozen
from em_core.remainders import log_remainder


@dataclass(frozen=True, eq=False)
class Normals:
    """q for N independent units with L hidden values each.

    means: (N, L). precision_factors: lower Cholesky factors of the inverse covariances, (N, L, L), or (1, L, L) where
    all units share one. They keep their digits where a covariance is all but singular.
    """

    means: Array
    precision_factors: Array

    @cached_property
    def covariances(self) -> Array:
        """(N, L, L) or (1, L, L)."""
        halves = np.linalg.inv(self.precision_factors)
        return frozen(np.swapaxes(halves, -1, -2) @ halves)

    def part(self, rows: NDArray[np.intp]) -> Normals:
        """q of these units."""
        factors = self.precision_factors
        return Normals(frozen(self.means[rows]), factors if len(factors) == 1 else frozen(factors[rows]))

    def spread(self, loadings: Array) -> Array:
        """The variance of loadings h under q, (D, L) -> (D,), averaged over the units."""
        whitened = np.linalg.solve(self.precision_factors, loadings.T)
        return np.mean(np.sum(whitened**2, axis=-2), axis=0)


def entropy(q: Normals) -> float:
    """H(q) = ½ Σ log |2πe C_n| in nats: a differential entropy, which may be negative."""
    n_units, n_hidden = q.means.shape
    logs = -definite.log_determinant(q.precision_factors)
    return 0.5 * n_units * (n_hidden * float(np.log(2 * np.pi * np.e)) + float(np.mean(logs)))


def kl(q: Normals, p: Normals) -> float:
    """KL(q ‖ p) = ½ Σ [δᵀP⁻¹δ + Σ (x − 1 − log x)], x the eigenvalues of P⁻¹C, δ the difference of the means.

    From the factors' difference, R_q⁻¹R_p = I + E, the eigenvalues of E + Eᵀ + EᵀE are x − 1 without cancellation, and
    x − 1 − log x is then a series where it is small. Never negative, and 0 for equal arguments.
    """
    apart = (q.means - p.means)[:, None, :] @ p.precision_factors
    change: Any = np.linalg.solve(q.precision_factors, p.precision_factors - q.precision_factors)
    excess = np.linalg.eigvalsh(change + _transposed(change) + _transposed(change) @ change)
    near = np.abs(excess).max(axis=-1) < 0.5
    small = np.where(near[:, None], excess, 0.0)
    terms = np.sum(log_remainder(1 + small, small), axis=-1)
    if not near.all():  # far apart: an x close to 0 would be lost in x − 1, and nothing cancels
        ratios = definite.log_determinant(p.precision_factors) - definite.log_determinant(q.precision_factors)
        terms = np.where(near, terms, excess.sum(axis=-1) - ratios)
    return 0.5 * float(np.sum(apart**2) + len(q.means) * np.mean(terms))


def blend(q0: Normals, q1: Normals, weight: float) -> Normals:
    """The normals whose E[h] and E[hhᵀ] are those of (1 − weight) q0 + weight q1, for weight in [0, 1]."""
    if weight in (0.0, 1.0):
        return q1 if weight else q0
    means = (1 - weight) * q0.means + weight * q1.means
    apart = q1.means - q0.means
    between = weight * (1 - weight) * apart[:, :, None] * apart[:, None, :]
    covariances = (1 - weight) * q0.covariances + weight * q1.covariances + between
    precisions: Any = np.linalg.inv(covariances)
    return Normals(frozen(means), frozen(definite.cholesky(precisions)))


def _transposed(matrices: Any) -> Any:
    return np.swapaxes(matrices, -1, -2)
