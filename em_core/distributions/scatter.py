"""Rows that stand for all rows of a table: few of them, where only sums of products are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from em_core.records import Array, sealed

# rows that are triangulated at a time
_AT_ONCE = 2048


@dataclass(frozen=True, eq=False)
class Scatter:
    """Rows whose sums of squares and products Σ_m x_m x_mᵀ are those of all N rows of a table, counted from a centre.

    rows: (1 + M, D). The first is √N times the mean, the others are about it. Of A (v − centre) + b they are A times
    those of v, with √N b added to the first: all that is linear in the values has its sums from these few rows.
    """

    number: int
    rows: Array
    centre: Array | float = 0.0

    @cached_property
    def root(self) -> float:
        """√N."""
        return float(np.sqrt(self.number))

    @property
    def about(self) -> Array:
        """(M, D) what stands for the rows about their mean."""
        return self.rows[1:]

    def apart(self, place: Array) -> Array:
        """(1 + M, D) what stands for v − place. The last two are kept: E and M look at the same θ by turns."""
        kept = vars(self).get("_apart", ())
        for of, known in kept:
            if of is place:
                found: Array = known
                return found
        rows = self.rows.copy()
        rows[0] += self.root * (self.centre - place)
        vars(self)["_apart"] = (place, sealed(rows)), *kept[:1]
        return rows

    def same(self, other: Scatter) -> bool:
        """Whether all sums are the same: those of equal tables, each with a triangle of its own, are."""
        if self is other:
            return True
        alike = self.number == other.number and np.array_equal(self.centre, other.centre)
        return alike and np.array_equal(self.rows, other.rows)


def whole(rows: Array, centre: Array | float = 0.0) -> Scatter:
    """All rows of v − centre, (N, D), as they are but for their mean."""
    middle = rows.mean(axis=0)
    return Scatter(len(rows), sealed(np.concatenate([np.sqrt(len(rows)) * middle[None], rows - middle])), centre)


def triangular(values: Array, centre: Array) -> Scatter:
    """Of v − centre, (N, D), no more than 1 + D rows: from VᵀV = RᵀR, V = QR the rows about their mean.

    Each column of the triangle R is exact for one of V that differs by its own rounding, however columns differ in
    size and however close to each other they lie: the products VᵀV themselves would lose half of the digits.
    """
    number, dimensions = values.shape
    blocks = [slice(begin, begin + _AT_ONCE) for begin in range(0, number, _AT_ONCE)]
    middle = np.sum([(values[block] - centre).sum(axis=0) for block in blocks], axis=0) / number
    about = np.empty((0, dimensions))
    for block in blocks:
        about = np.concatenate([about, values[block] - centre - middle])
        if len(about) > dimensions:
            triangle: Any = np.linalg.qr(about, mode="r")
            about = triangle
    return Scatter(number, sealed(np.concatenate([np.sqrt(number) * middle[None], about])), centre)
