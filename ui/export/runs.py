"""The run that an experiment file describes, made to its end, as its page would show it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.source import model_of
from em_core.models.dictionary_learning import DictionaryLearning
from em_core.observe import race
from em_core.observe.starts import MOST
from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.posterior import ladder
from em_core.work import Progress, finished
from ui import limits
from ui.ascent.session import AscentSession
from ui.dictionary.session import DictionarySession
from ui.em.session import EmSession
from ui.map.session import MapSession
from ui.posterior.session import PosteriorSession
from ui.race.run import ROUNDS, RaceRun
from ui.race.settings import RaceSettings, check_words
from ui.session import Session
from ui.starts.run import StartsRun
from ui.starts.settings import StartsSettings
from ui.tape import Tape

# what a file's model is shown on, where it is not the home page
_PAGES: dict[Any, type[Session]] = {
    DictionaryLearning.name: DictionarySession,
    sparse_coding.NAME: MapSession,
    ladder.NAME: PosteriorSession,
}
_OTHERS: dict[str, type[Session]] = {AscentSession.key: AscentSession}


@dataclass(frozen=True)
class Shown:
    """A run, the settings that it is made from, and the words that it was cut short with, none where it is whole."""

    run: Any
    messages: list[str]
    settings: Any


def settings_of(raw: Any) -> Any:
    """Those that its page would have. Raises `InvalidExperiment`."""
    return _PAGES.get(model_of(raw), EmSession).kind.of_experiment(raw)[0]


def of_file(raw: Any, shown_on: str = "") -> Shown:
    """shown_on: the page, where a model has several that show single runs. Raises `InvalidExperiment`."""
    return finished(read(raw, shown_on))


def read(raw: Any, shown_on: str = "") -> Progress[Shown]:
    """The same, a slice at a time. Raises `InvalidExperiment`."""
    page = _OTHERS.get(shown_on) or _PAGES.get(model_of(raw), EmSession)
    settings, *tape = page.kind.of_experiment(raw)
    return (yield from made(page.runs, settings, tape, page.runs.cut_short(*tape)))


def made(kind: type[Tape], settings: Any, tape: Sequence[Any], messages: Sequence[str] = ()) -> Progress[Shown]:
    """The run that the settings describe, with all that was on its tape. Raises `InvalidExperiment`."""
    run = kind.reopening(settings, *tape)
    planned = max(1, run.remaining)
    while run.remaining or run.pending:
        before, until = run.remaining, time.monotonic() + limits.SLICE
        run.reopen(partial(_past, until))
        if before and run.remaining == before and not run.underway:
            break  # it stopped
        yield 1 - run.remaining / planned
    return Shown(run, [*messages], settings)


def of_race(raw: Any, schedules: str, rounds: int | None) -> Progress[Shown]:
    """The file's start as a race, as the race's page would run it. Raises `InvalidExperiment`."""
    count = race.ROUNDS if rounds is None else rounds
    if not 1 <= count <= ROUNDS:
        raise InvalidExperiment("--rounds", str(count), f"a number from 1 to {ROUNDS}")
    (settings,) = RaceSettings.of_experiment(raw)
    check_words(schedules, "--schedules")
    return (yield from made(RaceRun, replace(settings, words=schedules), (count,)))


def of_starts(raw: Any, starts: int) -> Progress[Shown]:
    """So many random starts with the file's schedule, as their page would run them. Raises `InvalidExperiment`."""
    if not 1 <= starts <= MOST:
        raise InvalidExperiment("--starts", str(starts), f"a number from 1 to {MOST}")
    (settings,) = StartsSettings.of_experiment(raw)
    return (yield from made(StartsRun, replace(settings, number=starts), (starts,)))


def _past(until: float) -> bool:
    return time.monotonic() >= until
