"""What pictures ask for before the reader does: where a move would lead, and the bound on the way there."""

from __future__ import annotations

from typing import Any

from em_core.bound import Profile
from em_core.caching import Recent
from em_core.files.experiment import Experiment
from em_core.observe import course
from em_core.observe.landscape import Landscape, of_span
from em_core.observe.plane import Span
from em_core.records import Array, HalfStep, Parameters, Placed, Trajectory
from em_core.trajectory import half_step

# results of each kind that a run keeps; what is drawn together lies within a few half-steps
KEPT = 32


class Ahead:
    """Makes the half-steps of one experiment and looks along their lines: each once, whoever asks for it first.

    A half-step that was looked at is the next one if the reader makes it, and again after going back. A run keeps one
    of these beside its trajectory. Results are found by the records that they were made from, not by equal numbers.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._half_step = Recent(lambda last, move: half_step(experiment, last.after, last.index + 1, move), KEPT)
        self._line = Recent(self._looked, KEPT)
        self._landscape = Recent(self._spanned, KEPT)
        self._curve = Recent(lambda q: course.over_theta(experiment, q), KEPT)

    def half_step(self, last: HalfStep, move: str | Placed) -> HalfStep:
        """What this move makes of the state after `last`."""
        result: HalfStep = self._half_step(last, move)
        return result

    def extend(self, trajectory: Trajectory, move: str | Placed) -> Trajectory:
        """The trajectory with one more half-step."""
        return trajectory.then(self.half_step(trajectory.last, move))

    def line(
        self, q: Any, origin: Parameters, between: Parameters | None, target: Parameters
    ) -> tuple[Profile, Array, int]:
        """log p and L(q, ·) from `origin` over `between` to `target` and on, the gap, and the place of `between`."""
        result: tuple[Profile, Array, int] = self._line(q, origin, between, target)
        return result

    def _looked(
        self, q: Any, origin: Parameters, between: Parameters | None, target: Parameters
    ) -> tuple[Profile, Array, int]:
        profile, bend = course.profile_along(self._experiment, q, origin, between, target)
        return profile, course.gaps_along(self._experiment, q, profile), bend

    def landscape(self, span: Span) -> Landscape:
        """Contours of the slice that a round spans. Raises `HalfStepFailed` where its two q have no blend."""
        result: Landscape = self._landscape(span.before, span.after, span.origin, span.target)
        return result

    def _spanned(self, before: Any, after: Any, origin: Parameters, target: Parameters) -> Landscape:
        return of_span(self._experiment, Span(before, after, origin, target, ()))

    def curve(self, q: Any) -> Array:
        """L(q, ·) over the whole parameter, for models with one number as their only one."""
        result: Array = self._curve(q)
        return result
