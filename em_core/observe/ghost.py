"""Another run beside the one on the page: what is drawn of it, and how far apart the two are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from em_core.observe.stairs import Stairs
from em_core.records import Bound

# what a page tells of a half-step, by name: None where there is no such number
Numbers = Mapping[str, float | None]


def _nowhere() -> None:
    return None


@dataclass(frozen=True, eq=False)
class Ghost:
    """The run that another has taken the place of, from half-step `first` on; or the one kept to compare with.

    told: its numbers at each of `places`, and maybe at later ones. way: finds its way there, where q and θ are one
    number each.
    """

    first: int
    places: Sequence[int]
    told: Sequence[Numbers]
    way: Callable[[], Stairs | None] = _nowhere
    kept: bool = False

    def series(self, name: str) -> tuple[float | None, ...]:
        """One number at all places, None where it is not finite."""
        return tuple(_finite(numbers.get(name)) for numbers, _ in zip(self.told, self.places, strict=False))

    def of(self, name: str, index: int) -> float | None:
        """This number at half-step `index`; None where it is not drawn there."""
        return _finite(self.told[self.places.index(index)].get(name)) if index in self.places else None

    def within(self, places: Sequence[int]) -> list[float]:
        """Where log p and ELBO of a kept run are at these half-steps: both runs are to be seen."""
        found = [self.of(name, place) for place in places for name in ("evidence", "elbo")] if self.kept else []
        return [height for height in found if height is not None]

    @cached_property
    def log_evidence(self) -> tuple[float | None, ...]:
        return self.series("evidence")

    @cached_property
    def elbo(self) -> tuple[float | None, ...]:
        return self.series("elbo")

    @cached_property
    def kl(self) -> tuple[float | None, ...]:
        return self.series("gap")

    @cached_property
    def stairs(self) -> Stairs | None:
        return self.way()


@dataclass(frozen=True, eq=False)
class Pair:
    """What two runs have come to after as many half-steps: `kept`, and `own` of the one on the page.

    comparable: the numbers that measure the same in both. ended: the kept run's last half-step, where that is behind;
    its last numbers then stand.
    """

    index: int
    kept: Numbers
    own: Numbers
    comparable: frozenset[str]
    ended: int | None = None

    def apart(self, name: str) -> float | None:
        """How much more this run has than the kept one; None where that means nothing: one has no such finite number,
        or it measures something else.
        """
        then, now = self.kept.get(name), self.own.get(name)
        if name not in self.comparable or then is None or now is None:
            return None
        return now - then if math.isfinite(then) and math.isfinite(now) else None


def numbers(bound: Bound) -> Numbers:
    """The three numbers of a bound."""
    return {"evidence": bound.log_evidence, "elbo": bound.elbo, "gap": bound.kl}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
