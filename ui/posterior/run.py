"""The ladder of q for the player: all its rungs are known from the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.observe.ghost import Numbers, numbers
from em_core.observe.ladder import Background, Ladder
from em_core.sparse_coding.posterior.ladder import LadderExperiment
from figures.posterior.scene import PosteriorScene
from ui import limits
from ui.posterior import words
from ui.posterior.settings import PosteriorSettings, check_units
from ui.tape import Json, Tape
from ui.words import OTHER_DATA


class PosteriorRun(Tape):
    """One experiment on the page. Nothing is computed later: every rung is there."""

    ended = words.END
    remaining = 0

    def __init__(self, experiment: LadderExperiment) -> None:
        super().__init__()
        check_units(experiment.problem)
        self.experiment = experiment
        self.ladder = Ladder(experiment, Background(experiment.problem))
        self.scene = PosteriorScene(self.ladder.background)

    @classmethod
    def reopening(cls, settings: PosteriorSettings) -> PosteriorRun:
        """The ladder that the settings describe. Raises `InvalidExperiment`."""
        raw = settings.experiment()
        limits.check(raw, 1)
        experiment = LadderExperiment.parse(raw)
        limits.check_ladder(len(experiment.widths))
        return cls(experiment)

    @staticmethod
    def read(query: Mapping[str, str], messages: list[str]) -> tuple[tuple[()], None]:
        """Nothing but the cursor is in an address; the ladder must be there to read it."""
        return (), None

    @staticmethod
    def cut_short() -> list[str]:
        """Nothing: a ladder is shown whole."""
        return []

    @property
    def taped(self) -> tuple[()]:
        """Nothing is made step by step."""
        return ()

    def query(self, cursor: int) -> dict[str, str]:
        return {"cursor": str(cursor)} if cursor else {}

    def __len__(self) -> int:
        return len(self.ladder.rungs)

    def step(self) -> bool:
        return False

    def gather(self) -> None:
        for index in range(len(self._light), len(self)):  # whole from the start
            self.add(self.draw(index, True))

    def draw(self, index: int, key: bool) -> Json:
        return self.scene.frame(self.ladder, self.ladder.rungs[index])

    def numbers(self, index: int) -> Numbers:
        rung = self.ladder.rungs[index]
        width = float(rung.q.width[0]) if rung.kind == "gaussian" else None
        return {**numbers(rung.bound), "width": width}

    def listed(self, index: int) -> dict[str, Any]:
        rung = self.ladder.rungs[index]
        return {"μ": rung.q.mean, "s": rung.q.width} if rung.kind != "exact" else {}

    def comparable(self, other: PosteriorRun) -> tuple[frozenset[str], str]:
        own, kept = self.experiment.problem, other.experiment.problem
        if own.n_atoms != kept.n_atoms or not np.array_equal(own.target, kept.target):
            return frozenset(), OTHER_DATA
        return frozenset(quantity.name for quantity in self.scene.compared), ""

    def veiled(self, index: int) -> Json:
        return {**super().veiled(index), "inner_at": None}  # at every width, that of the next rung among them

    def inner(self, index: int) -> list[Json]:
        """q at every width, on the rungs that have one."""
        return self._widths if self.ladder.rungs[index].kind == "gaussian" else []

    @cached_property
    def _widths(self) -> list[Json]:
        return self.scene.inner(self.ladder)

    def json(self) -> Json:
        return self.experiment.to_json()

    def place(self, name: str) -> list[float]:
        """The posterior's `mode` or `mean`."""
        result: list[float] = getattr(self.ladder.background.posterior, name).tolist()
        return result

    def preview(self, at: int, handle: str, x: float, y: float) -> Json:
        mean = np.array(self.dragged(x, y))
        ladder = Ladder(replace(self.experiment, mean=mean), self.ladder.background)
        return self.scene.preview(ladder, ladder.rungs[at])

    def dragged(self, x: float, y: float) -> list[float]:
        """μ where the reader dropped it. Raises `InvalidExperiment` for a place outside of every picture."""
        place = [x, y][: self.experiment.problem.n_atoms]
        for value in place:
            if not abs(value) < 1e6:
                raise InvalidExperiment("μ", value, "a place on the picture")
        return place
