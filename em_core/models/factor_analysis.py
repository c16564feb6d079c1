"""Factor analysis: D observed values that L hidden factors explain, v = mean + loadings h + noise, h ~ N(0, I).

With one noise variance for all dimensions it is probabilistic principal component analysis (PPCA).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

from em_core.caching import at_theta
from em_core.distributions import definite, minibatch, normals
from em_core.distributions.minibatch import Draw
from em_core.distributions.normals import Normals
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp, Size
from em_core.models.gaussian_mixture import standardized
from em_core.records import Array, Parameters, frozen

NOISES = ("diagonal", "isotropic")
# A noise variance below this share of its dimension's variance is 0 up to the rounding of what follows from it. What is
# computed goes by its root, and so does orthogonal triangulation: six digits of sixteen are lost at most.
_SMALLEST_SHARE = 1e-12
_LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Table:
    """values: (N, D), one row a unit."""

    values: Array

    def part(self, rows: NDArray[np.intp]) -> Table:
        """These rows alone."""
        return Table(frozen(self.values[rows]))


@dataclass(frozen=True)
class FactorAnalysis:
    """Settings: the shape of the noise, and the number of factors where no start gives it.

    q is Gaussian; the posterior has one covariance for all units. Its entropy is a differential one: it may be
    negative. The mean is a parameter like the others; EM started with the sample mean leaves it there.
    """

    noise: str = "diagonal"
    n_factors: int | None = None

    name: ClassVar[str] = "factor_analysis"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Factor analysis, PPCA",
        place=70,
        size=Size("n_factors", "loadings", "Factors L", 1),
        settings={
            "noise": "diagonal: a variance for each dimension; isotropic: one for all (PPCA); default diagonal",
            "n_factors": "number of factors L, needed only without a start; default 1",
        },
        data={
            "values": "(N, D) or (N,) numbers",
            "standardize": "true: every dimension is shifted to mean 0 and scaled to variance 1; default false",
        },
        parameters={
            "mean": "(D,)",
            "loadings": "(D, L), L at most D",
            "noise_variances": "(D,) diagonal, a number isotropic",
        },
    )

    # --- experiment files -------------------------------------------------------------------------------------
    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls(fields.choice("noise", NOISES, "diagonal"), fields.optional_whole("n_factors", most=50))

    def settings(self) -> dict[str, Any]:
        named = {"noise": self.noise}
        return named if self.n_factors is None else {**named, "n_factors": self.n_factors}

    def read_data(self, fields: Fields) -> Table:
        values = fields.table("values")
        if fields.flag("standardize", False):
            values = frozen(standardized(values, fields.name("values")))
        return Table(values)

    def read_parameters(self, fields: Fields, data: Table) -> Parameters:
        dimensions = data.values.shape[1]
        loadings = fields.array("loadings", (dimensions, self.n_factors or "L"))
        if loadings.shape[1] > dimensions:
            valid = f"at most {dimensions} factors for {dimensions} dimensions"
            raise InvalidExperiment(fields.name("loadings"), f"{loadings.shape[1]} factors", valid)
        variances = fields.array("noise_variances", (dimensions,) if self.noise == "diagonal" else ())
        theta = {"mean": fields.array("mean", (dimensions,)), "loadings": loadings, "noise_variances": variances}
        small = np.argwhere(variances <= 0)
        if len(small):
            place = "".join(f"[{i}]" for i in small[0])
            name = f"{fields.name('noise_variances')}{place}"
            raise InvalidExperiment(name, float(variances[tuple(small[0])]), "a variance above 0")
        return theta

    def random_start(self, data: Table, rng: np.random.Generator) -> Parameters:
        """The sample mean; loadings drawn so that factors and noise explain about half of every variance each."""
        n_factors, dimensions = self.n_factors or 1, data.values.shape[1]
        if n_factors > dimensions:
            valid = f"at most {dimensions} factors for {dimensions} dimensions"
            raise InvalidExperiment("settings.n_factors", n_factors, valid)
        variances = data.values.var(axis=0)
        halves = variances / 2 if self.noise == "diagonal" else np.array(variances.mean() / 2)
        if not np.all(halves > definite.resolution(data.values).max()):
            raise InvalidExperiment("data.values", "a constant column", "columns that vary, or an explicit start")
        loadings = rng.standard_normal((dimensions, n_factors)) * np.sqrt(variances / (2 * n_factors))[:, None]
        return {
            "mean": frozen(data.values.mean(axis=0)),
            "loadings": frozen(loadings),
            "noise_variances": frozen(halves),
        }

    # --- the mathematics --------------------------------------------------------------------------------------
    def covariance(self, theta: Parameters) -> Array:
        """(D, D) the covariance of v: loadings · loadingsᵀ + noise."""
        result: Array = theta["loadings"] @ theta["loadings"].T + np.diag(self.variances(theta))
        return result

    def places(self, theta: Parameters, q: Normals) -> Array:
        """(N, D) where the factors put the points: mean + loadings · E[h]."""
        result: Array = theta["mean"] + q.means @ theta["loadings"].T
        return result

    def n_units(self, data: Table) -> float:
        return float(len(data.values))

    @at_theta
    def posterior(self, data: Table, theta: Parameters) -> Normals:
        """N(G⁻¹ Λᵀ Ψ⁻¹ (v − μ), G⁻¹) with G = I + Λᵀ Ψ⁻¹ Λ."""
        factor, means = _conditional(data, theta)
        return Normals(frozen(means), frozen(factor[None]))

    def expected_log_joint(self, data: Table, theta: Parameters, q: Normals) -> float:
        n_units, n_hidden = q.means.shape
        hidden = np.sum(q.means**2) + n_units * np.mean(np.trace(q.covariances, axis1=1, axis2=2))
        return -0.5 * float(hidden + n_units * n_hidden * _LOG_2PI) + self.expected_log_likelihood(data, theta, q)

    def expected_log_likelihood(self, data: Table, theta: Parameters, q: Normals) -> float:
        noise = self.variances(theta)
        constants = len(data.values) * (len(noise) * _LOG_2PI + np.sum(np.log(noise)))
        return -0.5 * float(np.sum(self._squares(data, theta, q) / noise) + constants)

    def hidden_prior(self, data: Table, theta: Parameters) -> Normals:
        """N(0, I)."""
        n_factors = theta["loadings"].shape[1]
        return Normals(frozen(np.zeros((len(data.values), n_factors))), frozen(np.eye(n_factors)[None]))

    def entropy(self, q: Normals) -> float:
        return normals.entropy(q)

    def kl(self, q: Normals, posterior: Normals) -> float:
        return normals.kl(q, posterior)

    def kl_by_unit(self, q: Normals, posterior: Normals) -> Array:
        return normals.kl_by_unit(q, posterior)

    def mode(self, data: Table, theta: Parameters) -> Normals:
        return normals.mode(self.posterior(data, theta))

    def tempered(self, data: Table, theta: Parameters, power: float) -> Normals:
        return normals.tempered(self.posterior(data, theta), power)

    def mean_field(self, data: Table, theta: Parameters, q: Normals | None) -> Normals:
        """Independent factors: variances 1 / G_ll, means by one sweep from those of q; without a q, from 0."""
        posterior = self.posterior(data, theta)
        start = np.zeros(posterior.means.shape) if q is None else q.means
        return normals.mean_field(start, posterior)

    def n_hidden_units(self, data: Table) -> int:
        """Rows."""
        return len(data.values)

    def posterior_for(self, data: Table, theta: Parameters, q: Normals, units: np.ndarray) -> Normals:
        return normals.replaced(q, self.posterior(data.part(units), theta), units)

    def log_evidence(self, data: Table, theta: Parameters) -> float:
        """Σ log N(v; μ, ΛΛᵀ + Ψ) by Woodbury's identities.

        rᵀΣ⁻¹r is the smallest value of |r − Λh|² in Ψ's metric plus |h|², and is computed as such: r's own large square
        in that metric never appears, from which the small rest would have to be found by subtraction.
        """
        squares, best, constant = self._log_density(data, theta)
        return -0.5 * float(np.sum(squares) + np.sum(best) + len(data.values) * constant)

    def evidence_by_unit(self, data: Table, theta: Parameters) -> Array:
        squares, best, constant = self._log_density(data, theta)
        result: Array = -0.5 * (squares.sum(axis=1) + best.sum(axis=1) + constant)
        return result

    def _log_density(self, data: Table, theta: Parameters) -> tuple[Array, Array, float]:
        """−2 log N(v; μ, ΛΛᵀ + Ψ) of each row: squares of what remains, (N, D), and of h, (N, L), and a constant."""
        noise, loadings = self.variances(theta), theta["loadings"]
        factor, best = _conditional(data, theta)
        residuals = data.values - theta["mean"] - best @ loadings.T
        log_determinant = np.sum(np.log(noise)) + 2 * np.sum(np.log(np.diag(factor)))
        return residuals**2 / noise, best**2, log_determinant + len(noise) * _LOG_2PI

    def maximize(self, data: Table, q: Normals, theta: Parameters) -> Parameters:
        """Regression of v on h, intercept included, its squares completed by q's spread.

        Mean, loadings and noise maximise the bound jointly: the mean is that of v minus loadings times that of h, which
        is the sample mean wherever the posterior means average to 0.
        """
        centred = _loadings(data, q, data.values.mean(axis=0), q.means.mean(axis=0))
        fitted = self.maximize_block(data, q, {**theta, "loadings": centred}, ("mean",))
        return self.maximize_block(data, q, fitted, ("noise_variances",))

    def minibatch(self, data: Table, q: Normals, size: int, rng: np.random.Generator) -> tuple[Table, Normals, Draw]:
        draw = minibatch.draw_rows(len(data.values), size, rng)
        if draw.everything:
            return data, q, draw
        return data.part(draw.rows), q.part(draw.rows), draw

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        return ("mean",), ("loadings",), ("noise_variances",)

    def maximize_block(self, data: Table, q: Normals, theta: Parameters, block: tuple[str, ...]) -> Parameters:
        """Mean and loadings are best whatever the noise, but each depends on the other."""
        if block == ("mean",):
            centre = data.values.mean(axis=0)
            apart = (data.values - centre).mean(axis=0) - theta["loadings"] @ q.means.mean(axis=0)
            return {**theta, "mean": frozen(centre + apart)}
        if block == ("loadings",):
            return {**theta, "loadings": _loadings(data, q, theta["mean"], np.zeros(q.means.shape[1]))}
        squares = self._squares(data, theta, q) / len(data.values)
        variances = squares if self.noise == "diagonal" else np.array(squares.mean())
        return {**theta, "noise_variances": frozen(variances)}

    def check(self, data: Table, theta: Parameters) -> None:
        """Raise `HalfStepFailed` for a noise variance that is 0 beside the data, or beside what the factors explain.

        The latter bounds the eigenvalues of the posterior precision too, none of which is below 1.
        """
        scale = np.mean((data.values - data.values.mean(axis=0)) ** 2, axis=0)
        explained = np.sum(theta["loadings"] ** 2, axis=1)
        least = np.maximum(_SMALLEST_SHARE * np.maximum(scale, explained), definite.resolution(data.values))
        least = least if self.noise == "diagonal" else least.max()
        found = definite.first_flat(self.variances(theta), least)
        if found:
            which = (
                f"the noise variance of dimension {found[0] + 1}" if self.noise == "diagonal" else "the noise variance"
            )
            raise HalfStepFailed(
                "singular_covariance",
                f"{which} reaches 0 (a Heywood case): the factors explain it completely, and the likelihood has no"
                " interior maximum",
                dimension=float(found[0]),
                **found[1],
            )

    def gradient(self, data: Table, theta: Parameters, q: Normals) -> Array:
        noise, loadings = self.variances(theta), theta["loadings"]
        residuals = data.values - theta["mean"] - q.means @ loadings.T
        spread = len(data.values) * q.covariances.mean(axis=0)
        pull = (residuals.T @ q.means - loadings @ spread) / noise[:, None]
        variances = 0.5 * (self._squares(data, theta, q) / noise - len(data.values))
        if self.noise == "isotropic":
            variances = variances.sum(keepdims=True)
        return np.concatenate([residuals.sum(axis=0) / noise, pull.ravel(), variances])

    def to_vector(self, theta: Parameters) -> Array:
        """Mean, loadings row by row, and the logarithms of the noise variances."""
        logs = np.log(np.atleast_1d(theta["noise_variances"]))
        return np.concatenate([theta["mean"], theta["loadings"].ravel(), logs])

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        loadings = theta["loadings"]
        mean, rest, logs = np.split(vector, [len(loadings), len(loadings) + loadings.size])
        return {
            "mean": frozen(mean),
            "loadings": frozen(rest.reshape(loadings.shape)),
            "noise_variances": frozen(np.exp(logs).reshape(theta["noise_variances"].shape)),
        }

    def blend(self, q0: Normals, q1: Normals, weight: float) -> Normals:
        return normals.blend(q0, q1, weight)

    @staticmethod
    def moments(data: Table, q: Normals, centre: Array, hidden_centre: Array) -> tuple[Array, Array]:
        """(L, L) and (L, D): averages over the rows of E[hhᵀ] and E[h] vᵀ, with h and v counted from these centres."""
        hidden = q.means - hidden_centre
        spread = hidden.T @ hidden / len(hidden) + q.covariances.mean(axis=0)
        return spread, hidden.T @ (data.values - centre) / len(hidden)

    def variances(self, theta: Parameters) -> Array:
        """(D,) variances, whatever the shape of the noise."""
        return np.broadcast_to(theta["noise_variances"], theta["mean"].shape)

    def _squares(self, data: Table, theta: Parameters, q: Normals) -> Array:
        """Σ_n E_q[(v − μ − Λh)²], per dimension: (D,)."""
        loadings = theta["loadings"]
        residuals = data.values - theta["mean"] - q.means @ loadings.T
        return np.sum(residuals**2, axis=0) + len(data.values) * q.spread(loadings)


def _loadings(data: Table, q: Normals, centre: Array, hidden_centre: Array) -> Array:
    """(D, L) regression of v − centre on h − hidden_centre, without intercept, its squares completed by q's spread."""
    spread, crossed = FactorAnalysis.moments(data, q, centre, hidden_centre)
    return frozen(cho_solve((definite.cholesky(spread), True), crossed, check_finite=False).T)


def _conditional(data: Table, theta: Parameters) -> tuple[Array, Array]:
    """Lower Cholesky factor of the posterior precision G = I + Λᵀ Ψ⁻¹ Λ, and the posterior means, (N, L).

    By least squares, v − μ on Λ in units of the noise and 0 on I: orthogonal triangulation, the largest rows first,
    keeps the digits that G loses where a noise variance is tiny beside the others.
    """
    deviations = np.sqrt(np.broadcast_to(theta["noise_variances"], theta["mean"].shape))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # what leaves the floats is told below
        scaled = theta["loadings"] / deviations[:, None]
        targets = (data.values - theta["mean"]) / deviations
        sizes = np.sum(scaled**2, axis=1)
    if not (np.isfinite(sizes).all() and np.isfinite(targets).all()):
        message = "a noise variance is so small that the posterior precision overflows"
        raise HalfStepFailed("singular_covariance", message, variance=float(np.min(theta["noise_variances"])))
    n_hidden = scaled.shape[1]
    order = np.argsort(-np.append(sizes, np.ones(n_hidden)), kind="stable")
    rows = np.vstack([scaled, np.eye(n_hidden)])[order]
    rotation, upper = np.linalg.qr(rows)
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    rotation, upper = rotation * signs, upper * signs[:, None]
    padded = np.hstack([targets, np.zeros((len(targets), n_hidden))])[:, order]
    means = solve_triangular(upper, (padded @ rotation).T, check_finite=False).T
    return upper.T, means
