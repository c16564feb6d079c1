"""Densities as numbers: exp of what they are relative to a height of each time step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from em_core.records import Array

# a height lies below the largest of its time step by this much, in logarithms
_BELOW = 0.5
# time steps that are gone through at once
_AT_ONCE = 8192


@dataclass(frozen=True)
class Recurring:
    """What time steps show where there are far fewer values than time steps.

    log_density: (K, S) of each value under each state. which: (T,) the value of each time step.
    """

    log_density: Array
    which: NDArray[np.intp]


@np.errstate(over="ignore", invalid="ignore")
def relative(
    log_start: Array, log_density: Array, starts: NDArray[np.intp], out: Array, recurring: Recurring | None
) -> tuple[Array, float]:
    """Fill `out` with the weights, (K, T): exp of log density − height. The heights, (T,), and the least weight.

    starts: the time steps at which sequences start, whose densities count times p(h₁).
    """
    if recurring is None:
        heights, least = _relative(log_density, out)
    else:
        few = np.empty(recurring.log_density.shape)
        heights, least = _relative(recurring.log_density, few)
        for row, weights in zip(out, few, strict=True):
            np.take(weights, recurring.which, out=row, mode="clip")
        heights = heights[recurring.which]
    first = log_density[:, starts] + log_start[:, None]
    heights[starts] = first.max(axis=0)
    out[:, starts] = np.exp(first - heights[starts])
    return heights, float(min(least, out[:, starts].min()))


def _relative(log_density: Array, out: Array) -> tuple[Array, float]:
    """The same of all columns, wherever sequences start.

    Heights are a little below the largest, because exp takes a road of its own for a 0, which processors do not
    foresee. Some columns at a time, so that what is gone through again is still in the processor's cache.
    """
    heights, least = np.empty(log_density.shape[1]), np.inf
    for begin in range(0, len(heights), _AT_ONCE):
        columns = slice(begin, begin + _AT_ONCE)
        here, height = out[:, columns], heights[columns]
        np.maximum.reduce(log_density[:, columns], axis=0, out=height)
        height -= _BELOW
        np.subtract(log_density[:, columns], height, out=here)
        np.exp(here, out=here)
        # a value that no state can show has no weights
        least = min(least, np.fmin.reduce(here, axis=None))
    return heights, least
