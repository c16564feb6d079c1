"""Gradient ascent on log p, without any q: what E and then G, or E and then S, come to by Fisher's identity."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, lacking
from em_core.model import check
from em_core.observe.differences import FIRST_LEVELS, USUAL, Slopes
from em_core.records import Array
from em_core.trajectory import draws

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

    # the move that, after an E, makes the same step; and the word that does
    letter: ClassVar[str] = "G"

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._model: Any = experiment.model
        self._data = experiment.data
        self._start = experiment.start
        self._settings = experiment.moves[self.letter]
        # the part of the data whose log p is climbed
        self._part: Any = experiment.data
        self._slopes = Slopes(lambda vector: self._height(vector, self._part))
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
        if not MOVES[self.letter].allowed(self._model):
            return f"{self._model.name} has no gradient to follow: {lacking(self._model, self.letter)}"
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
            self._height(self._vector * (1 + 1e-9), self._part)
            times.append(time.thread_time() - begun)
        widths = FIRST_LEVELS + USUAL * max(0, steps - 1)
        return 2 * widths * len(self._vector) * min(times)

    def climb(self) -> bool:
        """One more step; False where none can be made, and `why` says so."""
        if self.why:
            return False
        self._part, share = self._drawn()
        slope = self._slopes.at(self._vector) / (share * self._model.n_units(self._data))
        vector = self._vector + self._settings["step"] * slope
        height = self._height(vector, self._data)
        if not math.isfinite(height):
            self.why = f"step {len(self.log_evidence)} leads to parameters at which log p is not finite"
            return False
        self._vector = vector
        self.log_evidence.append(height)
        return True

    def _drawn(self) -> tuple[Any, float]:
        """The data that the next step climbs by, and which share of all units they are."""
        return self._data, 1.0

    @np.errstate(all="ignore")
    def _height(self, vector: Array, data: Any) -> float:
        """log p of these data at these coordinates; NaN where they are no usable θ."""
        theta = self._model.from_vector(vector, self._start)
        try:
            check(self._model, self._data, theta)
            return float(self._model.log_evidence(data, theta))
        except (HalfStepFailed, np.linalg.LinAlgError):
            return math.nan


class StochasticClimber(Climber):
    """The same with the step size of S, by log p of the units alone that S draws in the same place of `ES`.

    Every model that draws units has a log p of them: these are what it takes for independent.
    """

    letter = "S"

    def _drawn(self) -> tuple[Any, float]:
        index = 2 * len(self.log_evidence)  # each S comes after an E
        rng, size = draws(self._experiment, index), int(self._settings["batch"])
        part, _, draw = self._model.minibatch(self._data, _NO_Q, size, rng)
        return part, draw.share


class _NoQ:
    """Stands where a q would, which a model that draws units asks for its part of them. There is nothing in it."""

    def part(self, *units: Any) -> _NoQ:
        return self


_NO_Q = _NoQ()


def climb(experiment: Experiment, steps: int, longest: float = LONGEST, climbing: type[Climber] = Climber) -> Climb:
    """Gradient ascent for so many steps; none at all where that would take too long, however far it came."""
    climber = climbing(experiment)
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
