"""What a lesson file says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Experiment = Mapping[str, Any]

# how a number changes from one half-step to the next
CHANGES = ("rises", "falls", "stays")
_TURNED = {"rises": "falls", "falls": "rises", "stays": "rises"}


@dataclass(frozen=True)
class Condition:
    """What may hold of a run: of one of its numbers, by its column in `python -m em_core run --format csv`.

    One of these is given. change: against the half-step before; above and below, or center and within: the value;
    event: the half-step has one of this kind, and then there is no `of`; converges_within: from this half-step on the
    number changes by less than 1e-9 of itself. half_step: where; None for the one that is asked about. holds: False
    for what does not.
    """

    of: str = ""
    half_step: int | None = None
    change: str = ""
    above: float = -math.inf
    below: float = math.inf
    center: float | None = None
    within: float = 0.0
    event: str = ""
    converges_within: int | None = None
    holds: bool = True

    def turned(self) -> Condition:
        """Another one, which cannot hold where this one does."""
        if self.change:
            return replace(self, change=_TURNED[self.change])
        if self.event or self.converges_within is not None:
            return replace(self, holds=not self.holds)
        if self.center is not None:
            return replace(self, center=self.center + 3 * self.within + 1e-6 * max(1.0, abs(self.center)))
        return replace(self, above=self.below, below=self.above) if self._both else self._other_side()

    @property
    def _both(self) -> bool:
        return self.above > -math.inf and self.below < math.inf

    def _other_side(self) -> Condition:
        if self.above > -math.inf:
            return replace(self, above=-math.inf, below=self.above)
        return replace(self, below=math.inf, above=self.below)


@dataclass(frozen=True)
class Option:
    """One of several answers, right where its condition holds of the run."""

    text: str
    condition: Condition


@dataclass(frozen=True)
class Prediction:
    """A question about the half-step after the one in view, or about another one.

    kind: `direction` (each of `of` rises, falls or stays), `number` (`of`, to within so much), `choice` (options),
    `point` (where on the picture of `view` the pair of numbers `of` will be, to within so much in each), `drag` (the
    same, by the handle that they are). because: the sentence that explains the answer.
    """

    kind: str
    of: tuple[str, ...]
    because: str
    half_step: int
    within: tuple[float, ...] = ()
    options: tuple[Option, ...] = ()
    view: str = ""
    handle: str = ""


@dataclass(frozen=True)
class Task:
    """What the reader is to bring about. without: letters of moves that may not be made.

    solved_by: changes of the experiment whose run does it, which show that it can be done.
    """

    until: Condition
    at_most: int | None = None
    without: str = ""
    solved_by: Experiment = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One picture with its text. at: the half-step in view when it opens. shown: what else its address says of the view
    (`ui/lessons/shown.py`), by name. hidden: traces that stay away while the question is open, as `figure.trace`."""

    id: str
    text: str
    experiment: Experiment
    page: str
    at: int
    views: tuple[str, ...]
    controls: tuple[str, ...]
    lit: tuple[str, ...]
    predict: Prediction | None
    do: Task | None
    claims: tuple[Condition, ...]
    shown: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """A lesson. name: that of its file, without the ending; assumes: what the reader should have met."""

    name: str
    title: str
    minutes: int
    assumes: tuple[str, ...]
    steps: tuple[Step, ...]
