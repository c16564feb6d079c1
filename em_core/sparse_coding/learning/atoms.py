"""A dictionary and what all signals share that are coded with it, computed once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import finite_array
from em_core.records import Array, frozen
from em_core.sparse_coding.problem import LARGEST, check_atoms, positive


@dataclass(frozen=True, eq=False)
class Atoms:
    """dictionary: (D, K), atoms as columns, none of length 0; precision β above 0.

    What is computed from it is in units in which β = 1: atoms and signals times √β. Raises `InvalidExperiment` as
    `Problem` does.
    """

    dictionary: Array
    precision: float = 1.0

    def __post_init__(self) -> None:
        precision = positive(self.precision, "settings.beta")
        dictionary = finite_array(self.dictionary, ("D", "K"), "data.dictionary")
        with np.errstate(over="ignore"):
            check_atoms(dictionary, precision)
        object.__setattr__(self, "dictionary", dictionary)
        object.__setattr__(self, "precision", precision)

    @property
    def n_atoms(self) -> int:
        return int(self.dictionary.shape[1])

    @cached_property
    def scaled(self) -> Array:
        """√β W, (D, K)."""
        return frozen(math.sqrt(self.precision) * self.dictionary)

    @cached_property
    def rows(self) -> Array:
        """√β Wᵀ, (K, D), each atom in one piece of memory."""
        return frozen(np.ascontiguousarray(self.scaled.T))

    @cached_property
    def gram(self) -> Array:
        """βWᵀW, (K, K)."""
        return frozen(self.rows @ self.scaled)

    @cached_property
    def spectrum(self) -> tuple[Array, Array]:
        """Eigenvectors (K, m) and eigenvalues (m,) of βWᵀW, the largest first; m = min(D, K), the others are 0."""
        _, sizes, directions = np.linalg.svd(self.scaled, full_matrices=False)
        return frozen(np.ascontiguousarray(directions.T)), frozen(sizes**2)

    def targets(self, signals: Array, offset: Array | None) -> Array:
        """√β(v − b), (N, D), of signals (N, D) with offset (D,). Raises `InvalidExperiment`."""
        values = finite_array(signals, ("N", "D"), "data.values")
        n_dimensions = values.shape[1]
        if n_dimensions != len(self.dictionary):
            finite_array(self.dictionary, (n_dimensions, "K"), "data.dictionary")
        if offset is not None:
            values = values - finite_array(offset, (n_dimensions,), "data.offset")
        with np.errstate(over="ignore"):
            large = ~(self.precision * (values**2).sum(axis=1) < LARGEST)
        if large.any():
            n = int(np.argmax(large))
            valid = "entries whose squares, after the offset, times beta add up to less than 1e100"
            raise InvalidExperiment(f"data.values[{n}]", values[n].tolist(), valid)
        scaled: Array = math.sqrt(self.precision) * values
        return scaled
