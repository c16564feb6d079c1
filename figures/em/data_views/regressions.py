"""Points and the lines of a mixture of regressions, with one standard deviation to either side."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.records import Parameters
from figures.em.data_views.base import PlainView, curve, padded, points
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, blended_colors, numbers, symbols


class RegressionView(PlainView):
    """One input is drawn, the first that varies; the others stand at their means."""

    title = "Lines, and who q says made the points"

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.inputs, self.targets = self.data.values[:, :-1], self.data.values[:, -1]
        self.k = len(experiment.start["weights"])
        varying = np.flatnonzero(np.ptp(self.inputs, axis=0) > 0)
        self.drawn = int(varying[0]) if len(varying) else 0
        self.span = padded(self.inputs[:, self.drawn])
        self.gliding = [f"data/{1 + k}" for k in range(self.k)] + [f"data/{1 + self.k + k}" for k in range(self.k)]

    def figures(self) -> dict[str, Json]:
        dots = points(
            x=numbers(self.inputs[:, self.drawn]),
            y=numbers(self.targets),
            marker={"size": 9, "color": "$faint", "opacity": 0.9},
            hovertemplate="%{x}, %{y}<extra></extra>",
        )
        lines = [curve(palette.component(k), hoverinfo="skip") for k in range(self.k)]
        bands = [
            curve(
                palette.component(k), line={"color": palette.component(k), "width": 1, "dash": "dash"}, hoverinfo="skip"
            )
            for k in range(self.k)
        ]
        x, y = self._labels()
        shape = layout.figure(x=x, y=y, xaxis={"range": self.span}, yaxis={"range": padded(self.targets, 0.15)})
        return {"data": {"data": [dots, *lines, *bands], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            return {"data/0/marker.color": "$faint", "data/0/marker.symbol": "circle"}
        return {
            "data/0/marker.color": blended_colors(q.probabilities),
            "data/0/marker.symbol": symbols(q.probabilities),
        }

    def parameters(self, theta: Parameters, q: Any) -> Json:
        ends = np.tile(self.inputs.mean(axis=0), (2, 1))
        ends[:, self.drawn] = self.span
        result: Json = {}
        for k in range(self.k):
            height = ends @ theta["coefficients"][k]
            side = float(np.sqrt(theta["variances"][k]))
            result[f"data/{1 + k}/x"] = self.span
            result[f"data/{1 + k}/y"] = height.tolist()
            result[f"data/{1 + self.k + k}/x"] = numbers([*self.span, np.nan, *self.span])
            result[f"data/{1 + self.k + k}/y"] = numbers([*(height - side), np.nan, *(height + side)])
        return result

    def note(self, moment: Moment) -> str:
        weights = ", ".join(f"{weight:.2f}" for weight in moment.step.after.theta["weights"])
        told = "no q yet" if moment.step.after.q is None else "point colours: responsibilities"
        return f"weights {weights}; dashed: one standard deviation; {told}"

    def _labels(self) -> tuple[str, str]:
        if len(self.columns) == self.inputs.shape[1] + 1:
            return layout.literal(self.columns[self.drawn]), layout.literal(self.columns[-1])
        return (
            (layout.literal(self.columns[0]), layout.literal(self.columns[-1]))
            if len(self.columns) == 2
            else ("input", "target")
        )
