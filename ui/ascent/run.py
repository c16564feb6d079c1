"""The EM page's run, with the plane that each half-step lies in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.observe import stairs
from em_core.observe.landscape import sight
from em_core.observe.moment import Moment
from em_core.observe.plane import is_exact
from em_core.records import Parameters, frozen
from figures.ascent.scene import POINT, AscentScene
from ui.em.run import EmRun


class AscentRun(EmRun):
    """Coordinate ascent on the page."""

    scenes = AscentScene

    def __init__(self, experiment: Experiment, *shown: Any, second: bool = False, **beside: Any) -> None:
        super().__init__(experiment, *shown, **beside)
        self._second = stairs.second(experiment) if second and is_exact(experiment) else None

    def observed(self, index: int, next_move: str | None) -> Moment:
        found = super().observed(index, next_move)
        return found if self._second is None else replace(found, second=self._second)

    def moment(self, index: int) -> Moment:
        found = super().moment(index)
        if found.sight is None and not is_exact(self.experiment):
            ahead, tape = found.ahead, self.trajectory.upto(index)
            seen = sight(self.experiment, tape, found.following, ahead.half_step, ahead.landscape)
            found = self._seen[index] = replace(found, sight=seen)
        return found

    def pulled(self, at: int, handle: str, x: float, y: float) -> tuple[Parameters, float | None]:
        if handle != POINT:
            return super().pulled(at, handle, x, y)
        if not 0 < x < 1:
            raise InvalidExperiment("θ", round(x, 4), "a value between 0 and 1")
        (name,) = self.experiment.start
        return {name: frozen(x)}, min(max(y, 0.0), 1.0)
