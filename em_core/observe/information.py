"""Complete and missing information at a θ: second derivatives, by differences of gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed
from em_core.records import Array, Parameters, frozen

# the first width, of a coordinate of which nothing is known yet, and then in units of its own curvature
_FIRST = 1e-4
_WIDEST = 0.25
# widths, each half the one before, and how many of them are extrapolated together
_LEVELS, _ORDERS = 18, 4
# levels without an improvement, once the error is so small a share of the complete information
_STALE, _SETTLED = 3, 1e-6
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


def information(model: Any, data: Any, theta: Parameters, directions: Array) -> Information:
    """Both at θ, along the columns of (d, f) directions; NaN along those about which rounding leaves nothing to say."""
    slopes, vector = _slopes(model, data, theta), model.to_vector(theta)
    along = np.array([directions.T @ _derivative(slopes, vector, column).T for column in directions.T])
    # (f, f, 2): the direction in which θ moves, the one in which the slope is taken, and which of the slopes
    complete, missing = np.moveaxis(along + np.swapaxes(along, 0, 1), 2, 0).reshape(2, *2 * (directions.shape[1],)) / 2
    return Information(frozen(-complete), frozen(missing))


def own_information(model: Any, data: Any, theta: Parameters) -> Array:
    """(d,) the complete information of each coordinate by itself, to a few digits; NaN where it cannot be had."""
    slopes, vector = _slopes(model, data, theta), model.to_vector(theta)
    units = np.eye(len(vector))
    return np.array([-_central(slopes, vector, unit, _first(vector, unit))[0] @ unit for unit in units])


def _slopes(model: Any, data: Any, theta: Parameters) -> Callable[[Array], Array]:
    """(2, d) at a place: the gradient of L / N with q held at the posterior at θ, and what q adds by following."""
    q, n_units = model.posterior(data, theta), model.n_units(data)
    size = len(model.to_vector(theta))

    def slopes(vector: Array) -> Array:
        there = model.from_vector(vector, theta)
        held, own = (model.gradient(data, there, entry) / n_units for entry in (q, model.posterior(data, there)))
        if len(held) != size:
            raise HalfStepFailed("boundary", "a probability has become 0")
        return np.array([held, own - held])

    return slopes


def _first(vector: Array, direction: Array) -> float:
    return _FIRST * max(1.0, float(np.abs(vector[direction != 0]).max(initial=0.0)))


def _central(slopes: Callable[[Array], Array], vector: Array, direction: Array, width: float) -> Array:
    """(2, d): by how much the slopes change from one side to the other, per unit; NaN where they cannot be had."""
    try:
        with np.errstate(all="ignore"):
            rise, fall = slopes(vector + width * direction), slopes(vector - width * direction)
            change: Array = (rise - fall) / (2 * width)
            return change
    except (HalfStepFailed, np.linalg.LinAlgError):
        return np.full((2, len(vector)), np.nan)


@np.errstate(all="ignore")
def _derivative(slopes: Callable[[Array], Array], vector: Array, direction: Array) -> Array:
    """(2, d): how both slopes change along a direction, NaN where no width will do.

    Central differences of falling width, extrapolated to width 0; of these the one with the least error by its own
    estimate (Ridders, 1982), each row by itself.
    """
    first = _first(vector, direction)
    own = abs(float(_central(slopes, vector, direction, first)[0] @ direction))
    best, least = np.full((2, len(vector)), np.nan), np.full(2, np.inf)
    # by its own curvature; a logarithm of something near 0 has little, and yet is not straight over such widths
    for width in (_WIDEST / np.sqrt(own) if own > 0 else first, _WIDEST / _FIRST * first):
        row: list[Array] = []
        stale = 0
        for _ in range(_LEVELS):
            before, row = row, [_central(slopes, vector, direction, width)]
            stale += 1
            for order, coarser in enumerate(before[:_ORDERS], 1):
                row.append(row[-1] + (row[-1] - coarser) / (4.0**order - 1))
                apart = np.maximum(np.linalg.norm(row[-1] - row[-2], axis=1), np.linalg.norm(row[-1] - coarser, axis=1))
                better = apart < least
                least[better], best[better] = apart[better], row[-1][better]
                stale = 0 if better.any() else stale
            # narrower still, and rounding takes over
            settled = np.all(least <= _SETTLED * np.linalg.norm(best[0]))
            if settled and stale >= _STALE:
                return best
            width /= 2
        if settled:
            return best
    return np.full_like(best, np.nan)
