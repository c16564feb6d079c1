"""Covariances of K components by shape, and what their quadratic forms are made of.

A shape says which products of coordinates it needs beside 1 and x (`fill`, from x (D, n) to (P − 1 − D, n)), how a
squared distance is made of them (`coefficients`), and what it makes of weighted sums of them (`scatter`). Scatter is
(K, D, D) for matrices and (K, D) for variances of each dimension.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np

from em_core.caching import bounded
from em_core.distributions import definite, planar
from em_core.files.errors import HalfStepFailed
from em_core.records import Array, sealed


class Scales(ABC):
    """What E and M need to know of covariances of one shape."""

    @abstractmethod
    def __init__(self, given: Array) -> None:
        """given: the covariances, (K, D, D), or the variances, (K, D)."""

    @property
    @abstractmethod
    def log_determinants(self) -> Array:
        """(K,) log |Σ|."""

    @property
    @abstractmethod
    def deviations(self) -> Array:
        """(K, D) of each dimension."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """What they hold."""

    @staticmethod
    @abstractmethod
    def n_features(dimensions: int) -> int:
        """How many features there are: 1, x and the products."""

    @staticmethod
    @abstractmethod
    def fill(x: Array, out: Array) -> None:
        """The products of coordinates, for each column of x (D, n)."""

    @staticmethod
    @abstractmethod
    def scatter(sums: Array, dimensions: int) -> Array:
        """Second moments from weighted sums of the products, (K, P − 1 − D)."""

    @staticmethod
    @abstractmethod
    def outer(apart: Array, mass: Array) -> Array:
        """mass · d dᵀ for each row d of (K, D): the scatter of `mass` points in one place."""

    @staticmethod
    @abstractmethod
    def second(apart: Array, weights: Array) -> Array:
        """Σ_n w_n d_n d_nᵀ of deviations (D, n)."""

    @staticmethod
    @abstractmethod
    def all_second(apart: Array, weighted: Array) -> Array:
        """`second` for every component: of deviations (K, D, N), and of the same times their weights."""

    @staticmethod
    @abstractmethod
    def deviations_of(scatter: Array, mass: Array) -> Array:
        """(K, D) the `deviations` of scatter per mass."""

    @classmethod
    @abstractmethod
    def amplification_of(cls, scatter: Array, mass: Array, size: Array) -> Array:
        """`amplification` for the covariances scatter per mass; NaN where they are none."""

    @abstractmethod
    def coefficients(self, offsets: Array) -> Array:
        """(K, P): what the features are multiplied with for the squared distances from `offsets`, (K, D)."""

    @abstractmethod
    def amplification(self, size: Array) -> Array:
        """(K,) Σ_ij |Σ⁻¹_ij| h_i h_j: how far rounding of numbers as large as h, (K, D), reaches in squared ones."""

    @abstractmethod
    def squares(self, k: int, apart: Array) -> Array:
        """(n,) squared length of deviations (D, n) from the mean of component k, in its scales."""

    @abstractmethod
    def all_squares(self, apart: Array) -> Array:
        """(K, N) `squares` for every component: of deviations (K, D, N)."""

    @abstractmethod
    def products(self, scatter: Array) -> Array:
        """(K,) tr(Σ⁻¹ S)."""


class Matrices(Scales):
    """Full covariances, (K, D, D). Raises `HalfStepFailed` where one is not positive definite.

    in_plane: what is known of those in two dimensions, from which all else follows; None of others.
    """

    def __init__(self, covariances: Array) -> None:
        self._covariances = covariances
        self.in_plane = planar.whitening(covariances) if covariances.shape[-1] == 2 else None
        self._factors: Any = definite.cholesky(covariances) if self.in_plane is None else None

    @cached_property
    def _whitening(self) -> Array:
        return definite.inverses(self._factors) if self.in_plane is None else self.in_plane.inverses

    @cached_property
    def log_determinants(self) -> Array:
        if self.in_plane is None:
            return np.asarray(definite.log_determinant(self._factors))
        return np.array(self.in_plane.logarithms)

    @property
    def nbytes(self) -> int:
        return 4 * self._covariances.nbytes

    @cached_property
    def _precisions(self) -> Array:
        result: Array = np.swapaxes(self._whitening, -1, -2) @ self._whitening
        return result

    @cached_property
    def deviations(self) -> Array:
        result: Array = np.sqrt(np.einsum("kii->ki", self._covariances))
        return result

    def surely_regular(self, floor: Array) -> bool:
        """Whether no variance is at its floor, (D,), and no condition number, of the correlations R, near the worst.

        These are below D tr(R⁻¹), for the eigenvalues of R sum to D; in two dimensions that trace is 2 / (1 − ρ²).
        """
        if self.in_plane is None:
            return self._surely_regular(floor)
        (first, second), rest = self.in_plane.variances, self.in_plane.uncorrelated
        least, other = floor.tolist()
        return 0.5 * definite.WORST_CONDITION * rest >= 4 and first > least and second > other

    @np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore")
    def _surely_regular(self, floor: Array) -> bool:
        variances = self._covariances.diagonal(0, 1, 2)
        traces = np.einsum("kji,kji,ki->k", self._whitening, self._whitening, variances)
        bounded = len(floor) * np.maximum.reduce(traces) <= 0.5 * definite.WORST_CONDITION
        return bool(bounded and np.minimum.reduce(variances - floor, axis=None) > 0)

    @staticmethod
    def n_features(dimensions: int) -> int:
        return 1 + dimensions + dimensions * (dimensions + 1) // 2

    @staticmethod
    def fill(x: Array, out: Array) -> None:
        begin = 0
        for i, row in enumerate(x):
            end = begin + len(x) - i
            np.multiply(row, x[i:], out=out[begin:end])
            begin = end

    @staticmethod
    def scatter(sums: Array, dimensions: int) -> Array:
        rows, columns, _ = _upper(dimensions)
        result = np.empty((len(sums), dimensions, dimensions))
        result[:, rows, columns] = sums
        result[:, columns, rows] = sums
        return result

    @staticmethod
    def outer(apart: Array, mass: Array) -> Array:
        result: Array = mass[:, None, None] * apart[:, :, None] * apart[:, None, :]
        return result

    @staticmethod
    def second(apart: Array, weights: Array) -> Array:
        # a matrix with its own transpose is half the work of a product
        halves = apart * np.sqrt(weights)
        result: Array = halves @ halves.T
        return result

    @staticmethod
    def all_second(apart: Array, weighted: Array) -> Array:
        result: Array = weighted @ apart.transpose(0, 2, 1)
        return 0.5 * (result + result.transpose(0, 2, 1))  # symmetric to the last bit

    @staticmethod
    def deviations_of(scatter: Array, mass: Array) -> Array:
        result: Array = np.sqrt(np.einsum("kii->ki", scatter) / mass[:, None])
        return result

    @classmethod
    def amplification_of(cls, scatter: Array, mass: Array, size: Array) -> Array:
        deviations = cls.deviations_of(scatter, mass)
        scaled = scatter / mass[:, None, None] / deviations[:, :, None] / deviations[:, None, :]
        usable = np.isfinite(scaled).all(axis=(1, 2))
        result = np.full(len(scatter), np.nan)
        try:
            inverses = np.linalg.inv(scaled[usable])
        except np.linalg.LinAlgError:
            return result
        result[usable] = _spread(inverses, (size / deviations)[usable])
        return result

    def coefficients(self, offsets: Array) -> Array:
        rows, columns, once_or_twice = _upper(offsets.shape[1])
        pulled = np.einsum("kij,kj->ki", self._precisions, offsets)
        constant = np.einsum("ki,ki->k", pulled, offsets)
        return np.column_stack([constant, -2 * pulled, self._precisions[:, rows, columns] * once_or_twice])

    def amplification(self, size: Array) -> Array:
        return _spread(self._precisions, size)

    def squares(self, k: int, apart: Array) -> Array:
        whitened = self._whitening[k] @ apart
        return np.einsum("dn,dn->n", whitened, whitened)

    def all_squares(self, apart: Array) -> Array:
        whitened = self._whitening @ apart
        return np.einsum("kdn,kdn->kn", whitened, whitened)

    def products(self, scatter: Array) -> Array:
        return np.einsum("kij,kij->k", self._precisions, scatter)


class Variances(Scales):
    """Diagonal covariances, (K, D)."""

    def __init__(self, variances: Array) -> None:
        _check_positive(variances)
        self._variances = variances
        self._precisions = 1 / variances

    @cached_property
    def log_determinants(self) -> Array:
        result: Array = np.add.reduce(np.log(self._variances), axis=1)
        return result

    @property
    def nbytes(self) -> int:
        return 3 * self._precisions.nbytes

    @cached_property
    def deviations(self) -> Array:
        return np.sqrt(self._variances)

    @staticmethod
    def n_features(dimensions: int) -> int:
        return 1 + 2 * dimensions

    @staticmethod
    def fill(x: Array, out: Array) -> None:
        np.multiply(x, x, out=out)

    @staticmethod
    def scatter(sums: Array, dimensions: int) -> Array:
        return sums.copy()

    @staticmethod
    def outer(apart: Array, mass: Array) -> Array:
        result: Array = mass[:, None] * apart**2
        return result

    @staticmethod
    def second(apart: Array, weights: Array) -> Array:
        result: Array = apart**2 @ weights
        return result

    @staticmethod
    def all_second(apart: Array, weighted: Array) -> Array:
        return np.einsum("kdn,kdn->kd", apart, weighted)

    @staticmethod
    def deviations_of(scatter: Array, mass: Array) -> Array:
        result: Array = np.sqrt(scatter / mass[:, None])
        return result

    @classmethod
    def amplification_of(cls, scatter: Array, mass: Array, size: Array) -> Array:
        result: Array = (size**2 / (scatter / mass[:, None])).sum(axis=1)
        return result

    def coefficients(self, offsets: Array) -> Array:
        pulled = self._precisions * offsets
        return np.column_stack([(pulled * offsets).sum(axis=1), -2 * pulled, self._precisions])

    def amplification(self, size: Array) -> Array:
        result: Array = (self._precisions * size**2).sum(axis=1)
        return result

    def squares(self, k: int, apart: Array) -> Array:
        result: Array = self._precisions[k] @ apart**2
        return result

    def all_squares(self, apart: Array) -> Array:
        return np.einsum("kd,kdn->kn", self._precisions, apart * apart)

    def products(self, scatter: Array) -> Array:
        result: Array = (self._precisions * scatter).sum(axis=1)
        return result


class Radii(Variances):
    """Spherical covariances, (K, D) with equal entries: the only product is |x|², of which each dimension has a D-th.

    So it is for scatter, (K, D), which counts by its sum alone.
    """

    @staticmethod
    def n_features(dimensions: int) -> int:
        return 2 + dimensions

    @staticmethod
    def fill(x: Array, out: Array) -> None:
        np.einsum("dn,dn->n", x, x, out=out[0])

    @staticmethod
    def scatter(sums: Array, dimensions: int) -> Array:
        return np.repeat(sums / dimensions, dimensions, axis=1)

    @staticmethod
    def outer(apart: Array, mass: Array) -> Array:
        return Radii.scatter(mass[:, None] * np.sum(apart**2, axis=1, keepdims=True), apart.shape[1])

    @staticmethod
    def second(apart: Array, weights: Array) -> Array:
        return np.full(len(apart), np.einsum("dn,dn->n", apart, apart) @ weights / len(apart))

    def coefficients(self, offsets: Array) -> Array:
        return super().coefficients(offsets)[:, : self.n_features(offsets.shape[1])]


@bounded(4_000_000)
def _upper(dimensions: int) -> tuple[np.ndarray, np.ndarray, Array]:
    """Rows and columns of a matrix's upper triangle, and how often each of its entries is in the whole."""
    rows, columns = np.triu_indices(dimensions)
    return sealed(rows), sealed(columns), sealed(np.where(rows == columns, 1.0, 2.0))


def _spread(precisions: Any, size: Array) -> Array:
    reached: Array = (np.abs(precisions) @ size[:, :, None])[:, :, 0]
    return np.einsum("ki,ki->k", reached, size)


def _check_positive(variances: Array) -> None:
    if not np.all(variances > 0):
        raise HalfStepFailed("singular_covariance", "a variance is no longer above 0")
