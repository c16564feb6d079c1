"""Gaussian components, with covariances that are full, tied, diagonal or spherical.

Scatter is taken about each component's own mean, from data minus their centre, so that neither a far offset nor a
tight component costs digits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import cho_solve

from em_core.distributions import definite
from em_core.families.mass import component_mass
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, Parameters, frozen

COVARIANCES = ("full", "tied", "diag", "spherical")
_NAMES = ("means", "covariances")


@dataclass(frozen=True)
class GaussianFamily:
    """N(mean_k, covariance_k); `fixed` names the parameters that no move changes."""

    covariance: str = "full"
    fixed: frozenset[str] = frozenset()

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(name for name in _NAMES if name not in self.fixed)

    def log_density(self, values: Array, components: Parameters) -> Array:
        """values (N, D) -> (K, N)."""
        dimensions = values.shape[1]
        squares, determinants = self.squared_distances(values, components), self.log_determinants(components)
        result: Array = -0.5 * (squares + determinants[:, None] + dimensions * np.log(2 * np.pi))
        return result

    def squared_distances(self, values: Array, components: Parameters) -> Array:
        """(K, N) of each value from each mean, in standard deviations: (v − μ)ᵀ Σ⁻¹ (v − μ)."""
        means = components["means"]
        factors = self._factors(components)
        return np.array([definite.squared_distances(f, values - m) for f, m in zip(factors, means, strict=True)])

    def log_determinants(self, components: Parameters) -> Array:
        """(K,) log |Σ|."""
        return np.array([definite.log_determinant(factor) for factor in self._factors(components)])

    def parts(self, values: Array, components: Parameters, row: int) -> dict[str, Array]:
        """What the densities of one row are made of, each (K,)."""
        return {
            "squared_distances": self.squared_distances(values, components)[:, row],
            "log_determinants": self.log_determinants(components),
        }

    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters:
        """Maximum likelihood of weighted data. weights (K, N) are expected counts.

        Plain maximum likelihood divides by Σ weights. Raises `HalfStepFailed` where a component has lost all its
        points; whether a covariance is singular is for `check` to say.
        """
        # what a component without points leaves undefined: its own mean and its own covariance
        own = {"means"} if self.covariance == "tied" else {"means", "covariances"}
        mass = weights.sum(axis=1) if own <= self.fixed else component_mass(weights)
        means = previous["means"]
        if "means" not in self.fixed:
            centre = values.mean(axis=0)
            means = centre + weights @ (values - centre) / mass[:, None]
        covariances = previous["covariances"]
        if "covariances" not in self.fixed:
            covariances = self._pool(self._scatter(values, weights, means), mass, values.shape[1])
        return {"means": frozen(means), "covariances": frozen(covariances)}

    def fit_one(self, values: Array, weights: Array, previous: Parameters, name: str) -> Parameters:
        """`fit` over the parameter `name` alone: covariances then lie about the means as they are."""
        return {name: replace(self, fixed=frozenset(_NAMES) - {name}).fit(values, weights, previous)[name]}

    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log density in the coordinates of `to_vector`."""
        means = components["means"]
        mass = weights.sum(axis=1)
        factors = self._factors(components)
        parts = []
        if "means" not in self.fixed:
            for k, factor in enumerate(factors):
                pull = weights[k] @ (values - means[k])
                parts.append(cho_solve((factor, True), pull, check_finite=False))
        if "covariances" not in self.fixed:
            scatter = self._scatter(values, weights, means)
            if self.covariance == "full":
                parts += [definite.cholesky_slope(*args) for args in zip(factors, scatter, mass, strict=True)]
            elif self.covariance == "tied":
                parts.append(definite.cholesky_slope(factors[0], scatter.sum(axis=0), mass.sum()))
            elif self.covariance == "diag":
                parts.append(0.5 * (scatter / components["covariances"] - mass[:, None]).ravel())
            else:
                parts.append(0.5 * (scatter / components["covariances"] - mass * means.shape[1]))
        return np.concatenate(parts) if parts else np.empty(0)

    def to_vector(self, components: Parameters) -> Array:
        """Means as they are; covariances as Cholesky factors or variances with logarithmic diagonal."""
        parts = []
        if "means" not in self.fixed:
            parts.append(components["means"].ravel())
        if "covariances" not in self.fixed:
            covariances = components["covariances"]
            if self.covariance in ("full", "tied"):
                factors = definite.cholesky(covariances.reshape(-1, *covariances.shape[-2:]))
                parts += [definite.log_diagonal(factor) for factor in factors]
            else:
                parts.append(np.log(covariances).ravel())
        return np.concatenate(parts) if parts else np.empty(0)

    def from_vector(self, vector: Array, components: Parameters) -> Parameters:
        """Back from coordinates; fixed parameters are those of `components`."""
        means, covariances = components["means"], components["covariances"]
        if "means" not in self.fixed:
            means, vector = vector[: means.size].reshape(means.shape), vector[means.size :]
        if "covariances" not in self.fixed:
            if self.covariance in ("full", "tied"):
                dimensions = means.shape[1]
                rows = vector.reshape(-1, dimensions * (dimensions + 1) // 2)
                factors = np.array([definite.from_log_diagonal(row, dimensions) for row in rows])
                covariances = (factors @ np.swapaxes(factors, -1, -2)).reshape(covariances.shape)
            else:
                covariances = np.exp(vector).reshape(covariances.shape)
        return {"means": frozen(means), "covariances": frozen(covariances)}

    def read(self, fields: Fields, n_components: int, values: Array) -> Parameters:
        """Components from their JSON form. Raises `InvalidExperiment`, naming a covariance that is not valid."""
        dimensions = values.shape[1]
        means = fields.array("means", (n_components, dimensions))
        shape = {
            "full": (n_components, dimensions, dimensions),
            "tied": (dimensions, dimensions),
            "diag": (n_components, dimensions),
            "spherical": (n_components,),
        }[self.covariance]
        covariances = fields.array("covariances", shape)
        self._check_covariances(covariances, fields.name("covariances"))
        return {"means": means, "covariances": covariances}

    def draw(self, values: Array, n_components: int, rng: np.random.Generator) -> Parameters:
        """A random start: means at distinct data points, every covariance a K-th of that of all data."""
        distinct = np.unique(values, axis=0)
        if len(distinct) < n_components:
            valid = f"at least {n_components} distinct points for {n_components} components"
            raise InvalidExperiment("data.values", f"{len(distinct)} distinct points", valid)
        means = distinct[rng.choice(len(distinct), n_components, replace=False)]
        spread = np.ones((1, len(values)))
        scatter = self._scatter(values, spread, values.mean(axis=0)[None])
        overall = self._pool(scatter, spread.sum(axis=1), values.shape[1])
        try:
            self._check(overall, values)
        except HalfStepFailed:
            valid = "data whose covariance is not singular, or an explicit start"
            raise InvalidExperiment("data.values", "points on a line or plane, or too close to one", valid) from None
        overall = overall / n_components
        if self.covariance != "tied":
            overall = np.repeat(overall, n_components, axis=0)
        return {"means": frozen(means), "covariances": frozen(overall)}

    def matrices(self, components: Parameters) -> Array:
        """Every component's covariance as a full matrix, (K, D, D)."""
        n_components, dimensions = components["means"].shape
        covariances = components["covariances"]
        if self.covariance == "tied":
            return np.broadcast_to(covariances, (n_components, dimensions, dimensions))
        if self.covariance == "diag":
            return covariances[:, :, None] * np.eye(dimensions)
        if self.covariance == "spherical":
            return covariances[:, None, None] * np.eye(dimensions)
        return covariances

    def _factors(self, components: Parameters) -> Any:
        """Lower Cholesky factors, (K, D, D)."""
        return definite.cholesky(self.matrices(components))

    def _scatter(self, values: Array, weights: Array, means: Array) -> Array:
        """Σ_n w (x − μ)(x − μ)ᵀ per component: its matrix, its diagonal or its trace, as the covariance needs."""
        deviations = values - means[:, None, :]
        if self.covariance in ("full", "tied"):
            return np.einsum("kn,kni,knj->kij", weights, deviations, deviations, optimize=True)
        squares = np.einsum("kn,knd->kd", weights, deviations**2)
        return squares if self.covariance == "diag" else squares.sum(axis=1)

    def _pool(self, scatter: Array, mass: Array, dimensions: int) -> Array:
        """Covariances from scatter: divided by the weight that went into it, never by one less."""
        if self.covariance == "full":
            return scatter / mass[:, None, None]
        if self.covariance == "tied":
            return scatter.sum(axis=0) / mass.sum()
        if self.covariance == "diag":
            return scatter / mass[:, None]
        return scatter / (mass * dimensions)

    def check(self, values: Array, components: Parameters) -> None:
        """Raise `HalfStepFailed` for a covariance that is singular, up to the data's own rounding."""
        self._check(components["covariances"], values)

    def _check(self, covariances: Array, values: Array) -> None:
        floor = definite.resolution(values)
        if self.covariance in ("full", "tied"):
            found = definite.first_singular(covariances.reshape(-1, *covariances.shape[-2:]), floor)
        elif self.covariance == "diag":
            found = definite.first_flat(covariances, floor)
        else:
            found = definite.first_flat(covariances, floor.max())
        if found:
            raise _singular(*found, self.covariance)

    def _check_covariances(self, covariances: Array, name: str) -> None:
        if self.covariance in ("diag", "spherical"):
            if np.any(covariances <= 0):
                place = np.argwhere(covariances <= 0)[0]
                label = name + "".join(f"[{i}]" for i in place)
                raise InvalidExperiment(label, float(covariances[tuple(place)]), "a variance above 0")
            return
        matrices = covariances.reshape(-1, *covariances.shape[-2:])
        for k, matrix in enumerate(matrices):
            definite.check_definite(matrix, name if self.covariance == "tied" else f"{name}[{k}]")


def _singular(component: int, numbers: dict[str, float], covariance: str) -> HalfStepFailed:
    which = "the tied covariance" if covariance == "tied" else f"the covariance of component {component + 1}"
    return HalfStepFailed(
        "singular_covariance",
        f"{which} is singular, or too close to it: around too few points the likelihood has no upper bound",
        component=component,
        **numbers,
    )
