"""A run of dictionary learning for the player, beside a second one from another start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from em_core import schedule
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.moves import MOVES, check_order
from em_core.records import Array, Trajectory
from em_core.trajectory import END_HALF_STEPS, END_RISE, extend, start
from figures.dictionary.moment import Moment, moment
from figures.dictionary.scene import DictionaryScene
from figures.em import words
from ui import limits
from ui.dictionary.settings import DictionarySettings
from ui.tape import Json, Tape, moves_query, never, read_moves

# so many half-steps fit the page; the command line goes on to 5,000
LONGEST = 1_000
# so many half-steps of a tape are shown before they are made
_AHEAD = 40


class DictionaryRun(Tape):
    """One experiment on the page; the second start makes every move along with it.

    rest: the moves of a tape that is being opened again which are still to be made.
    """

    def __init__(self, experiment: Experiment, second: Experiment | None, cycle: str) -> None:
        super().__init__()
        self.experiment, self.second = experiment, second
        self.cycle, self.rest = cycle, ""
        self.scene = DictionaryScene(experiment, second)
        self.trajectory = start(experiment)
        self._other: Trajectory | None = None if second is None else start(second)
        self._moments: list[Moment] = []

    @classmethod
    def of(cls, settings: DictionarySettings, moves: str = "") -> DictionaryRun:
        """The run that the settings describe, with these moves made. Raises `InvalidExperiment`."""
        run = cls.reopening(settings, moves)
        run.reopen()
        return run

    @classmethod
    def reopening(cls, settings: DictionarySettings, moves: str = "", after: int = 0) -> DictionaryRun:
        """The same with these moves still to be made, by `reopen`. Raises `InvalidExperiment`."""
        raw = settings.experiment("")
        limits.check(raw, len(moves[:LONGEST]))
        experiment = Experiment.parse(raw)
        other = settings.second_experiment()
        if moves:
            check_order(moves, experiment.model, has_q=False)
        run = cls(experiment, other and Experiment.parse(other), settings.plan)
        run.rest = moves[:LONGEST]
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
        return self.tape, 0

    def query(self, cursor: int) -> dict[str, str]:
        return moves_query(*self.taped, cursor)

    def follow(self, cycle: str) -> None:
        """Go on by other moves."""
        self.cycle, self.rest = cycle, ""

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
        if self.stuck is None and not self.rest and self._settled():
            return "Converged: the last round raised log p(v, h) by less than a billionth of itself."
        return self.stuck

    @property
    def stuck(self) -> str | None:
        """Why no half-step can follow the last one."""
        if self.trajectory.last.stopped:
            return "The run stopped here."
        if len(self) > LONGEST:
            return f"The page holds {LONGEST:,} half-steps; the command line goes on."
        return None

    def gather(self) -> None:
        known = self._moments
        while known and not self._holds(known[-1]):
            known.pop()
        self.cut(len(known))
        for index in range(len(known), len(self)):
            following, second = self._next_move(index), None
            if self._other is not None and self.second is not None:
                second = moment(self.second, self._other[index], following)
            known.append(moment(self.experiment, self.trajectory[index], following, second))
            self._light.append(self.scene.light(known[index], self._light[-1]["id"] if self._light else None))

    def draw(self, index: int, key: bool) -> Json:
        return self.scene.whole(self._light[index], self._moments[index], self._moments[:index])

    def coming(self) -> list[dict[str, Any]]:
        """The rest of the tape, or the next round, as chips."""
        if self.stuck is not None:
            return []
        first = self._following()
        letters = self.rest[:_AHEAD] or [first, self.cycle[1] if first == "H" else "H"]
        return [words.coming(letter, len(self) + place) for place, letter in enumerate(letters)]

    def inner(self, index: int) -> list[dict[str, Any]]:
        """There is nothing between two half-steps."""
        return []

    def step(self) -> bool:
        """Make the next half-step: of the tape that is being opened again, else of the round."""
        if self.stuck is not None:
            return False
        letter, self.rest = self.rest[:1] or self._following(), self.rest[1:]
        self._append(letter)
        return True

    def ahead(self, most: int | None = None, late: Callable[[], bool] = never) -> None:
        """Make half-steps to the end, to number `most`, or until it is late."""
        super().ahead(min(len(self) + END_HALF_STEPS if most is None else most, LONGEST), late)

    def move(self, letter: str, at: int) -> int:
        """Make one move after half-step `at`: where the tape has it already, go there; else cut the tape and make it.

        Returns the number of the half-step made. Raises `InvalidExperiment` for a move that needs codes.
        """
        if at + 1 < len(self) and self.trajectory[at + 1].move == letter:
            return at + 1
        if MOVES[letter].needs_q and self.trajectory[at].after.q is None:
            raise InvalidExperiment("move", letter, "an H-step first: this move needs codes")
        if self.trajectory[at].stopped:
            raise InvalidExperiment("move", letter, "a half-step before the one that stopped the run")
        if at >= LONGEST:
            raise InvalidExperiment("move", letter, f"a place before half-step {LONGEST:,}: the page holds no more")
        self.trajectory, self.rest = self.trajectory.upto(at), ""
        if self._other is not None:
            self._other = self._other.upto(at)
        self._append(letter)
        return at + 1

    def json(self) -> dict[str, Any]:
        """The experiment with the tape as its schedule; with an empty tape, one round."""
        return {**self.experiment.to_json(), "schedule": schedule.compress(self.tape or self.cycle)}

    def dictionaries(self, at: int) -> tuple[Array, Array | None]:
        """(D, K) W at half-step `at`, of this start and of the second one."""
        first, second = (
            None if trajectory is None else trajectory[at].after.theta["dictionary"]
            for trajectory in (self.trajectory, self._other)
        )
        return first, second

    def _append(self, letter: str) -> None:
        self.trajectory = extend(self.experiment, self.trajectory, letter)
        if self._other is not None and self.second is not None:
            self._other = extend(self.second, self._other, letter)
        if self.trajectory.last.stopped:
            self.rest = ""

    def _following(self) -> str:
        """H after an M or a C and at the start; after H the page's kind of M-step."""
        return self.cycle[1] if self.moves.endswith("H") else "H"

    def _holds(self, known: Moment) -> bool:
        """Whether a moment is still that of its half-step."""
        index = known.index
        there = index < len(self) and known.step is self.trajectory[index]
        return there and known.next_move == self._next_move(index)

    def _settled(self) -> bool:
        """Whether the last round is complete and raised log p(v, h) by less than 1e-9 relative, from both starts."""
        if len(self) <= len(self.cycle) + 1 or not self.moves.endswith(self.cycle):
            return False
        self.gather()
        now, before = self._moments[-1], self._moments[-1 - len(self.cycle)]
        pairs = [(now, before)]
        if now.second is not None and before.second is not None:
            pairs.append((now.second, before.second))
        return all(
            later.joint is not None
            and earlier.joint is not None
            and later.joint - earlier.joint < END_RISE * abs(later.joint)
            for later, earlier in pairs
        )

    def _next_move(self, index: int) -> str | None:
        if index + 1 < len(self):
            return self.trajectory[index + 1].move
        if self.stuck is not None:
            return None
        return self.rest[:1] or self._following()
