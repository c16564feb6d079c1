"""A race that grows by rounds, as a page shows it: where all stand after each, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.climb import Climb, Climber
from em_core.observe.race import EG, begin, difference, to_best, turn, unscheduled
from em_core.records import Event


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
    def stopped(self) -> Event | None:
        """What it stopped at."""
        return next((event for _, event in self.events if event.stops), None)


@dataclass(frozen=True)
class Finish:
    """What a table tells of a run: when it first came within 1e-6 of the best log p so far, None where it did not.

    rejected: how many steps left θ where it was, or were taken back.
    """

    word: str
    half_steps: int | None
    passes: float | None
    rejected: int
    stopped: str


@dataclass(frozen=True, eq=False)
class Lap:
    """Where all stand after `index` rounds. ascent: log p of plain gradient ascent, the start first, one step a round.

    apart: how far it ever was from EG, relative to max(1, |log p|); None without either. why: there is no ascent, or no
    more of it.
    """

    index: int
    tracks: tuple[Track, ...]
    ascent: tuple[float, ...]
    apart: float | None
    why: str

    @property
    def best(self) -> float:
        """The highest log p that any run has reached."""
        return max(own for track in self.tracks for own in track.log_evidence if own is not None)

    @property
    def leader(self) -> Track:
        """The run that stands highest; of several the first."""
        return max(self.tracks, key=lambda track: track.height)

    def finishes(self) -> list[Finish]:
        """Of every run, in the order of the schedules."""
        result = []
        for track in self.tracks:
            there = to_best(track.log_evidence, self.best)
            stopped = track.stopped
            result.append(
                Finish(
                    track.word,
                    there,
                    None if there is None else track.passes[there],
                    sum(not event.stops for _, event in track.events),
                    "" if stopped is None else str(stopped.message),
                )
            )
        return result


@dataclass(frozen=True)
class _Counts:
    """How far all had come after a round: half-steps and events of each run, values of log p of gradient ascent."""

    made: tuple[int, ...]
    met: tuple[int, ...]
    climbed: int
    apart: float | None


class Laps:
    """Runs of several schedules from one start, a round at a time; gradient ascent goes along.

    quick: given coordinates of θ and numbers in the data, whether that costs little enough. It is asked before, and not
    measured, so that the same race is the same again.
    """

    def __init__(self, experiment: Experiment, words: Sequence[str], quick: Callable[[int, int], bool]) -> None:
        self.experiment = unscheduled(experiment)
        self._racers = [begin(self.experiment, word) for word in words]
        self._climber = Climber(self.experiment)
        self._why = self._climber.why
        if not self._why and not quick(self._climber.coordinates, _numbers(experiment.data)):
            self._why = f"differences of log p in {self._climber.coordinates} coordinates would take too long here"
        self._eg = next((racer for racer in self._racers if racer.word == EG), None)
        self._apart = not self._why and self._eg is None  # EG runs beside, unseen
        if self._apart:
            self._eg = begin(self.experiment, EG)
        self._counts: list[_Counts] = []
        self._note()

    def __len__(self) -> int:
        return len(self._counts)

    def grow(self) -> None:
        """One more round of every run, and one more step of gradient ascent."""
        self._racers = [turn(self.experiment, racer) for racer in self._racers]
        if not self._why:
            if self._apart and self._eg is not None:
                self._eg = turn(self.experiment, self._eg)
            else:
                self._eg = next(racer for racer in self._racers if racer.word == EG)
            self._climber.climb()
        self._note()

    def _note(self) -> None:
        heights, apart = self._climber.log_evidence, None
        if not self._why and self._eg is not None:
            apart = difference(Climb(tuple(heights)), self._eg)
        made, met = zip(*((racer.made, len(racer.events)) for racer in self._racers), strict=True)
        self._counts.append(_Counts(made, met, 0 if self._why else len(heights), apart))

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
        ascent = tuple(self._climber.log_evidence[: counts.climbed])
        return Lap(
            index,
            tracks,
            ascent,
            counts.apart,
            self._why or (self._climber.why if counts.climbed <= index else ""),
        )


def _numbers(data: Any) -> int:
    """How many numbers the largest table of the data has."""
    entries = (getattr(data, field.name) for field in fields(data))
    return max((entry.size for entry in entries if isinstance(entry, np.ndarray)), default=1)
