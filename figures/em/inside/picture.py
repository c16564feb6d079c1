"""What draws the working of one kind of model. A class in a file of this folder is found there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from em_core.files.experiment import Experiment
from em_core.observe.beats.working import Beat, Working
from em_core.observe.moment import Moment
from figures.drawing import Figure
from figures.em.data_views import DataView
from figures.look.encode import Json


@dataclass(frozen=True)
class Told:
    """What is said of a beat. formula: TeX with this unit's numbers; number: the one that is found."""

    formula: str
    number: float
    sentence: str


class InsidePicture:
    """Subclasses name the working that they draw, draw `figure`, and say what is told.

    figure: of the view "Inside"; the data view shows θ and q as far as a beat has come by itself.
    """

    draws: ClassVar[type[Working]]
    # what beats find, where they call it otherwise than `words.NAMES`
    names: Mapping[str, str] = {}
    figure: Figure

    def __init__(self, experiment: Experiment, view: DataView) -> None:
        self.experiment, self.view = experiment, view

    @property
    def figures(self) -> Sequence[Figure]:
        """All that the view shows in turn; `figure` is the first."""
        return [self.figure]

    def changes(self, beat: Beat, upto: Sequence[Beat]) -> Json:
        """What the figure shows at a beat, over what it shows without one. upto: the beats so far, this one last."""
        raise NotImplementedError

    def told(self, beat: Beat, moment: Moment) -> Told:
        """What is said of every beat but the last, which is the bound."""
        raise NotImplementedError

    def unit(self, unit: int) -> str:
        """What a unit is called; nothing where there is one alone."""
        return ""
