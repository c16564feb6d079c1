"""Complete and missing information at a θ: second derivatives, by differences of gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed
from em_core.records import Array, Parameters, frozen
from em_core.work import Work

# the first width, of a coordinate of which nothing is known yet, and then in units of its own curvature
_FIRST = 1e-4
_WIDEST = 0.25
# widths, each half the one before, and how many of them are extrapolated together
_LEVELS, _ORDERS = 18, 4
# levels without an improvement, once the error is below this, relative to the complete information
_STALE, _SETTLED = 3, 1e-6
# an error above this, and nothing is known
_KNOWN = 1e-4
# gradients that one direction takes, about
EVALUATIONS = 24


@dataclass(frozen=True, eq=False)
class Information:
    """Per unit, along f directions in the coordinates of `to_vector`: (f, f) and symmetric.

    complete: −∂² E_q[log p(h, v; θ)] / N with q held at the posterior. missing: complete − (−∂² log p / N), what the
    hidden values would tell; where nothing is hidden it is 0 to the last digit.
    """

    complete: Array
    missing: Array


def information(model: Any, data: Any, theta: Parameters, directions: Array) -> Work[Information]:
    """Both at θ, along the columns of (d, f) directions; NaN along those about which rounding leaves nothing to say."""
    place = _Place(model, data, theta, directions)
    along = np.empty((2, directions.shape[1], directions.shape[1]))
    for i in range(directions.shape[1]):
        along[:, i] = place.derivative(i)
        yield
    complete, missing = ((entry + entry.T) / 2 for entry in along)
    return Information(frozen(-complete), frozen(missing))


def own_information(model: Any, data: Any, theta: Parameters) -> Array:
    """(d,) the complete information of each coordinate by itself, to a few digits; NaN where it cannot be had."""
    return _Place(model, data, theta, np.eye(len(model.to_vector(theta)))).own


class _Place:
    """Slopes around a θ, along some directions. own: (f,) −second derivative of each with q held, by one difference."""

    def __init__(self, model: Any, data: Any, theta: Parameters, directions: Array) -> None:
        self._model, self._data, self._theta, self._directions = model, data, theta, directions
        self._q, self._vector = model.posterior(data, theta), model.to_vector(theta)
        sizes = np.maximum(1.0, np.abs(self._vector))
        self._firsts = [_FIRST * float(sizes[direction != 0].max()) for direction in directions.T]
        self.own = np.array([-self._central(i, width)[0, i] for i, width in enumerate(self._firsts)])

    def _slopes(self, vector: Array) -> Array:
        """(2, f): that of L / N with q held at the posterior at θ, and what q adds to it by following."""
        model, data, there = self._model, self._data, self._model.from_vector(vector, self._theta)
        held, own = (model.gradient(data, there, q) for q in (self._q, model.posterior(data, there)))
        if len(held) != len(vector):
            raise HalfStepFailed("boundary", "a probability has become 0")
        result: Array = np.array([held, own - held]) @ self._directions / model.n_units(data)
        return result

    def _central(self, i: int, width: float) -> Array:
        """(2, f): by how much slopes change along a direction, by a difference; NaN where it cannot be had."""
        step = width * self._directions[:, i]
        try:
            with np.errstate(all="ignore"):
                change: Array = (self._slopes(self._vector + step) - self._slopes(self._vector - step)) / (2 * width)
                return change
        except (HalfStepFailed, np.linalg.LinAlgError):
            return np.full((2, self._directions.shape[1]), np.nan)

    @np.errstate(all="ignore")
    def derivative(self, i: int) -> Array:
        """(2, f): how slopes change along a direction, NaN where no width will do.

        Central differences of falling width, extrapolated to width 0; of these the one with the least error by its own
        estimate (Ridders, 1982), each row by itself and every direction in units of its own information.
        """
        own = np.where(self.own > 0, self.own, 1.0)
        unit = 1 / np.sqrt(own * own[i])
        best, least = np.full((2, len(own)), np.nan), np.full(2, np.inf)
        by_curvature = _WIDEST / np.sqrt(own[i])
        # a logarithm of something near 0 has little curvature, and yet is not straight over such widths
        for width in (by_curvature, min(by_curvature, _WIDEST / _FIRST * self._firsts[i])):
            row: list[Array] = []
            stale = 0
            for _ in range(_LEVELS):
                before, row = row, [self._central(i, width)]
                stale += 1
                for order, coarser in enumerate(before[:_ORDERS], 1):
                    row.append(row[-1] + (row[-1] - coarser) / (4.0**order - 1))
                    apart = [np.linalg.norm(unit * (row[-1] - other), axis=1) for other in (row[-2], coarser)]
                    error = np.maximum(*apart)
                    better = error < least
                    least[better], best[better] = error[better], row[-1][better]
                    stale = 0 if better.any() else stale
                # narrower still, and rounding takes over
                if stale >= _STALE and np.all(least < _SETTLED):
                    return best
                width /= 2
            if np.all(least < _KNOWN):
                return best
        return np.full_like(best, np.nan)
