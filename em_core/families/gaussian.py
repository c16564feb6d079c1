"""Gaussian components, with covariances that are full, tied, diagonal or spherical.

Scatter is taken about each component's own mean, so that neither a far offset nor a tight component costs digits;
where the sums are made, and in which way, is in `em_core.distributions.points`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from scipy.linalg import cho_solve

from em_core.caching import at_theta
from em_core.distributions import definite
from em_core.distributions.categorical import AT_ONCE, NEGLIGIBLE
from em_core.distributions.points import LogDensities, Moments, Points, densities_of_few, moments
from em_core.distributions.scales import Matrices, Radii, Scales, Variances
from em_core.families.mass import held
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, Parameters, frozen, sealed

COVARIANCES = ("full", "tied", "diag", "spherical")
_SHAPES: Mapping[str, type[Scales]] = MappingProxyType(
    {"full": Matrices, "tied": Matrices, "diag": Variances, "spherical": Radii}
)
_NAMES = ("means", "covariances")
# what leaves the floats is told by what is made of it
_quiet = np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore")
# of a component with less, squares of deviations times weights may be too small for floats
_SMALLEST_MASS = 1e-100


@dataclass(frozen=True)
class GaussianFamily:
    """N(mean_k, covariance_k); `fixed` names the parameters that no move changes."""

    covariance: str = "full"
    fixed: frozenset[str] = frozenset()

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(name for name in _NAMES if name not in self.fixed)

    def log_density(self, values: Points | Array, components: Parameters, plus: Array | float = 0.0) -> Array:
        """values (N, D) -> (K, N). plus: (K,) what is added to each component's, such as its log weight."""
        points, means = Points.of(values), components["means"]
        scales, n_components = self._scales_at(points, components), len(means)
        if points.are_few(n_components):
            return densities_of_few(points, means, scales, plus)
        densities = LogDensities(points, means, scales, plus)
        result = np.empty((n_components, len(points.values)))
        for chunk in points.chunks(self._shape, n_components):
            densities.into(result[:, chunk.columns], chunk)
        return result

    def log_joints(
        self, values: Points | Array, thetas: Sequence[Parameters], log_weights: Array
    ) -> Iterator[tuple[slice, Array]]:
        """log w_k + log N(x; μ_k, Σ_k) at T θ, (K, T, n), of some columns at a time: one product with their features.

        log_weights: (K, T). Each table is to be done with before the next is asked for.
        """
        points, n_made = Points.of(values), log_weights.size
        means = np.stack([theta["means"] for theta in thetas], axis=1).reshape(n_made, -1)
        densities = LogDensities(points, means, self._scales(*thetas), log_weights.ravel())
        room = np.empty(0)
        for chunk in points.chunks(self._shape, n_made, 2 * AT_ONCE):
            width = chunk.values.shape[1]
            room = room if room.size >= n_made * width else np.empty(n_made * width)
            table = room[: n_made * width].reshape(n_made, width)
            densities.into(table, chunk)
            yield chunk.columns, table.reshape(*log_weights.shape, width)

    def parts(self, values: Points | Array, components: Parameters, row: int) -> dict[str, Array]:
        """What the densities of one row are made of, each (K,).

        Squared distances are those from each mean, in standard deviations: (v − μ)ᵀ Σ⁻¹ (v − μ).
        """
        scales, apart = self._scales(components), Points.of(values).values[row] - components["means"]
        squares = [scales.squares(k, own[:, None])[0] for k, own in enumerate(apart)]
        return {"squared_distances": np.array(squares), "log_determinants": scales.log_determinants}

    def moments(self, values: Points | Array, weights: Callable[[slice], Array]) -> Moments:
        """All that `fit` and the expected log density need to know of weighted data.

        weights: expected counts of some columns, each (K, n), as for `fit`.
        """
        return moments(Points.of(values), weights, self._shape)

    def fit(self, values: Points | Array, weights: Array, previous: Parameters) -> Parameters:
        """Maximum likelihood of weighted data. weights (K, N) are expected counts.

        Plain maximum likelihood divides by Σ weights. Raises `HalfStepFailed` where a component has lost all its
        points; whether a covariance is singular is for `check` to say.
        """
        return self.fit_to(self.moments(values, lambda columns: weights[:, columns]), previous)

    def fit_to(self, moments: Moments, previous: Parameters) -> Parameters:
        """`fit`, from the moments of the weighted data."""
        # what a component without points leaves undefined: its own mean and its own covariance
        own = {"means"} if self.covariance == "tied" else {"means", "covariances"}
        mass = moments.mass if own <= self.fixed else held(moments.mass)
        means, covariances = previous["means"], previous["covariances"]
        if "means" not in self.fixed:
            means = moments.means
        if "covariances" not in self.fixed:
            about = moments.about_means if means is moments.means else moments.about(means)
            covariances = self._pool(about, mass, means.shape[1])
        return {"means": means, "covariances": sealed(covariances)}

    def fit_one(self, values: Points | Array, weights: Array, previous: Parameters, name: str) -> Parameters:
        """`fit` over the parameter `name` alone: covariances then lie about the means as they are."""
        return self.fit_one_to(self.moments(values, lambda columns: weights[:, columns]), previous, name)

    def fit_one_to(self, moments: Moments, previous: Parameters, name: str) -> Parameters:
        """`fit_one`, from the moments of the weighted data."""
        return {name: replace(self, fixed=frozenset(_NAMES) - {name}).fit_to(moments, previous)[name]}

    @_quiet
    def expected_log_density(self, moments: Moments, components: Parameters) -> tuple[float, float]:
        """Σ weights · log density from moments alone, and how far rounding may have put it off; both may be no number.

        −½ Σ_k [tr(Σ⁻¹ S) + mass (d² + log |2πΣ|)] with S the scatter about the points' own mean, and d the distance of
        that from μ in standard deviations: sums of terms that are not negative do not cancel.
        """
        scales, means = self._scales(components), components["means"]
        dimensions = means.shape[1]
        # what counts as nothing in a sum over points does so here
        mass = np.where(moments.mass > NEGLIGIBLE, moments.mass, 0.0)
        squares = np.where(mass > 0, scales.products(moments.about(means)), 0.0)
        total = -0.5 * (squares + mass * (scales.log_determinants + dimensions * np.log(2 * np.pi)))
        amplified = np.where(mass > 0, mass * scales.amplification(moments.noise), 0.0)
        if np.any((mass > 0) & (mass < _SMALLEST_MASS)):
            return float(total.sum()), np.inf
        return float(total.sum()), float(np.finfo(float).eps * amplified.sum())

    def gradient(self, values: Points | Array, weights: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log density in the coordinates of `to_vector`."""
        return self.gradient_at(self.moments(values, lambda columns: weights[:, columns]), components)

    def gradient_at(self, moments: Moments, components: Parameters) -> Array:
        """`gradient`, from the moments of the weighted data."""
        means, covariances, mass = components["means"], components["covariances"], moments.mass
        full = self.covariance in ("full", "tied")
        factors: Any = definite.cholesky(self.matrices(components)) if full else None
        parts = []
        if "means" not in self.fixed:
            pulls = mass[:, None] * moments.apart(means)
            if full:
                parts += [
                    cho_solve((own, True), pull, check_finite=False) for own, pull in zip(factors, pulls, strict=True)
                ]
            else:
                parts.append((pulls / covariances.reshape(len(means), -1)).ravel())
        if "covariances" not in self.fixed:
            scatter = moments.about(means)
            if self.covariance == "full":
                parts += [definite.cholesky_slope(*args) for args in zip(factors, scatter, mass, strict=True)]
            elif self.covariance == "tied":
                parts.append(definite.cholesky_slope(factors[0], scatter.sum(axis=0), mass.sum()))
            elif self.covariance == "diag":
                parts.append(0.5 * (scatter / covariances - mass[:, None]).ravel())
            else:
                parts.append(0.5 * (scatter.sum(axis=1) / covariances - mass * means.shape[1]))
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
                factors = definite.from_log_diagonal(rows, dimensions)
                covariances = (factors @ np.swapaxes(factors, -1, -2)).reshape(covariances.shape)
            else:
                covariances = np.exp(vector).reshape(covariances.shape)
        return {"means": frozen(means), "covariances": frozen(covariances)}

    def read(self, fields: Fields, n_components: int, values: Points | Array) -> Parameters:
        """Components from their JSON form. Raises `InvalidExperiment`, naming a covariance that is not valid."""
        dimensions = Points.of(values).values.shape[1]
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

    def draw(self, values: Points | Array, n_components: int, rng: np.random.Generator) -> Parameters:
        """A random start: means at distinct data points, every covariance a K-th of that of all data."""
        points = Points.of(values)
        values = points.values
        distinct = np.unique(values, axis=0)
        if len(distinct) < n_components:
            valid = f"at least {n_components} distinct points for {n_components} components"
            raise InvalidExperiment("data.values", f"{len(distinct)} distinct points", valid)
        means = distinct[rng.choice(len(distinct), n_components, replace=False)]
        everything = self.moments(points, lambda columns: np.ones((1, len(values)))[:, columns])
        overall = self._pool(everything.scatter, everything.mass, values.shape[1])
        try:
            self._check(overall, points)
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

    @property
    def _shape(self) -> type[Scales]:
        return _SHAPES[self.covariance]

    def _scales(self, *thetas: Parameters) -> Scales:
        """Of the components of all θ, component by component.

        Raises `HalfStepFailed` where a covariance is not positive definite.
        """
        if self._shape is Matrices:
            given = [self.matrices(theta) for theta in thetas]
        else:
            columns = [(theta["means"].shape, theta["covariances"]) for theta in thetas]
            given = [np.broadcast_to(entry.reshape(len(entry), -1), shape) for shape, entry in columns]
        joined = given[0] if len(given) == 1 else np.concatenate(np.stack(given, axis=1))
        return self._shape(joined)

    @at_theta
    def _scales_at(self, points: Points, components: Parameters) -> Scales:
        """`_scales`, made once at each θ: `check` looks at them first, then densities are made of them."""
        return self._scales(components)

    def _pool(self, scatter: Array, mass: Array, dimensions: int) -> Array:
        """Covariances from scatter: divided by the weight that went into it, never by one less."""
        if self.covariance == "full":
            return scatter / mass[:, None, None]
        if self.covariance == "tied":
            return scatter.sum(axis=0) / mass.sum()
        if self.covariance == "diag":
            return scatter / mass[:, None]
        return scatter.sum(axis=1) / (mass * dimensions)

    def check(self, values: Points | Array, components: Parameters) -> None:
        """Raise `HalfStepFailed` for a covariance that is singular, up to the data's own rounding."""
        points = Points.of(values)
        if self._shape is Matrices and self._surely_regular(points, components):
            return
        self._check(components["covariances"], points)

    def _surely_regular(self, points: Points, components: Parameters) -> bool:
        """Whether `check` need not look closer at matrices."""
        try:
            scales = cast(Matrices, self._scales_at(points, components))
        except HalfStepFailed:
            return False
        return scales.surely_regular(points.resolution)

    @_quiet
    def _check(self, covariances: Array, points: Points) -> None:
        floor = points.resolution
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
