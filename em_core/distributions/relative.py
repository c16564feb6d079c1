"""Densities as numbers: exp of what they are relative to a height of each time step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from em_core.records import Array

# weights are relative to what lies below the largest of a time step by this much, in logarithms
_BELOW = 0.5
# time steps that are gone through at once
_AT_ONCE = 8192


@np.errstate(over="ignore", invalid="ignore")
def relative(
    log_start: Array,
    log_density: Array,
    starts: NDArray[Any],
    out: Array,
    few: tuple[Array, NDArray[np.intp]] | None,
) -> tuple[Array, float]:
    """The weights, (K, T): exp of what is relative to a height of each time step. Those, (T,), and the least weight.

    The height is a little below the largest, because exp takes a road of its own for a 0, which processors do not
    foresee. Some time steps at a time, so that what is gone through again is still in the processor's cache.
    """
    table = log_density if few is None else few[0]
    own = out if few is None else np.empty(table.shape)
    peaks, least = np.empty(table.shape[1]), np.inf
    for begin in range(0, len(peaks), _AT_ONCE):
        times = slice(begin, begin + _AT_ONCE)
        here = own[:, times]
        np.maximum.reduce(table[:, times], axis=0, out=peaks[times])
        peaks[times] -= _BELOW
        np.subtract(table[:, times], peaks[times], out=here)
        np.exp(here, out=here)
        least = min(least, np.minimum.reduce(here, axis=None))
    if few is not None:
        for row, weights in zip(out, own, strict=True):
            np.take(weights, few[1], out=row, mode="clip")
        peaks = peaks[few[1]]
    first = log_density[:, starts] + log_start[:, None]
    peaks[starts] = first.max(axis=0)
    out[:, starts] = np.exp(first - peaks[starts])
    return peaks, float(min(least, out[:, starts].min()))
