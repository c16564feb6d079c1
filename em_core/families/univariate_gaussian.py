"""Gaussian components of one dimension, described by means and variances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from em_core.distributions.points import Moments, Points
from em_core.families.gaussian import GaussianFamily
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, Parameters, frozen

# values that are gone through at once: what is made of them stays in the processor's cache
_AT_ONCE = 8192
_ONE_COLUMN = GaussianFamily("diag")


@dataclass(frozen=True)
class UnivariateGaussianFamily:
    """N(means_k, variances_k): the Gaussian family on a single column, under the names of one dimension."""

    parameters: ClassVar[tuple[str, ...]] = ("means", "variances")

    def log_density(self, values: Points | Array, components: Parameters) -> Array:
        """values (N,) -> (K, N)."""
        column = values.values[:, 0] if isinstance(values, Points) else values
        means, variances = components["means"][:, None], components["variances"][:, None]
        factors, constants = np.sqrt(0.5 / variances), -0.5 * (np.log(variances) + np.log(2 * np.pi))
        result = np.empty((len(means), len(column)))
        for begin in range(0, len(column), _AT_ONCE):
            here = result[:, begin : begin + _AT_ONCE]
            np.subtract(column[begin : begin + _AT_ONCE], means, out=here)
            here *= factors
            here *= here
            np.subtract(constants, here, out=here)
        return result

    def moments(self, values: Points | Array, weights: Callable[[slice], Array]) -> Moments:
        """All that `fit` and the expected log density need to know of weighted data, as `GaussianFamily.moments`."""
        return _ONE_COLUMN.moments(_points(values), weights)

    def fit(self, values: Points | Array, weights: Array, previous: Parameters) -> Parameters:
        """Weighted means and variances. Raises `HalfStepFailed` for a lost component."""
        return self.fit_to(self.moments(values, lambda columns: weights[:, columns]), previous)

    def fit_to(self, moments: Moments, previous: Parameters) -> Parameters:
        """`fit`, from the moments of the weighted data."""
        return _flat(_ONE_COLUMN.fit_to(moments, _columns(previous)))

    def fit_one_to(self, moments: Moments, previous: Parameters, name: str) -> Parameters:
        """`fit` over the parameter `name` alone: variances then lie about the means as they are."""
        column = {"means": "means", "variances": "covariances"}[name]
        return {name: frozen(_ONE_COLUMN.fit_one_to(moments, _columns(previous), column)[column][:, 0])}

    def expected_log_density(self, moments: Moments, components: Parameters) -> tuple[float, float]:
        """Σ weights · log density from moments alone, and how far rounding may have put it off."""
        return _ONE_COLUMN.expected_log_density(moments, _columns(components))

    def check(self, values: Points | Array, components: Parameters) -> None:
        """Raise `HalfStepFailed` for a variance of 0, up to the values' own rounding."""
        _ONE_COLUMN.check(_points(values), _columns(components))

    def gradient_at(self, moments: Moments, components: Parameters) -> Array:
        """Gradient of Σ weights · log density in means and logarithms of variances, from moments."""
        return _ONE_COLUMN.gradient_at(moments, _columns(components))

    def gradient(self, values: Points | Array, weights: Array, components: Parameters) -> Array:
        """`gradient_at`, from the weighted data."""
        return self.gradient_at(self.moments(values, lambda columns: weights[:, columns]), components)

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


def _points(values: Points | Array) -> Points:
    return values if isinstance(values, Points) else Points(values[:, None])


def _columns(components: Parameters) -> Parameters:
    return {"means": components["means"][:, None], "covariances": components["variances"][:, None]}


def _flat(components: Parameters) -> Parameters:
    return {"means": frozen(components["means"][:, 0]), "variances": frozen(components["covariances"][:, 0])}
