"""Factor analysis: the latent line in the plane with a spring from each point to its place on it, and the loadings."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.records import Parameters
from figures.em.data_views.base import PlainView, curve, ellipse, names, padded, points, segments
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, numbers

_POINTS, _SPRINGS, _PLACES, _OUTLINE, _AXES, _LOADINGS = range(6)


class FactorsView(PlainView):
    """Two dimensions are drawn; the loadings of all stand beside them."""

    title = "Points pulled to their expected factors"
    gliding = [f"data/{trace}" for trace in (_SPRINGS, _PLACES, _OUTLINE, _AXES)]

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.values = self.data.values
        dimensions = self.values.shape[1]
        self.drawn = [axes[0] % dimensions, axes[1] % dimensions]
        self.axis_names = names(columns, dimensions)
        self.n_factors = experiment.start["loadings"].shape[1]

    def figures(self) -> dict[str, Json]:
        seen = self.values[:, self.drawn]
        spring = palette.component(0)
        dots = points(
            x=numbers(seen[:, 0]),
            y=numbers(seen[:, 1]),
            marker={"size": 7, "color": "$muted"},
            hovertemplate="%{x}, %{y}<extra></extra>",
            showlegend=False,
        )
        springs = curve(spring, name="spring", line={"color": spring, "width": 1}, hoverinfo="skip", showlegend=False)
        places = points(
            name="mean + loadings · E[h]", marker={"size": 6, "color": spring, "symbol": "diamond"}, hoverinfo="skip"
        )
        outline = curve("$text", name="covariance under θ", line={"color": "$text", "width": 2}, hoverinfo="skip")
        axes = curve(
            palette.component(2), name="factors", line={"color": palette.component(2), "width": 4}, hoverinfo="skip"
        )
        loadings = {
            "type": "heatmap",
            "z": [],
            "x": [f"h{i + 1}" for i in range(self.n_factors)],
            "y": [layout.literal(name) for name in self.axis_names],
            "colorscale": "RdBu",
            "zmid": 0,
            "showscale": False,
            "texttemplate": "%{z:.2f}",
            "textfont": {"size": 13},
            "xaxis": "x2",
            "yaxis": "y2",
            "hovertemplate": "loading of %{y} on %{x}: %{z:.4f}<extra></extra>",
        }
        shape = layout.figure(
            x=layout.literal(self.axis_names[self.drawn[0]]),
            y=layout.literal(self.axis_names[self.drawn[1]]),
            xaxis={"range": padded(seen[:, 0]), "domain": [0, 0.66], "anchor": "y"},
            yaxis={"range": padded(seen[:, 1]), "anchor": "x"},
            legend=True,
            xaxis2=layout.axis("loadings", domain=[0.84, 1], anchor="y2", type="category"),
            yaxis2=layout.axis("", anchor="x2", type="category", autorange="reversed", nticks=40),
        )
        return {"data": {"data": [dots, springs, places, outline, axes, loadings], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        return self._springs(moment.step.after.theta, moment.step.after.q)

    def parameters(self, theta: Parameters, q: Any) -> Json:
        mean = theta["mean"][self.drawn]
        loadings = theta["loadings"]
        noise = np.broadcast_to(theta["noise_variances"], (len(theta["mean"]),))
        covariance = loadings @ loadings.T + np.diag(noise)
        x, y = ellipse(mean, covariance[np.ix_(self.drawn, self.drawn)], 1, 2)
        reach = 2 * loadings[self.drawn].T
        ends = segments(*(mean[:, None] - reach.T), *(mean[:, None] + reach.T))
        return {
            f"data/{_OUTLINE}/x": numbers(x),
            f"data/{_OUTLINE}/y": numbers(y),
            f"data/{_AXES}/x": numbers(ends[0]),
            f"data/{_AXES}/y": numbers(ends[1]),
            f"data/{_LOADINGS}/z": {**numbers(loadings), "shape": f"{len(loadings)}, {self.n_factors}"},
            **self._springs(theta, q),
        }

    def note(self, moment: Moment) -> str:
        noise = np.atleast_1d(moment.step.after.theta["noise_variances"])
        shown = ", ".join(f"{variance:.3g}" for variance in noise[:6])
        return f"noise variances {shown}" + ("; no q yet" if moment.step.after.q is None else "")

    def _springs(self, theta: Parameters, q: Any) -> Json:
        """From every point to its place on the factors: it depends on θ and on q."""
        if q is None:
            return {f"data/{trace}/{axis}": [] for trace in (_SPRINGS, _PLACES) for axis in "xy"}
        seen = self.values[:, self.drawn]
        places = theta["mean"][self.drawn] + q.means @ theta["loadings"][self.drawn].T
        x, y = segments(seen[:, 0], seen[:, 1], places[:, 0], places[:, 1])
        return {
            f"data/{_SPRINGS}/x": numbers(x),
            f"data/{_SPRINGS}/y": numbers(y),
            f"data/{_PLACES}/x": numbers(places[:, 0]),
            f"data/{_PLACES}/y": numbers(places[:, 1]),
        }
