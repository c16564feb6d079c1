"""The terms of log p at a half-step, and on the way to it."""

from __future__ import annotations

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from em_core.observe.passage import Passage
from figures.changes import passing
from figures.decomposition import Decomposition
from figures.em.picture import Picture
from figures.look.encode import Json


class Terms(Picture):
    view = "decomposition"

    def __init__(self, experiment: Experiment) -> None:
        self.bars = Decomposition()
        self.figures = [self.bars.figure]

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        return self.bars.changes(moment.bound)

    def glide(self, moment: Moment, passage: Passage) -> Json:
        return passing([self.bars.changes(terms) for terms in passage.bounds])

    def inner(self, moment: Moment, there: Moment, stop: int) -> Json:
        return self.bars.changes(there.bound)
