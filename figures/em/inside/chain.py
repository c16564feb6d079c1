"""Chains: the trellis filling forward and backward, γ, ξ and the new θ; as numbers or as logarithms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.beats.chain import ChainWorking
from em_core.observe.beats.working import Beat, Working
from em_core.observe.moment import Moment
from figures.drawing import Figure
from figures.em.data_views import DataView
from figures.em.inside import chain_words as words
from figures.em.inside.picture import InsidePicture, Told
from figures.em.inside.trellis import Cells, Edge, Trellis
from figures.look.encode import Json

# tables of messages, over all columns; on the scale of logarithms their faces differ
_TABLES = ("emissions", "alpha", "beta", "gamma")
# of so many states all edges between two columns have numbers
_MOST_NUMBERS = 3


class ChainInside(InsidePicture):
    """Two figures of the same cells, which the reader switches: in one they underflow."""

    draws: ClassVar[type[Working]] = ChainWorking
    names: ClassVar[Mapping[str, str]] = words.NAMES

    def __init__(self, experiment: Experiment, view: DataView) -> None:
        super().__init__(experiment, view)
        self.rows = len(experiment.start["start_probabilities"])
        names = [str(k + 1) for k in range(self.rows)]
        self.linear = Trellis("inside", words.LINEAR, names)
        self.log = Trellis("inside_log", words.LOG, names)
        self.figure = self.linear.figure
        self.speaks = words.Speech(experiment, view)

    @property
    def figures(self) -> Sequence[Figure]:
        return [self.linear.figure, self.log.figure]

    def changes(self, beat: Beat, upto: Sequence[Beat]) -> Json:
        last = beat if beat.what != "bound" else upto[-2]
        lit = beat is last
        return self.linear.show(self._cells(last, lit, False)) | self.log.show(self._cells(last, lit, True))

    def told(self, beat: Beat, moment: Moment) -> Told:
        return self.speaks.told(beat)

    def unit(self, unit: int) -> str:
        return self.speaks.unit(unit)

    def _cells(self, beat: Beat, lit: bool, log: bool) -> Cells:
        if beat.what in ("start_probabilities", "counts") or beat.what in self.experiment.model.family.parameters:
            return self._alone(beat)
        values, what = beat.values, beat.what
        columns = len(values["columns"])
        table = {"evidence": "alpha", "pairs": "gamma", "transition_counts": "gamma", "transition_matrix": "gamma"}
        name = table.get(what, what)
        if name == "future":
            texts = [[words.signed(change) for change in row] for row in values["future"]]
            levels, floors = values["gamma"], values["filtered"]
        elif name in _TABLES:
            found = values[f"log_{name}" if log else name]
            texts = [[words.cell(entry, log, self.rows <= _MOST_NUMBERS) for entry in row] for row in found]
            levels, floors = (_on_log_scale(found) if log else _shares(found, whole=name == "gamma")), None
        else:
            texts, levels, floors = [[""] * columns] * self.rows, np.full((self.rows, columns), np.nan), None
        return Cells(
            self.speaks.headings(values),
            texts,
            levels,
            floors,
            self._lit(beat) if lit else (),
            self._edges(beat) if lit else (),
            self._below(beat) if lit else {},
            self._into(beat) if lit else {},
            [column for column in range(columns - 1) if self._gap(values, column)],
        )

    def _alone(self, beat: Beat) -> Cells:
        """What is one number for each state, or a row of which the entry of what was seen is told."""
        found = np.asarray(beat.found, dtype=float)
        if found.ndim == 2:
            found = found[:, self.speaks.symbol(beat)]
        most = float(np.abs(found).max())
        levels = (np.abs(found) / most if most > 0 else found)[:, None]
        texts = [[words.short(entry)] for entry in found]
        return Cells([self.speaks.column(beat)], texts, levels, lit=[(0, row) for row in range(self.rows)])

    def _lit(self, beat: Beat) -> list[tuple[int, int]]:
        values, rows, columns = beat.values, range(self.rows), range(len(beat.values["columns"]))
        if beat.what == "data":
            return [(values["followed"], row) for row in rows]
        if beat.what in ("emissions", "future"):
            return [(column, row) for column in columns for row in rows]
        if beat.what in ("pairs", "transition_counts", "transition_matrix"):
            return [(column, row) for column in columns for row in rows]
        return [(values["column"], row) for row in ([values["cell"]] if values["cell"] is not None else rows)]

    def _edges(self, beat: Beat) -> list[Edge]:
        """Those that feed the cells being filled, or all between two columns with their numbers."""
        values, rows, what = beat.values, range(self.rows), beat.what
        if what in ("pairs", "transition_counts", "transition_matrix"):
            if len(values["columns"]) < 2:
                return []
            texts = [[words.short(entry) if self.rows <= _MOST_NUMBERS else "" for entry in row] for row in beat.found]
            return [Edge((0, i), (1, j), texts[i][j]) for i in rows for j in rows]
        if what not in ("alpha", "beta") or values["from"] is None:
            return []
        column, cell, steps = values["column"], values["cell"], values["transition_matrix"]
        cells = rows if cell is None else [cell]
        numbered = cell is not None and self.rows <= 2 * _MOST_NUMBERS
        forward = what == "alpha"
        begin = column - forward
        # where time steps are left out, the half of the edge that is in the picture
        half = ("end" if forward else "begin") if self._gap(values, begin) else ""
        pairs = [(i, j) for i in rows for j in cells] if forward else [(i, j) for i in cells for j in rows]
        told = [words.short(steps[i, j]) if numbered else "" for i, j in pairs]
        return [Edge((begin, i), (begin + 1, j), text, half) for (i, j), text in zip(pairs, told, strict=True)]

    def _below(self, beat: Beat) -> dict[tuple[int, int], str]:
        """The emission probabilities that cells are filled with: their own, or backwards those of the next step."""
        values, what = beat.values, beat.what
        if what not in ("alpha", "beta") or (what == "beta" and values["from"] is None):
            return {}
        column = values["column"] + (what == "beta")
        if column >= len(values["columns"]) or (what == "beta" and self._gap(values, values["column"])):
            return {}
        rows = range(self.rows) if what == "beta" or values["cell"] is None else [values["cell"]]
        return {(column, row): words.emission(values["log_emissions"][row, column]) for row in rows}

    def _into(self, beat: Beat) -> dict[int, str]:
        values = beat.values
        if beat.what != "alpha" or values["column"] != 0 or values["from"] is not None:
            return {}
        cells = range(self.rows) if values["cell"] is None else [values["cell"]]
        return {row: words.initial(values["start_probabilities"][row]) for row in cells}

    @staticmethod
    def _gap(values: Mapping[str, Any], column: int) -> bool:
        return bool(values["columns"][column + 1] - values["columns"][column] > 1)


def _shares(found: np.ndarray, whole: bool) -> np.ndarray:
    """How full cells are: as shares of the fullest; whole: of 1."""
    most = 1.0 if whole else np.nanmax(found, initial=0.0)
    return found / (most or 1.0)


def _on_log_scale(logs: np.ndarray) -> np.ndarray:
    """How full cells are, from the least logarithm to the largest, or 0."""
    there = logs[np.isfinite(logs)]
    low, high = there.min(initial=0.0), there.max(initial=0.0)
    return np.where(np.isneginf(logs), 0.0, 0.08 + 0.92 * (logs - low) / ((high - low) or 1.0))
