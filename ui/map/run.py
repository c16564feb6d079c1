"""A run of MAP inference for the player: steps a solver and draws its frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.observe.solving import Background, Step, opening
from em_core.sparse_coding.experiment import SparseCodingExperiment, attempt
from figures.map.scene import MapScene
from ui import limits
from ui.map.settings import MapSettings
from ui.tape import Json, Tape, read_cursor, read_number

# a certified gap below this share of the objective is the end of the road
_CLOSE = 1e-12


class MapRun(Tape):
    """One experiment on the page: its steps from the start on.

    planned: the number of the last step of a run that is being opened again.
    """

    def __init__(self, experiment: SparseCodingExperiment, settings: MapSettings) -> None:
        super().__init__()
        self.experiment = experiment
        self.planned = 0
        self.background = Background(experiment)
        self.scene = MapScene(self.background, settings.shown())
        self.steps = [opening(experiment)]
        # why none follows each, as its frame says
        self._reasons: list[str | None] = []

    @classmethod
    def reopening(cls, settings: MapSettings, steps: int = 0) -> MapRun:
        """The run that the settings describe, with so many steps still to be made. Raises `InvalidExperiment`."""
        parts, steps = settings.overrides, min(steps, limits.LONGEST)
        limits.check({"data": {**(parts.data or {}), **(parts.dictionary or {})}}, steps, "steps")
        experiment = SparseCodingExperiment.parse(settings.experiment(steps))
        try:
            run = cls(experiment, settings)
        except HalfStepFailed as failure:  # the pictures need the optimum, and the optimum its path over λ
            atoms = experiment.problem.dictionary.tolist()
            valid = f"a dictionary for which the path over λ can be computed ({failure})"
            raise InvalidExperiment("data.dictionary", atoms, valid) from None
        run.planned = steps
        return run

    @staticmethod
    def read(query: Mapping[str, str], messages: list[str]) -> tuple[tuple[int], int | None]:
        """The number of steps in an address, and the cursor."""
        steps = read_number(query, "steps", limits.LONGEST, messages, "The run starts again.")
        return (steps,), read_cursor(query, steps, messages)

    @staticmethod
    def cut_short(steps: int = 0) -> list[str]:
        """Say what the page leaves out of a long file."""
        return limits.cut_short("The file", steps, "steps")

    def query(self, cursor: int) -> dict[str, str]:
        return {"steps": str(self.tape), "cursor": str(cursor)} if self.tape else {}

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def tape(self) -> int:
        """How many steps are made, and planned of a run that is being opened again."""
        return len(self) - 1 + self.remaining

    @property
    def remaining(self) -> int:
        return max(0, self.planned - len(self) + 1) if self.ended is None else 0

    @property
    def ended(self) -> str | None:
        """Why no step can follow the last one."""
        return self._reason(self.steps[-1])

    def gather(self) -> None:
        last = len(self) - 1
        ended = self.ended
        if self._reasons and self._reasons[-1] != (ended if len(self._reasons) == len(self) else None):
            self._reasons.pop()
        self.cut(len(self._reasons))
        for index in range(len(self._reasons), len(self)):
            self._reasons.append(ended if index == last else None)
            self._light.append(self.scene.light(self.steps[index], self._reasons[index]))

    def draw(self, index: int, key: bool) -> Json:
        return self.scene.whole(self._light[index], self.steps[index])

    def inner(self, index: int) -> list[dict[str, Any]]:
        """The way from the step before to step `index`."""
        return self.scene.inner(self.steps[index])

    def step(self) -> bool:
        """Make the next step."""
        if self.ended is not None:
            return False
        self._step()
        return True

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

    def _step(self) -> None:
        last = self.steps[-1]
        made = attempt(self.experiment, last.state, len(self))
        if made.state is None:
            # the numbers were left: nothing new to show but the trouble
            self.steps.append(Step(len(self), last.state, last.state, last.objective, last.duality_gap, made.trouble))
        else:
            self.steps.append(Step(len(self), made.state, last.state, made.objective, made.duality_gap, made.trouble))

    def _reason(self, step: Step) -> str | None:
        if step.trouble:
            return "The run stopped here."
        if step.state.done:
            return "The solver has finished."
        if step.duality_gap <= _CLOSE * max(1.0, step.objective) and self.background.is_l1:
            return "Certified: this is the most likely code, up to rounding."
        if len(self) > limits.LONGEST:
            return limits.full("steps")
        return None
