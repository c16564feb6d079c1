"""A table with gaps: every missing entry at the place that q expects, with its spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.models.incomplete_gaussian import completed
from em_core.records import Parameters, frozen
from figures.em.data_views.base import PlainView, badge, curve, ellipse, names, near, padded, points, segments
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, numbers

_COMPLETE, _FILLED, _SPREAD, _OUTLINE, _MEAN = range(5)


class GapsView(PlainView):
    """One Gaussian, seen along two axes."""

    title = "Missing values at their conditional means"
    gliding = [f"data/{trace}" for trace in (_FILLED, _SPREAD, _OUTLINE, _MEAN)]

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        dimensions = self.data.values.shape[1]
        self.drawn = [axes[0] % dimensions, axes[1] % dimensions]
        self.axis_names = names(columns, dimensions)
        self.labels = [layout.literal(self.axis_names[axis]) for axis in self.drawn]
        self.missing = np.isnan(self.data.values[:, self.drawn])

    def figures(self) -> dict[str, Json]:
        seen = self.data.values[:, self.drawn]
        whole = seen[~self.missing.any(axis=1)]
        complete = points(
            x=numbers(whole[:, 0]), y=numbers(whole[:, 1]), name="observed", marker={"size": 8, "color": "$muted"}
        )
        filled = points(
            name="filled in by q",
            marker={"size": 9, "color": palette.component(0), "symbol": "diamond"},
            hovertemplate="%{x:.3f}, %{y:.3f}<extra></extra>",
        )
        spread = curve(
            palette.component(0),
            name="one standard deviation",
            line={"color": palette.component(0), "width": 1.2},
            hoverinfo="skip",
        )
        outline = curve("$text", name="θ", line={"color": "$text", "width": 2}, hoverinfo="skip")
        x, y = (padded(column, 0.25) for column in seen.T)
        shape = layout.figure(x=self.labels[0], y=self.labels[1], xaxis={"range": x}, yaxis={"range": y}, legend=True)
        return {"data": {"data": [complete, filled, spread, outline, badge(0, "")], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        gaps = self.missing.any(axis=1)
        if q is None or not gaps.any():
            return {f"data/{trace}/{axis}": [] for trace in (_FILLED, _SPREAD) for axis in "xy"}
        places = completed(self.data, q)[:, self.drawn]
        deviations = self._deviations(q)
        lines = []
        for axis in (0, 1):
            rows = self.missing[:, axis]
            low, high = places[rows].copy(), places[rows].copy()
            low[:, axis] -= deviations[rows, axis]
            high[:, axis] += deviations[rows, axis]
            lines.append(segments(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
        return {
            f"data/{_FILLED}/x": numbers(places[gaps, 0]),
            f"data/{_FILLED}/y": numbers(places[gaps, 1]),
            f"data/{_SPREAD}/x": numbers(np.concatenate([x for x, _ in lines])),
            f"data/{_SPREAD}/y": numbers(np.concatenate([y for _, y in lines])),
        }

    def parameters(self, theta: Parameters, q: Any) -> Json:
        mean = theta["mean"][self.drawn]
        x, y = ellipse(mean, theta["covariance"][np.ix_(self.drawn, self.drawn)], 1, 2)
        return {
            f"data/{_OUTLINE}/x": numbers(x),
            f"data/{_OUTLINE}/y": numbers(y),
            f"data/{_MEAN}/x": [float(mean[0])],
            f"data/{_MEAN}/y": [float(mean[1])],
        }

    def handles(self, theta: Parameters) -> list[Json]:
        mean = theta["mean"][self.drawn]
        place = {"x": float(mean[0]), "y": float(mean[1])}
        return [{"id": "mean", "figure": "data", **place, "label": "Mean", "color": palette.component(0)}]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        mean = theta["mean"].copy()
        for axis, place in zip(self.drawn, (x, y), strict=True):
            mean[axis] = near("mean", place, self.data.values[:, axis])
        return {**theta, "mean": frozen(mean)}

    def note(self, moment: Moment) -> str:
        gaps = int(np.isnan(self.data.values).sum())
        return f"{gaps} entries are missing" + ("; no q yet" if moment.step.after.q is None else "")

    def _deviations(self, q) -> np.ndarray:
        """(N, 2) standard deviations of the missing entries along the drawn axes; 0 where observed."""
        result = np.zeros(self.data.values.shape)
        for conditional in q.conditionals:
            variances = np.einsum("nii->ni", conditional.covariances)
            result[np.ix_(conditional.pattern.rows, conditional.pattern.missing)] = np.sqrt(variances)
        return result[:, self.drawn]
