"""Mixtures: one E-step and one M-step for every component family."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self, cast

import numpy as np

from em_core.caching import at_theta
from em_core.distributions import categorical
from em_core.distributions.categorical import Categorical
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.models.at_many import AtMany
from em_core.models.categorical_hidden import CategoricalRows
from em_core.models.observations import Observations
from em_core.records import Array, Parameters, frozen, sealed

# entries of a table whose sum costs less than what K components have to say of their moments
_SMALL_TABLE = 8192
# of an expected log joint from moments, as a share of itself: far more than is really lost
_LITTLE_DOUBT = 1e-13


class Family(Protocol):
    """What a mixture asks of its components: see `em_core.families`."""

    @property
    def parameters(self) -> tuple[str, ...]: ...
    def log_density(self, values: Array, components: Parameters) -> Array: ...
    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters: ...
    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array: ...
    def to_vector(self, components: Parameters) -> Array: ...
    def from_vector(self, vector: Array, components: Parameters) -> Parameters: ...
    def read(self, fields: Fields, n_components: int, values: Array) -> Parameters: ...
    def draw(self, values: Array, n_components: int, rng: np.random.Generator) -> Parameters: ...


class OfMoments(Protocol):
    """What a family has besides, whose part in L depends on q and the data through few numbers: its `moments`."""

    def log_density(self, values: Any, components: Parameters, plus: Array | float) -> Array: ...
    def moments(self, values: Any, weights: Callable[[slice], Array]) -> Any: ...
    def fit_to(self, moments: Any, previous: Parameters) -> Parameters: ...
    def fit_one_to(self, moments: Any, previous: Parameters, name: str) -> Parameters: ...
    def gradient_at(self, moments: Any, components: Parameters) -> Array: ...
    def expected_log_density(self, moments: Any, components: Parameters) -> tuple[float, float]: ...


@dataclass(frozen=True)
class Mixture(AtMany, CategoricalRows):
    """p(v, h = k) = weights_k · family(v | component k). Subclasses say how files describe them."""

    n_components: int | None
    weights_fixed: bool

    @property
    def family(self) -> Family:
        raise NotImplementedError

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        """No settings but the number of components; subclasses override what they add."""
        return cls(read_n_components(fields), False)

    def settings(self) -> dict[str, Any]:
        return with_n_components({}, self.n_components)

    @property
    def _of_moments(self) -> OfMoments | None:
        family: Any = self.family
        return family if hasattr(family, "moments") else None

    def rows(self, data: Observations) -> Any:
        """The data as the family takes them."""
        return data.values

    @at_theta
    def log_joint(self, data: Observations, theta: Parameters) -> Array:
        """log p(v_n, h_n = k; θ), (K, N)."""
        family, log_weights = self._of_moments, categorical.logarithms(theta["weights"])
        if family is not None:
            return sealed(family.log_density(self.rows(data), theta, log_weights))
        table = self.family.log_density(data.values, theta)
        table += log_weights[:, None]
        return sealed(table)

    def expected_log_joint(self, data: Observations, theta: Parameters, q: Categorical) -> float:
        if self._is_large(q):
            value, doubt = self._from_moments(data, theta, q)
            if doubt <= _LITTLE_DOUBT * abs(value) < math.inf:
                return value
        return categorical.expectation(q, self.log_joint(data, theta))

    def expected_log_likelihood(self, data: Observations, theta: Parameters, q: Categorical) -> float:
        family = self._of_moments
        if family is not None:
            value, doubt = family.expected_log_density(self.moments(data, q), theta)
            if doubt <= _LITTLE_DOUBT * abs(value) < math.inf:
                return value
        return categorical.expectation(q, self.family.log_density(self.rows(data), theta))

    def surely_higher(self, data: Observations, q: Categorical, theta: Parameters, other: Parameters) -> bool:
        """Whether L is higher at θ than at the other one by more than rounding may have done, from moments alone."""
        if not self._is_large(q):
            return False
        (high, doubt), (low, more) = (self._from_moments(data, entry, q) for entry in (theta, other))
        return abs(high - low) < math.inf and high - low > doubt + more

    def _is_large(self, q: Categorical) -> bool:
        """Whether moments, where there are any, cost less than the sum over the table that log p is made of anyway."""
        return q.log_probabilities.size > _SMALL_TABLE and self._of_moments is not None

    @at_theta
    def _from_moments(self, data: Observations, theta: Parameters, q: Categorical) -> tuple[float, float]:
        """E_q[log p(h, v; θ)] without a pass over the data, and how far rounding may have put it off."""
        family: Any = self.family
        moments = self.moments(data, q)
        likelihood, doubt = family.expected_log_density(moments, theta)
        counted = moments.mass > categorical.NEGLIGIBLE
        return likelihood + float(moments.mass[counted] @ categorical.logarithms(theta["weights"])[counted]), doubt

    def moments(self, data: Observations, q: Categorical) -> Any:
        """All that θ's part in L depends on in q and the data, of a family that has such; its `mass` among it.

        The last one is kept with q: M, the bound before and after it, and moves that ask for many θ share it.
        """
        of, made_by, result = vars(q).get("_moments", (None, None, None))
        family = self.family
        if of is not data.values or (made_by is not family and made_by != family):
            result = cast(OfMoments, family).moments(self.rows(data), q.weights)
            vars(q)["_moments"] = (data.values, family, result)
        return result

    def _mass(self, data: Observations, q: Categorical) -> Array:
        """(K,) expected number of units of each component."""
        mass: Array = q.totals if self._of_moments is None else self.moments(data, q).mass
        return mass

    def hidden_prior(self, data: Observations, theta: Parameters) -> Categorical:
        """Every unit's component with the weights as probabilities."""
        return categorical.alike(categorical.logarithms(theta["weights"]), data.counts)

    def maximize(self, data: Observations, q: Categorical, theta: Parameters) -> Parameters:
        family = self._of_moments
        if family is not None:
            moments = self.moments(data, q)
            components, mass = family.fit_to(moments, theta), moments.mass
        else:
            components, mass = self.family.fit(data.values, q.expected_counts, theta), q.totals
        weights = theta["weights"] if self.weights_fixed else _shares(mass)
        return {"weights": weights, **components}

    def check(self, data: Observations, theta: Parameters) -> None:
        """What the components' family asks of its parameters; one of probabilities or rates asks nothing."""
        if hasattr(self.family, "check"):
            self.family.check(self.rows(data), theta)

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        names = self.family.parameters if self.weights_fixed else ("weights", *self.family.parameters)
        return tuple((name,) for name in names)

    def maximize_block(
        self, data: Observations, q: Categorical, theta: Parameters, block: tuple[str, ...]
    ) -> Parameters:
        """A component without points may have the weight 0, but no parameters of its own."""
        (name,) = block
        if name == "weights":
            return {**theta, "weights": _shares(self._mass(data, q))}
        family = self._of_moments
        if family is not None:
            return {**theta, **family.fit_one_to(self.moments(data, q), theta, name)}
        return {**theta, **fit_one(self.family, data.values, q.expected_counts, theta, name)}

    def gradient(self, data: Observations, theta: Parameters, q: Categorical) -> Array:
        family = self._of_moments
        if family is not None:
            slope = family.gradient_at(self.moments(data, q), theta)
        else:
            slope = self.family.gradient(data.values, q.expected_counts, theta)
        if self.weights_fixed:
            return slope
        mass = self._mass(data, q)
        return np.concatenate([(mass - mass.sum() * theta["weights"])[:-1], slope])

    def to_vector(self, theta: Parameters) -> Array:
        """log(weight_k / weight_K) for k < K, then the components' coordinates."""
        components = self.family.to_vector(theta)
        if self.weights_fixed:
            return components
        weights = theta["weights"]
        if np.any(weights <= 0):
            k = int(np.argmin(weights))
            raise HalfStepFailed(
                "boundary",
                f"the weight of component {k + 1} is 0, where its logarithm is not finite",
                component=float(k),
            )
        # not the logarithm of the ratio, which overflows for weights near the end of the floats
        return np.concatenate([np.log(weights[:-1]) - np.log(weights[-1]), components])

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        weights = theta["weights"]
        if not self.weights_fixed:
            free = len(weights) - 1
            ratios = np.append(vector[:free], 0.0)
            unnormalised = np.exp(ratios - ratios.max())
            weights, vector = frozen(unnormalised / unnormalised.sum()), vector[free:]
        return {"weights": weights, **self.family.from_vector(vector, theta)}

    def read_parameters(self, fields: Fields, data: Observations) -> Parameters:
        weights = read_weights(fields, self.n_components)
        self.check_size(len(weights), data)
        theta = {"weights": weights, **self.family.read(fields, len(weights), data.values)}
        return theta

    def random_start(self, data: Observations, rng: np.random.Generator) -> Parameters:
        n_components = self.n_components or 2
        self.check_size(n_components, data)
        weights = frozen(np.full(n_components, 1 / n_components))
        return {"weights": weights, **self.family.draw(data.values, n_components, rng)}

    def check_size(self, n_components: int, data: Observations) -> None:
        """Refuse more components than the data can hold; a family that cannot collapse holds any number."""


def fit_one(family: Any, values: Array, weights: Array, theta: Parameters, name: str) -> Parameters:
    """The family's fit over one of its parameters alone, the others held at their values in `theta`."""
    if family.parameters == (name,):
        return family.fit(values, weights, theta)
    return family.fit_one(values, weights, theta, name)


def _shares(mass: Array) -> Array:
    """(K,) share of each component in all units."""
    return sealed(mass / np.add.reduce(mass))


def read_weights(fields: Fields, n_components: int | None) -> Array:
    """Mixture weights, used as given. Raises `InvalidExperiment` unless they are probabilities that sum to 1."""
    weights = fields.array("weights", ("K",) if n_components is None else (n_components,))
    name = fields.name("weights")
    for k, weight in enumerate(weights):
        if not 0 <= weight <= 1:
            raise InvalidExperiment(f"{name}[{k}]", float(weight), "a probability between 0 and 1")
    if abs(weights.sum() - 1) > 1e-9:
        raise InvalidExperiment(name, weights.tolist(), f"weights that sum to 1, found {weights.sum():.12g}")
    return weights


def read_n_components(fields: Fields) -> int | None:
    """The setting `n_components`; None leaves it to the start."""
    if "n_components" not in fields:
        fields.take("n_components", None)
        return None
    return fields.whole("n_components", least=1, most=50)


def with_n_components(settings: dict[str, Any], n_components: int | None) -> dict[str, Any]:
    return settings if n_components is None else {**settings, "n_components": n_components}
