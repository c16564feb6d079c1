"""Points sized by their weight, the t distribution's ellipses beside those of the plain Gaussian fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.records import Parameters, frozen
from figures.em.data_views.base import PlainView, badge, curve, ellipse, names, near, padded, points
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, numbers

_POINTS, _PLAIN, _SCALE, _LOCATION = range(4)


class RobustView(PlainView):
    """Student t: along two axes, or as densities in one dimension."""

    title = "Points, sized by what q lets them count"
    gliding = [f"data/{_SCALE}", f"data/{_LOCATION}"]

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.values = self.data.values
        dimensions = self.values.shape[1]
        self.flat = dimensions == 1
        self.drawn = [0] if self.flat else [axes[0] % dimensions, axes[1] % dimensions]
        self.axis_names = names(columns, dimensions)
        self.labels = [layout.literal(self.axis_names[axis]) for axis in self.drawn]
        self.span = [padded(self.values[:, axis]) for axis in self.drawn]

    def figures(self) -> dict[str, Json]:
        seen = self.values[:, self.drawn]
        centre = seen.mean(axis=0)
        scatter = (seen - centre).T @ (seen - centre) / len(seen)
        y = np.zeros(len(seen)) if self.flat else seen[:, 1]
        dots = points(
            x=numbers(seen[:, 0]),
            y=numbers(y),
            marker={"size": 8, "color": palette.component(0), "opacity": 0.75, "line": {"color": "$text", "width": 1}},
            text=[],
            hovertemplate="counts %{text}<extra></extra>",
            showlegend=False,
        )
        plain = curve("$muted", name="plain Gaussian", line={"color": "$muted", "width": 2, "dash": "dash"})
        outline = self._bell(centre[0], scatter[0, 0]) if self.flat else ellipse(centre, scatter, 1, 2)
        plain |= {"x": numbers(outline[0]), "y": numbers(outline[1]), "hoverinfo": "skip"}
        own = curve(palette.component(0), name="Student t, its scale matrix", hoverinfo="skip")
        shape = layout.figure(
            x=self.labels[0],
            y="density" if self.flat else self.labels[1],
            xaxis={"range": self.span[0]},
            yaxis={} if self.flat else {"range": self.span[1]},
            legend=True,
        )
        return {"data": {"data": [dots, plain, own, badge(0, "")], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        weights = np.ones(len(self.values)) if q is None else q.weights
        return {
            # areas, not diameters, tell what a point counts
            f"data/{_POINTS}/marker.size": np.clip(11 * np.sqrt(weights), 3, 22).round(2).tolist(),
            f"data/{_POINTS}/text": [f"{weight:.3f}" for weight in weights],
        }

    def parameters(self, theta: Parameters, q: Any) -> Json:
        location = theta["location"][self.drawn]
        scale = theta["scale_matrix"][np.ix_(self.drawn, self.drawn)]
        outline = self._bell(location[0], scale[0, 0]) if self.flat else ellipse(location, scale, 1, 2)
        return {
            f"data/{_SCALE}/x": numbers(outline[0]),
            f"data/{_SCALE}/y": numbers(outline[1]),
            f"data/{_LOCATION}/x": [float(location[0])],
            f"data/{_LOCATION}/y": [0.0 if self.flat else float(location[1])],
        }

    def handles(self, theta: Parameters) -> list[Json]:
        location = theta["location"][self.drawn]
        place = {"x": float(location[0]), "y": 0.0 if self.flat else float(location[1])}
        return [{"id": "location", "figure": "data", **place, "label": "Location", "color": palette.component(0)}]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        location = theta["location"].copy()
        for axis, place in zip(self.drawn, (x, y), strict=False):
            location[axis] = near("location", place, self.values[:, axis])
        return {**theta, "location": frozen(location)}

    def note(self, moment: Moment) -> str:
        q = moment.step.after.q
        shown = f"ν = {self.model.degrees_of_freedom:g}"
        if q is None:
            return f"{shown}; no q yet"
        return f"{shown}; weights from {q.weights.min():.2f} to {q.weights.max():.2f}"

    def _bell(self, centre: float, variance: float) -> tuple[np.ndarray, np.ndarray]:
        grid = np.linspace(*self.span[0], 201)
        return grid, np.exp(-0.5 * (grid - centre) ** 2 / variance) / np.sqrt(2 * np.pi * variance)
