"""A run of MAP inference for the player: steps a solver and draws its frames."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.observe.ghost import Numbers
from em_core.observe.solving import Background, Step, opening
from em_core.records import frozen
from em_core.sparse_coding.experiment import SparseCodingExperiment, attempt
from figures.map.inside import words as inside_words
from figures.map.scene import MapScene
from ui import limits
from ui.counted import Counted
from ui.map import words
from ui.map.settings import MapSettings
from ui.tape import Json
from ui.words import STOPPED

# a certified gap below this share of the objective is the end of the road
_CLOSE = 1e-12


class MapRun(Counted):
    """One experiment on the page: its steps from the start on."""

    foreseen: ClassVar[bool] = True

    def __init__(self, experiment: SparseCodingExperiment, settings: MapSettings) -> None:
        super().__init__()
        self.experiment = experiment
        self.background = Background(experiment)
        self.scene = MapScene(self.background, settings.shown(), settings.gaussian)
        self.steps = [opening(experiment)]

    @classmethod
    def reopening(cls, settings: MapSettings, steps: int = 0) -> MapRun:
        """The run that the settings describe, with so many steps still to be made. Raises `InvalidExperiment`."""
        parts, steps = settings.overrides, min(steps, limits.LONGEST)
        limits.check({"data": {**(parts.data or {}), **(parts.dictionary or {})}}, steps, "steps")
        experiment = SparseCodingExperiment.parse(settings.experiment(steps))
        limits.check_path(len(experiment.problem.target), experiment.problem.n_atoms)
        try:
            run = cls(experiment, settings)
        except HalfStepFailed as failure:  # the pictures need the optimum, and the optimum its path over λ
            atoms = experiment.problem.dictionary.tolist()
            valid = f"a dictionary for which the path over λ can be computed ({failure})"
            raise InvalidExperiment("data.dictionary", atoms, valid) from None
        run.planned = steps
        return run

    def numbers(self, index: int) -> Numbers:
        step: Step = self.steps[index]
        above = step.objective - self.background.least
        return {"objective": step.objective, "above": above, "gap": step.duality_gap}

    def listed(self, index: int) -> dict[str, Any]:
        return {"h": self.steps[index].state.code}

    def comparable(self, other: MapRun) -> tuple[frozenset[str], str]:
        """Another problem has another objective; how far a solver is from its optimum can still be compared."""
        own, kept = self.experiment.problem, other.experiment.problem
        if not np.array_equal(own.target, kept.target):
            return frozenset(), words.OTHER_SIGNAL
        alike = (own.penalty, own.precision) == (kept.penalty, kept.precision)
        if alike and np.array_equal(own.dictionary, kept.dictionary):
            return frozenset(quantity.name for quantity in self.scene.compared), ""
        return frozenset({"above", "gap"}), words.OTHER_PROBLEM

    def inner(self, index: int) -> list[dict[str, Any]]:
        """The way from the step before to step `index`."""
        return self.scene.inner(self.steps[index])

    def beats(self, index: int, unit: int | None) -> tuple[int, int, list[Json], str]:
        if index >= len(self):
            return 0, 0, [], inside_words.NO_STEP
        chosen, made = self.scene.beats(self.steps[index], unit)
        return chosen, self.background.units, made, "" if made else inside_words.NOT_MADE

    def json(self) -> dict[str, Any]:
        """The experiment with as many steps as the page shows, at least one."""
        return {**self.experiment.to_json(), "steps": max(1, self.tape)}

    def dragged(self, at: int, x: float, y: float) -> dict[str, Any]:
        """`start` of the experiment that begins where the reader dropped the code."""
        code = np.array(self.steps[at].state.code)
        for place, value in enumerate((x, y)):
            if not abs(value) < 1e6:
                raise InvalidExperiment(f"h{place + 1}", value, "a place on the picture")
            code[place] = value
        return {"code": code.tolist()}

    def preview(self, at: int, handle: str, x: float, y: float) -> Json:
        start = frozen(self.dragged(at, x, y)["code"])
        return self.scene.preview(opening(replace(self.experiment, start=start)))

    def make(self) -> Step:
        last = self.steps[-1]
        made = attempt(self.experiment, last.state, len(self))
        if made.state is None:
            # the numbers were left: nothing new to show but the trouble
            return Step(len(self), last.state, last.state, last.objective, last.duality_gap, made.trouble)
        return Step(len(self), made.state, last.state, made.objective, made.duality_gap, made.trouble)

    def reason(self, step: Step) -> str | None:
        if step.trouble:
            return STOPPED
        if step.state.done:
            return words.FINISHED
        if step.duality_gap <= _CLOSE * max(1.0, step.objective) and self.background.is_l1:
            return words.PROVEN
        return None
