"""Mixtures: densities, weighted products, shares; then what they add up to, and the θ of that; a row a component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.beats.mixtures import MixtureWorking
from em_core.observe.beats.working import Beat, Working
from em_core.observe.moment import Moment
from figures.em.data_views import DataView
from figures.em.inside import mixture_words, words
from figures.em.inside.ledger import Column, Ledger
from figures.em.inside.picture import InsidePicture, Told
from figures.look.encode import Json


class MixtureInside(InsidePicture):
    """The table of one row of the data, or of what all rows add up to."""

    draws: ClassVar[type[Working]] = MixtureWorking

    def __init__(self, experiment: Experiment, view: DataView) -> None:
        super().__init__(experiment, view)
        self.kind = mixture_words.KINDS[experiment.model.name]
        components = range(len(experiment.start["weights"]))
        self.ledger = Ledger("inside", [self.kind.component(k) for k in components])
        self.figure = self.ledger.figure

    def changes(self, beat: Beat, upto: Sequence[Beat]) -> Json:
        columns = [column for each in upto for column in self._columns(each)]
        return self.ledger.show(columns, len(self._columns(beat)), beat.at["component"])

    def told(self, beat: Beat, moment: Moment) -> Told:
        return mixture_words.told(self.kind, beat, moment)

    def unit(self, unit: int) -> str:
        return f"{self.kind.unit} {unit + 1} of {len(self.experiment.data.counts)}"

    def _columns(self, beat: Beat) -> list[Column]:
        """What a beat adds to the table."""
        values, what = beat.values, beat.what
        if what in ("data", "bound"):
            return []
        if what in ("densities", "joints"):
            logs = values[f"log_{what}"]
            column = Column(mixture_words.COLUMNS[what], [words.plain_of_log(log) for log in logs], values[what])
            weights = [_shares("old weights", values["weights"])] if what == "joints" else []
            return [*weights, column]
        if what in ("responsibilities", "mode", "kept", "shares", "counts", "weights"):
            return [_shares(what, values[what])]
        if what == "statistics":
            return [
                Column(f"expected<br>{name}", [_listed(entry) for entry in found], found if found.ndim == 1 else None)
                for name, found in values[what].items()
            ]
        found = self._along(what, values[what])
        bars = found if found.ndim == 1 and np.all(found >= 0) else None
        return [Column(f"new<br>{what.replace('_', ' ')}", [_listed(entry) for entry in found], bars)]

    def _along(self, what: str, values: np.ndarray) -> np.ndarray:
        """A parameter as the table has it: a Gaussian's along the axes that are drawn, a row for each component."""
        drawn: Any = getattr(self.view, "drawn", None)
        if not isinstance(drawn, list):
            return values
        drawn = sorted(set(drawn))
        if what == "means":
            return values[:, drawn[0]] if len(drawn) == 1 else values[:, drawn]
        if what == "covariances":
            family = self.experiment.model.family
            chosen = family.matrices({"means": np.zeros((self.ledger.rows, self._dimensions)), what: values})
            chosen = chosen[:, drawn][:, :, drawn]
            return chosen[:, 0, 0] if len(drawn) == 1 else chosen
        return values

    @property
    def _dimensions(self) -> int:
        return int(self.experiment.data.values.shape[1])


def _shares(what: str, found: np.ndarray) -> Column:
    return Column(mixture_words.COLUMNS[what], [words.plain(entry) for entry in found], found)


def _listed(value: Any) -> str:
    """A number, (a, b), or a matrix in lines; of a long row the beginning."""
    array = np.asarray(value)
    if array.ndim == 0:
        return words.plain(float(array))
    if array.ndim == 1:
        shown = ", ".join(words.plain(entry) for entry in array[:2])
        return f"({shown}{', …' if len(array) > 2 else ''})"
    return "<br>".join("  ".join(words.plain(entry) for entry in row) for row in array)
