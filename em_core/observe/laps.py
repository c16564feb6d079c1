"""A race that grows by rounds, as a page shows it: where all stand after each, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.climb import Climb, Climber, StochasticClimber
from em_core.observe.overlap import Overlap
from em_core.observe.race import CLOSE, EG, ES, Racer, begin, difference, running, to_best, turn, unscheduled
from em_core.observe.rates import Rates
from em_core.records import Event
from em_core.trajectory import END_RISE

# nats: runs no further apart are told as level, whose numbers may look alike
LEVEL = 1e-3
# of a pass: sums of shares of the data may come out so much larger
_ROUNDED = 1e-9

# the word whose pace `rates` tells
EM = "EM"
# of log p: below that a difference is none
_ROUNDING = 1e-12
# given coordinates of θ and numbers in the data, whether gradient ascent by differences costs little enough
Quick: TypeAlias = Callable[[int, int], bool]


@dataclass(frozen=True)
class Track:
    """One run up to a round. Each series holds the start and then every half-step; fresh: those of the newest round."""

    word: str
    log_evidence: tuple[float | None, ...]
    gap: tuple[float | None, ...]
    passes: tuple[float, ...]
    fresh: int
    events: tuple[tuple[int, Event], ...]

    @property
    def made(self) -> int:
        """How many half-steps."""
        return len(self.passes) - 1

    @property
    def height(self) -> float:
        """log p where the run stands."""
        found = self.log_evidence[-1]
        return float("-inf") if found is None else found

    @property
    def falls(self) -> int:
        """How many half-steps lowered log p, by more than rounding."""
        heights = [own for own in self.log_evidence if own is not None]
        return sum(then < now - _ROUNDING * max(1.0, abs(now)) for now, then in pairwise(heights))

    @property
    def taken_back(self) -> int:
        """How many steps were tried and taken back."""
        return sum(event.kind == "taken_back" for _, event in self.events)

    @property
    def stopped(self) -> Event | None:
        """What it stopped at."""
        return next((event for _, event in self.events if event.stops), None)

    @property
    def before(self) -> float:
        """The highest log p that it had reached before the newest round."""
        earlier = self.log_evidence[: max(0, self.made - self.fresh + 1)]
        return max((own for own in earlier if own is not None), default=-math.inf)

    def settled(self, best: float) -> bool:
        """Whether log p hardly changed in the newest round."""
        newest = [own for own in self.log_evidence[-self.fresh - 1 :] if own is not None]
        return max(newest) - min(newest) < END_RISE * max(1.0, abs(best))

    def at_cost(self, passes: float) -> float:
        """log p where the run stood once it had made so many passes, and not yet more."""
        last = max(place for place, cost in enumerate(self.passes) if cost <= passes + _ROUNDED)
        found = self.log_evidence[last]
        return -math.inf if found is None else found


@dataclass(frozen=True)
class Finish:
    """What a table tells of a run: when it first came to within `Lap.close` of the best log p so far, None if not yet.

    spent: passes so far. below: nats from where it stands to the best so far. rejected: how many steps left θ where it
    was. falls: how many half-steps lowered log p.
    """

    word: str
    half_steps: int | None
    passes: float | None
    spent: float
    below: float
    rejected: int
    falls: int
    stopped: str


@dataclass(frozen=True)
class Ascent:
    """Gradient ascent on log p without any q. log_evidence: the start first, then one step a round.

    word: the schedule that it coincides with. apart: how far it ever was from that, relative to max(1, |log p|); None
    without either, and where the word does not race. why: there is no ascent, or no more of it.
    """

    word: str
    log_evidence: tuple[float, ...]
    apart: float | None
    why: str


@dataclass(frozen=True, eq=False)
class Lap:
    """Where all stand after `index` rounds. ascents: beside EG, which need not race, and beside ES where it does.

    rates, overlap: how fast EM comes to rest from the same start, where the reader asks, as a `Moment` has them.
    """

    index: int
    tracks: tuple[Track, ...]
    ascents: tuple[Ascent, ...]
    rates: Rates | str | None = None
    overlap: Overlap | None = None

    @property
    def best(self) -> float:
        """The highest log p that any run has reached."""
        return max(own for track in self.tracks for own in track.log_evidence if own is not None)

    @property
    def close(self) -> float:
        """How many nats below the best so far a run is at it: 1e-6 max(1, |best|)."""
        return CLOSE * max(1.0, abs(self.best))

    @property
    def steady(self) -> bool:
        """Whether the newest round hardly raised the best so far. Until then it runs away from whoever comes near."""
        before = max(track.before for track in self.tracks)
        return self.best - before < END_RISE * max(1.0, abs(self.best))

    @property
    def leader(self) -> Track:
        """The run that stands highest; of several that are level the first."""
        return self.level[0]

    @property
    def level(self) -> list[Track]:
        """The runs that stand highest: no further below the leader than numbers on show can tell apart."""
        return _level(self.tracks, [track.height for track in self.tracks])

    def at_cost(self) -> tuple[float, list[Track]]:
        """As many passes as every run has made, and which runs stood highest after so many.

        What is said of so many passes stays true however the race goes on. A run that has stopped holds nobody up.
        """
        running = [track for track in self.tracks if not track.stopped] or list(self.tracks)
        passes = min(track.passes[-1] for track in running)
        return passes, _level(self.tracks, [track.at_cost(passes) for track in self.tracks])

    def first(self) -> list[Finish]:
        """Who came to the best so far with the fewest passes, once no other run can do so with as few: else nobody.

        Nor anybody while the best so far still rises.
        """
        rows = self.finishes()
        fewest = min((row.passes for row in rows if row.passes is not None), default=math.inf)
        if not self.steady or any(row.passes is None and row.spent < fewest and not row.stopped for row in rows):
            return []
        return [row for row in rows if row.passes is not None and row.passes <= fewest + _ROUNDED]

    @property
    def em(self) -> Track | None:
        """The run of plain EM, if it races: its rate is what `rates` tells."""
        return next((track for track in self.tracks if track.word == EM), None)

    def slope_of_gaps(self) -> list[tuple[float, float]]:
        """The line of gaps r² times as high a round, through the last one that an M of EM has opened; else nothing."""
        return [] if self.em is None else self._line([gap or 0.0 for gap in self.em.gap])

    def slope_of_distances(self) -> list[tuple[float, float]]:
        """The same of how far EM is below the log p at which it comes to rest."""
        if self.em is None or not isinstance(self.rates, Rates):
            return []
        return self._line(
            [self.rates.log_evidence - (-math.inf if own is None else own) for own in self.em.log_evidence]
        )

    def _line(self, heights: list[float]) -> list[tuple[float, float]]:
        """From where the highest stands to the last M whose height is no rounding."""
        least = _ROUNDING * max(1.0, abs(self.best))
        after_m = [index for index in range(2, len(heights), 2) if least < heights[index] < math.inf]
        if not isinstance(self.rates, Rates) or not after_m:
            return []
        last = after_m[-1]
        return self.rates.gaps(last, heights[last], max(heights[index] for index in after_m))

    def finishes(self) -> list[Finish]:
        """Of every run, in the order of the schedules."""
        result, best = [], self.best
        for track in self.tracks:
            there = to_best(track.log_evidence, best)
            stopped = track.stopped
            result.append(
                Finish(
                    track.word,
                    there,
                    None if there is None else track.passes[there],
                    track.passes[-1],
                    best - track.height,
                    sum(not event.stops for _, event in track.events),
                    track.falls,
                    "" if stopped is None else str(stopped.message),
                )
            )
        return result


def _level(tracks: Sequence[Track], heights: Sequence[float]) -> list[Track]:
    least = max(heights) - LEVEL
    return [track for track, height in zip(tracks, heights, strict=True) if height >= least]


@dataclass(frozen=True)
class _Counts:
    """How far all runs had come after a round: their half-steps and events."""

    made: tuple[int, ...]
    met: tuple[int, ...]


class _Climb:
    """Gradient ascent that goes along, and after each round how far it had come and how far it was from its word.

    Where the word does not race, it is compared with nothing. quick: as `Laps` takes it.
    """

    def __init__(
        self, experiment: Experiment, climber: Climber, word: str, racers: Sequence[Racer], quick: Quick
    ) -> None:
        self._climber, self.word = climber, word
        self._why = climber.why
        if not self._why and not quick(climber.coordinates, _numbers(experiment.data)):
            self._why = f"differences of log p in {climber.coordinates} coordinates would take too long here"
        self._counts: list[tuple[int, float | None]] = []
        self.note(racers)

    def grow(self) -> None:
        if not self._why:
            self._climber.climb()

    def note(self, racers: Sequence[Racer]) -> None:
        heights = () if self._why else tuple(self._climber.log_evidence)
        apart = difference(Climb(heights), running(racers, self.word)) if len(heights) > 1 else None
        self._counts.append((len(heights), apart))

    def at(self, index: int) -> Ascent:
        climbed, apart = self._counts[index]
        why = self._why or (self._climber.why if climbed <= index else "")
        return Ascent(self.word, tuple(self._climber.log_evidence[:climbed]), apart, why)


class Laps:
    """Runs of several schedules from one start, a round at a time; gradient ascent goes along.

    quick is asked before and not measured, so that the same race is the same again.
    """

    def __init__(self, experiment: Experiment, words: Sequence[str], quick: Quick) -> None:
        self.experiment = experiment = unscheduled(experiment)
        self._racers = [begin(experiment, word) for word in words]
        self._climbs = [_Climb(experiment, Climber(experiment), EG, self._racers, quick)]
        if ES in words:
            self._climbs.append(_Climb(experiment, StochasticClimber(experiment), ES, self._racers, quick))
        self._counts = [self._counted()]
        self.rates: Rates | str | None = None
        self.overlap: Overlap | None = None

    def __len__(self) -> int:
        return len(self._counts)

    def grow(self) -> None:
        """One more round of every run, and one more step of gradient ascent."""
        self._racers = [turn(self.experiment, racer) for racer in self._racers]
        for climb in self._climbs:
            climb.grow()
            climb.note(self._racers)
        self._counts.append(self._counted())

    def _counted(self) -> _Counts:
        made, met = zip(*((racer.made, len(racer.events)) for racer in self._racers), strict=True)
        return _Counts(made, met)

    def __getitem__(self, place: int) -> Lap:
        """Where all stood after so many rounds; −1: where they stand now."""
        index = range(len(self))[place]
        counts, before = self._counts[index], self._counts[max(0, index - 1)]
        tracks = tuple(
            Track(
                racer.word,
                racer.log_evidence[: made + 1],
                racer.gap[: made + 1],
                racer.passes[: made + 1],
                made - earlier if index else 1,
                racer.events[:met],
            )
            for racer, made, met, earlier in zip(self._racers, counts.made, counts.met, before.made, strict=True)
        )
        ascents = tuple(climb.at(index) for climb in self._climbs)
        return Lap(index, tracks, ascents, self.rates, self.overlap)


def _numbers(data: Any) -> int:
    """How many numbers the largest table of the data has."""
    entries = (getattr(data, field.name) for field in fields(data))
    return max((entry.size for entry in entries if isinstance(entry, np.ndarray)), default=1)
