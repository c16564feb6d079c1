"""Slopes of a function from its values alone: central differences, extrapolated to width 0."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from em_core.records import Array

Function = Callable[[Array], float]

# widths that are extrapolated, each half the one before: powers of 4 come off the error one after the other
LEVELS = 6
# most often so many suffice, the first of them wider by as many powers of 2 than the one that served best: measured
USUAL = 5
_WIDER = 3
# no more widths once two extrapolations agree to this share of the function's values, per unit of the coordinate; where
# they cannot, as next to a kink, it will do that they agree to so much after `LEVELS` widths
_ENOUGH, _USABLE = 1e-12, 1e-9
# where nothing is known of the function yet, widths from about a coordinate's size down to its rounding
FIRST_LEVELS = 40
_EPS = float(np.finfo(float).eps)
# sums over many units round by more than their last digit
_ROUNDING = 64 * _EPS


class Slopes:
    """The gradient of one function at places that follow one another.

    Of each coordinate it remembers the width that served best, around which the next differences are taken. The
    function may be NaN or infinite where it is not defined.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self._widths: Array | None = None

    def at(self, place: Array) -> Array:
        """The gradient, (n,); NaN in a coordinate in which the function is not finite on both sides."""
        first, widest = self._widths is None, np.maximum(1.0, np.abs(place))
        # where the function is a parabola, wider is better without end
        widths = widest if self._widths is None else np.minimum(self._widths, widest)
        slopes = np.empty(len(place))
        for i, width in enumerate(widths):
            slopes[i], best = self._along(place, i, float(width), not first)
            widths[i] = best * 2.0**_WIDER
        self._widths = widths
        return slopes

    def _along(self, place: Array, i: int, widest: float, known: bool) -> tuple[float, float]:
        """One slope, and the finest width that it was made of: the least error by its own estimate (Ridders, 1982)."""
        found: list[tuple[float, float, float]] = []
        finer: list[tuple[float, float, float]] = []
        row: list[float] = []
        for level in range(FIRST_LEVELS):
            width = widest / 2**level
            value, size = self._central(place, i, width)
            if not math.isfinite(value):
                row = []
                continue
            rounding = _EPS * size / width
            before, row = row, [value]
            for order, coarser in enumerate(before[: LEVELS - 1], 1):
                row.append(row[-1] + (row[-1] - coarser) / (4.0**order - 1.0))
                apart = max(abs(row[-1] - row[-2]), abs(row[-1] - coarser))
                found.append((apart + rounding, row[-1], width))
            least = min(found)[0] if found else math.inf
            if known and (least <= _ENOUGH * size or (level >= LEVELS and least <= _USABLE * size)):
                return min(found)[1:]
            # how far off the plain difference may be, to be held against what coarser widths claim
            off = _ROUNDING * size / width + (abs(value - before[0]) if before else math.inf)
            finer.append((width, value, off))
        for _, slope, width in sorted(found):
            # far out a function may be flat on both sides, and all coarse differences agree on 0
            if all(abs(slope - value) <= off for own, value, off in finer if own < width):
                return slope, width
        return (finer[-1][1], finer[-1][0]) if finer else (math.nan, widest)

    def _central(self, place: Array, i: int, width: float) -> tuple[float, float]:
        """A difference across twice the width, and how large the values were that it was taken of."""
        there, back = place.copy(), place.copy()
        there[i] += width
        back[i] -= width
        above, below = self.function(there), self.function(back)
        return (above - below) / float(there[i] - back[i]), abs(above) + abs(below)
