"""Points with their components: a plane with ellipses, or a histogram with densities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import (
    UNSEEN,
    PlaneView,
    badges,
    ellipse,
    ringed,
    shared,
    stepping_back,
    tinted,
    told,
    trails,
    turned,
)
from figures.look import palette
from figures.look.encode import Json
from figures.scene import Handle

# so many widths of the data the picture follows a component that leaves them
_FARTHEST = 3.0

# told wherever the mouse is inside; the corners of an outline would get in the way of points
_INSIDE: Json = {"hoveron": "fills", "hoverinfo": "text", "fill": "toself", "fillcolor": "rgba(0,0,0,0)"}


class GaussianView(PlaneView):
    """Mixture of Gaussians in any number of dimensions, seen along two axes or one."""

    models = ("gaussian_mixture",)
    title = words.GAUSSIAN
    by_hand = True
    flattens = True

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.family = self.model.family
        self.k = len(experiment.start["weights"])
        self.figure = self._line() if self.flat else self._plane()
        components = range(self.k)
        if self.flat:
            self.figure.curve("sum", "$text", glides=True)
        # before the points: what lies inside is told where no point is
        self.insides = [self.figure.curve(f"inside {k + 1}", "$text", width=0, **_INSIDE) for k in components]
        self._points()
        self.shapes = [self.figure.curve(f"shape {k + 1}", palette.component(k), glides=True) for k in components]
        self.trails = trails(self.figure, self.k)
        self.means = badges(self.figure, self.k, hover="%{customdata}")
        if self.flat:
            self._histogram()
        # through the point that is followed: where each component is as dense as there
        self.levels = [self.figure.curve(f"level {k + 1}", palette.component(k), dash="dot") for k in components]
        self.figure.points("reached", [palette.component(k) for k in components], size=11)
        ringed(self.figure)

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        return tinted(self.figure["points"], None if q is None else self.sample.probabilities(q))

    def parameters(self, theta: Parameters, q: Any) -> Json:
        outlines = self._densities(theta) if self.flat else self._ellipses(theta)
        result: Json = {}
        for k, ((x, y), shape, mean) in enumerate(zip(outlines, self.shapes, self.means, strict=True)):
            component = self._component(theta, k)
            # of two outlines the outer one, as exactly as a mouse asks
            outer = slice(None, None, 3) if self.flat else slice(len(x) // 2, -1, 3)
            drawn = {"x": x, "y": y} if self.flat else {"x": turned(x), "y": turned(y)}
            result |= shape.set(**drawn) | self.insides[k].set(x=x[outer], y=y[outer], text=component)
            result |= mean.at(self.place(theta["means"][k])) | mean.set(customdata=[component])
        places = np.array([self.place(mean) for mean in theta["means"]], dtype=float)
        result |= self.figure.set(xaxis_range=_following(self.span[0], places[:, 0]))
        if self.flat:
            total = np.sum([y for _, y in outlines], axis=0)
            return result | self.figure["sum"].set(x=outlines[0][0], y=total)
        return result | self.figure.set(yaxis_range=_following(self.span[1], places[:, 1]))

    def told(self, moment: Moment) -> Json:
        """Of each point, the shares that q gives to the components, and its share of log p."""
        lines = shared(moment.step.after.q, words.responsibility, self.sample)
        return told(self.figure["points"], self._above(), *lines, (words.POINT, moment.shares_of(self.sample)))

    def append(self, moment: Moment) -> Json:
        result: Json = {}
        if self.flat:
            return result
        for trail, mean in zip(self.trails, moment.step.after.theta["means"], strict=True):
            result |= trail.at(self.place(mean))
        return result

    def choices(self) -> dict[str, list[int] | None]:
        return {self.figure["points"].address: self.sample.numbers}

    def followed(self, beat: Beat) -> Json:
        """A ring around it, and the curves on which each component is as dense as there; the other points step back."""
        unit = beat.at["unit"]
        height = self._rows(np.array([unit]))[0] if self.flat else self.values[unit, self.drawn[1]]
        place = float(self.values[unit, self.drawn[0]]), float(height)
        result = self.marked(unit, place) | stepping_back(self.figure["points"], beat)
        if self.flat and beat.what in ("joints", "responsibilities"):
            heights = beat.values["joints"].tolist()
            result |= self.figure["reached"].at(*((place[0], each) for each in heights))
            for level, each in zip(self.levels, heights, strict=True):
                result |= level.at((place[0], 0.0), (place[0], each))
        if beat.what == "densities" and self.values.shape[1] == len(set(self.drawn)) == 2:
            theta, distances = beat.values["theta"], np.sqrt(beat.values["squared_distances"])
            matrices = self.family.matrices(theta)[:, self.drawn][:, :, self.drawn]
            for level, mean, matrix, far in zip(self.levels, theta["means"], matrices, distances, strict=True):
                x, y = ellipse(mean[self.drawn], matrix, float(far))
                result |= level.set(x=x, y=y)
        return result

    def handles(self, moment: Moment) -> list[Handle]:
        if "means" in self.family.fixed:
            return []
        return [
            Handle(f"{k}", "data", *self.place(mean), f"Mean of component {k + 1}", palette.component(k))
            for k, mean in enumerate(moment.step.after.theta["means"])
        ]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        means, k = theta["means"].copy(), int(handle)
        means[k] = self.moved(f"mean of component {k + 1}", means[k], x, y)
        return {**theta, "means": frozen(means)}

    def note(self, moment: Moment) -> str:
        return words.said(words.weights(moment.step.after.theta["weights"]), moment.step.after.q is not None)

    def _component(self, theta: Parameters, k: int) -> str:
        """Weight, mean and covariance of a component, along the axes that are drawn."""
        spread = self.family.matrices(theta)[k][np.ix_(self.drawn, self.drawn)]
        kind = {"variance": spread[0, 0]} if self.flat else {"covariance": spread}
        mean = theta["means"][k][self.drawn]
        return words.component(
            f"component {k + 1}", weight=theta["weights"][k], mean=mean[0] if self.flat else mean, **kind
        )

    def _plane(self) -> Figure:
        x, y = self.labels
        return Figure("data", x=x, y=y, xaxis={"range": self.span[0]}, yaxis={"range": self.span[1]})

    def _line(self) -> Figure:
        top = self._top
        return Figure(
            "data",
            x=self.labels[0],
            y="density",
            xaxis={"range": self.span[0]},
            yaxis={"range": [-0.14 * top, top]},
        )

    def _points(self) -> None:
        count = len(self.shown)
        self.figure.points(
            "points",
            UNSEEN,
            size=7 if self.flat else 8 if count < 700 else 5,
            marker_opacity=0.85,
            x=self.shown[:, self.drawn[0]],
            y=self._rows(self.sample.rows) if self.flat else self.shown[:, self.drawn[1]],
            hover=self._above(),
        )

    def _rows(self, units: np.ndarray) -> Array:
        """Where points stand in one dimension: in three rows, so that those at one place stay apart."""
        return -0.05 * self._top * (1 + (units % 3) / 3)

    def _above(self) -> str:
        """Where a point is, as a template of Plotly's."""
        return "<br>".join(f"{label} %{{{axis}}}" for label, axis in zip(self.labels, "xy", strict=False))

    def _histogram(self) -> None:
        counts, edges = self._counts
        self.figure.curve(
            "histogram",
            "$quiet",
            width=1,
            x=np.repeat(edges, 2),
            y=np.concatenate([[0], np.repeat(counts, 2), [0]]),
            fill="tozeroy",
            zorder=-1,
        )

    @cached_property
    def _counts(self) -> tuple[Array, Array]:
        """Densities of the bins, and their edges: how the data are drawn, so it stands here."""
        values = self.values[:, 0]
        bins = int(np.clip(2 * np.sqrt(len(values)), 5, 60))
        return np.histogram(values, bins=bins, density=True)

    @property
    def _top(self) -> float:
        return 1.25 * float(self._counts[0].max())

    def _ellipses(self, theta: Parameters) -> list[tuple[Array, Array]]:
        """Outlines at one and two standard deviations, one after the other."""
        chosen = np.ix_(self.drawn, self.drawn)
        matrices = self.family.matrices(theta)
        return [
            ellipse(mean[self.drawn], matrix[chosen], 1, 2)
            for mean, matrix in zip(theta["means"], matrices, strict=True)
        ]

    def _densities(self, theta: Parameters) -> list[tuple[Array, Array]]:
        grid = np.linspace(*self.span[0], 241)
        return [(grid, density) for density in fit.mixed(self.model, theta, grid[:, None])]


def _following(span: Sequence[float], places: Array) -> list[float]:
    """The range of the data, wider where components have left it, as long as the data can still be told apart."""
    low, high = span
    reach = _FARTHEST * (high - low)
    seen = [float(place) for place in places if low - reach <= place <= high + reach]
    room = 0.05 * (high - low)
    return [min([low, *(place - room for place in seen)]), max([high, *(place + room for place in seen)])]
