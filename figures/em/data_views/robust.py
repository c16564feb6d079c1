"""Points sized by their weight, the t distribution's ellipses beside those of the plain Gaussian fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.moment import Moment
from em_core.records import Parameters, frozen
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlaneView, badge, ellipse, told
from figures.look import palette
from figures.look.encode import Json
from figures.scene import Handle

# so many weights stand beside their points
_LEAST = 3


class RobustView(PlaneView):
    """Student t: along two axes, or as densities in one dimension."""

    models = ("student_t",)
    title = words.ROBUST
    apart = True
    by_hand = True
    flattens = True
    # for the outlines at two standard deviations
    room = 0.28

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        seen = self.shown[:, self.drawn]
        self.figure = figure = Figure(
            "data",
            x=self.labels[0],
            y="density" if self.flat else self.labels[1],
            xaxis={"range": self.span[0]},
            yaxis={} if self.flat else {"range": self.span[1]},
            legend=True,
        )
        figure.points(
            "points",
            palette.component(0),
            marker_opacity=0.75,
            marker_line={"color": "$text", "width": 1},
            x=seen[:, 0],
            y=np.zeros(len(seen)) if self.flat else seen[:, 1],
            hover="%{x}, %{y}",
        )
        x, y = self._outline(*fit.plain_gaussian(self.values[:, self.drawn]))
        figure.curve("plain", "$muted", words.PLAIN_GAUSSIAN, width=2, dash="dash", x=x, y=y)
        figure.curve("scale", palette.component(0), words.STUDENT_SCALE, glides=True)
        figure.text("light", "$text")
        badge(figure, 0, "", hover="%{customdata}")

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        weights = np.ones(len(self.shown)) if q is None else self.sample.part(q.weights)
        # areas, not diameters, tell what a point counts
        sizes = np.clip(11 * np.sqrt(weights), 3, 22).round(2).tolist()
        # the points drawn that count least are told
        least = np.array([], dtype=int) if q is None else np.argsort(weights, kind="stable")[:_LEAST]
        places = [self.place(self.shown[n]) for n in least]
        # towards the middle, so that the picture's edge cuts none
        sides = ["middle left" if 2 * x > sum(self.span[0]) else "middle right" for x, _ in places]
        told = [words.light(weight) for weight in weights[least]]
        return {
            **self.figure["points"].set(marker_size=sizes),
            **self.figure["light"].at(*places),
            **self.figure["light"].set(text=told, textposition=sides),
        }

    def told(self, moment: Moment) -> Json:
        """Of each point, what it counts for under q, and its share of log p."""
        q = moment.step.after.q
        weights = [] if q is None else [(words.WEIGHT, self.sample.part(q.weights))]
        above = "%{x}" if self.flat else "%{x}, %{y}"
        return told(self.figure["points"], above, *weights, (words.POINT, moment.shares_of(self.sample)))

    def parameters(self, theta: Parameters, q: Any) -> Json:
        scale = theta["scale_matrix"][np.ix_(self.drawn, self.drawn)]
        x, y = self._outline(theta["location"][self.drawn], scale)
        component = words.component("θ", location=theta["location"][self.drawn], scale_matrix=scale)
        badge = self.figure["badge 1"]
        return {
            **self.figure["scale"].set(x=x, y=y),
            **badge.at(self.place(theta["location"])),
            **badge.set(customdata=[component]),
        }

    def handles(self, moment: Moment) -> list[Handle]:
        location = moment.step.after.theta["location"]
        return [Handle("location", "data", *self.place(location), "Location", palette.component(0))]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        return {**theta, "location": frozen(self.moved("location", theta["location"], x, y))}

    def note(self, moment: Moment) -> str:
        q = moment.step.after.q
        return words.degrees(self.model.degrees_of_freedom, None if q is None else (q.weights.min(), q.weights.max()))

    def _outline(self, centre: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ellipses in the plane; a Gaussian's bell along the line."""
        if not self.flat:
            return ellipse(centre, scale, 1, 2)
        grid = np.linspace(*self.span[0], 201)
        return grid, fit.bell(grid, centre[0], scale[0, 0])
