"""Rows of data, each of which may stand for many equal units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from em_core.distributions.minibatch import Draw
from em_core.distributions.points import Points
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, frozen

MOST_EVENTS = 1_000_000
MOST_UNITS = 1e12


@dataclass(frozen=True, eq=False)
class Observations:
    """values: (N, …) one row a unit; counts: (N,) how many identical units a row stands for."""

    values: Array
    counts: Array

    @classmethod
    def single(cls, values: Array) -> Observations:
        return cls(values, frozen(np.ones(len(values))))

    @cached_property
    def points(self) -> Points:
        """Values that are (N, D), with what is computed of them once."""
        return Points(self.values)

    def rows(self, rows: NDArray[np.intp]) -> Observations:
        """These rows alone, each with all its units."""
        return Observations(frozen(self.values[rows]), frozen(self.counts[rows]))

    def part(self, draw: Draw) -> Observations:
        """The units that were drawn, as rows of their own."""
        return Observations(frozen(self.values[draw.rows]), frozen(draw.counts[draw.rows]))


def read_counts(fields: Fields) -> Observations:
    """`counts`, and `frequencies` where each was seen so often; those seen 0 times are left out."""
    counts = fields.array("counts", ("N",))
    _check_whole(counts, fields.name("counts"), MOST_EVENTS)
    if "frequencies" not in fields:
        fields.take("frequencies", None)
        return Observations.single(counts)
    frequencies = fields.array("frequencies", counts.shape)
    _check_whole(frequencies, fields.name("frequencies"), MOST_UNITS)
    seen = frequencies > 0
    if not seen.any():
        raise InvalidExperiment(fields.name("frequencies"), frequencies.tolist(), "at least one above 0")
    return Observations(frozen(counts[seen]), frozen(frequencies[seen]))


def _check_whole(counts: Array, name: str, most: float) -> None:
    for place, count in enumerate(counts):
        if count != np.floor(count) or not 0 <= count <= most:
            raise InvalidExperiment(f"{name}[{place}]", float(count), f"a whole number from 0 to {most:g}")
