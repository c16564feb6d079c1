"""Student t: a Gaussian whose precision varies from point to point, so that outliers weigh less.

h is the scale u of each point: u ~ Gamma(ν/2, ν/2) and x ~ N(location, scale_matrix / u). Integrated over u, x has the
multivariate t distribution with ν degrees of freedom, which stay as set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from em_core.caching import at_theta
from em_core.distributions import definite, minibatch
from em_core.distributions.minibatch import Draw
from em_core.distributions.remainders import digamma_remainder, log_remainder, shape_divergence, stirling_remainder
from em_core.families.gaussian import GaussianFamily
from em_core.files.errors import HalfStepFailed
from em_core.files.fields import Fields
from em_core.model import ModelHelp
from em_core.models.observations import Observations
from em_core.records import Array, Parameters, frozen

_LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class GammaScales:
    """q: u_n ~ Gamma(shape, rate_n)^(1 / temperature), shape = (ν + D) / 2 and rate_n = (ν + distance_n) / 2.

    That is a Gamma again, with shape (ν + D − 2 + 2 temperature) / (2 temperature) and the rate over the temperature.
    distances: (N,), not the rates: at large ν these agree in almost all digits. temperatures: () where all points share
    one, else (N,); 1 for a posterior, 0 for a point mass at the mode.
    """

    degrees_of_freedom: float
    dimensions: int
    distances: Array
    temperatures: Array

    @property
    def points(self) -> NDArray[np.bool_]:
        """() or (N,): which units have all their mass at the mode."""
        return self.temperatures == 0

    @cached_property
    def shape(self) -> Array:
        """() or (N,) shapes; infinite for a point mass."""
        with np.errstate(divide="ignore"):
            return frozen((self.degrees_of_freedom + self.free) / (2 * self.temperatures))

    @property
    def rates(self) -> Array:
        """(N,), infinite for a point mass."""
        with np.errstate(divide="ignore"):
            return (self.degrees_of_freedom + self.distances) / (2 * self.temperatures)

    @cached_property
    def excess(self) -> Array:
        """(N,) E[u] − 1."""
        return frozen((self.free - self.distances) / (self.degrees_of_freedom + self.distances))

    @cached_property
    def weights(self) -> Array:
        """(N,) E[u]: what a point counts for in the M-step."""
        return frozen((self.degrees_of_freedom + self.free) / (self.degrees_of_freedom + self.distances))

    @cached_property
    def free(self) -> Array:
        """() or (N,): D − 2 + 2 temperature, which is D for a posterior."""
        return frozen(self.dimensions - 2 * (1 - self.temperatures))

    @cached_property
    def expected_logarithms(self) -> Array:
        """(N,) E[log u]."""
        return frozen(np.log(self.weights) - digamma_remainder(self.shape))

    @cached_property
    def entropy(self) -> float:
        """Σ shape − log rate + log Γ(shape) + (1 − shape) ψ(shape), without what cancels at large shapes."""
        shape = np.where(self.points, 1.0, self.shape)
        common = 0.5 * (_LOG_2_PI - np.log(shape)) + stirling_remainder(shape) + (shape - 1) * digamma_remainder(shape)
        return float(np.sum(np.where(self.points, -np.inf, np.log(self.weights) + common)))

    def part(self, rows: NDArray[np.intp]) -> GammaScales:
        """q of these points."""
        temperatures = self.temperatures if np.ndim(self.temperatures) == 0 else frozen(self.temperatures[rows])
        return replace(self, distances=frozen(self.distances[rows]), temperatures=temperatures)


@dataclass(frozen=True)
class StudentT:
    """Setting: the degrees of freedom ν. As ν grows this becomes one Gaussian."""

    degrees_of_freedom: float = 4.0

    name: ClassVar[str] = "student_t"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Student t",
        place=90,
        light=True,
        settings={"degrees_of_freedom": "a number from 0.01 to 1e9, the same at every step; default 4"},
        data={"values": "(N, D) or (N,) numbers"},
        parameters={"location": "(D,)", "scale_matrix": "(D, D); the covariance is ν / (ν − 2) times this"},
    )

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls(fields.number("degrees_of_freedom", 4.0, least=0.01, most=1e9))

    def settings(self) -> dict[str, Any]:
        return {"degrees_of_freedom": self.degrees_of_freedom}

    def read_data(self, fields: Fields) -> Observations:
        return Observations.single(fields.table("values"))

    def read_parameters(self, fields: Fields, data: Observations) -> Parameters:
        dimensions = data.values.shape[1]
        location = fields.array("location", (dimensions,))
        scale_matrix = fields.array("scale_matrix", (dimensions, dimensions))
        definite.check_definite(scale_matrix, fields.name("scale_matrix"))
        return {"location": location, "scale_matrix": scale_matrix}

    def random_start(self, data: Observations, rng: np.random.Generator) -> Parameters:
        """The location at a random point, the scale matrix that of all data."""
        (location,), (scale_matrix,) = GaussianFamily().draw(data.values, 1, rng).values()
        return {"location": frozen(location), "scale_matrix": frozen(scale_matrix)}

    def n_units(self, data: Observations) -> float:
        return float(len(data.values))

    @at_theta
    def posterior(self, data: Observations, theta: Parameters) -> GammaScales:
        return self._at_temperature(data, theta, 1.0)

    def expected_log_joint(self, data: Observations, theta: Parameters, q: GammaScales) -> float:
        """Σ E[log N(x; location, scale_matrix / u)] + E[log Gamma(u; ν/2, ν/2)]."""
        logs = q.expected_logarithms
        half = 0.5 * self.degrees_of_freedom
        # (ν/2) log(ν/2) − log Γ(ν/2) + (ν/2) (E[log u] − E[u]): terms of size ν log ν that all but cancel
        prior = 0.5 * np.log(half) - 0.5 * _LOG_2_PI - stirling_remainder(half)
        prior = prior - logs - half * (log_remainder(q.weights, q.excess) + digamma_remainder(q.shape))
        return float(np.sum(prior)) + self.expected_log_likelihood(data, theta, q)

    def expected_log_likelihood(self, data: Observations, theta: Parameters, q: GammaScales) -> float:
        """Σ E[log N(x; location, scale_matrix / u)]."""
        factor, (n_points, dimensions) = _factor(theta), data.values.shape
        distances = definite.squared_distances(factor, data.values - theta["location"])
        point = 0.5 * dimensions * q.expected_logarithms - 0.5 * q.weights * distances
        constant = -0.5 * (dimensions * _LOG_2_PI + float(definite.log_determinant(factor)))
        return float(np.sum(point)) + n_points * constant

    def hidden_prior(self, data: Observations, theta: Parameters) -> GammaScales:
        """Gamma(ν/2, ν/2): the posterior of a point with no dimensions."""
        return GammaScales(self.degrees_of_freedom, 0, frozen(np.zeros(len(data.values))), frozen(1.0))

    def entropy(self, q: GammaScales) -> float:
        return q.entropy

    def kl(self, q: GammaScales, posterior: GammaScales) -> float:
        return float(np.sum(self.kl_by_unit(q, posterior))) if q is not posterior else 0.0

    def kl_by_unit(self, q: GammaScales, posterior: GammaScales) -> Array:
        """shape (x − 1 − log x), x the ratio of the means and shape that of the posterior, + KL between the shapes."""
        freedom, others = (self.degrees_of_freedom + entry.free for entry in (q, posterior))
        # x − 1 from differences alone: the means themselves agree in almost all digits at large ν and far away
        excess = (freedom / others) * (posterior.distances - q.distances) / (self.degrees_of_freedom + q.distances)
        excess = excess + (q.free - posterior.free) / others
        means = posterior.shape * log_remainder(q.weights / posterior.weights, excess)
        shape = np.where(q.points, posterior.shape, q.shape)
        return np.where(q.points, np.inf, means + shape_divergence(shape, posterior.shape))

    def mode(self, data: Observations, theta: Parameters) -> GammaScales:
        """u = (shape − 1) / rate. Raises `HalfStepFailed` where ν + D is at most 2: the peak is at 0 then."""
        freedom = self.degrees_of_freedom + data.values.shape[1]
        if freedom <= 2:
            raise HalfStepFailed(
                "no_mode",
                f"with ν + D = {freedom:g}, at most 2, the posterior of a scale is highest at 0, where there can be no"
                " point mass",
                freedom=freedom,
            )
        return self._at_temperature(data, theta, 0.0)

    def tempered(self, data: Observations, theta: Parameters, power: float) -> GammaScales:
        """A Gamma of another shape. Raises `HalfStepFailed` where that would not be above 0: no finite integral."""
        q = self._at_temperature(data, theta, 1 / power)
        if not q.shape > 0:
            raise HalfStepFailed(
                "no_tempered_posterior",
                f"the posterior of a scale to the power {power:g} has no finite integral: its shape is {q.shape:g}",
                power=power,
                shape=float(q.shape),
            )
        return q

    def n_hidden_units(self, data: Observations) -> int:
        """Points."""
        return len(data.values)

    def posterior_for(self, data: Observations, theta: Parameters, q: GammaScales, units: np.ndarray) -> GammaScales:
        found = self.posterior(data.rows(units), theta)
        distances, temperatures = q.distances.copy(), np.broadcast_to(q.temperatures, q.distances.shape).copy()
        distances[units], temperatures[units] = found.distances, found.temperatures
        return replace(q, distances=frozen(distances), temperatures=frozen(temperatures))

    def log_evidence(self, data: Observations, theta: Parameters) -> float:
        """Log density of the multivariate t, with the ratio of Gamma functions by Stirling's remainders."""
        constant, shape, logs = self._log_density(data, theta)
        return len(data.values) * constant - shape * float(np.sum(logs))

    def evidence_by_unit(self, data: Observations, theta: Parameters) -> Array:
        constant, shape, logs = self._log_density(data, theta)
        return constant - shape * logs

    def _log_density(self, data: Observations, theta: Parameters) -> tuple[float, float, Array]:
        """What all points have in common, and what is taken off it: a number times a logarithm for each, (N,)."""
        factor, dimensions = _factor(theta), data.values.shape[1]
        distances = definite.squared_distances(factor, data.values - theta["location"])
        degrees = self.degrees_of_freedom
        half, shape = 0.5 * degrees, 0.5 * (degrees + dimensions)
        gammas = (shape - 0.5) * np.log1p(dimensions / degrees) - 0.5 * dimensions
        gammas += stirling_remainder(shape) - stirling_remainder(half)
        constant = gammas - 0.5 * (dimensions * _LOG_2_PI + definite.log_determinant(factor))
        return float(constant), shape, np.log1p(distances / degrees)

    def maximize(self, data: Observations, q: GammaScales, theta: Parameters) -> Parameters:
        """Weighted mean; weighted scatter about it, divided by N and not by the sum of the weights."""
        location = self.maximize_block(data, q, theta, ("location",))
        return self.maximize_block(data, q, location, ("scale_matrix",))

    def minibatch(
        self, data: Observations, q: GammaScales, size: int, rng: np.random.Generator
    ) -> tuple[Observations, GammaScales, Draw]:
        draw = minibatch.draw(data.counts, size, rng)
        if draw.everything:
            return data, q, draw
        return data.part(draw), q.part(draw.rows), draw

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        return ("location",), ("scale_matrix",)

    def maximize_block(
        self, data: Observations, q: GammaScales, theta: Parameters, block: tuple[str, ...]
    ) -> Parameters:
        """The location is best wherever the scale matrix stands; the scatter is taken about the present location."""
        values, weights = data.values, q.weights
        if block == ("location",):
            centre = values.mean(axis=0)
            return {**theta, "location": frozen(centre + weights @ (values - centre) / weights.sum())}
        return {**theta, "scale_matrix": frozen(_scatter(values, weights, theta["location"]) / len(values))}

    def check(self, data: Observations, theta: Parameters) -> None:
        """Raise `HalfStepFailed` for a singular scale matrix."""
        found = definite.first_singular(theta["scale_matrix"][None], definite.resolution(data.values))
        if found:
            message = (
                "the scale matrix is singular, or too close to it: the points with appreciable weight lie almost in a"
                " plane"
            )
            raise HalfStepFailed("singular_covariance", message, **found[1])

    def gradient(self, data: Observations, theta: Parameters, q: GammaScales) -> Array:
        factor, deviations = _factor(theta), data.values - theta["location"]
        pull = cho_solve((factor, True), q.weights @ deviations, check_finite=False)
        scatter = _scatter(data.values, q.weights, theta["location"])
        return np.concatenate([pull, definite.cholesky_slope(factor, scatter, len(data.values))])

    def to_vector(self, theta: Parameters) -> Array:
        """The location, then the scale matrix's Cholesky factor with logarithmic diagonal."""
        return np.concatenate([theta["location"], definite.log_diagonal(_factor(theta))])

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        dimensions = len(theta["location"])
        factor = definite.from_log_diagonal(vector[dimensions:], dimensions)
        return {"location": frozen(vector[:dimensions]), "scale_matrix": frozen(factor @ factor.T)}

    def blend(self, q0: GammaScales, q1: GammaScales, weight: float) -> GammaScales:
        """The Gammas whose means E[u] are (1 − weight) and weight parts of the two; their temperatures lie between."""
        if weight in (0.0, 1.0):
            return q1 if weight else q0
        first = (1 - weight) * (self.degrees_of_freedom + q1.distances)
        second = weight * (self.degrees_of_freedom + q0.distances)
        distances = (first * q0.distances + second * q1.distances) / (first + second)
        temperatures = (first * q0.temperatures + second * q1.temperatures) / (first + second)
        return replace(q0, distances=frozen(distances), temperatures=frozen(temperatures))

    def _at_temperature(self, data: Observations, theta: Parameters, temperature: float) -> GammaScales:
        distances = definite.squared_distances(_factor(theta), data.values - theta["location"])
        return GammaScales(self.degrees_of_freedom, data.values.shape[1], frozen(distances), frozen(temperature))


def _factor(theta: Parameters) -> Array:
    return definite.cholesky(theta["scale_matrix"])


def _scatter(values: Array, weights: Array, location: Array) -> Array:
    deviations = values - location
    return (weights * deviations.T) @ deviations
