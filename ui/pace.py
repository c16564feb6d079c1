"""How fast EM comes to rest, worked out a little at a time beside a tape; of two clusters, at other separations too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from em_core.caching import store
from em_core.files.errors import InvalidExperiment, Unanswered
from em_core.files.experiment import Experiment
from em_core.observe.overlap import SEPARATIONS, Overlap
from em_core.observe.rates import Rates, rating
from em_core.work import Work
from ui import limits
from ui.em.settings import EmSettings
from ui.em.words import NO_RATES

# makes the experiment of settings and their file
Begun: TypeAlias = Callable[[Any, dict[str, Any]], Experiment]

# settings of two components whose r rises evenly as they come closer: with other seeds, and more to fit, it scatters
TWO_CLUSTERS: Mapping[str, Any] = MappingProxyType(
    {
        "model": "gaussian_mixture",
        "data": "blobs",
        "components": 2,
        "covariance": "spherical",
        "points": 300,
        "separation": 3.0,
        "clusters": 2,
        "dimensions": 2,
        "imbalance": 0.0,
        "outliers": 0.0,
        "data_seed": 2,
        "seed": 3,
        "fixed": False,
        "standardize": False,
        "rates": True,
    }
)
# what was found of generated clusters, so that a slider comes back to it at once
_FOUND = store(4_000_000)


class Pace:
    """found: r and all that belongs to it, or why there is none; None until then.

    overlap: r at other separations; None where the data are not two clusters that two components are fitted to.
    """

    def __init__(self, experiment: Experiment, settings: EmSettings, begun: Begun) -> None:
        self._begun = begun
        self.found: Rates | str | None = None
        self.overlap: Overlap | None = None
        self._work: Iterator[bool] | None = None
        if experiment.broken:
            self.found = NO_RATES
            return
        if is_two_clusters(settings):
            self.overlap = Overlap(settings.separation)
            for separation in SEPARATIONS:
                self._note(separation, _FOUND.known(_key(_apart(settings, separation))))
            self.found = _FOUND.known(_key(settings))
            self._note(settings.separation, self.found)
        self._work = self._working(experiment, settings)

    @property
    def pending(self) -> bool:
        return self._work is not None

    @property
    def asked(self) -> list[str]:
        """The pictures that there are of it."""
        return [*(["overlap"] if self.overlap else []), "rates"]

    def go_on(self, late: Callable[[], bool]) -> bool:
        """Work on until it is late; whether there is something new to show."""
        new = False
        while self._work is not None:
            more = next(self._work, None)
            if more is None:
                self._work = None
            new = new or bool(more)
            if late():
                break
        return new

    def _working(self, experiment: Experiment, settings: EmSettings) -> Iterator[bool]:
        if self.found is None:
            found = yield from _answered(rating(experiment, limits.RATES))
            self.found = found
            if self.overlap is not None:
                self._note(settings.separation, found)
                _keep(settings, found)
            yield True
        for separation in SEPARATIONS if self.overlap is not None else ():
            other = _apart(settings, separation)
            if _FOUND.known(_key(other)) is None:
                found = yield from _answered(rating(self._begun(other, other.experiment("")), limits.RATES))
                self._note(separation, found)
                _keep(other, found)
                yield True

    def _note(self, separation: float, found: Rates | str | None) -> None:
        if self.overlap is not None and found is not None:
            self.overlap = self.overlap.with_rate(separation, found)


def is_two_clusters(settings: EmSettings) -> bool:
    """Whether two components are fitted to two generated clusters, whose distance r depends on."""
    generated = settings.model == "gaussian_mixture" and settings.data == "blobs" and not settings.imported
    return generated and settings.clusters == settings.components == 2


def _apart(settings: EmSettings, separation: float) -> EmSettings:
    """The same with the clusters so far apart, as the control of the separation makes it."""
    wanted = replace(settings, separation=separation)
    return wanted.without(*settings.change({"separation"}).ends)


def _answered(work: Work[Rates]) -> Iterator[bool]:
    """Rates, or why there are none; nothing new in between."""
    try:
        while True:
            try:
                next(work)
            except StopIteration as done:
                return done.value
            yield False
    except (InvalidExperiment, Unanswered) as why:
        return str(why)


def _keep(settings: EmSettings, found: Rates | str) -> None:
    """Remember rates; why there are none may be that the machine was busy."""
    if isinstance(found, Rates):
        _FOUND.keep(_key(settings), found)


def _key(settings: EmSettings) -> str:
    """What the rates depend on."""
    raw: dict[str, Any] = settings.experiment("")
    return json.dumps([raw["model"], raw["settings"], raw["data"], raw.get("start"), raw["seed"]], sort_keys=True)
