"""How each model shows its data and the data completed by q: one view per model."""

from __future__ import annotations

from typing import Any, Protocol

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views.belief_net import BeliefNetView
from figures.em.data_views.binary import BinaryView
from figures.em.data_views.blood_groups import BloodGroupsView
from figures.em.data_views.chains import ChainsView
from figures.em.data_views.coins import CoinsView
from figures.em.data_views.counts import CountsView
from figures.em.data_views.factors import FactorsView
from figures.em.data_views.gaps import GapsView
from figures.em.data_views.gaussian import GaussianView
from figures.em.data_views.lifetimes import LifetimesView
from figures.em.data_views.linkage import LinkageView
from figures.em.data_views.regressions import RegressionView
from figures.em.data_views.robust import RobustView
from figures.look.encode import Json
from figures.scene import Handle


class DataView(Protocol):
    """What the scene asks of a view: its figure, and what changes in it."""

    figure: Figure
    title: str
    axis_names: tuple[str, ...]

    def completed(self, moment: Moment) -> Json:
        """What depends on q: the completed data. Sent when q changes."""

    def parameters(self, theta: Parameters, q: Any) -> Json:
        """What depends on θ (and perhaps on q as well). Sent when θ changes, and for every stop of the scrubber."""

    def append(self, moment: Moment) -> Json:
        """What this half-step adds to trails."""

    def handles(self, moment: Moment) -> list[Handle]:
        """What the reader can drag."""

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        """θ after a drag. Raises `InvalidExperiment` for a place that no θ has."""

    def note(self, moment: Moment) -> str:
        """One line under the title."""


# in the order of the list on the page
VIEWS = {
    "gaussian_mixture": GaussianView,
    "binomial_mixture": CoinsView,
    "linkage": LinkageView,
    "poisson_mixture": CountsView,
    "bernoulli_mixture": BinaryView,
    "regression_mixture": RegressionView,
    "factor_analysis": FactorsView,
    "hidden_markov": ChainsView,
    "student_t": RobustView,
    "incomplete_gaussian": GapsView,
    "censored_exponential": LifetimesView,
    "abo_blood_groups": BloodGroupsView,
    "sigmoid_belief_net": BeliefNetView,
}


def data_view(experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> DataView:
    """The view of the experiment's model. columns: names of data columns; axes: the two shown where there are more."""
    return VIEWS[experiment.model.name](experiment, columns, axes)
