"""How each model shows its data and the data completed by q: a view in a file of this folder says which it draws."""

from __future__ import annotations

from typing import Any, Protocol

from em_core.files.experiment import Experiment
from em_core.found import classes
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.observe.sample import Sample
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views.base import PlainView
from figures.look.encode import Json
from figures.scene import Handle, Hands, SliderHandle


class DataView(Protocol):
    """What the scene asks of a view: its figure, and what changes in it."""

    figure: Figure
    title: str
    apart: bool
    axis_names: tuple[str, ...]
    hands: Hands | None
    sample: Sample

    def completed(self, moment: Moment) -> Json:
        """What depends on q: the completed data. Sent when q changes."""

    def parameters(self, theta: Parameters, q: Any) -> Json:
        """What depends on θ (and perhaps on q as well). Sent when θ changes, and for every stop of the scrubber."""

    def append(self, moment: Moment) -> Json:
        """What this half-step adds to trails."""

    def handles(self, moment: Moment) -> list[Handle | SliderHandle]:
        """What the reader can drag."""

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        """θ after a drag. Raises `InvalidExperiment` for a place that no θ has."""

    def noted(self, moment: Moment) -> str:
        """One line under the title: what is said of θ and q, and how many units are drawn where that is not all."""

    def choices(self) -> dict[str, list[int] | None]:
        """The traces whose points are units of the data, with the unit of each; None where that is its own number."""

    def followed(self, beat: Beat) -> Json:
        """The mark of the unit that is followed inside a half-step, and what else a beat shows of it here."""


# by the models that they say they draw
VIEWS = {model: view for view in classes(__name__) if issubclass(view, PlainView) for model in view.models}


def data_view(experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> DataView:
    """The view of the experiment's model. columns: names of data columns; axes: the two shown where there are more."""
    return VIEWS[experiment.model.name](experiment, columns, axes)
