"""A run over moves with lanes: the run itself, and whatever goes along with it from the same start or another.

EM with plain EM beside it, and dictionary learning from two starts, are such runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, ClassVar, Self

from em_core import schedule
from em_core.caching import forget_derived
from em_core.files.by_hand import makes_q
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.fields import Fields
from em_core.files.starts import given, read_given
from em_core.kinds import MOVES, allowed, check_order, lacking
from em_core.observe.ahead import Ahead
from em_core.records import BY_HAND, Adjusted, Parameters, Placed, Trajectory
from em_core.schedule import Plan
from em_core.trajectory import start
from figures.look import moves as chips
from ui import limits, words
from ui.alike import done_otherwise, measured_alike
from ui.by_hand import adjusted, cut, placed, taken, tidy, told
from ui.tape import Json, Tape, half_steps, moves_query, read_moves

# so many half-steps of the schedule are shown before they are made
_AHEAD = 40
# the q of so many half-steps hold what follows from them; of others that is worked out again where it is asked for
_DERIVED = 4


class Lane:
    """One trajectory. plan: it makes moves of its own, until it stops; without one, those of the run.

    apart: it has a start of its own, so that what is set by hand in the run is not for it. instead: the moves that it
    makes in place of some of the run's. ahead: what was looked at
    before it was made; the half-step looked at is the one that is made.
    """

    def __init__(
        self,
        experiment: Experiment,
        plan: Plan | None = None,
        apart: bool = False,
        instead: Mapping[str, str] | None = None,
    ) -> None:
        self.experiment, self.plan, self.apart, self.instead = experiment, plan, apart, instead or {}
        self.trajectory: Trajectory = start(experiment)
        self.ahead = Ahead(experiment)

    def grow(self, move: str | Placed) -> None:
        """Make a half-step as the run makes one."""
        if self.plan is not None and self.trajectory.last.stopped:
            return
        if isinstance(move, Placed):
            move = replace(move, theta=self.trajectory.last.after.theta, q_at=None, q=None) if self.apart else move
        elif self.plan is not None:
            move = self.plan.following(self.trajectory.moves)
        else:
            move = self.instead.get(move, move)
        self.trajectory = self.ahead.extend(self.trajectory, move)
        if len(self.trajectory) > _DERIVED:
            left = self.trajectory[-_DERIVED].before.q
            if left is not self.trajectory.last.after.q:
                forget_derived(left)

    def take(self, experiment: Experiment) -> None:
        """Have the settings of moves from now on that the run's experiment says."""
        before = self.experiment
        self.experiment = replace(before, moves=experiment.moves, by_hand=experiment.by_hand)
        if before.moves != experiment.moves or adjusted(before.by_hand) != adjusted(experiment.by_hand):
            self.ahead = Ahead(self.experiment)

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
    foreseen: ClassVar[bool] = True

    def __init__(self, experiment: Experiment, *beside: Lane) -> None:
        super().__init__()
        self.experiment = experiment
        self.own, self.beside = Lane(experiment), beside
        self.plan = schedule.plan(experiment.schedule, MOVES)
        self.rest = ""
        self.fitting: int | None = None
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
        return len(self.rest) + sum(change.after >= len(self) - 1 for change in placed(self.experiment.by_hand))

    read = staticmethod(read_moves)

    @staticmethod
    def cut_short(moves: str = "", after: int = 0, by_hand: Sequence[Json] = ()) -> list[str]:
        """Say what the page leaves out of a long schedule."""
        return limits.cut_short("The schedule", half_steps(moves, by_hand), "half-steps")

    @property
    def taped(self) -> tuple[str, int, list[Json]]:
        """What `reopening` makes it of again."""
        return self.tape, self.plan.after, told(self.experiment)

    def changed(self, before: tuple[Any, ...]) -> bool:
        moves, _, by_hand = self.taped
        return not moves.startswith(before[0]) or by_hand != before[2]

    def lacks(self, before: tuple[Any, ...]) -> bool:
        moves, _, by_hand = self.taped
        return not moves.startswith(before[0]) or any("start" in one and one not in by_hand for one in before[2])

    def seen(self) -> list[Any]:
        self.gather()
        return list(self._moments)

    def listed(self, index: int) -> Parameters:
        return self.trajectory[index].after.theta

    def comparable(self, other: Self) -> tuple[frozenset[str], str]:
        return measured_alike(self.experiment, other.experiment, self.scene.compared)

    def otherwise(self, other: Self, made: int) -> list[str]:
        return done_otherwise(self.trajectory.half_steps[1:], other.trajectory.half_steps[1:made])

    def query(self, cursor: int) -> dict[str, str]:
        return moves_query(*self.taped, cursor)

    def still_to_make(self, moves: str, after: int = 0, by_hand: Sequence[Json] = ()) -> None:
        """Have these moves made by `reopen`, with what was changed by hand among them.

        after: how many of them came before the present schedule was taken up. Raises `InvalidExperiment`.
        """
        experiment = taken(self.experiment, by_hand, len(moves))
        if moves:
            check_order(moves, experiment.model, experiment.gives_q or makes_q(experiment.by_hand))
        kept = cut(experiment.by_hand, self.most)
        self.rest = moves[: self.most - len(placed(kept))]
        self.plan = replace(self.plan, after=after)
        self._change(tidy(experiment, kept), 0)
        self.refresh()

    def json(self) -> dict[str, Any]:
        """The experiment with the tape as its schedule; with an empty tape, the schedule as it stands."""
        word = schedule.compress(self.tape) or self.experiment.schedule
        unready = not self.tape and self.trajectory.last.after.q is None and MOVES[self.plan.moves[0]].needs_q
        return {**self.experiment.to_json(), "schedule": f"E{word}" if unready else word}

    @property
    def most(self) -> int:
        """Half-steps that it may have: as many as the page holds, fewer where only so many are `fitting`."""
        return limits.LONGEST if self.fitting is None else min(self.fitting, limits.LONGEST)

    # --- where it ends ------------------------------------------------------------------------------------------
    @property
    def ended(self) -> str | None:
        if self.stuck is not None or self.remaining:
            return self.stuck
        if self.plan.done(self._counted()):
            return words.SCHEDULE_DONE
        self.gather()
        return self.SETTLED if self.settled() else None

    @property
    def stuck(self) -> str | None:
        """Why no half-step can follow the last one."""
        if self.trajectory.last.stopped:
            return words.STOPPED
        if len(self) > self.most:
            return limits.full("half-steps", self.most)
        return None

    # --- what comes next ----------------------------------------------------------------------------------------
    def coming(self) -> list[dict[str, Any]]:
        """What the schedule has ahead, as chips: to its end, or one more round of what it repeats."""
        by_hand = {change.after + 1 for change in placed(self.experiment.by_hand)}
        made, letters, coming = self._counted(), self.rest, []
        while len(coming) < min(self.remaining, _AHEAD):
            hand = len(self) + len(coming) in by_hand
            coming.append(BY_HAND if hand else letters[0])
            if hand:
                made = self._with_hand(made, bool(made) or self.trajectory.last.after.q is not None)
            else:
                made, letters = made + letters[0], letters[1:]
        while self.stuck is None and len(coming) < _AHEAD and not self.plan.done(made):
            coming.append(self._following(made))
            made += coming[-1]
            if not self.plan.underway(made) and len(coming) >= len(self.plan.cycle):
                break
        return [chips.coming(move, len(self) + place) for place, move in enumerate(coming)]

    def _counted(self) -> str:
        """The moves made as the plan counts them: θ set by hand stands for the move of θ that the plan had next."""
        made = ""
        for step in self.trajectory.half_steps[1:]:
            made = made + step.letter if step.letter else self._with_hand(made, step.after.q is not None)
        return made

    def _with_hand(self, made: str, has_q: bool) -> str:
        """The moves as the plan counts them once θ is set by hand: without a q, no move of θ was due."""
        following = self.plan.following(made)
        stands = has_q and MOVES[following].kind == "M" and len(made) >= self.plan.after
        return made + following if stands else made

    def _following(self, made: str) -> str:
        """The plan's next move; E before one that needs a q where there is none yet."""
        letter = self.plan.following(made)
        has_q = bool(made) or self.trajectory.last.after.q is not None
        return letter if has_q or not MOVES[letter].needs_q else "E"

    def _next_move(self, index: int) -> str | None:
        if index + 1 < len(self):
            return self.trajectory[index + 1].move
        if self.stuck is not None:
            return None
        following = self._due()
        return BY_HAND if isinstance(following, Placed) else following

    def _due(self) -> str | Placed:
        """What comes after the last half-step: of the tape that is being opened again, else of the schedule."""
        for change in placed(self.experiment.by_hand):
            if change.after == len(self) - 1:
                return change
        return self.rest[:1] or self._following(self._counted())

    def twin(self) -> Self:
        made = super().twin()
        made.own, made.beside = copy(self.own), tuple(copy(lane) for lane in self.beside)
        made._moments = [*self._moments]
        return made

    # --- growing ------------------------------------------------------------------------------------------------
    def step(self) -> bool:
        """Make the next half-step: of the tape that is being opened again, else of the schedule."""
        if self.stuck is not None:
            return False
        move = self._due()
        if not isinstance(move, Placed):
            self.rest = self.rest[1:]
        self._append(move)
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
        self._check_open("move", letter, at)
        self._end_at(at)
        self._append(letter)
        self.refresh()
        return at + 1

    def place(self, at: int, theta: Parameters, q: float | None = None) -> int:
        """Set θ by hand after half-step `at`, and q where it is a number: the tape is cut there, and a half-step made.

        Returns its number.

        Raises `InvalidExperiment` for a θ without a bound.
        """
        self._check_open("start", "θ by hand", at)
        limits.check_hands(sum(change.after < at for change in placed(self.experiment.by_hand)) + 1)
        model, data = self.experiment.model, self.experiment.data
        read = read_given(Fields(given(theta, None, q), "start"), model, data)
        change = Placed(at, read.theta, read.q_at, read.q)
        made = self.own.ahead.half_step(self.trajectory[at], change)
        if made.stopped:
            raise InvalidExperiment("start", given(theta, None), made.events[0].message)
        self._end_at(at)
        self._change(tidy(self.experiment, (*self.experiment.by_hand, change)), at + 1)
        self._append(change)
        self.refresh()
        return at + 1

    def adjust(self, at: int, moves: Mapping[str, Mapping[str, float]]) -> None:
        """Set moves otherwise from half-step `at` on: the tape is cut there."""
        self._end_at(at)
        self._change(tidy(self.experiment, (*self.experiment.by_hand, Adjusted(at, moves))), at)
        self.refresh()

    def _check_open(self, field: str, value: str, at: int) -> None:
        """Refuse to go on from half-step `at` where nothing can follow it. Raises `InvalidExperiment`."""
        if self.trajectory[at].stopped:
            raise InvalidExperiment(field, value, "a half-step before the one that stopped the run")
        if at >= self.most:
            raise InvalidExperiment(field, value, f"a half-step before {self.most:,}, the limit on this page")

    def _end_at(self, at: int) -> None:
        """Give up what comes after half-step `at`; settings of moves stay as they are."""
        self.rest = ""
        for lane in (self.own, *self.beside):
            lane.cut(at)
        if len(self.moves) < self.plan.after:
            self.plan = replace(self.plan, after=0)
        if any(change.after >= at for change in self.experiment.by_hand):
            self._change(tidy(self.experiment, cut(self.experiment.by_hand, at)), at)

    def _change(self, experiment: Experiment, since: int) -> None:
        """Take what was changed by hand; what is known from half-step `since` on no longer holds."""
        self.experiment = experiment
        for lane in (self.own, *self.beside):
            lane.take(experiment)
        del self._moments[since:]
        self.cut(since)

    def follow(self, word: str) -> None:
        """Go on by another schedule. Raises `InvalidExperiment` for one that cannot follow what has been made."""
        plan = schedule.plan(word, MOVES)
        check_order(plan.moves, self.experiment.model, True, word)
        self._end_at(len(self) - 1)  # what a tape that is being opened again still has
        self.experiment = replace(self.experiment, schedule=word)
        # one that is more than a round begins here
        self.plan = plan if plan.goes_round else replace(plan, after=len(self.moves))
        self.refresh()

    def _append(self, move: str | Placed) -> None:
        for lane in (self.own, *self.beside):
            lane.grow(move)
        if self.trajectory.last.stopped and self.remaining:
            self._end_at(len(self) - 1)

    # --- frames -------------------------------------------------------------------------------------------------
    def gather(self) -> None:
        known = self._moments
        while known and not self._holds(known[-1]):
            known.pop()
        self.cut(len(known))
        for index in range(len(known), len(self)):
            known.append(self.observed(index, self._next_move(index)))
        for index in range(len(self._light), len(self)):
            self.add(self.scene.light(known[index], self._light[-1]["id"] if self._light else None))

    def draw(self, index: int, key: bool) -> Json:
        return self.scene.whole(self._light[index], self._moments[index], self._moments[:index])

    def _holds(self, known: Any) -> bool:
        """Whether what was observed is still that of its half-step."""
        index = known.index
        there = index < len(self) and known.step is self.trajectory[index]
        return there and known.next_move == self._next_move(index)
