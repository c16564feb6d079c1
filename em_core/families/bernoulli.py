"""Bernoulli components: rows of independent zeros and ones, such as black-and-white pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from em_core.families.mass import component_mass
from em_core.families.probabilities import OfProbabilities, inside
from em_core.records import Array, Parameters, frozen


@dataclass(frozen=True)
class BernoulliFamily(OfProbabilities):
    """D independent coins a component; a probability of exactly 0 or 1 is structural and stays."""

    def log_density(self, values: Array, components: Parameters) -> Array:
        """values (N, D) of 0/1 -> (K, N)."""
        probabilities = components["probabilities"]
        never, always = probabilities == 0, probabilities == 1
        ones = np.log(np.where(never, 1.0, probabilities))
        zeros = np.log1p(-np.where(always, 0.0, probabilities))
        density = ones @ values.T + zeros @ (1 - values.T)
        if np.any(never | always):  # 0 log 0 = 0, which a matrix product does not know
            broken = never @ values.T + always @ (1 - values.T)
            density = np.where(broken > 0, -np.inf, density)
        return density

    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters:
        """Expected ones over expected points. Raises `HalfStepFailed` for a lost component."""
        mass = component_mass(weights)[:, None]
        ones, zeros = self.statistics(values, weights).values()
        # 0 and 1 mean that a value is impossible: rounding alone must not say so
        least = np.where(ones > 0, np.finfo(float).tiny, 0.0)
        most = np.where(zeros > 0, np.nextafter(1.0, 0.0), 1.0)
        return {"probabilities": frozen(np.clip(ones / mass, least, most))}

    def statistics(self, values: Array, weights: Array) -> dict[str, Array]:
        """(K, D) expected ones and zeros of each component."""
        return {"ones": weights @ values, "zeros": weights @ (1 - values)}

    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log density in logits, for the probabilities inside (0, 1)."""
        probabilities = components["probabilities"]
        slope = weights @ values - probabilities * weights.sum(axis=1)[:, None]
        return slope[inside(probabilities)]

    def draw(self, values: Array, n_components: int, rng: np.random.Generator) -> Parameters:
        """A random start: halfway from the mean of all rows to a row at random, and never 0 or 1."""
        rows = values[rng.integers(len(values), size=n_components)]
        noise = rng.uniform(0.25, 0.75, rows.shape)
        return {"probabilities": frozen((values.mean(axis=0) + rows + 2 * noise) / 4)}
