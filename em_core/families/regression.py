"""Linear regressions as components: the target given the inputs.

values: (N, P + 1), the inputs and in the last column the target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from em_core.distributions import definite
from em_core.families.mass import component_mass
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import Array, Parameters, frozen

_EPS = np.finfo(float).eps
_SMALLEST_VARIANCE = 1e-290
_REFINEMENTS = 2
# two halves of a float's digits, and products that both keep all of them
_SPLIT = 2.0**27 + 1
_LEAST_SPLIT, _MOST_SPLIT = 1e-200, 1e200


@dataclass(frozen=True)
class RegressionFamily:
    """target ~ N(inputs · coefficients_k, variance_k); an intercept is an input that is always 1."""

    parameters: ClassVar[tuple[str, ...]] = ("coefficients", "variances")

    def log_density(self, values: Array, components: Parameters) -> Array:
        """values (N, P + 1) -> (K, N), conditional on the inputs."""
        variances = _variances(components)[:, None]
        with np.errstate(over="ignore"):  # a density below the floats is 0
            squares = _residuals(values, components) ** 2 / variances
        return -0.5 * (squares + np.log(2 * np.pi * variances))

    def parts(self, values: Array, components: Parameters, row: int) -> dict[str, Array]:
        """What the densities of one row are made of, each (K,): how far its target lies from each line."""
        return {"residuals": _residuals(values, components)[:, row]}

    def fit(self, values: Array, weights: Array, previous: Parameters) -> Parameters:
        """Weighted least squares; variances divide by Σ weights.

        Raises `HalfStepFailed` for a lost component and for inputs that do not determine the coefficients.
        """
        lines = self.fit_one(values, weights, previous, "coefficients")
        return {**lines, **self.fit_one(values, weights, lines, "variances")}

    def fit_one(self, values: Array, weights: Array, previous: Parameters, name: str) -> Parameters:
        """`fit` over the parameter `name` alone: variances are then about the lines as they are."""
        mass = component_mass(weights)
        if name == "coefficients":
            rows = [_least_squares(values, entry / entry.max(), k) for k, entry in enumerate(weights)]
            return {"coefficients": frozen(rows)}
        with np.errstate(over="ignore", invalid="ignore"):  # where its own points leave all others beyond the floats
            residuals = _residuals(values, previous)
            variances = np.sum(weights * residuals**2, axis=1) / mass
        if not np.all(np.isfinite(variances)):
            k = int(np.argmin(np.isfinite(variances)))
            message = f"the residuals of component {k + 1} overflowed: its inputs differ too much in size"
            raise HalfStepFailed("diverged", message, component=float(k))
        return {"variances": frozen(variances)}

    def check(self, values: Array, components: Parameters) -> None:
        """Raise `HalfStepFailed` for a variance of 0, up to the rounding of targets and lines."""
        # what rounding alone leaves of residuals: of the targets, and of the products that add up to them
        sizes = np.abs(components["coefficients"]) @ np.abs(values[:, :-1]).max(axis=0)
        floor = np.maximum((8 * _EPS * (np.abs(values[:, -1]).max() + sizes)) ** 2, _SMALLEST_VARIANCE)
        found = definite.first_flat(components["variances"], floor)
        if found:
            raise HalfStepFailed(
                "singular_covariance",
                f"the variance of component {found[0] + 1} becomes 0: its line goes through all its points, and the "
                "likelihood has no upper bound",
                component=float(found[0]),
                **found[1],
            )

    def gradient(self, values: Array, weights: Array, components: Parameters) -> Array:
        """Gradient of Σ weights · log density in coefficients and log variances."""
        variances = _variances(components)
        residuals = _residuals(values, components)
        slope = (weights * residuals) @ values[:, :-1] / variances[:, None]
        squares = np.sum(weights * residuals**2, axis=1)
        return np.concatenate([slope.ravel(), 0.5 * (squares / variances - weights.sum(axis=1))])

    def to_vector(self, components: Parameters) -> Array:
        return np.concatenate([components["coefficients"].ravel(), np.log(components["variances"])])

    def from_vector(self, vector: Array, components: Parameters) -> Parameters:
        coefficients = components["coefficients"]
        return {
            "coefficients": frozen(vector[: coefficients.size].reshape(coefficients.shape)),
            "variances": frozen(np.exp(vector[coefficients.size :])),
        }

    def read(self, fields: Fields, n_components: int, values: Array) -> Parameters:
        coefficients = fields.array("coefficients", (n_components, values.shape[1] - 1))
        variances = fields.array("variances", (n_components,))
        for k, variance in enumerate(variances):
            if variance <= 0:
                name = f"{fields.name('variances')}[{k}]"
                raise InvalidExperiment(name, float(variance), "a variance above 0")
        return {"coefficients": coefficients, "variances": variances}

    def draw(self, values: Array, n_components: int, rng: np.random.Generator) -> Parameters:
        """A random start: lines about one standard deviation of the residuals away from that of all points."""
        try:
            overall = self.fit(values, np.ones((1, len(values))), {})
            self.check(values, overall)
        except HalfStepFailed as failure:
            valid = "inputs and targets that determine a line with residuals, or an explicit start"
            raise InvalidExperiment("data", f"data where {failure}", valid) from None
        (centre,), (variance,) = overall["coefficients"], overall["variances"]
        inputs = values[:, :-1]
        scale = np.sqrt(np.mean(inputs**2, axis=0))
        # directions in which the fitted values move by one unit on average over the points
        directions = np.linalg.inv(np.linalg.qr(inputs / scale, mode="r")) * np.sqrt(len(values) / len(centre))
        steps = (rng.standard_normal((n_components, len(centre))) @ directions.T) / scale
        coefficients = centre + np.sqrt(variance) * steps
        return {"coefficients": frozen(coefficients), "variances": frozen(np.full(n_components, variance))}


def _variances(components: Parameters) -> Array:
    if not np.all(components["variances"] > 0):
        raise HalfStepFailed("singular_covariance", "a variance is no longer above 0")
    return components["variances"]


def _residuals(values: Array, components: Parameters) -> Array:
    """(K, N) targets minus fitted values, with the digits of the values' deviations from their centre.

    What target and line leave at the centre, large numbers that all but cancel where the values lie far from 0, is
    summed exactly.
    """
    centre = np.add.reduce(values, axis=0) / len(values)
    return _left(centre, values - centre, components["coefficients"])


def _left(centre: Array, apart: Array, coefficients: Array) -> Array:
    """`_residuals` of values that are given as their centre and what they lie apart from it."""
    target, inputs = float(centre[-1]), centre[:-1].tolist()
    rests = [_exactly(target, row, inputs) for row in coefficients.tolist()]
    return np.array(rests)[:, None] + (apart[:, -1] - coefficients @ apart[:, :-1].T)


def _exactly(target: float, coefficients: list[float], inputs: list[float]) -> float:
    """target − coefficients · inputs, rounded once."""
    summands = [target]
    for a, b in zip(coefficients, inputs, strict=True):
        if a == 0 or b == 0:
            continue
        product = a * b
        if not (_LEAST_SPLIT < abs(product) < _MOST_SPLIT and abs(a) < _MOST_SPLIT and abs(b) < _MOST_SPLIT):
            return _by_fractions(target, coefficients, inputs)
        # Dekker's halves of 26 bits: the products of halves are exact, and so is what rounding left of the product
        a_high, b_high = a * _SPLIT, b * _SPLIT
        a_high, b_high = a_high - (a_high - a), b_high - (b_high - b)
        a_low, b_low = a - a_high, b - b_high
        summands += [-product, -(((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low)]
    return math.fsum(summands)


def _by_fractions(target: float, coefficients: list[float], inputs: list[float]) -> float:
    """`_exactly`, for numbers of any size."""
    try:
        products = (Fraction(a) * Fraction(b) for a, b in zip(coefficients, inputs, strict=True))
        return float(Fraction(target) - sum(products))
    except (OverflowError, ValueError):  # it leaves the floats, or a coefficient has
        return float("nan")


def _least_squares(values: Array, weights: Array, component: int) -> Array:
    """(P,) coefficients of one component. Columns are scaled first, so that units do not matter to the rank."""
    roots = np.sqrt(weights)
    rows = values[:, :-1] * roots[:, None]
    scale = np.sqrt(np.sum(rows**2, axis=0))
    singular = np.zeros(1)
    if np.all(scale > 0):
        scaled = rows / scale
        solution, _, rank, singular = np.linalg.lstsq(scaled, values[:, -1] * roots, rcond=None)
        if rank == rows.shape[1]:
            # again on what is left: a QR or SVD of these rows leaves residuals orthogonal only to their rounding, and
            # inputs far from 0 leave few digits the first time
            centre = np.add.reduce(values, axis=0) / len(values)
            apart = values - centre
            for _ in range(_REFINEMENTS):
                (left,) = _left(centre, apart, (solution / scale)[None])
                solution = solution + np.linalg.lstsq(scaled, left * roots, rcond=None)[0]
            return solution / scale
    raise HalfStepFailed(
        "singular_inputs",
        f"the points of component {component + 1} do not determine its coefficients: their inputs are dependent",
        component=float(component),
        smallest=float(singular[-1]),
    )
