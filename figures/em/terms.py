"""The terms of log p at a half-step, and on the way to it, with every way to split the ELBO that the model has."""

from __future__ import annotations

from dataclasses import replace

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from em_core.observe.passage import Passage
from figures.changes import merged, passing
from figures.decomposition import ACCURACY, JOINT, KL, Decomposition
from figures.em import words
from figures.em.picture import Picture
from figures.look.encode import Json


class Terms(Picture):
    view = "decomposition"

    def __init__(self, experiment: Experiment) -> None:
        if hasattr(experiment.model, "hidden_prior"):
            ways = [JOINT, ACCURACY, KL]
        else:
            ways = [replace(JOINT, needs=f"{JOINT.needs}<br>{words.NOT_BEFORE}"), KL]
        self.splits = [Decomposition(way, alone=False) for way in ways]
        self.figures = [split.figure for split in self.splits]

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        return merged(split.changes(moment.bound, moment.fit) for split in self.splits)

    def glide(self, moment: Moment, passage: Passage) -> Json:
        # the picture is less than three units wide
        return passing([self.splits[0].changes(terms) for terms in passage.bounds], decimals=4)

    def inner(self, moment: Moment, past: list[Moment], there: Moment, stop: int) -> Json:
        return self.changes(there, [])
