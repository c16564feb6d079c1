"""Plain gradient ascent on log p, without any q: what E and then G come to, by Fisher's identity."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, lacking
from em_core.model import check
from em_core.observe.differences import FIRST_LEVELS, USUAL, Slopes
from em_core.records import Array

# seconds of computing that a climb may take, whatever else the machine does
LONGEST = 10.0


@dataclass(frozen=True)
class Climb:
    """log_evidence: log p at the start and after each step, as far as it came. why: why there is none, or no more."""

    log_evidence: tuple[float, ...] = ()
    why: str = ""


class Climber:
    """Climbs log p / N in the unconstrained coordinates, with the step size of G.

    The slopes are differences of `log_evidence`: neither a posterior nor the model's gradient is asked for.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._model: Any = experiment.model
        self._data = experiment.data
        self._start = experiment.start
        self._step = experiment.moves["G"]["step"]
        self._slopes = Slopes(self._height)
        self._vector: Array = np.empty(0)
        self.log_evidence: list[float] = []
        self.why = self._hindrance()
        if not self.why:
            self._vector = self._model.to_vector(self._start)
            self.log_evidence.append(float(self._model.log_evidence(self._data, self._start)))

    def _hindrance(self) -> str:
        """Why there is nothing to climb, or nowhere to go; "" where there is."""
        if not hasattr(self._model, "log_evidence"):
            return f"{self._model.name} has no log p in closed form: {lacking(self._model, 'E')}"
        if not MOVES["G"].allowed(self._model):
            return f"{self._model.name} has no gradient to follow: {lacking(self._model, 'G')}"
        try:
            self._model.to_vector(self._start)
        except HalfStepFailed as failure:
            return f"no gradient can be followed from the start: {failure}"
        return ""

    @property
    def coordinates(self) -> int:
        return len(self._vector)

    def seconds(self, steps: int) -> float:
        """About how long so many steps will take, from the time of a few evaluations of log p."""
        times = []
        for _ in range(3):
            begun = time.thread_time()
            self._height(self._vector * (1 + 1e-9))
            times.append(time.thread_time() - begun)
        widths = FIRST_LEVELS + USUAL * max(0, steps - 1)
        return 2 * widths * len(self._vector) * min(times)

    def climb(self) -> bool:
        """One more step; False where none can be made, and `why` says so."""
        if self.why:
            return False
        slope = self._slopes.at(self._vector) / self._model.n_units(self._data)
        vector = self._vector + self._step * slope
        height = self._height(vector)
        if not math.isfinite(height):
            self.why = f"step {len(self.log_evidence)} leads to parameters at which log p is not finite"
            return False
        self._vector = vector
        self.log_evidence.append(height)
        return True

    @np.errstate(all="ignore")
    def _height(self, vector: Array) -> float:
        """log p at these coordinates; NaN where they are no usable θ."""
        theta = self._model.from_vector(vector, self._start)
        try:
            check(self._model, self._data, theta)
            return float(self._model.log_evidence(self._data, theta))
        except (HalfStepFailed, np.linalg.LinAlgError):
            return math.nan


def climb(experiment: Experiment, steps: int, longest: float = LONGEST) -> Climb:
    """Gradient ascent for so many steps; none at all where that would take too long, however far it came."""
    climber = Climber(experiment)
    if climber.why:
        return Climb(why=climber.why)
    needed = climber.seconds(steps)
    if needed > longest:
        return Climb(why=_too_long(climber, needed, longest))
    end = time.thread_time() + longest
    for _ in range(steps):
        if time.thread_time() > end:
            return Climb(why=_too_long(climber, None, longest))
        if not climber.climb():
            break
    return Climb(tuple(climber.log_evidence), climber.why)


def _too_long(climber: Climber, needed: float | None, longest: float) -> str:
    known = "" if needed is None else f" (about {needed:.0f} s)"
    return f"differences of log p in {climber.coordinates} coordinates would take longer than {longest:g} s{known}"
