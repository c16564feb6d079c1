"""Factor analysis: D observed values that L hidden factors explain, v = mean + loadings h + noise, h ~ N(0, I).

With one noise variance for all dimensions it is probabilistic principal component analysis (PPCA).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from em_core.caching import at_theta
from em_core.distributions import definite, minibatch, normals
from em_core.distributions.minibatch import Draw
from em_core.distributions.normals import Linear, Normals
from em_core.distributions.scatter import Scatter
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp, Size
from em_core.models.factor_sums import (
    SMALLEST_SHARE,
    Table,
    conditional,
    posterior,
    prior,
    regression,
    residuals,
    rows_of,
    squares,
    summary,
)
from em_core.models.gaussian_mixture import standardized
from em_core.records import Array, Parameters, frozen, sealed

NOISES = ("diagonal", "isotropic")
# a rise of L by more than this share of its terms is none of rounding
_SURE = 1e-11
_LOG_2PI = float(np.log(2 * np.pi))


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

    def posterior(self, data: Table, theta: Parameters) -> Normals:
        """N(G⁻¹ Λᵀ Ψ⁻¹ (v − μ), G⁻¹) with G = I + Λᵀ Ψ⁻¹ Λ."""
        return self._given(data, theta)

    @at_theta
    def _given(self, data: Table, theta: Parameters) -> Linear:
        return posterior(data, theta)

    def expected_log_joint(self, data: Table, theta: Parameters, q: Normals) -> float:
        _, hidden = rows_of(data, q)
        constants = float(q.covariance.trace()) + hidden.rows.shape[1] * _LOG_2PI
        distances = float(np.vdot(hidden.rows, hidden.rows)) + hidden.number * constants
        return -0.5 * distances + self.expected_log_likelihood(data, theta, q)

    def expected_log_likelihood(self, data: Table, theta: Parameters, q: Normals) -> float:
        noise = self.variances(theta)
        constants = len(noise) * _LOG_2PI + np.log(noise).sum()
        return -0.5 * float((squares(data, theta, q) / noise).sum() + len(data.values) * constants)

    def surely_higher(self, data: Table, q: Normals, theta: Parameters, other: Parameters) -> bool:
        """Whether L is higher at θ than at the other one by more than rounding may have done: h's own part is equal."""
        now, then = self.variances(other), self.variances(theta)
        before = float(np.add.reduce(squares(data, other, q) / now))
        change = len(data.values) * float(np.add.reduce(np.log(now / then)))
        after = float(np.add.reduce(squares(data, theta, q) / then))
        return before + change - after > _SURE * (before + abs(change) + after)

    def hidden_prior(self, data: Table, theta: Parameters) -> Normals:
        """N(0, I)."""
        return prior(data, theta["loadings"].shape[1])

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
        start = np.zeros(posterior.shape) if q is None else q.means
        return normals.mean_field(start, posterior)

    def n_hidden_units(self, data: Table) -> int:
        """Rows."""
        return len(data.values)

    def posterior_for(self, data: Table, theta: Parameters, q: Normals, units: np.ndarray) -> Normals:
        given = conditional(theta)
        return normals.replaced(q, Normals(given.place(data.values[units]), given.factor[None]), units)

    def log_evidence(self, data: Table, theta: Parameters) -> float:
        """Σ log N(v; μ, ΛΛᵀ + Ψ) by Woodbury's identities.

        rᵀΣ⁻¹r is the smallest value of |r − Λh|² in Ψ's metric plus |h|², and is computed as such: r's own large square
        in that metric never appears, from which the small rest would have to be found by subtraction.
        """
        q, noise = self._given(data, theta), self.variances(theta)
        values, hidden = rows_of(data, q)
        apart = residuals(theta, values, hidden)
        distances = (np.einsum("md,md->d", apart, apart) / noise).sum() + np.vdot(hidden.rows, hidden.rows)
        constant = self._log_determinant(noise, q) + len(noise) * _LOG_2PI
        return -0.5 * float(distances + values.number * constant)

    def evidence_by_unit(self, data: Table, theta: Parameters) -> Array:
        q, noise = self._given(data, theta), self.variances(theta)
        apart = data.values - theta["mean"] - q.means @ theta["loadings"].T
        constant = self._log_determinant(noise, q) + len(noise) * _LOG_2PI
        result: Array = -0.5 * ((apart**2 / noise).sum(axis=1) + (q.means**2).sum(axis=1) + constant)
        return result

    def _log_determinant(self, noise: Array, posterior: Normals) -> float:
        """log |ΛΛᵀ + Ψ| = log |Ψ| + log |G|."""
        return float(np.log(noise).sum() + 2 * np.log(posterior.precision_factors[0].diagonal()).sum())

    def maximize(self, data: Table, q: Normals, theta: Parameters) -> Parameters:
        """Regression of v on h, intercept included, its squares completed by q's spread.

        Mean, loadings and noise maximise the bound jointly: the mean is that of v minus loadings times that of h, which
        is the sample mean wherever the posterior means average to 0.
        """
        values, hidden = rows_of(data, q)
        loadings = regression(values.about, hidden.about, q, values.number)
        fitted = {**theta, "mean": _mean(values, hidden, loadings), "loadings": loadings}
        return {**fitted, "noise_variances": self._noise(data, fitted, q)}

    def minibatch(self, data: Table, q: Normals, size: int, rng: np.random.Generator) -> tuple[Table, Normals, Draw]:
        draw = minibatch.draw_rows(len(data.values), size, rng)
        if draw.everything:
            return data, q, draw
        return data.part(draw.rows), q.part(draw.rows), draw

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        return ("mean",), ("loadings",), ("noise_variances",)

    def maximize_block(self, data: Table, q: Normals, theta: Parameters, block: tuple[str, ...]) -> Parameters:
        """Mean and loadings are best whatever the noise, but each depends on the other."""
        if block == ("noise_variances",):
            return {**theta, "noise_variances": self._noise(data, theta, q)}
        values, hidden = rows_of(data, q)
        if block == ("mean",):
            return {**theta, "mean": _mean(values, hidden, theta["loadings"])}
        targets = values.apart(theta["mean"])
        return {**theta, "loadings": regression(targets, hidden.rows, q, values.number)}

    def _noise(self, data: Table, theta: Parameters, q: Normals) -> Array:
        each = squares(data, theta, q) / len(data.values)
        return sealed(each if self.noise == "diagonal" else np.array(each.mean()))

    def check(self, data: Table, theta: Parameters) -> None:
        """Raise `HalfStepFailed` for a noise variance that is 0 beside the data, or beside what the factors explain.

        The latter bounds the eigenvalues of the posterior precision too, none of which is below 1.
        """
        explained = np.add.reduce(theta["loadings"] ** 2, axis=1)
        least = np.maximum(SMALLEST_SHARE * explained, summary(data).least)
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
        values, hidden = rows_of(data, q)
        apart = residuals(theta, values, hidden)
        pull = (apart.T @ hidden.rows - values.number * loadings @ q.covariance) / noise[:, None]
        variances = 0.5 * (squares(data, theta, q) / noise - len(data.values))
        if self.noise == "isotropic":
            variances = variances.sum(keepdims=True)
        return np.concatenate([values.root * apart[0] / noise, pull.ravel(), variances])

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
        noise = theta["noise_variances"]
        return noise if noise.ndim else np.broadcast_to(noise, theta["mean"].shape)


def _mean(values: Scatter, hidden: Scatter, loadings: Array) -> Array:
    """Of v less what the loadings make of the mean of h."""
    return sealed(values.centre + (values.rows[0] - loadings @ hidden.rows[0]) / values.root)
