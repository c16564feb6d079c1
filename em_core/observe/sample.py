"""Which units of very many are drawn: a sample chosen once for a table of data, the same in every frame."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from em_core.caching import of_data
from em_core.records import Array, Parameters

# as many units as this are all drawn; of more, so many
MOST, DRAWN = 3_000, 2_000

# the finaliser of splitmix64 (Steele, Lea, Flood 2014): shifts and odd factors that scatter 64 bits
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Sample:
    """rows: the numbers of the units that are drawn, as they are drawn; of: how many units there are.

    latest: so many at the end are drawn in any case.
    """

    rows: NDArray[np.intp]
    of: int
    latest: int = 0

    @property
    def whole(self) -> bool:
        """Whether all units are drawn."""
        return len(self.rows) == self.of

    @cached_property
    def numbers(self) -> list[int] | None:
        """The units as a list; None where each has its own number."""
        return None if self.whole else self.rows.tolist()

    def holds(self, unit: int) -> bool:
        """Whether a unit is drawn."""
        return bool(np.any(self.rows == unit))

    def part(self, values: Any, axis: int = 0) -> Any:
        """What an array says of the units drawn, along the axis that has one entry a unit; itself where all are."""
        return values if self.whole else np.take(values, self.rows, axis=axis)

    def probabilities(self, q: Any) -> Array:
        """(K, drawn) what a q over finitely many hidden values says of the units drawn."""
        if self.whole or not hasattr(q, "counts"):
            return self.part(q.probabilities, axis=-1)
        return q.part(self.rows, q.counts[self.rows]).probabilities


@of_data
def sample(data: Any, latest: int = 0) -> Sample:
    """The sample of these data: whoever asks first says how many of the latest units are drawn in any case.

    Units are drawn in the order of a hash of their numbers, so that the others stay when one is put in or taken out,
    whatever order they stand in. Of a chain the first time steps are drawn: a line has no holes.
    """
    columns = _columns(data)
    count = len(columns[0]) if columns else 1
    if count <= MOST:
        return Sample(np.arange(count), count)
    if hasattr(data, "lengths"):
        return Sample(np.arange(DRAWN), count)
    ranks = _scattered(_bits([part for part in columns if len(part) == count]))
    latest = min(latest, DRAWN)
    ranks[count - latest :] = 0
    return Sample(np.sort(np.argpartition(ranks, DRAWN)[:DRAWN]), count, latest)


def evidence_of(model: Any, data: Any, theta: Parameters, rows: NDArray[np.intp]) -> Array:
    """What these rows of the data have of log p, (rows,), each as the model's `evidence_by_unit` has it."""
    if hasattr(data, "rows"):
        return model.evidence_by_unit(data.rows(rows), theta)
    return model.evidence_by_unit(data, theta)[rows]


def _columns(data: Any) -> list[Array]:
    """The arrays that a record of data holds; the first has an entry for each unit."""
    held = (getattr(data, entry.name) for entry in fields(data))
    return [part for part in held if isinstance(part, np.ndarray) and part.ndim]


def _bits(columns: list[Array]) -> NDArray[np.uint64]:
    """(units, numbers) those of each unit, as 64 bits each."""
    numbers = np.hstack([part.reshape(len(part), -1) for part in columns])
    return np.ascontiguousarray(numbers, dtype=float).view(np.uint64)


def _scattered(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(units,) hashes of their numbers; equal units have different ones, by how many came before."""
    keys = np.zeros(len(bits), dtype=np.uint64)
    for column in bits.T:
        keys = _mixed(keys ^ column)
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    places = np.arange(len(keys))
    begins = np.r_[True, ranked[1:] != ranked[:-1]]
    before = np.empty(len(keys), dtype=np.uint64)
    before[order] = places - np.maximum.accumulate(np.where(begins, places, 0))
    return _mixed(keys + before * _GOLDEN)


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    keys = keys + _GOLDEN
    for shift, factor in _STEPS:
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    return keys ^ (keys >> np.uint64(31))
