"""How fast, and why: the missing information, and r where two clusters lie closer together or further apart."""

from __future__ import annotations

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from figures import pace
from figures.em.picture import Picture
from figures.look.encode import Json


class OverlapPicture(Picture):
    view, place, asked = "pace", 0, "overlap"

    def __init__(self, experiment: Experiment) -> None:
        self._curve = pace.OverlapCurve()
        self.figures = [self._curve.figure]

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        return self._curve.changes(moment.overlap)


class MissingPicture(Picture):
    view, place, asked = "pace", 1, "rates"

    def __init__(self, experiment: Experiment) -> None:
        self._spectrum = pace.Spectrum()
        self.figures = [self._spectrum.figure]

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        return self._spectrum.changes(moment.rates)

    def titles(self, moment: Moment, past: list[Moment]) -> Json:
        return pace.texts(moment.rates, moment.overlap)
