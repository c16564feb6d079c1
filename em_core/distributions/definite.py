"""Positive definite matrices: factors, distances, coordinates, and when one is singular."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dposv, dtrtri

from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.records import Array

_EPS = np.finfo(float).eps
# Of a covariance in units of its own deviations. A Cholesky factor is exact for a matrix that differs by rounding from
# the one given, which changes squared distances and log determinants by up to 1e-16 · condition: eight digits are left
# at this limit. M-steps stay monotone to more, for at a maximum it is the square of that change which counts.
WORST_CONDITION = 1e8
# variances below this are too close to the end of the floats for their squares and products
_SMALLEST_VARIANCE = 1e-290
INDEFINITE = "a covariance is no longer positive definite"


def cholesky(matrices: Array) -> Any:
    """Lower Cholesky factors, (…, D, D). Raises `HalfStepFailed` where a matrix is not positive definite."""
    try:
        return np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        raise HalfStepFailed("singular_covariance", INDEFINITE) from None


def solved(matrix: Array, targets: Array) -> Array:
    """matrix⁻¹ targets, (D, D) and (D, K). Raises `HalfStepFailed` where the matrix is not positive definite."""
    _, result, failed = dposv(matrix, targets, lower=1)
    if failed:
        raise HalfStepFailed("singular_covariance", INDEFINITE)
    return np.asarray(result)


def inverses(factors: Array) -> Array:
    """L⁻¹ of lower Cholesky factors, (K, D, D)."""
    return np.array([dtrtri(factor, lower=1)[0] for factor in factors])


def log_determinant(factor: Array) -> Any:
    """log |LLᵀ| of factors (…, D, D)."""
    return 2 * np.add.reduce(np.log(factor.diagonal(axis1=-2, axis2=-1)), axis=-1)


def whiten(factor: Array, deviations: Array) -> Array:
    """Solve L y = x for many x, (D, N), by forward substitution over whole rows.

    The same numbers as a triangular solver gives, without a threaded library's cost for small matrices; that solver
    where there are fewer x than rows to go through.
    """
    if 0 < deviations.shape[1] < len(factor):
        solved: Array = solve_triangular(factor, deviations, lower=True, check_finite=False)
        return solved
    result = np.empty(deviations.shape)
    for i, row in enumerate(factor):
        result[i] = (deviations[i] - row[:i] @ result[:i]) / row[i]
    return result


def squared_distances(factor: Array, deviations: Array) -> Array:
    """xᵀ (LLᵀ)⁻¹ x for every row of deviations (N, D): (N,)."""
    whitened = whiten(factor, deviations.T)
    return np.einsum("dn,dn->n", whitened, whitened)


def log_diagonal(factor: Array) -> Array:
    """The lower triangle of a Cholesky factor, row by row, its diagonal in logarithms."""
    lower = factor.copy()
    np.fill_diagonal(lower, np.log(np.diag(factor)))
    return lower[np.tril_indices(len(factor))]


def from_log_diagonal(rows: Array, dimensions: int) -> Array:
    """(…, D, D) Cholesky factors, each from what `log_diagonal` made of it, (…, D (D + 1) / 2)."""
    factors = np.zeros((*rows.shape[:-1], dimensions, dimensions))
    factors[..., np.tri(dimensions, dtype=bool)] = rows
    diagonals = np.einsum("...ii->...i", factors)
    np.exp(diagonals, out=diagonals)
    return factors


def cholesky_slope(factor: Array, scatter: Array, mass: float) -> Array:
    """d/dL of −½ tr((LLᵀ)⁻¹ S) − mass log|L|, with the logarithm of L's diagonal as coordinate."""
    half = solve_triangular(factor, scatter, lower=True, check_finite=False)
    whitened = solve_triangular(factor, half.T, lower=True, check_finite=False)
    slope = np.tril(solve_triangular(factor, whitened, lower=True, trans="T", check_finite=False))
    np.fill_diagonal(slope, np.diag(slope) * np.diag(factor) - mass)
    return slope[np.tril_indices(len(factor))]


def resolution(values: Array) -> Array:
    """(D,) variances below which columns of (N, D) values differ by their own rounding alone; NaN is missing."""
    largest = np.fmax.reduce(np.abs(values), axis=0, initial=0.0)
    return np.maximum((8 * _EPS * largest) ** 2, _SMALLEST_VARIANCE)


def conditions(matrices: Array) -> Array:
    """(K,) condition numbers of (K, D, D) covariances scaled to unit diagonal, so that units do not matter.

    Infinite where a matrix is not positive definite. Principal submatrices never have larger ones.
    """
    deviations = np.sqrt(np.einsum("kii->ki", matrices))
    sizes = np.linalg.eigvalsh(matrices / deviations[:, :, None] / deviations[:, None, :])
    positive = sizes[:, 0] > 0
    return np.where(positive, sizes[:, -1] / np.where(positive, sizes[:, 0], 1.0), np.inf)


def first_singular(matrices: Array, floor: Array) -> tuple[int, dict[str, float]] | None:
    """The first of (K, D, D) covariances that is singular, and the number that shows it; else None.

    A variance counts as zero up to `floor`, (D,); all else is judged by the condition number.
    """
    variances = np.einsum("kii->ki", matrices)
    flat = first_flat(variances, floor)
    if flat:
        return flat
    found = conditions(matrices)
    singular = np.flatnonzero(~(found <= WORST_CONDITION))
    if len(singular) == 0:
        return None
    k = int(singular[0])
    return k, {"condition": float(min(found[k], np.finfo(float).max)), "largest_condition": WORST_CONDITION}


def first_flat(variances: Array, floor: Array) -> tuple[int, dict[str, float]] | None:
    """The first row of (K, …) variances with one that is not above `floor`, and that variance; else None."""
    above = variances > floor
    if above.all():
        return None
    flat = np.argwhere(~above)
    return (int(flat[0][0]), {"smallest": float(variances[tuple(flat[0])])})


def check_definite(matrix: Array, name: str) -> None:
    """Raise `InvalidExperiment` unless the matrix is positive definite and symmetric, up to 1e-9 of its deviations."""
    variances = np.diag(matrix)
    if np.all(variances > 0):
        sizes = np.sqrt(variances)
        symmetric = np.all(np.abs(matrix - matrix.T) <= 1e-9 * sizes[:, None] * sizes)
        if symmetric and np.isfinite(conditions(matrix[None])[0]):
            return
    raise InvalidExperiment(name, matrix.tolist(), "a symmetric positive definite matrix")
