"""A run of EM for the player, with plain EM beside it where the reader compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

from em_core import schedule
from em_core.broken import sound
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.starts import given
from em_core.kinds import MOVES, check_order
from em_core.observe.ahead import Ahead
from em_core.observe.direction import COORDINATE, KINDS, Direction, coordinates
from em_core.observe.ghost import Ghost, Numbers, numbers
from em_core.observe.moment import Moment, evidence, ghost, held, moment, way, with_course, with_line
from em_core.observe.sample import sample
from em_core.records import Parameters
from em_core.trajectory import converged, height_of, opening
from figures.em.inside import words as inside_words
from figures.em.scene import EmScene
from ui import limits
from ui.em import words
from ui.em.settings import EmSettings
from ui.kept import Beside
from ui.lanes import Lane, Lanes
from ui.pace import Pace
from ui.tape import Json, half_steps, never

# points that any model needs
_FEWEST = 2
_PLAIN = schedule.plan("EM", MOVES)


def begun(settings: EmSettings, raw: Json) -> Experiment:
    """The experiment of these settings, its start drawn where no file gives one, and q the posterior at another θ.

    Raises `InvalidExperiment`.
    """
    experiment = Experiment.parse({**raw, "schedule": "E"})
    if settings.overrides.start is not None or experiment.gives_q:
        return experiment
    begin, q_at = opening(experiment, keep_start="start" in raw)
    return Experiment.parse({**raw, "schedule": "E", "start": given(begin, q_at)})


def coordinate_names(experiment: Experiment) -> tuple[str, ...]:
    """The coordinates that one can look along, as they are at the start; none where it lies on a boundary."""
    try:
        return coordinates(experiment.model, experiment.start)
    except HalfStepFailed:
        return ()


def direction_of(settings: EmSettings, experiment: Experiment) -> Direction | None:
    """Along which the bound is seen beside the M-step. A coordinate that is not there is the first."""
    if settings.direction not in KINDS:
        return None
    if settings.direction != COORDINATE:
        return Direction(settings.direction, seed=settings.direction_seed)
    names = coordinate_names(experiment)
    number = settings.coordinate if settings.coordinate < len(names) else 0
    return Direction(COORDINATE, names[number] if names else "")


class EmRun(Lanes):
    """EM on the page."""

    scenes: ClassVar[type[EmScene]] = EmScene
    SETTLED: ClassVar[str] = words.SETTLED
    UNREADY: ClassVar[str] = words.UNREADY

    def __init__(
        self,
        experiment: Experiment,
        columns: tuple[str, ...],
        axes: tuple[int, int],
        compare: bool = False,
        pace: Pace | None = None,
        direction: Direction | None = None,
    ) -> None:
        plain = replace(experiment, model=sound(experiment.model), broken=None)
        super().__init__(experiment, *([Lane(plain, _PLAIN)] if compare else []))
        self._columns, self._axes, self._direction = columns, axes, direction
        # how fast EM comes to rest from this start
        self._pace = pace
        # the runs before, by the half-step from which on each is drawn
        self._ghosts: list[Ghost] = []
        self.scene = self._scene()
        # with their courses, for those half-steps in view
        self._seen: dict[int, Moment] = {}
        # looks along the lines that a drag leads to, which nobody comes back to
        self._aside = Ahead(experiment)

    @classmethod
    def reopening(cls, settings: EmSettings, moves: str = "", after: int = 0, by_hand: Sequence[Json] = ()) -> EmRun:
        """The same with these moves still to be made, by `reopen`. Raises `InvalidExperiment`.

        after: how many of them were made before the present schedule was taken up. by_hand: what was changed meanwhile.
        """
        raw = settings.experiment(moves)
        limits.check({**raw, "by_hand": by_hand}, min(half_steps(moves, by_hand), limits.LONGEST))
        experiment = begun(settings, raw)
        # a plan may begin with a move that needs a q: the page puts an E before it where there is none
        check_order(schedule.expand(settings.plan, MOVES), experiment.model, True, settings.plan)
        experiment = replace(experiment, schedule=settings.plan)
        sample(experiment.data, settings.put)
        axes = settings.x_axis, settings.y_axis
        pace = Pace(experiment, settings, begun) if settings.rates else None
        direction = direction_of(settings, experiment)
        run = cls(experiment, settings.column_names, axes, pace=pace, direction=direction, **settings.beside)
        run.fitting = limits.longest(raw)
        run.still_to_make(moves, after, by_hand)
        for change in run.experiment.by_hand:
            for letter, own in getattr(change, "moves", {}).items():
                settings.check_entries(f"moves.{letter}", own)
        return run

    def settled(self) -> bool:
        return converged(
            self.experiment, self.trajectory, self.plan, lambda step: height_of(self._moments[step.index].bound)
        )

    @property
    def pending(self) -> bool:
        return super().pending or (self._pace is not None and self._pace.pending)

    def reopen(self, late: Callable[[], bool] = never) -> None:
        super().reopen(late)
        if self._pace is not None and not self.remaining and self._pace.go_on(late):
            self._moments = [self._paced(known) for known in self._moments]
            self.cut(0)

    def _paced(self, known: Moment) -> Moment:
        """A half-step with what is known of how fast EM comes to rest."""
        return known if self._pace is None else replace(known, rates=self._pace.found, overlap=self._pace.overlap)

    def observed(self, index: int, next_move: str | None) -> Moment:
        previous = self._moments[-1] if self._moments else None
        plain = self._plain_evidence(index, previous and previous.plain)
        ahead, before = self.own.ahead, self._ghost(index)
        return self._paced(moment(self.experiment, self.trajectory, index, next_move, previous, ahead, plain, before))

    def _ghost(self, index: int) -> Ghost | None:
        """The run before, as it is drawn at this half-step; where one is kept to compare with, that one."""
        if self.versus is not None:
            return self.versus.ghost(index)
        return next((found for found in reversed(self._ghosts) if found.first <= index), None)

    def recall(self, seen: Sequence[Moment]) -> None:
        """Draw the run before from where it went another way; not where it had other data."""
        if not seen:
            self._ghosts = []
            self._change(self.experiment, 0)
        if not seen or seen[0].experiment.data_source != self.experiment.data_source:
            return
        pairs = zip(seen, self.trajectory.half_steps, strict=False)
        first = next((place for place, (was, step) in enumerate(pairs) if was.step is not step), len(self))
        if len(seen) <= max(first, 1):
            return
        self._ghosts = [found for found in self._ghosts if found.first < first] + [ghost(seen, first)]
        del self._moments[first:]
        self.cut(first)

    @property
    def recalled(self) -> bool:
        return bool(self._ghosts)

    def remember(self, other: EmRun) -> None:
        self._ghosts = list(other._ghosts)

    def compare(self, beside: Beside | None) -> None:
        super().compare(beside)
        self._moments = [replace(known, ghost=self._ghost(known.index)) for known in self._moments]

    def numbers(self, index: int) -> Numbers:
        return numbers(self._moments[index].bound)

    def outline(self, count: int, told: Sequence[Numbers]) -> Ghost:
        return replace(super().outline(count, told), way=lambda: way(self._moments[:count]))

    def _plain_evidence(self, index: int, known: float | None) -> float | None:
        """log p of plain EM after `index` half-steps; None where nobody asks, or where it has stopped.

        known: after one fewer.
        """
        for lane in self.beside:
            if index < len(lane.trajectory) and not lane.trajectory[index].stopped:
                return evidence(self.experiment, lane.trajectory[index], known)
        return None

    def draw(self, index: int, key: bool) -> Json:
        return self.scene.whole(self._light[index], self.moment(index), self._moments[:index], key)

    def veiled(self, index: int) -> Json:
        now = self.moment(index)
        if now.course is None or now.course.at > 0.0:  # none, or one that has been gone
            return super().veiled(index)
        frame = self.scene.whole(self._light[index], replace(now, course=None), self._moments[:index], True)
        heading = frame["text"].get("heading.course")  # not every page has this picture
        return frame | {"text": frame["text"] | {"heading.course": words.veiled(heading)}} if heading else frame

    def moment(self, index: int) -> Moment:
        """All that is shown of half-step `index`."""
        self.gather()
        if index not in self._seen:
            seen = with_course(self._moments[index], self.trajectory)
            self._seen[index] = with_line(seen, self.trajectory, self._direction)
        return self._seen[index]

    def cut(self, length: int) -> None:
        super().cut(length)
        self._seen = {index: seen for index, seen in self._seen.items() if index < length}

    def twin(self) -> Self:
        made = super().twin()
        made._seen = dict(self._seen)
        return made

    def forget(self, view: Sequence[int]) -> None:
        super().forget(view)
        self._seen = {index: seen for index, seen in self._seen.items() if index in self._whole}

    def lighten(self, at: int) -> None:
        super().lighten(at)
        self.forget([at])

    def preview(self, at: int, handle: str, x: float, y: float) -> Json:
        self._check_open("start", "θ by hand", at)
        (theta, share), now, model = self.pulled(at, handle, x, y), self.moment(at), self.experiment.model
        q = None if share is None else model.q_of_share(self.experiment.data, share)
        try:
            there = held(now, self.trajectory, theta, self._aside, q)
        except HalfStepFailed as failure:
            raise InvalidExperiment(handle, round(x, 4), f"a place where the bound exists ({failure})") from None
        there = with_line(there, self.trajectory.upto(at), self._direction)
        return self.scene.preview(there, now, self._moments[:at], handle)

    def inner(self, index: int) -> list[dict[str, Any]]:
        """Finer frames along the M-step of half-step `index`."""
        return self.scene.inner(self.moment(index), self._moments[:index])

    def beats(self, index: int, unit: int | None) -> tuple[int, int, list[Json], str]:
        self.gather()
        if index >= len(self):
            return 0, 0, [], inside_words.NO_STEP
        moment = self._moments[index]
        chosen, made = self.scene.beats(moment, unit)
        why = inside_words.OTHERWISE if moment.step.events else inside_words.NONE_SHOWN
        return chosen, self.scene.units, made, "" if made else why

    def with_point(self, at: int, x: float, y: float, put: bool) -> dict[str, dict[str, Any]]:
        """The experiment's parts after a point was put in or taken out at half-step `at`: data and start.

        θ stays; q is of the data as they were. Raises `InvalidExperiment`.
        """
        view: Any = self.scene.view
        values = view.added(x, y) if put else view.removed(x, y)
        theta = self.trajectory[at].after.theta
        size = self.experiment.model.help.size
        least = max(_FEWEST, theta[size.parameter].shape[-1] if size else 1)
        if len(values) < least:
            raise InvalidExperiment("data.values", f"{len(values)} points", f"at least {least} for this model")
        return {"data": {"values": values.tolist()}, "start": given(theta, None)}

    def dragged(self, at: int, handle: str, x: float, y: float) -> Parameters:
        """θ of half-step `at` with a handle of its picture moved there."""
        return self.scene.view.dragged(self.trajectory[at].after.theta, handle, x, y)

    def pulled(self, at: int, handle: str, x: float, y: float) -> tuple[Parameters, float | None]:
        """The same, with q as a number where the handle moves q too."""
        return self.dragged(at, handle, x, y), None

    def refresh(self) -> None:
        if self.scenes.found(self.experiment, self.plan.moves + self.tape, self._asked) != self.scene.faces:
            self.scene = self._scene()
            self.dress()
            self.cut(0)

    def _scene(self) -> EmScene:
        letters = self.plan.moves + self.tape
        asked = self._asked, self._direction
        return self.scenes(self.experiment, self._columns, self._axes, letters, bool(self.beside), *asked)

    @property
    def _asked(self) -> list[str]:
        """What the reader asks for besides the moves' own pictures."""
        return [*(self._pace.asked if self._pace else []), *(["direction"] if self._direction else [])]
