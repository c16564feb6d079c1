"""Rows of data, each of which may stand for many equal units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from em_core.distributions.minibatch import Draw
from em_core.records import Array, frozen


@dataclass(frozen=True, eq=False)
class Observations:
    """values: (N, …) one row a unit; counts: (N,) how many identical units a row stands for."""

    values: Array
    counts: Array

    @classmethod
    def single(cls, values: Array) -> Observations:
        return cls(values, frozen(np.ones(len(values))))

    def rows(self, rows: NDArray[np.intp]) -> Observations:
        """These rows alone, each with all its units."""
        return Observations(frozen(self.values[rows]), frozen(self.counts[rows]))

    def part(self, draw: Draw) -> Observations:
        """The units that were drawn, as rows of their own."""
        return Observations(frozen(self.values[draw.rows]), frozen(draw.counts[draw.rows]))
