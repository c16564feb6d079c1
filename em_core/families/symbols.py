"""Components over finitely many symbols 0, 1, …, S − 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.distributions import categorical, simplex
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
        return np.take(logs, values.astype(int, copy=False), axis=1)

    def moments(self, values: Array, weights: Callable[[slice], Array]) -> Array:
        """(K, n): expected number of each symbol from each component, up to the largest that occurs."""
        symbols = values.astype(int, copy=False)
        n_symbols = int(symbols.max(initial=0)) + 1
        return np.array([np.bincount(symbols, weights=row, minlength=n_symbols) for row in weights(slice(None))])

    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters:
        """Expected share of each symbol. Raises `HalfStepFailed` for a lost component."""
        return self.fit_to(self.moments(values, lambda columns: weights[:, columns]), previous)

    def fit_to(self, moments: Array, previous: Parameters) -> Parameters:
        """`fit`, from the symbols' expected numbers."""
        component_mass(moments)
        counts = _of_all(moments, previous)
        return {"probabilities": frozen(counts / counts.sum(axis=1, keepdims=True))}

    def fit_one_to(self, moments: Array, previous: Parameters, name: str) -> Parameters:
        """`fit_to`, for there is only one parameter."""
        return self.fit_to(moments, previous)

    def expected_log_density(self, moments: Array, components: Parameters) -> tuple[float, float]:
        """Σ weights · log density from the symbols' expected numbers, and how far rounding may have put it off."""
        with np.errstate(divide="ignore"):
            logs = np.log(components["probabilities"])
        value = categorical.weighted_sum(_of_all(moments, components), logs)
        return value, float(np.finfo(float).eps * moments.sum() * abs(value))

    def gradient_at(self, moments: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log probability in log-ratios to each row's last positive entry, from `moments`."""
        return simplex.gradient(_of_all(moments, components), components["probabilities"])

    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array:
        """`gradient_at`, from the weighted data."""
        return self.gradient_at(self.moments(values, lambda columns: weights[:, columns]), components)

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


def _of_all(moments: Array, components: Parameters) -> Array:
    """The same, (K, S), with those symbols, too, that the data do not show."""
    counts = np.zeros(components["probabilities"].shape)
    counts[:, : moments.shape[1]] = moments
    return counts
