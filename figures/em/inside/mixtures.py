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
from figures.em.inside import mixture_words
from figures.em.inside.ledger import Column, Ledger
from figures.em.inside.picture import InsidePicture, Told
from figures.look import tex
from figures.look.encode import Json

# so many rows have room for two lines
_TALL = 2


class MixtureInside(InsidePicture):
    """The table of one row of the data, or of what all rows add up to."""

    draws: ClassVar[type[Working]] = MixtureWorking

    def __init__(self, experiment: Experiment, view: DataView) -> None:
        super().__init__(experiment, view)
        self.kind = mixture_words.KINDS[experiment.model.name]
        self.names = self.kind.names
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
        if what == "bound":
            return []
        if what == "data":
            return [self._shares("old weights", values["weights"])]
        if what in ("densities", "joints"):
            heading = mixture_words.COLUMNS[what].format(self.kind.likelihood[0])
            return [Column(heading, [tex.plain_of_log(log) for log in values[f"log_{what}"]], values[what])]
        if what in ("responsibilities", "mode", "kept", "shares", "counts", "weights"):
            warm = what == "responsibilities" and values["temperature"] not in (None, 1)
            return [self._shares("tempered" if warm else what, beat.found)]
        if what == "statistics":
            sums = [(f"expected<br>{name}", self._along(beat, what, sums)) for name, sums in beat.found.items()]
            return [Column(heading, [_listed(entry) for entry in along], along) for heading, along in sums]
        found = self._along(beat, what, beat.found)
        low = self.ledger.rows > _TALL  # no room for two lines: of a matrix the variances
        if low and found.ndim == 3:
            what, found = "variances", np.diagonal(found, axis1=1, axis2=2)
        bars = found if found.ndim == 1 and np.all(found >= 0) else None
        texts = [_listed(entry, ", " if low else "<br>") for entry in found]
        return [Column(f"new<br>{what.replace('_', ' ')}", texts, bars)]

    def _shares(self, what: str, found: np.ndarray) -> Column:
        heading = mixture_words.COLUMNS[what].format(self.kind.unit)
        return Column(heading, [tex.plain(entry) for entry in found], found)

    def _along(self, beat: Beat, what: str, values: np.ndarray) -> np.ndarray:
        """As the table has it, a row for each component: a Gaussian's along the axes that are drawn, of many one."""
        if "entry" in beat.at and values.ndim == 2:
            return values[:, beat.at["entry"]]
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


def _listed(value: Any, between: str = "<br>") -> str:
    """A number; a vector or a matrix line by line, or with something else between, of a long one the beginning."""
    array = np.asarray(value)
    if array.ndim == 0:
        return tex.plain(float(array))
    return between.join("  ".join(tex.plain(entry) for entry in np.atleast_1d(row)) for row in array[:2])
