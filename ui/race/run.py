"""A race for the player: rounds of all schedules, and their frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from em_core import schedule
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.observe.ghost import Numbers
from em_core.observe.inside import paths
from em_core.observe.laps import Lap, Laps
from em_core.observe.race import read_words
from em_core.observe.rivals import RIVAL_SIZES, RIVAL_TURNS
from figures.race.scene import RaceScene
from ui import limits
from ui.alike import measured_alike
from ui.counted import Counted
from ui.em.run import begun
from ui.pace import Pace
from ui.race import words
from ui.race.settings import RaceSettings, check_words
from ui.tape import never
from ui.words import full

# so many rounds fit the page
ROUNDS = 200
# so many moves of each optimiser are drawn inside one M-step
_WITHIN = 12


class RaceRun(Counted):
    """One race on the page."""

    def __init__(self, experiment: Experiment, racing: list[str], pace: Pace | None = None) -> None:
        super().__init__()
        self._pace = pace
        self.experiment, self.racing = experiment, racing
        self.race = Laps(experiment, racing, partial(limits.climbs, experiment.to_json()))
        described = experiment.described("schedule")
        asked = [] if pace is None else pace.asked
        self.scene = RaceScene(described, racing, paths(self.race.experiment, _WITHIN), asked)
        # series only grow: what stood after each round is read off them, and kept nowhere else
        self.steps = self.race
        self._paced()

    @classmethod
    def reopening(cls, settings: RaceSettings, rounds: int = 0) -> RaceRun:
        """The race that the settings describe, with so many rounds still to be made. Raises `InvalidExperiment`."""
        check_words(settings.words, "words")
        raw, racing, rounds = settings.experiment(), settings.racing, min(rounds, ROUNDS)
        limits.check(raw, _half_steps(racing) * max(rounds, 1), "words")
        experiment = begun(settings, raw)
        read_words(experiment, racing, ROUNDS, "words")
        run = cls(experiment, racing, Pace(experiment, settings, begun) if settings.rates else None)
        run.planned = rounds
        return run

    def json(self) -> dict[str, Any]:
        """The experiment; its schedule is the first that races and is one, as far as the race has come."""
        plain = [word for word in self.racing if word not in RIVAL_TURNS]
        plan = schedule.plan((plain or ["EM"])[0], MOVES)
        moves = schedule.compress(plan.lead + plan.cycle * max(1, self.tape))
        return replace(self.experiment, schedule=moves).to_json()

    @property
    def exported(self) -> dict[str, Any]:
        return {"schedules": ", ".join(self.racing), "rounds": max(1, self.tape)}

    def step(self) -> bool:
        if self.ended is not None:
            return False
        self.race.grow()
        return True

    @property
    def pending(self) -> bool:
        return super().pending or (self._pace is not None and self._pace.pending)

    def reopen(self, late: Callable[[], bool] = never) -> None:
        super().reopen(late)
        if self._pace is not None and not self.remaining and self._pace.go_on(late):
            self._paced()
            self.cut(0)

    def _paced(self) -> None:
        """Hand over what is known of how fast EM comes to rest."""
        if self._pace is not None:
            self.race.rates, self.race.overlap = self._pace.found, self._pace.overlap

    def numbers(self, index: int) -> Numbers:
        lap: Lap = self.race[index]
        leader = lap.leader
        gap = leader.gap[-1]
        elbo = None if gap is None else leader.height - gap
        cost = {"made": float(leader.made), "spent": leader.passes[-1]}
        return {"best": lap.best, "elbo": elbo, "gap": gap, **cost}

    def comparable(self, other: RaceRun) -> tuple[frozenset[str], str]:
        return measured_alike(self.experiment, other.experiment, self.scene.compared)

    def seen(self) -> Sequence[int]:
        return range(len(self))

    def reason(self, step: Lap) -> str | None:
        if all(track.stopped for track in step.tracks):
            return words.ALL_STOPPED
        if step.index >= ROUNDS:
            return full(ROUNDS, "rounds")
        if step.index and all(track.stopped or track.settled(step.best) for track in step.tracks):
            return words.SETTLED
        return None


def _half_steps(racing: list[str]) -> int:
    """Of one round of all runs together."""
    return sum(RIVAL_SIZES.get(word) or len(schedule.plan(word, MOVES).cycle) for word in racing)
