"""Which models can take some columns, and the data that an experiment then has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from em_core.files.errors import InvalidExperiment
from em_core.models import MODELS
from ui.own import words
from ui.own.table import NUMERIC, Column, Table

# makes the data of a model, by its name
_Make = Callable[[str, "_Rows", "Wanted"], "Own"]
# columns of a model that takes points
MOST_DIMENSIONS = 64
# different values of a column that may be symbols
_SYMBOLS = 20
# cells of a table that has one number for each
_CELLS = 4


@dataclass(frozen=True)
class Wanted:
    """What the reader has chosen. columns: by name, in their order. odd: whether cells that are no numbers are missing.

    trials: tosses in each set of coins. by: the column with a sequence for each of its values.
    """

    columns: tuple[str, ...]
    standardize: bool = False
    odd: bool = False
    trials: int | None = None
    by: str | None = None


@dataclass(frozen=True)
class Own:
    """Data that are the reader's own, as an experiment file has them. names: of its columns. notes: what was done."""

    model: str
    data: Mapping[str, Any]
    names: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    standardize: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suited:
    """A model that can take the columns. title: as it is offered; measured: whether they are measured on some scale.

    Then none may be constant, and they may be standardised.
    """

    model: str
    title: str
    make: _Make
    measured: bool = False


@dataclass(frozen=True, eq=False)
class _Rows:
    """The chosen columns: values (N, D), NaN where one is missing; by: (N,) which sequence each row belongs to."""

    columns: tuple[Column, ...]
    values: NDArray[np.float64]
    by: NDArray[np.float64] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def whole(self) -> tuple[_Rows, tuple[str, ...]]:
        """Those without gaps, and what is said of the others. Raises `InvalidExperiment`."""
        full = ~np.isnan(self.values).any(axis=1)
        if not full.any():
            valid = "at least one row without; or leave out the columns with the most gaps"
            raise InvalidExperiment("rows", "a missing value in every row", valid)
        said = () if full.all() else (words.left_out(int((~full).sum()), len(full)),)
        return _Rows(self.columns, self.values[full]), said


def suited(table: Table, names: Sequence[str]) -> list[Suited]:
    """The models that can take these columns, the best first. A gap is a missing value."""
    columns = [table.column(name) for name in names]
    if not columns or len(columns) > MOST_DIMENSIONS:
        return []
    kinds, size = {column.kind for column in columns}, len(columns)
    numbers, gaps = kinds <= {*NUMERIC}, any(np.isnan(column.values).any() for column in columns)
    found: list[Suited] = []
    if size == 1:
        found += _of_one(columns[0], table.n_rows)
    if numbers:
        found.append(Suited("gaussian_mixture", _title("gaussian_mixture"), _points, True))
        if size > 1:
            missing = Suited("incomplete_gaussian", _title("incomplete_gaussian"), _with_gaps, True)
            found.insert(0 if gaps else len(found), missing)
            found.append(Suited("factor_analysis", _title("factor_analysis"), _points, True))
            found.append(Suited("regression_mixture", _title("regression_mixture"), _lines, True))
        found.append(Suited("student_t", _title("student_t"), _points, True))
        if size == 2 and any(column.kind == "binary" for column in columns):
            found.append(Suited("censored_exponential", _title("censored_exponential"), _lifetimes))
    if kinds == {"binary"}:
        of_bits = [Suited(model, _title(model), _points) for model in ("bernoulli_mixture", "sigmoid_belief_net")]
        found = [*of_bits[: 1 + (size > 1)], *found]
    return found


def own(table: Table, choice: Suited, wanted: Wanted) -> Own:
    """The data for the model. Raises `InvalidExperiment` for what it cannot take, naming row, column and value."""
    columns = tuple(table.column(name) for name in wanted.columns)
    odd = [cell for column in columns for cell in column.odd]
    if odd and not wanted.odd:
        count = sum(column.n_odd for column in columns)
        more = f" ({count - 1:,} more such cells)" if count > 1 else ""
        valid = f"a number{more}; correct the form or the file, or count such cells as missing"
        raise InvalidExperiment(f"row {odd[0].row:,}, column {odd[0].column}", odd[0].text, valid)
    by = None if wanted.by is None else _places(table.column(wanted.by))
    rows = _Rows(columns, np.column_stack([column.values for column in columns]), by)
    if choice.measured:
        _refuse_constant(rows)
    return choice.make(choice.model, rows, wanted)


def owners(table: Table, names: Sequence[str]) -> list[str]:
    """Columns by whose values rows may be told apart into sequences."""
    kinds = ("category", "binary", "count")
    return [column.name for column in table.columns if column.kind in kinds and column.name not in names]


def usual(table: Table) -> list[str]:
    """Columns that are chosen at first: measured ones, else counts, else 0 and 1, else categories of one."""
    named = [column for column in table.columns if not (column.kind == "count" and column.numbers_rows)]
    sound = [column for column in named if column.n_odd == 0 and not column.constant] or named
    of_kinds = {kind: [column.name for column in sound if column.kind == kind] for kind in (*NUMERIC, "category")}
    if of_kinds["number"]:
        measured = {*of_kinds["number"], *of_kinds["count"]}
        return [column.name for column in sound if column.name in measured][:MOST_DIMENSIONS]
    return of_kinds["count"][:MOST_DIMENSIONS] or of_kinds["binary"][:MOST_DIMENSIONS] or of_kinds["category"][:1]


def _of_one(column: Column, n_rows: int) -> list[Suited]:
    counts = column.kind in ("count", "binary")
    emissions = ["categorical"] * (column.kind == "category") + ["poisson"] * counts
    emissions += ["gaussian"] * (column.kind in NUMERIC)
    different = np.unique(column.values[~np.isnan(column.values)])
    if column.kind == "count" and len(different) <= _SYMBOLS:
        emissions.append("categorical")
    found = []
    if column.kind == "count":
        found += [Suited("poisson_mixture", _title("poisson_mixture"), _counts)]
        found += [Suited("binomial_mixture", _title("binomial_mixture"), _coins)]
        if n_rows == _CELLS and not np.isnan(column.values).any():
            found += [Suited("linkage", _title("linkage"), _cells), Suited("abo_blood_groups", words.ABO, _groups)]
    title = _title("hidden_markov")
    chains = [
        Suited("hidden_markov", words.chain(title, emission), _chain(emission), emission == "gaussian")
        for emission in emissions
    ]
    return found + chains


def _title(model: str) -> str:
    return MODELS[model].help.title


def _places(column: Column) -> NDArray[np.float64]:
    """(N,) which of the column's values a row has; rows without one are of one more."""
    return np.where(np.isnan(column.values), -1.0, column.values)


def _refuse_constant(rows: _Rows) -> None:
    for column in rows.columns:
        if column.constant:
            said = f"{np.nanmin(column.values):g} in every row"
            raise InvalidExperiment(f"column {column.name}", said, "a column that varies; leave it out for this model")


def _standardised(rows: _Rows, wanted: Wanted) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Mean 0 and variance 1 in every column of what is there, where that is wanted."""
    if not wanted.standardize:
        return rows.values, ()
    values = rows.values - np.nanmean(rows.values, axis=0)
    scale = np.sqrt(np.nanmean(values**2, axis=0))
    return values / np.where(scale > 0, scale, 1.0), (words.STANDARDISED,)


def _points(model: str, rows: _Rows, wanted: Wanted) -> Own:
    rows, said = rows.whole()
    own_scale = "standardize" in MODELS[model].help["data"]  # then the page's own switch says it
    values, scaled = (rows.values, ()) if own_scale else _standardised(rows, wanted)
    data = {"values": _listed(values)}
    return Own(model, data, rows.names, standardize=own_scale and wanted.standardize, notes=(*said, *scaled))


def _with_gaps(model: str, rows: _Rows, wanted: Wanted) -> Own:
    """Gaps stay; a row without any number says nothing."""
    there = ~np.isnan(rows.values).all(axis=1)
    if not there.any():
        raise InvalidExperiment("rows", "no number in any row", "at least one")
    said = () if there.all() else (words.empty_rows(int((~there).sum())),)
    kept = _Rows(rows.columns, rows.values[there])
    values, scaled = _standardised(kept, wanted)
    listed = [[None if number != number else number for number in row] for row in values.tolist()]
    gaps = int(np.isnan(values).sum())
    held = (words.gaps(gaps),) if gaps else ()
    return Own(model, {"values": listed}, rows.names, notes=(*held, *said, *scaled))


def _lines(model: str, rows: _Rows, wanted: Wanted) -> Own:
    """The last column against the others, with an intercept."""
    rows, said = rows.whole()
    values, scaled = _standardised(rows, wanted)
    inputs = np.column_stack([np.ones(len(values)), values[:, :-1]])
    data = {"inputs": _listed(inputs), "targets": _listed(values[:, -1])}
    return Own(model, data, ("intercept", *rows.names), notes=(words.target(rows.names[-1]), *said, *scaled))


def _lifetimes(model: str, rows: _Rows, wanted: Wanted) -> Own:
    """The column of 0 and 1 says which were observed; of two such, the second."""
    rows, said = rows.whole()
    seen = max(place for place, column in enumerate(rows.columns) if column.kind == "binary")
    times = rows.values[:, 1 - seen]
    if (times < 0).any():
        valid = "a time of at least 0"
        raise InvalidExperiment(f"column {rows.names[1 - seen]}", float(times.min()), valid)
    data = {"times": _listed(times), "observed": (rows.values[:, seen] == 1).tolist()}
    names = (rows.names[1 - seen], rows.names[seen])
    return Own(model, data, names, notes=(words.observed(rows.names[seen]), *said))


def _counts(model: str, rows: _Rows, wanted: Wanted) -> Own:
    rows, said = rows.whole()
    return Own(model, {"counts": _listed(rows.values[:, 0])}, rows.names, notes=said)


def _coins(model: str, rows: _Rows, wanted: Wanted) -> Own:
    rows, said = rows.whole()
    most = max(int(rows.values.max()), 1)
    trials = most if wanted.trials is None else wanted.trials
    if trials < most:
        raise InvalidExperiment("tosses", trials, f"at least {most:,}, the most heads in column {rows.names[0]}")
    data = {"successes": _listed(rows.values[:, 0])}
    return Own(model, data, rows.names, {"trials": trials}, notes=said)


def _cells(model: str, rows: _Rows, wanted: Wanted) -> Own:
    return Own(model, {"counts": _listed(rows.values[:, 0])}, rows.names)


def _groups(model: str, rows: _Rows, wanted: Wanted) -> Own:
    counts = dict(zip(("A", "B", "AB", "O"), _listed(rows.values[:, 0]), strict=True))
    return Own(model, {"counts": counts}, rows.names)


def _chain(emission: str) -> _Make:
    """Rows in their order as sequences: one, or one for each value of a column; a gap ends a sequence."""

    def make(model: str, rows: _Rows, wanted: Wanted) -> Own:
        values, scaled = _standardised(rows, wanted) if emission == "gaussian" else (rows.values, ())
        categories = rows.columns[0].categories
        if emission == "categorical" and not categories:
            different, codes = np.unique(values, return_inverse=True)  # those that are missing come last
            values = np.where(np.isnan(values), np.nan, codes.reshape(values.shape))
            categories = tuple(f"{value:g}" for value in different[~np.isnan(different)])
        by = np.zeros(len(values)) if rows.by is None else rows.by
        sequences: list[list[float]] = []
        cuts = 0
        for owner in dict.fromkeys(by.tolist()):
            mine = values[by == owner, 0]
            gaps = np.isnan(mine)
            cuts += int(gaps.sum())
            parts = np.split(mine, np.flatnonzero(gaps))
            sequences += [_listed(part[~np.isnan(part)]) for part in parts if not np.isnan(part).all()]
        if not sequences:
            raise InvalidExperiment(f"column {rows.names[0]}", "no value", "at least one")
        coded = (words.coded(categories),) if categories and emission == "categorical" else ()
        notes = (words.sequences(len(sequences)), *([words.cut(cuts)] if cuts else []), *coded, *scaled)
        return Own(model, {"sequences": sequences}, rows.names, {"emission": emission}, notes=notes)

    return make


def _listed(values: NDArray[np.float64]) -> list[Any]:
    """As JSON; whole numbers without a point, so that a link is short."""
    if values.ndim == 1:
        whole = bool((values == np.floor(values)).all() and (np.abs(values) < 2**53).all())
        return (values.astype(np.int64) if whole else values).tolist()
    columns = [_listed(column) for column in values.T]
    return [list(row) for row in zip(*columns, strict=True)]
