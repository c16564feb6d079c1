"""Components over finitely many symbols 0, 1, …, S − 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.distributions import simplex
from em_core.families.mass import component_mass
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, Parameters, frozen

MOST_SYMBOLS = 1000


@dataclass(frozen=True)
class SymbolFamily:
    """p(symbol s) = probabilities[k, s]; a probability of exactly 0 is structural and stays."""

    parameters: ClassVar[tuple[str, ...]] = ("probabilities",)

    def log_density(self, values: Array, components: Parameters) -> Array:
        """values (N,) whole numbers -> (K, N)."""
        with np.errstate(divide="ignore"):  # a symbol that a component never shows
            logs = np.log(components["probabilities"])
        # row by row: an index would lay out time step by time step, which is slow to go through
        return np.take(logs, values.astype(int), axis=1)

    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters:
        """Expected share of each symbol. Raises `HalfStepFailed` for a lost component."""
        component_mass(weights)
        counts = _counts(values, weights, previous)
        return {"probabilities": frozen(counts / counts.sum(axis=1, keepdims=True))}

    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log probability in log-ratios to each row's last positive entry."""
        return simplex.gradient(_counts(values, weights, components), components["probabilities"])

    def to_vector(self, components: Parameters) -> Array:
        return simplex.to_vector(components["probabilities"])

    def from_vector(self, vector: Array, components: Parameters) -> Parameters:
        return {"probabilities": simplex.from_vector(vector, components["probabilities"])}

    def read(self, fields: Fields, n_components: int, values: Array) -> Parameters:
        probabilities = simplex.read_rows(fields, "probabilities", (n_components, "S"))
        largest = int(values.max())
        if probabilities.shape[1] <= largest:
            valid = f"at least {largest + 1} columns: symbol {largest} occurs in the data"
            raise InvalidExperiment(fields.name("probabilities"), f"{probabilities.shape[1]} columns", valid)
        return {"probabilities": probabilities}

    def draw(self, values: Array, n_components: int, rng: np.random.Generator) -> Parameters:
        """A random start: rows drawn around the symbols' overall frequencies, no entry 0."""
        frequencies = np.bincount(values.astype(int)) + 1.0
        concentration = len(frequencies) * frequencies / frequencies.sum()
        rows = rng.dirichlet(concentration, n_components) + 0.1 * frequencies / frequencies.sum()
        return {"probabilities": frozen(rows / rows.sum(axis=1, keepdims=True))}


def _counts(values: Array, weights: Array, components: Parameters) -> Array:
    """Expected number of each symbol from each component, (K, S)."""
    n_symbols = components["probabilities"].shape[1]
    symbols = values.astype(int)
    return np.array([np.bincount(symbols, weights=row, minlength=n_symbols) for row in weights])
