"""Gaussian q: one normal distribution per unit, over continuous hidden values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from em_core import definite
from em_core.records import Array, frozen
from em_core.remainders import log_remainder


@dataclass(frozen=True, eq=False)
class Normals:
    """q for N independent units with L hidden values each.

    means: (N, L). covariances: (N, L, L), or (1, L, L) where all units share one.
    """

    means: Array
    covariances: Array

    @cached_property
    def second_moments(self) -> Array:
        """E[h hᵀ] per unit, (N, L, L)."""
        return frozen(self.covariances + self.means[:, :, None] * self.means[:, None, :])


def entropy(q: Normals) -> float:
    """H(q) = ½ Σ log |2πe C_n| in nats: a differential entropy, which may be negative."""
    n_units, n_hidden = q.means.shape
    logs = definite.log_determinant(definite.cholesky(q.covariances))
    return 0.5 * n_units * (n_hidden * float(np.log(2 * np.pi * np.e)) + float(np.mean(logs)))


def kl(q: Normals, p: Normals) -> float:
    """KL(q ‖ p) = ½ Σ [δᵀP⁻¹δ + Σ (x − 1 − log x)], x the eigenvalues of P⁻¹C, δ the difference of the means.

    With P = RRᵀ the eigenvalues of R⁻¹(C − P)R⁻ᵀ are x − 1 without cancellation; near convergence x − 1 − log x is
    summed as a series. Never negative, and 0 for equal arguments.
    """
    n_units = len(q.means)
    factors = definite.cholesky(p.covariances)
    pulls = np.linalg.solve(factors, (q.means - p.means)[:, :, None])
    half = np.linalg.solve(factors, q.covariances - p.covariances)
    excess = np.linalg.eigvalsh(_symmetric(np.linalg.solve(factors, np.swapaxes(half, -1, -2))))
    near = np.abs(excess).max(axis=-1) < 0.5
    small = np.where(near[:, None], excess, 0.0)
    terms = np.sum(log_remainder(1 + small, small), axis=-1)
    if not near.all():  # far apart: an x close to 0 would be lost in x − 1, and nothing cancels
        ratios = definite.log_determinant(definite.cholesky(q.covariances)) - definite.log_determinant(factors)
        terms = np.where(near, terms, excess.sum(axis=-1) - ratios)
    return 0.5 * float(np.sum(pulls**2) + n_units * np.mean(terms))


def blend(q0: Normals, q1: Normals, weight: float) -> Normals:
    """The normals whose E[h] and E[hhᵀ] are those of (1 − weight) q0 + weight q1, for weight in [0, 1]."""
    if weight in (0.0, 1.0):
        return q1 if weight else q0
    means = (1 - weight) * q0.means + weight * q1.means
    apart = q1.means - q0.means
    between = weight * (1 - weight) * apart[:, :, None] * apart[:, None, :]
    covariances = (1 - weight) * q0.covariances + weight * q1.covariances + between
    return Normals(frozen(means), frozen(covariances))


def _symmetric(matrices: Array) -> Array:
    return (matrices + np.swapaxes(matrices, -1, -2)) / 2
