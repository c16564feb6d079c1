"""Poisson components: counts of rare events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.distributions.remainders import deviance, log_factorial_remainder
from em_core.families.mass import component_mass
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, Parameters, frozen


@dataclass(frozen=True)
class PoissonFamily:
    """Poisson(rate_k); a rate of exactly 0 is structural and stays."""

    parameters: ClassVar[tuple[str, ...]] = ("rates",)

    def log_density(self, values: Array, components: Parameters) -> Array:
        """values (N,) counts -> (K, N), the factorial included; to 5e-15 of itself.

        As a remainder (Loader, 2000): x log rate − rate − log x! would cancel, all the more the larger the count.
        """
        rates = components["rates"][:, None]
        some = np.maximum(values, 1.0)
        return np.where(values > 0, -deviance(some, rates) - log_factorial_remainder(some), -rates)

    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters:
        """Weighted means. Raises `HalfStepFailed` for a lost component."""
        mass = component_mass(weights)
        events = self.statistics(values, weights)["events"]
        # 0 means that events are impossible: rounding alone must not say so
        least = np.where(events > 0, np.finfo(float).tiny, 0.0)
        return {"rates": frozen(np.maximum(events / mass, least))}

    def statistics(self, values: Array, weights: Array) -> dict[str, Array]:
        """(K,) expected events of each component."""
        return {"events": weights @ values}

    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log density in log rates, for the rates above 0."""
        rates = components["rates"]
        return (weights @ values - rates * weights.sum(axis=1))[rates > 0]

    def to_vector(self, components: Parameters) -> Array:
        rates = components["rates"]
        return np.log(rates[rates > 0])

    def from_vector(self, vector: Array, components: Parameters) -> Parameters:
        rates = components["rates"].copy()
        rates[rates > 0] = np.exp(vector)
        return {"rates": frozen(rates)}

    def read(self, fields: Fields, n_components: int, values: Array) -> Parameters:
        rates = fields.array("rates", (n_components,))
        for k, rate in enumerate(rates):
            if rate < 0:
                raise InvalidExperiment(f"{fields.name('rates')}[{k}]", float(rate), "a rate of at least 0")
        return {"rates": rates}

    def draw(self, values: Array, n_components: int, rng: np.random.Generator) -> Parameters:
        """A random start: rates around the mean, in random order."""
        mean = float(values.mean())
        if mean == 0:
            raise InvalidExperiment("data.counts", 0.0, "at least one count above 0, or an explicit start")
        spread = (np.arange(n_components) + rng.uniform(0.25, 0.75, n_components)) / n_components
        return {"rates": frozen(mean * 2 * rng.permutation(spread))}
