"""Incomplete tables: the patterns in which entries are missing, q of what is, and how a covariance splits along them.

Each pattern needs a Cholesky factor of the covariance with its observed columns first. Of a covariance far from
singular it is computed directly. Else all come from one factor, by orthogonal triangulation, which takes several times
as long: all terms of the bound then speak of the same matrix even where its rounding is felt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from em_core.distributions import definite
from em_core.files.errors import InvalidExperiment
from em_core.records import Array, Parameters, frozen, sealed

Places = NDArray[np.intp]

LOG_2_PI = float(np.log(2 * np.pi))
# up to this condition number the rounding of a factor, 1e-16 of it, is below what any digit of the bound shows
_WELL_CONDITIONED = 1e3
# patterns × (columns³ + _OVERHEAD³): what keeps a half-step and its bound below some 4 s at every covariance. A pattern
# takes as long as this many columns even where it has few.
_MOST_WORK = 8_000_000_000
_OVERHEAD = 120
# what is done once, whatever the patterns, takes as long as this many
_ONCE = 10


@dataclass(frozen=True, eq=False)
class Pattern:
    """The rows in which the same columns are missing. Each field holds indices."""

    rows: Places
    observed: Places
    missing: Places

    @cached_property
    def order(self) -> Places:
        """The columns, those observed first."""
        return sealed(np.concatenate([self.observed, self.missing]))

    @cached_property
    def observed_entries(self) -> tuple[NDArray[np.intp], ...]:
        """Where its observed entries are in the table."""
        return np.ix_(self.rows, self.observed)

    @cached_property
    def missing_entries(self) -> tuple[NDArray[np.intp], ...]:
        """Where its missing entries are in the table."""
        return np.ix_(self.rows, self.missing)

    def part(self, rows: Places) -> Pattern:
        """The same pattern among `rows` alone, in order: its rows are numbered by their place there."""
        places = np.flatnonzero(np.isin(rows, self.rows))
        places.flags.writeable = False
        return Pattern(places, self.observed, self.missing)


@dataclass(frozen=True, eq=False)
class IncompleteTable:
    """values: (N, D) with NaN where an entry is missing; patterns: every row in one, those without missing ones first.

    centre: (D,) a place in the middle of each column, from which q and all sums are counted.
    """

    values: Array
    patterns: tuple[Pattern, ...]
    centre: Array

    @cached_property
    def deviations(self) -> Array:
        """(N, D) values minus the centre."""
        return frozen(self.values - self.centre)

    def part(self, rows: Places) -> IncompleteTable:
        """These rows alone."""
        patterns = (pattern.part(rows) for pattern in self.patterns)
        kept = tuple(entry for entry in patterns if len(entry.rows))
        return IncompleteTable(frozen(self.values[rows]), kept, self.centre)


@dataclass(frozen=True, eq=False)
class Conditional:
    """q of the missing entries in the rows of one pattern: a Gaussian for each row.

    centre: (missing,) that of the table; deviations: (rows, missing) means minus the centre; factors: lower Cholesky
    factors of the covariances, (1, missing, missing) where all rows share one, else (rows, missing, missing); 0 for a
    point mass at the mean.
    """

    pattern: Pattern
    centre: Array
    deviations: Array
    factors: Array

    @property
    def means(self) -> Array:
        """(rows, missing)"""
        return self.centre + self.deviations

    def part(self, rows: Places) -> Conditional:
        """q of those of its rows that are among `rows`, numbered by their place there."""
        kept = np.isin(self.pattern.rows, rows)
        factors = self.factors if len(self.factors) == 1 else frozen(self.factors[kept])
        return replace(self, pattern=self.pattern.part(rows), deviations=frozen(self.deviations[kept]), factors=factors)

    @property
    def covariances(self) -> Array:
        return self.factors @ np.swapaxes(self.factors, -1, -2)


@dataclass(frozen=True, eq=False)
class MissingEntries:
    """q: one `Conditional` for each pattern that misses some."""

    conditionals: tuple[Conditional, ...]

    @cached_property
    def entropy(self) -> float:
        """In nats; −∞ where there is a point."""
        total = 0.0
        for part in self.conditionals:
            with np.errstate(divide="ignore"):  # a point has entropy −∞
                logs = definite.log_determinant(part.factors)
            n_rows, n_missing = part.deviations.shape
            logs = logs + n_missing * (1 + LOG_2_PI)
            total += 0.5 * float(np.sum(np.broadcast_to(logs, n_rows)))
        return total

    @property
    def rows(self) -> Places:
        """The rows with missing entries, in the order of the table."""
        return np.sort(np.concatenate([np.empty(0, dtype=np.intp), *(part.pattern.rows for part in self.conditionals)]))

    def part(self, rows: Places) -> MissingEntries:
        """q of these rows, in order."""
        conditionals = (entry.part(rows) for entry in self.conditionals)
        return MissingEntries(tuple(entry for entry in conditionals if len(entry.deviations)))


def check_size(present: NDArray[np.bool_], name: str) -> None:
    """Raise `InvalidExperiment` where a half-step would take longer than seconds; `name` is that of the table."""
    columns, n_patterns = present.shape[1], len(np.unique(np.packbits(present, axis=1), axis=0))
    most = _MOST_WORK // (columns**3 + _OVERHEAD**3) - _ONCE
    if most < 1:
        widest = int((_MOST_WORK / (1 + _ONCE) - _OVERHEAD**3) ** (1 / 3))
        raise InvalidExperiment(name, f"{columns} columns", f"at most {widest} columns")
    if n_patterns > most:
        valid = f"at most {most} patterns with {columns} columns, for each has a covariance matrix of its own to factor"
        raise InvalidExperiment(name, f"{n_patterns} patterns of missing values", valid)


def patterns(present: NDArray[np.bool_]) -> Iterator[Pattern]:
    kinds, members = np.unique(~present, axis=0, return_inverse=True)
    for k, missing in enumerate(kinds):
        places = np.flatnonzero(members.ravel() == k), np.flatnonzero(~missing), np.flatnonzero(missing)
        for entry in places:
            entry.flags.writeable = False
        yield Pattern(*places)


def well_conditioned(covariance: Array) -> bool:
    """Whether factors may be computed from the covariance itself, each for its own columns."""
    return bool(definite.conditions(covariance[None])[0] <= _WELL_CONDITIONED)


class Factors:
    """Lower Cholesky factors of a covariance whose columns are chosen and reordered, one at a time."""

    def __init__(self, covariance: Array) -> None:
        self._covariance = covariance
        self._whole = None if well_conditioned(covariance) else definite.cholesky(covariance)

    def __call__(self, order: Places) -> Array:
        if self._whole is None:
            chosen: Array = definite.cholesky(self._covariance[np.ix_(order, order)])
            return chosen
        upper: Any = np.linalg.qr(self._whole[order].T, mode="r")
        factor: Array = (np.where(np.diag(upper) < 0, -1.0, 1.0)[:, None] * upper).T
        return factor


@dataclass(frozen=True, eq=False)
class Seen:
    """What is observed in the rows of one pattern under θ. whitened: (observed, rows); factor: (observed, observed)."""

    whitened: Array
    factor: Array

    @classmethod
    def of(cls, data: IncompleteTable, theta: Parameters, pattern: Pattern, factor: Array) -> Seen:
        apart = (theta["mean"] - data.centre)[pattern.observed]
        deviations = data.deviations[pattern.observed_entries] - apart
        return cls(definite.whiten(factor, deviations.T), factor)

    def log_density(self) -> float:
        """Log density of the observed entries, over all rows."""
        n_observed, n_rows = self.whitened.shape
        constant = n_observed * LOG_2_PI + float(definite.log_determinant(self.factor))
        return -0.5 * (float(np.sum(self.whitened**2)) + n_rows * constant)

    def log_densities(self) -> Array:
        """(rows,) the same of each row."""
        constant = len(self.whitened) * LOG_2_PI + float(definite.log_determinant(self.factor))
        result: Array = -0.5 * (np.sum(self.whitened**2, axis=0) + constant)
        return result


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of one pattern under θ: the density of what is observed, and given this that of what is missing."""

    seen: Seen
    missing: Conditional


def seen_parts(data: IncompleteTable, theta: Parameters) -> Iterator[Seen]:
    """What is observed, pattern by pattern."""
    factors = Factors(theta["covariance"])
    return (Seen.of(data, theta, pattern, factors(pattern.observed)) for pattern in data.patterns)


def splits(data: IncompleteTable, theta: Parameters) -> Iterator[Split]:
    """Every pattern under θ, one at a time: of many patterns all factors together would fill the memory."""
    factors = Factors(theta["covariance"])
    apart = theta["mean"] - data.centre
    for pattern in data.patterns:
        factor = factors(pattern.order)
        n = len(pattern.observed)
        seen = Seen.of(data, theta, pattern, factor[:n, :n])
        means = apart[pattern.missing] + (factor[n:, :n] @ seen.whitened).T
        centre = frozen(data.centre[pattern.missing])
        yield Split(seen, Conditional(pattern, centre, frozen(means), frozen(factor[None, n:, n:])))
