"""A run over moves with lanes: the run itself, and whatever goes along with it from the same start or another.

EM with plain EM beside it, and dictionary learning from two starts, are such runs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from em_core import schedule
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, allowed, check_order, lacking
from em_core.observe.ahead import Ahead
from em_core.records import Trajectory
from em_core.schedule import Plan
from em_core.trajectory import start
from figures.look import moves as chips
from ui import limits
from ui.tape import Json, Tape, moves_query, read_moves

# so many half-steps of the schedule are shown before they are made
_AHEAD = 40


class Lane:
    """One trajectory. plan: it makes moves of its own, until it stops; without one, those of the run.

    ahead: what was looked at before it was made; the half-step looked at is the one that is made.
    """

    def __init__(self, experiment: Experiment, plan: Plan | None = None) -> None:
        self.experiment, self.plan = experiment, plan
        self.trajectory: Trajectory = start(experiment)
        self.ahead = Ahead(experiment)

    def grow(self, letter: str) -> None:
        """Make a half-step as the run makes one."""
        if self.plan is not None:
            if self.trajectory.last.stopped:
                return
            letter = self.plan.following(self.trajectory.moves)
        self.trajectory = self.ahead.extend(self.trajectory, letter)

    def cut(self, at: int) -> None:
        """Give up what comes after half-step `at`."""
        self.trajectory = self.trajectory.upto(at)


class Lanes(Tape):
    """One experiment on the page. Its schedule says which move comes next; a fork cuts the lanes.

    beside: the other lanes. rest: the moves of a tape that is being opened again which are still to be made; they come
    before the schedule's. A subclass says what is observed of a half-step (`observed`), how it is drawn (`draw`, as for
    every tape), when rounds change no more (`settled`), and what its scene depends on (`refresh`).
    """

    # what is said of a run whose rounds change no more, and of a move that needs a q where there is none
    SETTLED: ClassVar[str]
    UNREADY: ClassVar[str]

    def __init__(self, experiment: Experiment, *beside: Lane) -> None:
        super().__init__()
        self.experiment = experiment
        self.own, self.beside = Lane(experiment), beside
        self.plan = schedule.plan(experiment.schedule, MOVES)
        self.rest = ""
        # for every half-step
        self._moments: list[Any] = []

    # --- what a page says ---------------------------------------------------------------------------------------
    def observed(self, index: int, next_move: str | None) -> Any:
        """What is shown of half-step `index`: a record with `step` and `next_move`."""
        raise NotImplementedError

    def settled(self) -> bool:
        """Whether the last round changed next to nothing."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Other moves, planned or made, may show other figures."""

    # --- the tape -----------------------------------------------------------------------------------------------
    @property
    def trajectory(self) -> Trajectory:
        return self.own.trajectory

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

    read = staticmethod(read_moves)

    @staticmethod
    def cut_short(moves: str = "", after: int = 0) -> list[str]:
        """Say what the page leaves out of a long schedule."""
        return limits.cut_short("The schedule", len(moves), "half-steps")

    @property
    def taped(self) -> tuple[str, int]:
        """What `reopening` makes it of again."""
        return self.tape, self.plan.after

    def query(self, cursor: int) -> dict[str, str]:
        return moves_query(*self.taped, cursor)

    def still_to_make(self, moves: str, after: int = 0) -> None:
        """Have these moves made by `reopen`. after: how many of them came before the present schedule was taken up."""
        self.rest, self.plan = moves[: limits.LONGEST], replace(self.plan, after=after)
        self.refresh()

    def json(self) -> dict[str, Any]:
        """The experiment with the tape as its schedule; with an empty tape, the schedule as it stands."""
        word = schedule.compress(self.tape) or self.experiment.schedule
        unready = not self.tape and self.trajectory.last.after.q is None and MOVES[self.plan.moves[0]].needs_q
        return {**self.experiment.to_json(), "schedule": f"E{word}" if unready else word}

    # --- where it ends ------------------------------------------------------------------------------------------
    @property
    def ended(self) -> str | None:
        if self.stuck is not None or self.rest:
            return self.stuck
        if self.plan.done(self.moves):
            return "Schedule complete. The next step repeats its last cycle."
        self.gather()
        return self.SETTLED if self.settled() else None

    @property
    def stuck(self) -> str | None:
        """Why no half-step can follow the last one."""
        if self.trajectory.last.stopped:
            return "The run stopped here."
        if len(self) > limits.LONGEST:
            return limits.full("half-steps")
        return None

    # --- what comes next ----------------------------------------------------------------------------------------
    def coming(self) -> list[dict[str, Any]]:
        """What the schedule has ahead, as chips: to its end, or one more round of what it repeats."""
        made, letters = self.moves, self.rest[:_AHEAD]
        while self.stuck is None and len(letters) < _AHEAD and not self.plan.done(made + letters):
            letters += self._following(made + letters)
            if not self.plan.underway(made + letters) and len(letters) >= len(self.plan.cycle):
                break
        return [chips.coming(letter, len(self) + place) for place, letter in enumerate(letters)]

    def _following(self, made: str) -> str:
        """The plan's next move; E before one that needs a q where there is none yet."""
        letter = self.plan.following(made)
        has_q = bool(made) or self.trajectory[0].after.q is not None
        return letter if has_q or not MOVES[letter].needs_q else "E"

    def _next_move(self, index: int) -> str | None:
        if index + 1 < len(self):
            return self.trajectory[index + 1].move
        if self.stuck is not None:
            return None
        return self.rest[:1] or self._following(self.moves)

    # --- growing ------------------------------------------------------------------------------------------------
    def step(self) -> bool:
        """Make the next half-step: of the tape that is being opened again, else of the schedule."""
        if self.stuck is not None:
            return False
        letter, self.rest = self.rest[:1] or self._following(self.moves), self.rest[1:]
        self._append(letter)
        return True

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
            raise InvalidExperiment("move", letter, self.UNREADY)
        if self.trajectory[at].stopped:
            raise InvalidExperiment("move", letter, "a half-step before the one that stopped the run")
        if at >= limits.LONGEST:
            raise InvalidExperiment("move", letter, f"a half-step before {limits.LONGEST:,}, the limit on this page")
        self.rest = ""
        for lane in (self.own, *self.beside):
            lane.cut(at)
        if at < self.plan.after:
            self.plan = replace(self.plan, after=0)
        self._append(letter)
        self.refresh()
        return at + 1

    def follow(self, word: str) -> None:
        """Go on by another schedule. Raises `InvalidExperiment` for one that cannot follow what has been made."""
        plan = schedule.plan(word, MOVES)
        check_order(plan.moves, self.experiment.model, True, word)
        self.experiment = replace(self.experiment, schedule=word)
        # one that is more than a round begins here
        self.plan = plan if plan.goes_round else replace(plan, after=len(self.moves))
        self.rest = ""
        self.refresh()

    def _append(self, letter: str) -> None:
        for lane in (self.own, *self.beside):
            lane.grow(letter)
        if self.trajectory.last.stopped:
            self.rest = ""

    # --- frames -------------------------------------------------------------------------------------------------
    def gather(self) -> None:
        known = self._moments
        while known and not self._holds(known[-1]):
            known.pop()
        self.cut(len(known))
        for index in range(len(known), len(self)):
            known.append(self.observed(index, self._next_move(index)))
        for index in range(len(self._light), len(self)):
            self._light.append(self.scene.light(known[index], self._light[-1]["id"] if self._light else None))

    def draw(self, index: int, key: bool) -> Json:
        return self.scene.whole(self._light[index], self._moments[index], self._moments[:index])

    def _holds(self, known: Any) -> bool:
        """Whether what was observed is still that of its half-step."""
        index = known.index
        there = index < len(self) and known.step is self.trajectory[index]
        return there and known.next_move == self._next_move(index)
