"""A run of EM for the player: extends the trajectory, cuts it, and draws its frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from em_core import schedule
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.moves import MOVES, allowed, check_order, lacking
from em_core.records import Parameters, Trajectory
from em_core.trajectory import END_HALF_STEPS, converged, extend, opening, start
from figures.em import words
from figures.em.moment import Moment, moment, with_course
from figures.em.scene import EmScene, faces
from ui import limits
from ui.em.settings import EmSettings
from ui.tape import Json, Tape, moves_query, never, read_moves

# so many half-steps fit the page; the command line goes on to 5,000
LONGEST = 1_000
_PLAIN = schedule.plan("EM", MOVES)
# so many half-steps of the schedule are shown before they are made
_AHEAD = 40


class EmRun(Tape):
    """One experiment on the page. Its schedule says which move comes next; a fork cuts the trajectory.

    rest: the moves of a tape that is being opened again which are still to be made; they come before the schedule's.
    """

    def __init__(
        self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int], compare: bool = False
    ) -> None:
        super().__init__()
        self.experiment = experiment
        self.rest = ""
        self.plan = schedule.plan(experiment.schedule, MOVES)
        self._columns, self._axes, self._compare = columns, axes, compare
        self.trajectory: Trajectory = start(experiment)
        # plain EM from the same start, as far as the run itself has come
        self._plain = start(experiment) if compare else None
        self.scene = self._scene()
        # without their courses, for every half-step; and with them, for those in view
        self._moments: list[Moment] = []
        self._seen: dict[int, Moment] = {}

    @classmethod
    def of(cls, settings: EmSettings, moves: str = "", after: int = 0) -> EmRun:
        """The run that the settings describe, with these moves made. Raises `InvalidExperiment`."""
        run = cls.reopening(settings, moves, after)
        run.reopen()
        return run

    @classmethod
    def reopening(cls, settings: EmSettings, moves: str = "", after: int = 0) -> EmRun:
        """The same with these moves still to be made, by `reopen`. Raises `InvalidExperiment`.

        after: how many of them were made before the present schedule was taken up.
        """
        raw = settings.experiment(moves)
        limits.check(raw, len(moves[:LONGEST]))
        experiment = Experiment.parse({**raw, "schedule": "E"})
        if settings.overrides.start is None:
            begin, q_at = opening(experiment, keep_start="start" in raw)
            experiment = Experiment.parse({**raw, "schedule": "E", "start": forked(begin, q_at)})
        # a plan may begin with a move that needs a q: the page puts an E before it where there is none
        check_order(schedule.expand(settings.plan, MOVES), experiment.model, True, settings.plan)
        if moves:
            check_order(moves, experiment.model, experiment.q_at is not None)
        experiment = replace(experiment, schedule=settings.plan)
        dataset = None if settings.imported else settings.dataset()
        columns = dataset.columns if dataset is not None else ()
        run = cls(experiment, columns, (settings.x_axis, settings.y_axis), settings.compare)
        run.plan = replace(run.plan, after=after)
        run.rest = moves[:LONGEST]
        run._refresh()
        return run

    read = staticmethod(read_moves)

    @staticmethod
    def cut_short(moves: str = "", after: int = 0) -> list[str]:
        """Say what the page leaves out of a long schedule."""
        if len(moves) <= LONGEST:
            return []
        return [f"The schedule has {len(moves):,} half-steps; the page holds {LONGEST:,}, the command line goes on."]

    @property
    def taped(self) -> tuple[str, int]:
        """What `reopening` makes it of again."""
        return self.tape, self.plan.after

    def query(self, cursor: int) -> dict[str, str]:
        return moves_query(*self.taped, cursor)

    def follow(self, word: str) -> None:
        """Go on by another schedule. Raises `InvalidExperiment` for one that cannot follow what has been made."""
        plan = schedule.plan(word, MOVES)
        check_order(plan.moves, self.experiment.model, True, word)
        self.experiment = replace(self.experiment, schedule=word)
        # one that is more than a round begins here
        self.plan = plan if plan.goes_round else replace(plan, after=len(self.moves))
        self.rest = ""
        self._refresh()

    def coming(self) -> list[dict[str, Any]]:
        """What the schedule has ahead, as chips: to its end, or one more round of what it repeats."""
        made, letters = self.moves, self.rest[:_AHEAD]
        while self.stuck is None and len(letters) < _AHEAD and not self.plan.done(made + letters):
            letters += self._following(made + letters)
            if not self.plan.underway(made + letters) and len(letters) >= len(self.plan.cycle):
                break
        return [words.coming(letter, len(self) + place) for place, letter in enumerate(letters)]

    def __len__(self) -> int:
        return len(self.trajectory)

    @property
    def moves(self) -> str:
        return self.trajectory.moves

    @property
    def tape(self) -> str:
        """The moves made, and those of a tape that is being opened again."""
        return self.moves + self.rest

    @property
    def remaining(self) -> int:
        return len(self.rest)

    @property
    def ended(self) -> str | None:
        if self.stuck is not None or self.rest:
            return self.stuck
        if self.plan.done(self.moves):
            return "The schedule is done. The next step begins its last round again."
        self.gather()
        if converged(self.experiment, self.trajectory, self.plan, lambda step: self._moments[step.index].bound):
            return "Converged: the last round changed the ELBO by less than a billionth of itself."
        return None

    @property
    def stuck(self) -> str | None:
        """Why no half-step can follow the last one."""
        if self.trajectory.last.stopped:
            return "The run stopped here."
        if len(self) > LONGEST:
            return f"The page holds {LONGEST:,} half-steps; the command line goes on."
        return None

    def step(self) -> bool:
        """Make the next half-step: of the tape that is being opened again, else of the schedule."""
        if self.stuck is not None:
            return False
        letter, self.rest = self.rest[:1] or self._following(self.moves), self.rest[1:]
        self._append(letter)
        return True

    def ahead(self, most: int | None = None, late: Callable[[], bool] = never) -> None:
        """Make half-steps to the end, to number `most`, or until it is late."""
        super().ahead(min(len(self) + END_HALF_STEPS if most is None else most, LONGEST), late)

    def gather(self) -> None:
        known = self._moments
        while known and not self._holds(known[-1]):
            known.pop()
        self.cut(len(known))
        for index in range(len(known), len(self)):
            previous = known[-1] if known else None
            plain = self._plain_evidence(index)
            now = moment(self.experiment, self.trajectory, index, self._next_move(index), previous, plain)
            known.append(now)
        for index in range(len(self._light), len(self)):
            self._light.append(self.scene.light(known[index], self._light[-1]["id"] if self._light else None))

    def draw(self, index: int, key: bool) -> Json:
        return self.scene.whole(self._light[index], self.moment(index), self._moments[:index], key)

    def moment(self, index: int) -> Moment:
        """All that is shown of half-step `index`."""
        self.gather()
        if index not in self._seen:
            self._seen[index] = with_course(self._moments[index], self.trajectory, self._seen.get(index - 1))
        return self._seen[index]

    def cut(self, length: int) -> None:
        super().cut(length)
        self._seen = {index: seen for index, seen in self._seen.items() if index < length}

    def forget(self, view: Sequence[int]) -> None:
        super().forget(view)
        self._seen = {index: seen for index, seen in self._seen.items() if index in self._whole}

    def inner(self, index: int) -> list[dict[str, Any]]:
        """Finer frames along the M-step of half-step `index`."""
        return self.scene.inner(self.moment(index))

    def move(self, letter: str, at: int) -> int:
        """Make one move after half-step `at`: where the tape has it already, go there; else cut the tape and make it.

        Returns the number of the half-step made. Raises `InvalidExperiment` for a move that needs a q.
        """
        if at + 1 < len(self) and self.trajectory[at + 1].move == letter:
            return at + 1
        if not MOVES[letter].allowed(self.experiment.model):
            valid = f"one of {', '.join(allowed(self.experiment.model))}: {lacking(self.experiment.model, letter)}"
            raise InvalidExperiment("move", letter, valid)
        if MOVES[letter].needs_q and self.trajectory[at].after.q is None:
            raise InvalidExperiment("move", letter, "an E-step first: this move needs a q")
        if self.trajectory[at].stopped:
            raise InvalidExperiment("move", letter, "a half-step before the one that stopped the run")
        if at >= LONGEST:
            raise InvalidExperiment("move", letter, f"a place before half-step {LONGEST:,}: the page holds no more")
        self.trajectory, self.rest = self.trajectory.upto(at), ""
        if at < self.plan.after:
            self.plan = replace(self.plan, after=0)
        self._append(letter)
        self._refresh()
        return at + 1

    def json(self) -> dict[str, Any]:
        """The experiment with the tape as its schedule; with an empty tape, the schedule as it stands."""
        word = schedule.compress(self.tape) or self.experiment.schedule
        unready = not self.tape and self.trajectory.last.after.q is None and MOVES[self.plan.moves[0]].needs_q
        return {**self.experiment.to_json(), "schedule": f"E{word}" if unready else word}

    def dragged(self, at: int, handle: str, x: float, y: float) -> dict[str, Any]:
        """`start` of the experiment that forks off half-step `at` with θ changed by hand; q stays what it was."""
        state = self.trajectory[at].after
        theta = self.scene.view.dragged(state.theta, handle, x, y)
        return forked(theta, state.q_at)

    def fork(self, at: int) -> dict[str, Any]:
        """`start` of the experiment that goes on from half-step `at` under other settings."""
        state = self.trajectory[at].after
        return forked(state.theta, state.q_at)

    def _plain_evidence(self, index: int) -> float | None:
        """log p of plain EM after `index` half-steps; None where nobody asks, or where it has stopped."""
        if self._plain is None:
            return None
        while len(self._plain) <= index and not self._plain.last.stopped:
            self._plain = extend(self.experiment, self._plain, _PLAIN.following(self._plain.moves))
        if len(self._plain) <= index or self._plain[index].stopped:
            return None
        return self.experiment.model.log_evidence(self.experiment.data, self._plain[index].after.theta)

    def _append(self, letter: str) -> None:
        self.trajectory = extend(self.experiment, self.trajectory, letter)
        if self.trajectory.last.stopped:
            self.rest = ""

    def _holds(self, known: Moment) -> bool:
        """Whether a moment is still that of its half-step."""
        index = known.index
        there = index < len(self) and known.step is self.trajectory[index]
        return there and known.next_move == self._next_move(index)

    def _next_move(self, index: int) -> str | None:
        if index + 1 < len(self):
            return self.trajectory[index + 1].move
        if self.stuck is not None:
            return None
        return self.rest[:1] or self._following(self.moves)

    def _following(self, made: str) -> str:
        """The plan's next move; E before one that needs a q where there is none yet."""
        letter = self.plan.following(made)
        has_q = bool(made) or self.trajectory[0].after.q is not None
        return letter if has_q or not MOVES[letter].needs_q else "E"

    def _scene(self) -> EmScene:
        return EmScene(self.experiment, self._columns, self._axes, self._letters, self._compare)

    @property
    def _letters(self) -> str:
        """The moves that are made or planned."""
        return self.plan.moves + self.tape

    def _refresh(self) -> None:
        """Other moves, planned or made, may show other figures."""
        if faces(self._letters) != self.scene.faces:
            self.scene = self._scene()
            self.cut(0)


def forked(theta: Parameters, q_at: Parameters | None) -> dict[str, Any]:
    """θ and the parameters at which q was computed, as `start` of an experiment file."""
    begin: dict[str, Any] = {name: entry.tolist() for name, entry in theta.items()}
    if q_at is not None:
        begin["q_at"] = {name: entry.tolist() for name, entry in q_at.items()}
    return begin
