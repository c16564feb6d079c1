"""A run of dictionary learning for the player, beside a second one from another start."""

from __future__ import annotations

import time
from typing import Any

from em_core import schedule
from em_core.errors import InvalidExperiment
from em_core.experiment import Experiment
from em_core.moves import MOVES, check_order
from em_core.records import Array, Trajectory
from em_core.run import END_HALF_STEPS, END_RISE, extend, start
from figures import em_words
from figures.dictionary.moment import Moment, moment
from figures.dictionary.scene import DictionaryScene
from ui.dictionary_settings import DictionarySettings

# so many half-steps fit the page; the command line goes on to 5,000
LONGEST = 1_000
_PATIENCE = 1.0


class DictionaryRun:
    """One experiment on the page; the second start makes every move along with it."""

    def __init__(self, experiment: Experiment, second: Experiment | None, cycle: str) -> None:
        self.experiment, self.second = experiment, second
        self.cycle = cycle
        self.scene = DictionaryScene(experiment, second)
        self.trajectory = start(experiment)
        self._other: Trajectory | None = None if second is None else start(second)
        self._moments: list[Moment] = []
        self._frames: list[dict[str, Any]] = []

    @classmethod
    def of(cls, settings: DictionarySettings, moves: str = "") -> DictionaryRun:
        """The run that the settings describe, with these moves made. Raises `InvalidExperiment`."""
        experiment = Experiment.parse(settings.experiment(""))
        other = settings.second_experiment()
        if moves:
            check_order(moves, experiment.model, has_q=False)
        run = cls(experiment, other and Experiment.parse(other), settings.cycle)
        for letter in moves[:LONGEST]:
            run._append(letter)
        return run

    def __len__(self) -> int:
        return len(self.trajectory)

    @property
    def moves(self) -> str:
        return self.trajectory.moves

    @property
    def ended(self) -> str | None:
        """Why Play and End stop at the last half-step."""
        if self.stuck is None and self._settled():
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

    def frames(self) -> list[dict[str, Any]]:
        """A frame for every half-step. Only what changed since the last call is drawn."""
        self._gather()
        del self._frames[len(self._moments) :]
        for index in range(len(self._frames), len(self._moments)):
            before = self._frames[-1]["id"] if self._frames else None
            self._frames.append(self.scene.frame(self._moments[index], self._moments[:index], before))
        return self._frames

    def coming(self) -> list[dict[str, Any]]:
        """The next round, as chips."""
        if self.stuck is not None:
            return []
        first = self._following()
        letters = [first, self.cycle[1] if first == "H" else "H"]
        return [em_words.coming(letter, len(self) + place) for place, letter in enumerate(letters)]

    def inner(self, index: int) -> list[dict[str, Any]]:
        """There is nothing between two half-steps."""
        return []

    def advance(self, to: int) -> None:
        """Make half-steps until number `to` is there, or no more can follow."""
        while len(self) <= to and self.stuck is None:
            self._append(self._following())

    def ahead(self, most: int | None = None) -> None:
        """Make half-steps to the end, to number `most`, or as far as a short while allows."""
        deadline = time.monotonic() + _PATIENCE
        most = min(len(self) + END_HALF_STEPS if most is None else most, LONGEST)
        while self.ended is None and len(self) <= most and time.monotonic() < deadline:
            self.advance(min(len(self) + len(self.cycle) - 1, most))
            self.frames()

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
        self.trajectory = self.trajectory.upto(at)
        if self._other is not None:
            self._other = self._other.upto(at)
        self._append(letter)
        return at + 1

    def json(self) -> dict[str, Any]:
        """The experiment with the tape as its schedule; with an empty tape, one round."""
        return {**self.experiment.to_json(), "schedule": schedule.compress(self.moves or self.cycle)}

    def dictionaries(self, at: int) -> tuple[Array, Array | None]:
        """(D, K) W at half-step `at`, of this start and of the second one."""
        first, second = (
            None if trajectory is None else trajectory[at].after.theta["dictionary"]
            for trajectory in (self.trajectory, self._other)
        )
        return first, second

    def _append(self, letter: str) -> None:
        if self.trajectory.last.stopped:
            return
        self.trajectory = extend(self.experiment, self.trajectory, letter)
        if self._other is not None and self.second is not None:
            self._other = extend(self.second, self._other, letter)

    def _following(self) -> str:
        """H after an M or a C and at the start; after H the page's kind of M-step."""
        return self.cycle[1] if self.moves.endswith("H") else "H"

    def _gather(self) -> list[Moment]:
        """A moment for every half-step; those that still hold are kept."""
        for index in range(len(self)):
            following = self._next_move(index)
            step = self.trajectory[index]
            known = self._moments[index] if index < len(self._moments) else None
            if known is not None and known.step is step and known.next_move == following:
                continue
            del self._moments[index:], self._frames[index:]
            second = None
            if self._other is not None and self.second is not None:
                second = moment(self.second, self._other[index], following)
            self._moments.append(moment(self.experiment, step, following, second))
        del self._moments[len(self) :], self._frames[len(self) :]
        return self._moments

    def _settled(self) -> bool:
        """Whether the last round is complete and raised log p(v, h) by less than 1e-9 relative, from both starts."""
        if len(self) <= len(self.cycle) + 1 or not self.moves.endswith(self.cycle):
            return False
        now, before = self._gather()[-1], self._moments[-1 - len(self.cycle)]
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
        return self._following() if self.stuck is None else None
