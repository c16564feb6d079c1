"""A table of the reader's own: its columns, each with what it holds."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import LARGEST
from ui import limits
from ui.own.text import NUMBER, Form, cells, decoded, delimiter_of, found, plain_number

T = TypeVar("T")
Kind = Literal["number", "binary", "count", "category", "date", "text", "empty"]
NUMERIC = ("number", "count", "binary")
# characters of a column's name
LONGEST_NAME = 60
# categories at most; more are text
_CATEGORIES = 20
# larger whole numbers are amounts
_LARGEST_COUNT = 1_000_000
# no and yes, in the words of files
_TRUTHS = ({"no", "yes"}, {"false", "true"}, {"n", "y"}, {"f", "t"})
_DAY, _TIME = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})",
    r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?",
)
_DATE = f"{_DAY}(?:[T ]{_TIME})?"
# rows of the head, and cells that are no numbers
_FEW, _FEW_ODD = 5, 3
# of the cells that are there, so many must be numbers, or dates
_HALF, _NEARLY_ALL = 0.5, 0.9


@dataclass(frozen=True)
class Cell:
    """A cell that is not what its column holds; row: its number in the file, from 1."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, eq=False)
class Column:
    """A column. values: (N,) numbers, of categories their places in `categories`; NaN where there is none.

    missing: (N,) where a mark of a missing value stands, or nothing; odd: the cells that are neither, the first few of
    `n_odd`.
    """

    name: str
    kind: Kind
    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    categories: tuple[str, ...] = ()
    odd: tuple[Cell, ...] = ()
    n_odd: int = 0

    @property
    def numbers_rows(self) -> bool:
        """Whether it counts the rows, from 0 or 1 on: a name for each, nothing measured."""
        return len(self.values) > 2 and np.array_equal(self.values - self.values[0], np.arange(len(self.values)))

    @property
    def constant(self) -> bool:
        """Whether there is one value alone."""
        there = self.values[~np.isnan(self.values)]
        return len(there) > 0 and bool((there == there[0]).all())

    @property
    def largest(self) -> int:
        """The largest of its counts, at least 1."""
        return max(1, int(np.nanmax(self.values)))


@dataclass(frozen=True, eq=False)
class Table:
    """columns: all of the file; head: its first rows as they stand there; encoding, form: how it was read."""

    columns: tuple[Column, ...]
    head: tuple[tuple[str, ...], ...]
    n_rows: int
    encoding: str
    form: Form

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def odd(self) -> list[Cell]:
        """Cells that are no numbers in columns of numbers: the first few."""
        return [cell for column in self.columns for cell in column.odd]

    @property
    def n_odd(self) -> int:
        return sum(column.n_odd for column in self.columns)


def read(content: bytes, form: Form | None = None, delimiter: str | None = None) -> Table:
    """The table in a file, in this form or the one that is found out, with this between its cells where given.

    Raises `InvalidExperiment`.
    """
    text = decoded(content)
    if delimiter is None:
        delimiter = delimiter_of(text.text) if form is None else form.delimiter
    rows = cells(text.text, delimiter)
    form = form or found(rows, delimiter)
    names = _names(list(rows.iloc[0]) if form.header else [""] * rows.shape[1])
    if form.header:
        rows = rows.iloc[1:]
    if rows.empty:
        raise InvalidExperiment("file", "a header alone", "a header and rows of cells")
    if len(rows) > limits.OWN_ROWS:
        raise InvalidExperiment("file", f"more than {limits.OWN_ROWS:,} rows", f"at most {limits.OWN_ROWS:,}")
    columns = tuple(_column(name, rows[place], form) for place, name in enumerate(names))
    head = tuple(tuple(row) for row in rows.head(_FEW).itertuples(index=False))
    return Table(columns, head, len(rows), text.encoding, form)


def _names(row: list[str]) -> list[str]:
    """A name for each column, none twice."""
    names: dict[str, None] = {}
    times: Counter[str] = Counter()
    for place, cell in enumerate(row, start=1):
        # line breaks and what does not print would hide a part of it
        shown = "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in cell)
        name = " ".join(shown.split())[:LONGEST_NAME] or f"column {place}"
        unique = name
        while unique in names:
            times[name] += 1
            unique = f"{name[: LONGEST_NAME - 6]} ({times[name] + 1})"
        names[unique] = None
    return [*names]


def _column(name: str, text: pd.Series, form: Form) -> Column:
    marks = {mark.lower() for mark in form.marks}
    missing = ((text == "") | text.str.lower().isin(marks)).to_numpy(dtype=bool)
    present = text[~missing]
    values = np.full(len(text), np.nan)
    if present.empty:
        return Column(name, "empty", values, missing)
    written = plain_number(present, form.decimal)
    sound = written.str.fullmatch(NUMBER).to_numpy(dtype=bool)
    numbers = np.full(len(present), np.nan)
    numbers[sound] = written[sound].to_numpy(dtype=object).astype(float)
    numbers[~(np.abs(numbers) <= LARGEST)] = np.nan
    if np.mean(~np.isnan(numbers)) < _HALF:
        return _of_words(name, present, missing)
    values[~missing] = numbers
    odd = present[np.isnan(numbers)]
    few = tuple(Cell(int(row), name, str(cell)) for row, cell in odd.head(_FEW_ODD).items())
    return Column(name, _kind(numbers[~np.isnan(numbers)]), values, missing, odd=few, n_odd=len(odd))


def _kind(numbers: NDArray[np.float64]) -> Kind:
    if np.isin(numbers, (0, 1)).all():
        return "binary"
    whole = (numbers == np.floor(numbers)) & (numbers >= 0) & (numbers <= _LARGEST_COUNT)
    return "count" if whole.all() else "number"


def _of_words(name: str, present: pd.Series, missing: NDArray[np.bool_]) -> Column:
    values = np.full(len(missing), np.nan)
    if present.str.fullmatch(_DATE).mean() >= _NEARLY_ALL:
        return Column(name, "date", values, missing)
    categories = sorted(present.unique())
    if len(categories) > _CATEGORIES or (len(categories) == len(present) and len(present) > 2):
        return Column(name, "text", values, missing)
    values[~missing] = present.map({category: place for place, category in enumerate(categories)}).to_numpy(dtype=float)
    truth = len(categories) == 2 and {category.lower() for category in categories} in _TRUTHS
    return Column(name, "binary" if truth else "category", values, missing, tuple(map(str, categories)))


@dataclass(eq=False)
class Brought:
    """What a reader has brought: its bytes, and the table as it was read last.

    id: tells it from others; beside: the ids of all that lay in the dialog when it was looked at last.
    """

    id: str
    name: str
    content: bytes
    table: Table | None = None
    guessed: Form | None = None
    beside: tuple[str, ...] = ()
    _made: dict[str, tuple[object, Any]] = field(default_factory=dict)

    def once(self, what: str, of: object, make: Callable[[], T]) -> T:
        """What `make` makes, made anew only where it is of something else than the last time."""
        if what not in self._made or self._made[what][0] != of:
            self._made[what] = of, make()
        result: T = self._made[what][1]
        return result

    def between(self, delimiter: str | None) -> Form:
        """The form that is found out, with this between cells where it is given. Raises `InvalidExperiment`."""
        if self.guessed is None or delimiter not in (None, self.guessed.delimiter):
            self.table = read(self.content, delimiter=delimiter)
            self.guessed = self.table.form
        return self.guessed

    def in_form(self, form: Form) -> Table:
        """The table, read in this form. Raises `InvalidExperiment`."""
        if self.table is None or self.table.form != form:
            self.table = read(self.content, form)
        return self.table
