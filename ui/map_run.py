"""A run of MAP inference for the player: steps a solver and draws its frames."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from em_core.errors import HalfStepFailed, InvalidExperiment
from em_core.sparse_coding import duality_gap, objective
from em_core.sparse_coding.experiment import SparseCodingExperiment, attempt
from figures.sparse.moment import Step
from figures.sparse.scene import MapScene
from ui.map_settings import MapSettings

# so many steps fit the page; the command line goes on to 100,000
LONGEST = 1_000
_END_STEPS = 500
_PATIENCE = 1.5
# a certified gap below this share of the objective is the end of the road
_CLOSE = 1e-12


class MapRun:
    """One experiment on the page: its steps from the start on."""

    def __init__(self, experiment: SparseCodingExperiment, settings: MapSettings) -> None:
        self.experiment = experiment
        self.scene = MapScene(experiment, settings.shown())
        problem, first = experiment.problem, experiment.first_state()
        self.steps = [Step(0, first, None, objective(problem, first.code), duality_gap(problem, first.code))]
        self._frames: list[dict[str, Any]] = []
        self._ended: list[str | None] = []

    @classmethod
    def of(cls, settings: MapSettings, steps: int = 0) -> MapRun:
        """The run that the settings describe, with so many steps made. Raises `InvalidExperiment`."""
        experiment = SparseCodingExperiment.parse(settings.experiment(steps))
        try:
            run = cls(experiment, settings)
        except HalfStepFailed as failure:  # the pictures need the optimum, and the optimum its path over λ
            given = experiment.problem.dictionary.tolist()
            raise InvalidExperiment(
                "data.dictionary", given, f"one whose path over λ can be found ({failure})"
            ) from None
        run.advance(steps)
        return run

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def ended(self) -> str | None:
        """Why no step can follow the last one."""
        return self._reason(self.steps[-1])

    def frames(self) -> list[dict[str, Any]]:
        """A frame for every step. Only what changed since the last call is drawn."""
        for index, step in enumerate(self.steps):
            ended = self.ended if index == len(self) - 1 else None
            if index < len(self._frames) and self._ended[index] == ended:
                continue
            del self._frames[index:], self._ended[index:]
            self._frames.append(self.scene.frame(step, ended))
            self._ended.append(ended)
        return self._frames

    def coming(self) -> list[dict[str, Any]]:
        """Nothing is planned: every step is like the one before."""
        return []

    def inner(self, index: int) -> list[dict[str, Any]]:
        """The way from the step before to step `index`."""
        return self.scene.inner(self.steps[index])

    def advance(self, to: int) -> None:
        """Make steps until number `to` is there, or no more can follow."""
        while len(self) <= to and self.ended is None:
            self._step()

    def ahead(self, most: int | None = None) -> None:
        """Make steps to the end, to number `most`, or as far as a short while allows."""
        deadline = time.monotonic() + _PATIENCE
        most = len(self) - 1 + _END_STEPS if most is None else most
        while self.ended is None and len(self) <= most and time.monotonic() < deadline:
            self.advance(min(len(self) + 9, most))
            self.frames()

    def json(self) -> dict[str, Any]:
        """The experiment with as many steps as the page shows, at least one."""
        return {**self.experiment.to_json(), "steps": max(1, len(self) - 1)}

    def dragged(self, at: int, x: float, y: float) -> dict[str, Any]:
        """`start` of the experiment that begins where the reader dropped the code."""
        code = np.array(self.steps[at].state.code)
        for place, value in enumerate((x, y)):
            if not abs(value) < 1e6:
                raise InvalidExperiment(f"h{place + 1}", value, "a place on the picture")
            code[place] = value
        return {"code": code.tolist()}

    def _step(self) -> None:
        last = self.steps[-1]
        made = attempt(self.experiment, last.state, len(self))
        if made.state is None:
            # the numbers were left: nothing new to show but the trouble
            self.steps.append(Step(len(self), last.state, last.state, last.objective, last.gap, made.trouble))
        else:
            self.steps.append(Step(len(self), made.state, last.state, made.objective, made.gap, made.trouble))

    def _reason(self, step: Step) -> str | None:
        if step.trouble:
            return "The run stopped here."
        if step.state.done:
            return "The solver is done."
        if step.gap <= _CLOSE * max(1.0, step.objective) and self._is_l1:
            return "Certified: this is the most likely code, up to rounding."
        if len(self) > LONGEST:
            return f"The page holds {LONGEST:,} steps; the command line goes on."
        return None

    @property
    def _is_l1(self) -> bool:
        return self.experiment.solver != "omp"
