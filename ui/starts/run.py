"""Many starts for the player: a step is one start, run to its end a little at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from em_core.files.experiment import Experiment
from em_core.observe.starts import End, Gathered, from_seed
from em_core.work import Work
from figures.starts.scene import StartsScene
from ui import limits
from ui.counted import Counted
from ui.starts import words
from ui.starts.settings import StartsSettings


class StartsRun(Counted):
    """The runs from the starts of so many seeds.

    Once all are there every frame shows all of them, and the cursor says which one is looked at.
    """

    def __init__(self, described: Mapping[str, Any], experiment: Experiment, wanted: int) -> None:
        super().__init__()
        self.described, self.experiment, self.wanted = described, experiment, wanted
        self.scene = StartsScene(described, wanted)
        self.ends: tuple[End, ...] = ()
        self._work: Work[End] | None = None
        self._take()

    @classmethod
    def reopening(cls, settings: StartsSettings, starts: int = 0) -> StartsRun:
        """The runs that the settings describe, with so many still to be made. Raises `InvalidExperiment`."""
        raw = settings.experiment()
        limits.check(raw, 0, "number")
        run = cls(raw, Experiment.parse(raw), settings.number)
        run.planned = min(starts, settings.number)
        return run

    def json(self) -> dict[str, Any]:
        """The experiment without a start, as the command line takes it."""
        return dict(self.described)

    @property
    def exported(self) -> dict[str, Any]:
        return {"starts": max(1, self.tape)}

    @property
    def underway(self) -> bool:
        return self._work is not None

    def step(self) -> bool:
        """Go on with the next start for a slice at most."""
        if self.ended is not None:
            return False
        self._work = self._work or from_seed(self.experiment, self.experiment.seed + len(self.ends))
        until = time.monotonic() + limits.SLICE
        try:
            while time.monotonic() < until:
                next(self._work)
        except StopIteration as done:
            self._work = None
            self.ends = (*self.ends, done.value)
            self._take()
        return True

    def remember(self, other: StartsRun) -> None:
        """Another number of the same starts: those that are there need not be made again."""
        if other.described == self.described:
            self.ends = other.ends[: self.wanted]
            self._take()

    def seen(self) -> Sequence[int]:
        return range(len(self))

    def reason(self, step: Gathered) -> str | None:
        return words.all_made(self.wanted) if step.place >= self.wanted else None

    def _take(self) -> None:
        """A frame for each start; where the last one came in, all are drawn anew."""
        model, ends, complete = self.experiment.model, self.ends, len(self.ends) == self.wanted
        if complete:
            self.cut(0)
            self._reasons = []
        known = [] if complete else self.steps
        self.steps = [
            *known,
            *(
                Gathered(model, place, self.wanted, ends if complete else ends[:place], complete)
                for place in range(len(known), len(ends) + 1)
            ),
        ]
