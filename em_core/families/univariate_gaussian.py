"""Gaussian components of one dimension, described by means and variances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.families.gaussian import GaussianFamily
from em_core.families.mass import component_mass
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, Parameters, frozen

_ONE_COLUMN = GaussianFamily("diag")


@dataclass(frozen=True)
class UnivariateGaussianFamily:
    """N(means_k, variances_k): the Gaussian family on a single column, under the names of one dimension."""

    parameters: ClassVar[tuple[str, ...]] = ("means", "variances")

    def log_density(self, values: Array, components: Parameters) -> Array:
        """values (N,) -> (K, N)."""
        variances = components["variances"][:, None]
        result: Array = values - components["means"][:, None]
        result *= 1 / np.sqrt(variances)
        result *= result
        result += np.log(variances) + np.log(2 * np.pi)
        result *= -0.5
        return result

    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters:
        """Weighted means and variances. Raises `HalfStepFailed` for a lost component."""
        mass = component_mass(weights)
        centre = values.mean()
        means = centre + weights @ (values - centre) / mass
        deviations: Array = values - means[:, None]
        deviations *= deviations
        return {"means": frozen(means), "variances": frozen(np.einsum("kn,kn->k", weights, deviations) / mass)}

    def fit_one(self, values: Array, weights: Array, previous: Parameters, name: str) -> Parameters:
        """`fit` over the parameter `name` alone: variances then lie about the means as they are."""
        column = {"means": "means", "variances": "covariances"}[name]
        fitted = _ONE_COLUMN.fit_one(values[:, None], weights, _columns(previous), column)
        return {name: frozen(fitted[column][:, 0])}

    def check(self, values: Array, components: Parameters) -> None:
        """Raise `HalfStepFailed` for a variance of 0, up to the values' own rounding."""
        _ONE_COLUMN.check(values[:, None], _columns(components))

    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log density in means and logarithms of variances."""
        return _ONE_COLUMN.gradient(values[:, None], weights, _columns(components))

    def to_vector(self, components: Parameters) -> Array:
        return _ONE_COLUMN.to_vector(_columns(components))

    def from_vector(self, vector: Array, components: Parameters) -> Parameters:
        return _flat(_ONE_COLUMN.from_vector(vector, _columns(components)))

    def read(self, fields: Fields, n_components: int, values: Array) -> Parameters:
        means = fields.array("means", (n_components,))
        variances = fields.array("variances", (n_components,))
        for k, variance in enumerate(variances):
            if variance <= 0:
                raise InvalidExperiment(f"{fields.name('variances')}[{k}]", float(variance), "a variance above 0")
        return {"means": means, "variances": variances}

    def draw(self, values: Array, n_components: int, rng: np.random.Generator) -> Parameters:
        """A random start: means at distinct values, every variance a K-th of that of all values."""
        return _flat(_ONE_COLUMN.draw(values[:, None], n_components, rng))


def _columns(components: Parameters) -> Parameters:
    return {"means": components["means"][:, None], "covariances": components["variances"][:, None]}


def _flat(components: Parameters) -> Parameters:
    return {"means": frozen(components["means"][:, 0]), "variances": frozen(components["covariances"][:, 0])}
