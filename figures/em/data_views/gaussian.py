"""Points with their components: a plane with ellipses, or a histogram with densities."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.records import Array, Parameters, frozen
from figures.em.data_views.base import PlainView, badge, curve, ellipse, names, near, padded
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, blended_colors, numbers, symbols

_UNSEEN = "$faint"


class GaussianView(PlainView):
    """Mixture of Gaussians in any number of dimensions, seen along two axes or one."""

    title = "Data, and who q says made them"

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.values: Array = self.data.values
        self.family = self.model.family
        self.k = len(experiment.start["weights"])
        dimensions = self.values.shape[1]
        self.axis_names = names(columns, dimensions)
        self.flat = dimensions == 1
        self.drawn = [0] if self.flat else [axes[0] % dimensions, axes[1] % dimensions]
        self.labels = [layout.literal(self.axis_names[axis]) for axis in self.drawn]
        self.span = [padded(self.values[:, axis]) for axis in self.drawn]
        # traces: points, then one shape, one trail and one mean per component; in one dimension the sum as well
        first = 2 if self.flat else 1
        self.shapes = range(first, first + self.k)
        self.trails = range(first + self.k, first + 2 * self.k)
        self.means = range(first + 2 * self.k, first + 3 * self.k)
        self.gliding = [f"data/{trace}" for trace in (*self.shapes, *self.means, *([1] if self.flat else []))]

    def figures(self) -> dict[str, Json]:
        return {"data": self._line() if self.flat else self._plane()}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            return {"data/0/marker.color": _UNSEEN, "data/0/marker.symbol": "circle"}
        return {
            "data/0/marker.color": blended_colors(q.probabilities),
            "data/0/marker.symbol": symbols(q.probabilities),
        }

    def parameters(self, theta: Parameters, q: Any) -> Json:
        outlines = self._densities(theta) if self.flat else self._ellipses(theta)
        result = {}
        for k, (x, y) in enumerate(outlines):
            result[f"data/{self.shapes[k]}/x"] = numbers(x)
            result[f"data/{self.shapes[k]}/y"] = numbers(y)
            place = self._mean(theta, k)
            result[f"data/{self.means[k]}/x"] = [place[0]]
            result[f"data/{self.means[k]}/y"] = [place[1]]
        if self.flat:
            total = np.sum([y for _, y in outlines], axis=0)
            result["data/1/x"] = numbers(outlines[0][0])
            result["data/1/y"] = numbers(total)
        return result

    def append(self, moment: Moment) -> Json:
        result: Json = {}
        if self.flat:
            return result
        for k in range(self.k):
            x, y = self._mean(moment.step.after.theta, k)
            result[f"data/{self.trails[k]}/x"] = [x]
            result[f"data/{self.trails[k]}/y"] = [y]
        return result

    def handles(self, theta: Parameters) -> list[Json]:
        if "means" in self.family.fixed:
            return []
        result = []
        for k in range(self.k):
            x, y = self._mean(theta, k)
            label = f"Mean of component {k + 1}"
            color = palette.component(k)
            result.append({"id": f"{k}", "figure": "data", "x": x, "y": y, "label": label, "color": color})
        return result

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        means = theta["means"].copy()
        for axis, place in zip(self.drawn, (x, y), strict=False):
            means[int(handle), axis] = near(f"mean of component {int(handle) + 1}", place, self.values[:, axis])
        return {**theta, "means": frozen(means)}

    def note(self, moment: Moment) -> str:
        weights = ", ".join(f"{weight:.2f}" for weight in moment.step.after.theta["weights"])
        if moment.step.after.q is None:
            return f"weights {weights}; no q yet"
        return f"weights {weights}; point colours: responsibilities"

    def _plane(self) -> Json:
        points = {
            "type": "scatter",
            "mode": "markers",
            "x": numbers(self.values[:, self.drawn[0]]),
            "y": numbers(self.values[:, self.drawn[1]]),
            "marker": {"size": 8 if len(self.values) < 700 else 5, "color": _UNSEEN, "opacity": 0.85},
            "hovertemplate": f"{self.labels[0]} %{{x}}<br>{self.labels[1]} %{{y}}<extra></extra>",
        }
        return {
            "data": [points, *self._outlines(), *self._trails(), *self._markers()],
            "layout": layout.figure(
                x=self.labels[0],
                y=self.labels[1],
                xaxis={"range": self.span[0]},
                yaxis={"range": self.span[1]},
            ),
        }

    def _line(self) -> Json:
        values = self.values[:, 0]
        counts, edges = np.histogram(values, bins=_bins(values), density=True)
        top = 1.25 * float(counts.max())
        steps = {
            "type": "scatter",
            "mode": "lines",
            "x": numbers(np.repeat(edges, 2)),
            "y": numbers(np.concatenate([[0], np.repeat(counts, 2), [0]])),
            "line": {"color": "$faint", "width": 1},
            "fill": "tozeroy",
            "hoverinfo": "skip",
            "zorder": -1,
        }
        points = {
            "type": "scatter",
            "mode": "markers",
            "x": numbers(values),
            "y": numbers(-0.05 * top * (1 + (np.arange(len(values)) % 3) / 3)),
            "marker": {"size": 7, "color": _UNSEEN, "opacity": 0.85},
            "hovertemplate": f"{self.labels[0]} %{{x}}<extra></extra>",
        }
        total = {**curve("$text"), "hoverinfo": "skip"}
        return {
            "data": [points, total, *self._outlines(), *self._trails(), *self._markers(), steps],
            "layout": layout.figure(
                x=self.labels[0], y="density", xaxis={"range": self.span[0]}, yaxis={"range": [-0.14 * top, top]}
            ),
        }

    def _outlines(self) -> list[Json]:
        return [{**curve(palette.component(k)), "hoverinfo": "skip"} for k in range(self.k)]

    def _trails(self) -> list[Json]:
        return [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [],
                "y": [],
                "line": {"color": palette.component(k), "width": 1.5, "dash": "dot"},
                "marker": {"color": palette.component(k), "size": 4},
                "hoverinfo": "skip",
            }
            for k in range(self.k)
        ]

    def _markers(self) -> list[Json]:
        return [badge(k, str(k + 1)) for k in range(self.k)]

    def _mean(self, theta: Parameters, k: int) -> tuple[float, float]:
        mean = theta["means"][k]
        return float(mean[self.drawn[0]]), 0.0 if self.flat else float(mean[self.drawn[1]])

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
        densities = theta["weights"][:, None] * np.exp(self.family.log_density(grid[:, None], theta))
        return [(grid, density) for density in densities]


def _bins(values: Array) -> int:
    return int(np.clip(2 * np.sqrt(len(values)), 5, 60))
