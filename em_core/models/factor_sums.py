"""What factor analysis needs of a table's rows: sums over them, and what is known of h given v."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dgeqrf, dorgqr, dpotrf, dtrtrs

from em_core.caching import of_data
from em_core.distributions import definite, scatter
from em_core.distributions.normals import Linear, Normals
from em_core.distributions.scatter import Scatter
from em_core.files.errors import HalfStepFailed
from em_core.finite import all_finite
from em_core.records import Array, Parameters, frozen, sealed

# A noise variance below this share of its dimension's variance is 0 up to the rounding of what follows from it. What is
# computed goes by its root, and so does orthogonal triangulation: six digits of sixteen are lost at most.
SMALLEST_SHARE = 1e-12
# The posterior precision has its eigenvalues from 1 to 1 + tr(Λᵀ Ψ⁻¹ Λ): with a trace below this, twelve digits of
# sixteen are left by Cholesky's factor of the matrix itself.
_WELL_CONDITIONED = 1e3
# what leaves the floats is told by what is made of it
_quiet = np.errstate(over="ignore", divide="ignore", invalid="ignore")


@dataclass(frozen=True, eq=False)
class Table:
    """values: (N, D), one row a unit."""

    values: Array

    def part(self, rows: NDArray[np.intp]) -> Table:
        """These rows alone."""
        return Table(frozen(self.values[rows]))


@dataclass(frozen=True, eq=False)
class Summary:
    """What all sums over the rows of a table are made of.

    scatter: about a centre next to the mean. least: (D,) noise variances that are 0 beside the data.
    """

    scatter: Scatter
    least: Array


@of_data
def centre(data: Table) -> Array:
    """(D,) a place next to the mean: as near as its rounding lets it be."""
    return sealed(data.values.mean(axis=0))


@of_data
def summary(data: Table) -> Summary:
    """A few passes over the rows, once for a table: from then on a round takes as long however many they are."""
    rows = scatter.triangular(data.values, centre(data))
    variances = np.sum(rows.about**2, axis=0) / rows.number
    return Summary(rows, np.maximum(SMALLEST_SHARE * variances, definite.resolution(data.values)))


def rows_of(data: Table, q: Normals) -> tuple[Scatter, Scatter]:
    """v − centre and E[h]: in the few rows of their scatters where q is linear in these values, else in all."""
    if isinstance(q, Linear):
        values = summary(data).scatter
        hidden = q.linear_in(values)
        if hidden is not None:
            return values, hidden
    near = centre(data)
    return scatter.whole(data.values - near, near), scatter.whole(q.means)


def residuals(theta: Parameters, values: Scatter, hidden: Scatter) -> Array:
    """v − μ − ΛE[h] in such rows."""
    result: Array = values.apart(theta["mean"]) - hidden.rows @ theta["loadings"].T
    return result


def squares(data: Table, theta: Parameters, q: Normals) -> Array:
    """Σ_n E_q[(v − μ − Λh)²], per dimension: (D,).

    q keeps the last two: M's noise and the bound at both its ends share them.
    """
    of, mean, loadings = data.values, theta["mean"], theta["loadings"]
    kept = vars(q).get("_squares", ())
    for known in kept:
        if known[0] is mean and known[1] is loadings and known[2] is of:
            found: Array = known[3]
            return found
    values, hidden = rows_of(data, q)
    apart = residuals(theta, values, hidden)
    result = sealed(np.einsum("md,md->d", apart, apart) + values.number * q.spread(loadings))
    vars(q)["_squares"] = (mean, loadings, of, result), *kept[:1]
    return result


def regression(values: Array, hidden: Array, q: Normals, number: int) -> Array:
    """(D, L) regression of such rows of v on those of h, without intercept, its squares completed by q's spread."""
    return sealed(definite.solved(hidden.T @ hidden + number * q.covariance, hidden.T @ values).T)


@dataclass(frozen=True, eq=False)
class Conditional:
    """What θ says of h given v: E[h] = G⁻¹ Λᵀ Ψ⁻¹ (v − μ) = factor⁻ᵀ · projectionᵀ · (v − μ).

    factor: (L, L) lower Cholesky factor of the posterior precision G = I + Λᵀ Ψ⁻¹ Λ. projection: (D, L).
    """

    theta: Parameters
    factor: Array
    projection: Array

    def place(self, values: Array) -> Array:
        """(N, L) posterior means of values, (N, D)."""
        return self.means(values - self.theta["mean"])

    @_quiet
    def means(self, apart: Array) -> Array:
        """The same of rows of v − μ."""
        result: Array = dtrtrs(self.factor, (apart @ self.projection).T, lower=1, trans=1)[0].T
        if not all_finite(result):
            raise _overflow(self.theta)
        return sealed(result)


def posterior(data: Table, theta: Parameters) -> Linear:
    """p(h | v; θ) of all rows: N(G⁻¹ Λᵀ Ψ⁻¹ (v − μ), G⁻¹)."""
    given, values = conditional(theta), summary(data).scatter
    hidden = Scatter(values.number, given.means(values.apart(theta["mean"])))
    return Linear.of(values, hidden, partial(given.place, data.values), given.factor[None])


def prior(data: Table, n_factors: int) -> Linear:
    """N(0, I) of all rows."""
    values = summary(data).scatter
    nothing = Scatter(values.number, frozen(np.zeros((len(values.rows), n_factors))))
    place = partial(_zeros, (values.number, n_factors))
    return Linear.of(values, nothing, place, frozen(np.eye(n_factors)[None]))


def _zeros(shape: tuple[int, int]) -> Array:
    return sealed(np.zeros(shape))


@_quiet
def conditional(theta: Parameters) -> Conditional:
    """From G itself where that costs no digit that counts, else from a triangle of what G is the square of."""
    noise, loadings = theta["noise_variances"], theta["loadings"]
    weighted = loadings / (noise[:, None] if noise.ndim else noise)
    precision = loadings.T @ weighted
    if not precision.trace() < _WELL_CONDITIONED:
        return _triangulated(theta)
    precision.flat[:: len(precision) + 1] += 1.0
    factor, _ = dpotrf(precision, lower=1)
    return Conditional(theta, sealed(factor), dtrtrs(factor, weighted.T, lower=1)[0].T)


def _triangulated(theta: Parameters) -> Conditional:
    """By least squares, v − μ on Λ in units of the noise and 0 on I.

    Orthogonal triangulation, the largest rows first, keeps the digits that G loses where a noise variance is tiny
    beside the others.
    """
    dimensions, n_hidden = theta["loadings"].shape
    identity, deviations = np.eye(n_hidden), np.sqrt(theta["noise_variances"])
    deviations = deviations[:, None] if deviations.ndim else deviations
    rows = np.concatenate([theta["loadings"] / deviations, identity])
    sizes = np.sum(rows**2, axis=1)
    if not np.isfinite(sizes).all():
        raise _overflow(theta)
    order = sizes.argsort()[::-1]
    triangle, reflections, _, _ = dgeqrf(rows[order])
    rows[order] = dorgqr(triangle, reflections)[0]
    upper = triangle[:n_hidden]
    signs = np.copysign(1.0, upper.diagonal())
    # a product with the triangle: below it there are the reflections
    factor = dtrmm(1.0, upper, identity * signs, trans_a=1)
    return Conditional(theta, sealed(factor), rows[:dimensions] * signs / deviations)


def _overflow(theta: Parameters) -> HalfStepFailed:
    message = "a noise variance is so small that the posterior precision overflows"
    return HalfStepFailed("singular_covariance", message, variance=float(np.min(theta["noise_variances"])))
