"""Binomial components: successes among a fixed number of trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlog1py, xlogy

from em_core.distributions.remainders import deviance, log_factorial_remainder
from em_core.families.mass import component_mass
from em_core.families.probabilities import OfProbabilities, inside
from em_core.records import Array, Parameters, frozen


@dataclass(frozen=True)
class BinomialFamily(OfProbabilities):
    """Binomial(trials, probability_k); a probability of exactly 0 or 1 is structural and stays."""

    trials: int

    def log_density(self, values: Array, components: Parameters) -> Array:
        """values (N,) successes -> (K, N), binomial coefficient included; to 5e-14 of itself.

        As remainders (Loader, 2000): the coefficient and the powers would cancel, all the more the more trials.
        """
        probabilities = components["probabilities"][:, None]
        n, x = np.array(float(self.trials)), values
        heads, tails = np.clip(x, 1.0, None), np.clip(n - x, 1.0, None)
        ways = log_factorial_remainder(n) - log_factorial_remainder(heads) - log_factorial_remainder(tails)
        mixed = ways - deviance(heads, n * probabilities) - deviance(tails, n * (1 - probabilities))
        one_sided = xlogy(x, probabilities) + xlog1py(n - x, -probabilities)
        return np.where((x > 0) & (x < n), mixed, one_sided)

    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters:
        """Expected heads over expected tosses. Raises `HalfStepFailed` for a lost component."""
        mass = component_mass(weights)
        heads, tails = self.statistics(values, weights).values()
        probabilities = heads / (mass * self.trials)
        # 1 means that tails are impossible: rounding alone must not say so
        most = np.where(tails > 0, np.nextafter(1.0, 0.0), 1.0)
        return {"probabilities": frozen(np.minimum(probabilities, most))}

    def parts(self, values: Array, components: Parameters, row: int) -> dict[str, Array]:
        """What the densities of one row are made of, besides its heads."""
        return {"tails": np.asarray(self.trials - values[row])}

    def statistics(self, values: Array, weights: Array) -> dict[str, Array]:
        """(K,) expected heads and tails of each coin."""
        return {"heads": weights @ values, "tails": weights @ (self.trials - values)}

    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log density in logits, for the probabilities inside (0, 1)."""
        probabilities = components["probabilities"]
        slope = weights @ values - self.trials * probabilities * weights.sum(axis=1)
        return slope[inside(probabilities)]
