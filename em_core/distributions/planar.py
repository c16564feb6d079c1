"""Gaussian components in two dimensions, number by number.

Calls for arrays of so few numbers would take longer than all sums over hundreds of points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from em_core.distributions.definite import INDEFINITE
from em_core.files.errors import HalfStepFailed
from em_core.records import Array, sealed

# of a component with less, a weight times a feature may be too small for the floats
_SMALLEST_MASS = 1e-100
# deviations from the centre of all points up to which those from a mean are taken by subtraction: rounding is then
# below 3e-14 of a squared distance, or of the dimensions where that is smaller
_FARTHEST = 100.0
_LOG_2_PI = math.log(2 * math.pi)
_ROOT_HALF = math.sqrt(0.5)


@dataclass(frozen=True, eq=False)
class Whitening:
    """L⁻¹ of the lower Cholesky factors L of covariances Σ: its three entries, and log |Σ|, of each.

    variances: the least of each dimension. uncorrelated: the least 1 − ρ², ρ the correlation.
    """

    entries: list[tuple[float, float, float]]
    logarithms: list[float]
    variances: tuple[float, float]
    uncorrelated: float

    @property
    def inverses(self) -> Array:
        """(K, 2, 2) L⁻¹."""
        return np.array([((first, 0.0), (across, second)) for first, across, second in self.entries])

    def table(self, means: Array, centre: Array) -> Array | None:
        """(2K, 3): times [1, x, y], measured from the centre, √½ L⁻¹ (v − μ), first entries first.

        None where a mean lies so far from the centre that digits would be lost.
        """
        x0, y0 = centre.tolist()
        upper, lower = [], []
        for (first, across, second), (x, y) in zip(self.entries, means.tolist(), strict=True):
            x, y, first, across, second = x - x0, y - y0, first * _ROOT_HALF, across * _ROOT_HALF, second * _ROOT_HALF
            if not abs(first * x) + abs(across * x) + abs(second * y) <= _FARTHEST:
                return None
            upper.append((-first * x, first, 0.0))
            lower.append((-across * x - second * y, across, second))
        return np.array(upper + lower)


def whitening(matrices: Array) -> Whitening:
    """Of (K, 2, 2) covariances: L = (a 0; b c)  has  L⁻¹ = (1/a 0; −b/(ac) 1/c).

    Raises `HalfStepFailed` where a matrix is not positive definite.
    """
    entries, logarithms = [], []
    least_first = least_second = least_rest = math.inf
    for (first, _), (product, second) in matrices.tolist():
        a = math.sqrt(first) if first > 0 else math.nan
        b = product / a
        rest = second - b * b
        if not 0 < rest < math.inf:
            raise HalfStepFailed("singular_covariance", INDEFINITE)
        c = math.sqrt(rest)
        entries.append((1 / a, -b / a / c, 1 / c))
        logarithms.append(2 * (math.log(a) + math.log(c)))
        least_first, least_second = min(least_first, first), min(least_second, second)
        least_rest = min(least_rest, rest / second)
    return Whitening(entries, logarithms, (least_first, least_second), least_rest)


def log_densities(
    whitened: Whitening, means: Array, centre: Array, features: Array, plus: Array | float
) -> Array | None:
    """(K, N) −½ [|L⁻¹ (v − μ)|² + log |Σ|] − log 2π + `plus` of points with these features, [1, x, y, …] (P, N).

    None where that would cost digits.
    """
    table = whitened.table(means, centre)
    if table is None:
        return None
    squares = table @ features[:3]
    squares *= squares
    constants = np.array([-0.5 * own - _LOG_2_PI for own in whitened.logarithms]) + plus
    result = np.subtract(constants[:, None], squares[: len(means)])
    result -= squares[len(means) :]
    return result


@dataclass(frozen=True, eq=False)
class Moments:
    """(K, 15) of K components: mass, the centre, the offset of their mean from it, the scatter about that mean, the
    mean rounded to one number each, and the scatter about this one.
    """

    rows: Array

    @property
    def mass(self) -> Array:
        """(K,)."""
        return self.rows[:, 0]

    @property
    def reference(self) -> Array:
        """(K, 2) the centre."""
        return self.rows[:, 1:3]

    @property
    def offset(self) -> Array:
        """(K, 2)."""
        return self.rows[:, 3:5]

    @property
    def scatter(self) -> Array:
        """(K, 2, 2)."""
        return self.rows[:, 5:9].reshape(-1, 2, 2)

    @property
    def means(self) -> Array:
        """(K, 2)."""
        return self.rows[:, 9:11]

    @property
    def about_means(self) -> Array:
        """(K, 2, 2)."""
        return self.rows[:, 11:].reshape(-1, 2, 2)


def moments(sums: Array, centre: Array, in_scales: float) -> Moments | None:
    """From weighted sums (K, 6) of the features [1, x, y, x², xy, y²], measured from the centre.

    None where that would cost digits: with h = |offset| + σ in each dimension, the scatter is off by rounding times
    h_i h_j per mass, and Σ_ij |Σ⁻¹_ij| h_i h_j is to be at most `in_scales`.
    """
    rows = []
    x0, y0 = centre.tolist()
    for mass, x, y, xx, xy, yy in sums.tolist():
        if mass >= _SMALLEST_MASS:
            x, y = x / mass, y / mass
            xx, xy, yy = xx - mass * x * x, xy - mass * x * y, yy - mass * y * y
            rest = xx * yy - xy * xy
            if not (xx > 0 and yy > 0 and rest > 0):
                return None
            # h / σ in each dimension
            u, v = abs(x) / math.sqrt(xx / mass) + 1, abs(y) / math.sqrt(yy / mass) + 1
            reached = xx * yy * (u * u + v * v) + 2 * abs(xy) * math.sqrt(xx) * math.sqrt(yy) * u * v
            if not reached <= in_scales * rest:
                return None
        elif mass != 0:
            return None
        mean_x, mean_y = x0 + x, y0 + y
        # what rounding has left out of the means
        dx, dy = (x0 - mean_x) + x, (y0 - mean_y) + y
        across = xy + mass * dx * dy
        about = xx + mass * dx * dx, across, across, yy + mass * dy * dy
        rows.append((mass, x0, y0, x, y, xx, xy, xy, yy, mean_x, mean_y, *about))
    return Moments(sealed(np.array(rows)))
