"""One Gaussian and a table with missing entries: h are the missing entries.

Entries are missing at random: that they are missing says nothing about what they would have been. Given the observed
entries of a row its missing ones are Gaussian again (Orchard and Woodbury, 1972; Little and Rubin, chapter 11).

All is computed from deviations from the table's centre, so that data far from 0 keep their digits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from em_core.caching import at_theta
from em_core.distributions import definite, minibatch
from em_core.distributions.minibatch import Draw
from em_core.distributions.remainders import log_remainder
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp
from em_core.models.missing import (
    LOG_2_PI,
    Conditional,
    IncompleteTable,
    MissingEntries,
    check_size,
    patterns,
    seen_parts,
    splits,
    well_conditioned,
)
from em_core.records import Array, Parameters, frozen


@dataclass(frozen=True)
class IncompleteGaussian:
    """No settings. With nothing missing it is one Gaussian, and a single M-step ends it."""

    name: ClassVar[str] = "incomplete_gaussian"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Gaussian with missing values",
        place=100,
        settings={},
        data={"values": "(N, D) numbers, null where an entry is missing"},
        parameters={"mean": "(D,)", "covariance": "(D, D)"},
    )

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls()

    def settings(self) -> dict[str, Any]:
        return {}

    def read_data(self, fields: Fields) -> IncompleteTable:
        values = fields.table("values", missing=True)
        present, name = ~np.isnan(values), fields.name("values")
        if not present.any(axis=1).all():
            row = int(np.argmin(present.any(axis=1)))
            raise InvalidExperiment(f"{name}[{row}]", [None] * values.shape[1], "at least one number in every row")
        if not present.any(axis=0).all():
            column = int(np.argmin(present.any(axis=0)))
            raise InvalidExperiment(name, f"column {column} all null", "at least one number in every column")
        check_size(present, name)
        return IncompleteTable(values, tuple(patterns(present)), frozen(np.nanmean(values, axis=0)))

    def read_parameters(self, fields: Fields, data: IncompleteTable) -> Parameters:
        dimensions = data.values.shape[1]
        mean = fields.array("mean", (dimensions,))
        covariance = fields.array("covariance", (dimensions, dimensions))
        definite.check_definite(covariance, fields.name("covariance"))
        return {"mean": mean, "covariance": covariance}

    def random_start(self, data: IncompleteTable, rng: np.random.Generator) -> Parameters:
        """Around the means of what is observed, with the observed variances and no correlation."""
        variances = np.nanvar(data.values, axis=0)
        flat = np.flatnonzero(~(variances > definite.resolution(data.values)))
        if len(flat):
            raise InvalidExperiment("data.values", f"column {flat[0]} constant", "columns that vary, or a start")
        shift = 0.5 * rng.standard_normal(len(variances)) * np.sqrt(variances)
        return {"mean": frozen(np.nanmean(data.values, axis=0) + shift), "covariance": frozen(np.diag(variances))}

    def n_units(self, data: IncompleteTable) -> float:
        return float(len(data.values))

    @at_theta
    def posterior(self, data: IncompleteTable, theta: Parameters) -> MissingEntries:
        conditionals = (split.missing for split in splits(data, theta))
        return MissingEntries(tuple(entry for entry in conditionals if len(entry.pattern.missing)))

    def expected_log_joint(self, data: IncompleteTable, theta: Parameters, q: MissingEntries) -> float:
        """Σ E[log N(completed row; mean, covariance)]."""
        if well_conditioned(theta["covariance"]):
            return _expected_log_density_of_rows(data, theta, q)
        total, conditionals = 0.0, iter(q.conditionals)
        for split in splits(data, theta):
            total += split.seen.log_density()
            if len(split.missing.pattern.missing):
                total += _expected_log_density(next(conditionals), split.missing)
        return total

    def entropy(self, q: MissingEntries) -> float:
        return q.entropy

    def kl(self, q: MissingEntries, posterior: MissingEntries) -> float:
        return float(np.sum(self.kl_by_unit(q, posterior))) if q is not posterior else 0.0

    def kl_by_unit(self, q: MissingEntries, posterior: MissingEntries) -> Array:
        """½ [tr(P C) − m − log |P C| + squared distance of the means], P and C precision and covariance."""
        rows = q.rows
        result = np.empty(len(rows))
        for one, other in zip(q.conditionals, posterior.conditionals, strict=True):
            result[np.searchsorted(rows, one.pattern.rows)] = _gaussian_kl(one, other)
        return result

    def mode(self, data: IncompleteTable, theta: Parameters) -> MissingEntries:
        """The conditional means, without spread."""
        return self._scaled(self.posterior(data, theta), 0.0)

    def tempered(self, data: IncompleteTable, theta: Parameters, power: float) -> MissingEntries:
        """The covariances divided by the power."""
        return self._scaled(self.posterior(data, theta), float(np.sqrt(1 / power)))

    def n_hidden_units(self, data: IncompleteTable) -> int:
        """Rows with missing entries: the others hide nothing, and q does not hold them."""
        return sum(len(pattern.rows) for pattern in data.patterns if len(pattern.missing))

    def posterior_for(
        self, data: IncompleteTable, theta: Parameters, q: MissingEntries, units: np.ndarray
    ) -> MissingEntries:
        rows = q.rows[units]
        found = iter(self.posterior(data.part(rows), theta).conditionals)
        members = ((entry, np.isin(entry.pattern.rows, rows)) for entry in q.conditionals)
        return MissingEntries(
            tuple(_replaced(entry, next(found), chosen) if chosen.any() else entry for entry, chosen in members)
        )

    @staticmethod
    def _scaled(q: MissingEntries, scale: float) -> MissingEntries:
        """The same means, every deviation from them times `scale`."""
        return MissingEntries(tuple(replace(part, factors=frozen(scale * part.factors)) for part in q.conditionals))

    def log_evidence(self, data: IncompleteTable, theta: Parameters) -> float:
        """Log density of the observed entries of each row."""
        return sum(seen.log_density() for seen in seen_parts(data, theta))

    def evidence_by_unit(self, data: IncompleteTable, theta: Parameters) -> Array:
        result = np.empty(len(data.values))
        for pattern, seen in zip(data.patterns, seen_parts(data, theta), strict=True):
            result[pattern.rows] = seen.log_densities()
        return result

    def maximize(self, data: IncompleteTable, q: MissingEntries, theta: Parameters) -> Parameters:
        """Mean and 1/N covariance of the completed table, the spread of what was missing included."""
        mean = self.maximize_block(data, q, theta, ("mean",))
        return self.maximize_block(data, q, mean, ("covariance",))

    def minibatch(
        self, data: IncompleteTable, q: MissingEntries, size: int, rng: np.random.Generator
    ) -> tuple[IncompleteTable, MissingEntries, Draw]:
        draw = minibatch.draw_rows(len(data.values), size, rng)
        if draw.everything:
            return data, q, draw
        return data.part(draw.rows), q.part(draw.rows), draw

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        return ("mean",), ("covariance",)

    def maximize_block(
        self, data: IncompleteTable, q: MissingEntries, theta: Parameters, block: tuple[str, ...]
    ) -> Parameters:
        """The mean is best wherever the covariance stands; this is then taken about the present mean."""
        if block == ("mean",):
            return {**theta, "mean": frozen(data.centre + _completed_deviations(data, q).mean(axis=0))}
        return {**theta, "covariance": frozen(_scatter(data, theta, q) / len(data.values))}

    def check(self, data: IncompleteTable, theta: Parameters) -> None:
        """Raise `HalfStepFailed` for a singular covariance; those of fewer columns are then not singular either."""
        found = definite.first_singular(theta["covariance"][None], definite.resolution(data.values))
        if found:
            message = (
                "the covariance is singular, or too close to it: on a line or plane the likelihood has no upper bound"
            )
            raise HalfStepFailed("singular_covariance", message, **found[1])

    def gradient(self, data: IncompleteTable, theta: Parameters, q: MissingEntries) -> Array:
        factor = definite.cholesky(theta["covariance"])
        apart = np.sum(_completed_deviations(data, q) - (theta["mean"] - data.centre), axis=0)
        pull = cho_solve((factor, True), apart, check_finite=False)
        slope = definite.cholesky_slope(factor, _scatter(data, theta, q), len(data.values))
        return np.concatenate([pull, slope])

    def to_vector(self, theta: Parameters) -> Array:
        """The mean, then the covariance's Cholesky factor with logarithmic diagonal."""
        factor = definite.cholesky(theta["covariance"])
        return np.concatenate([theta["mean"], definite.log_diagonal(factor)])

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        dimensions = len(theta["mean"])
        factor = definite.from_log_diagonal(vector[dimensions:], dimensions)
        return {"mean": frozen(vector[:dimensions]), "covariance": frozen(factor @ factor.T)}

    def completed(self, data: IncompleteTable, q: MissingEntries) -> tuple[Array, Array]:
        """(N, D) the table with its missing entries at their expected values, and their standard deviations.

        Those are 0 where observed.
        """
        result, deviations = data.values.copy(), np.zeros(data.values.shape)
        for part in q.conditionals:
            place = part.pattern.missing_entries
            result[place] = part.means
            deviations[place] = np.sqrt(np.einsum("nii->ni", part.covariances))
        return result, deviations

    def blend(self, q0: MissingEntries, q1: MissingEntries, weight: float) -> MissingEntries:
        """The Gaussians with the first two moments of the mixture (1 − weight) q0 + weight q1."""
        if weight in (0.0, 1.0):
            return q1 if weight else q0
        pairs = zip(q0.conditionals, q1.conditionals, strict=True)
        return MissingEntries(tuple(_moment_blend(one, other, weight) for one, other in pairs))


def _expected_log_density_of_rows(data: IncompleteTable, theta: Parameters, q: MissingEntries) -> float:
    """Σ E_q[log N(completed row; mean, covariance)], from one factor for all rows."""
    factor = definite.cholesky(theta["covariance"])
    n_rows, dimensions = data.values.shape
    squares = np.sum(definite.whiten(factor, (_completed_deviations(data, q) - (theta["mean"] - data.centre)).T) ** 2)
    spread = np.trace(cho_solve((factor, True), _spread(q, dimensions), check_finite=False))
    constant = dimensions * LOG_2_PI + definite.log_determinant(factor)
    return -0.5 * float(squares + spread + n_rows * constant)


def _expected_log_density(q: Conditional, conditional: Conditional) -> float:
    """Σ E_q[log density of what is missing] under `conditional`, the posterior: of one factor for all rows."""
    (factor,) = conditional.factors
    n_rows, n_missing = q.deviations.shape
    squares = np.sum(definite.whiten(factor, (q.deviations - conditional.deviations).T) ** 2)
    spread = n_rows * np.mean(np.sum(np.linalg.solve(factor, q.factors) ** 2, axis=(-2, -1)))
    constant = n_missing * LOG_2_PI + definite.log_determinant(factor)
    return -0.5 * float(squares + spread + n_rows * constant)


def _scatter(data: IncompleteTable, theta: Parameters, q: MissingEntries) -> Array:
    """(D, D) Σ E[(row − mean)(row − mean)ᵀ] of the completed rows."""
    deviations = _completed_deviations(data, q) - (theta["mean"] - data.centre)
    result: Array = deviations.T @ deviations + _spread(q, len(theta["mean"]))
    return result


def _completed_deviations(data: IncompleteTable, q: MissingEntries) -> Array:
    """(N, D): the completed rows minus the table's centre."""
    result = data.deviations.copy()
    for part in q.conditionals:
        result[part.pattern.missing_entries] = part.deviations
    return result


def _spread(q: MissingEntries, dimensions: int) -> Array:
    """(D, D) sum over all rows of the covariances of what is missing."""
    result = np.zeros((dimensions, dimensions))
    for part in q.conditionals:
        shared = len(part.deviations) / len(part.factors)
        result[np.ix_(part.pattern.missing, part.pattern.missing)] += shared * part.covariances.sum(axis=0)
    return result


def _gaussian_kl(q: Conditional, posterior: Conditional) -> Array:
    """(rows,) KL between the Gaussians of each row, without cancellation where they nearly agree."""
    factors = posterior.factors
    # L⁻¹F = I + E for their factors, so that the eigenvalues of P C are those of E + Eᵀ + E Eᵀ, and 1
    change: Any = np.linalg.solve(factors, q.factors - factors)
    excess = np.linalg.eigvalsh(change + _transposed(change) + change @ _transposed(change))
    with np.errstate(divide="ignore"):  # a point is infinitely far
        ratios = definite.log_determinant(q.factors) - definite.log_determinant(factors)
    close = np.all(np.abs(excess) < 0.5, axis=-1, keepdims=True)
    near = np.where(close, excess, 0.0)
    spread = np.where(close[..., 0], log_remainder(1 + near, near).sum(axis=-1), excess.sum(axis=-1) - ratios)
    shift = np.linalg.solve(factors, (posterior.deviations - q.deviations)[..., None])[..., 0]
    return 0.5 * (spread + np.sum(shift**2, axis=-1))


def _replaced(one: Conditional, other: Conditional, chosen: NDArray[np.bool_]) -> Conditional:
    """`one`, but with the rows of `other` in place of those chosen."""
    deviations = one.deviations.copy()
    factors = np.broadcast_to(one.factors, (len(chosen), *one.factors.shape[1:])).copy()
    deviations[chosen], factors[chosen] = other.deviations, other.factors
    return replace(one, deviations=frozen(deviations), factors=frozen(factors))


def _moment_blend(q0: Conditional, q1: Conditional, weight: float) -> Conditional:
    deviations = (1 - weight) * q0.deviations + weight * q1.deviations
    apart = np.sqrt(weight * (1 - weight)) * (q1.deviations - q0.deviations)
    covariances = (1 - weight) * q0.covariances + weight * q1.covariances
    covariances = covariances + apart[:, :, None] * apart[:, None, :]
    return replace(q0, deviations=frozen(deviations), factors=frozen(definite.cholesky(covariances)))


def _transposed(matrices: Any) -> Any:
    return np.swapaxes(matrices, -1, -2)
