"""What a picture of the EM page is to its scene. One in a file of this folder is found there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from em_core.files.experiment import Experiment
from em_core.observe.ghost import Ghost
from em_core.observe.moment import Moment
from em_core.observe.passage import Passage
from figures.drawing import Figure
from figures.look.encode import Json


class Picture:
    """Figures that change together; subclasses override what they have, and draw `figures`.

    view: the card that they stand in, after those with a lower `place`. asked: what the reader has to ask for to see
    it, "" for nothing.
    """

    view: ClassVar[str]
    place: ClassVar[int] = 0
    asked: ClassVar[str] = ""
    figures: Sequence[Figure]

    def __init__(self, experiment: Experiment) -> None:
        """Drawn empty: frames fill them."""

    @classmethod
    def shown(cls, experiment: Experiment, letters: str) -> bool:
        """Whether it is there. letters: the moves that are planned or made."""
        return True

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        """What it shows of this half-step, always under the same keys. past: the moments before."""
        raise NotImplementedError

    def titles(self, moment: Moment, past: list[Moment]) -> Json:
        """What it has found, by the slot of the card's heading, or of its own: `heading.<view>.<figure>`."""
        return {}

    def append(self, moment: Moment) -> Json:
        """What this half-step adds to series."""
        return {}

    def before(self, ghost: Ghost | None) -> Json:
        """The run that this one took the place of."""
        return {}

    def glide(self, moment: Moment, passage: Passage) -> Json:
        """The way to this half-step, as a glide's `set`."""
        return {}

    def inner(self, moment: Moment, past: list[Moment], there: Moment, stop: int) -> Json:
        """What it shows at stop number `stop` of the scrubber, where the way to this half-step has come to `there`."""
        return {}
