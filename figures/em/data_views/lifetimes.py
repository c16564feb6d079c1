"""Lifetimes as bars: what was seen, and for units still alive the rest that q expects."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.records import Parameters, frozen
from figures.em.data_views.base import PlainView, curve, points, segments
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, numbers

_SEEN, _REST, _FAILED, _CENSORED, _MEAN = range(5)


class LifetimesView(PlainView):
    """One bar a unit, the shortest at the bottom."""

    title = "Lifetimes completed by q"
    gliding = [f"data/{_REST}", f"data/{_MEAN}"]

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        order = np.argsort(self.data.times, kind="stable")
        self.times = self.data.times[order]
        self.observed = self.data.observed[order] > 0
        self.rows = np.arange(len(order), dtype=float)
        # q lists the censored units in the order of the data
        self.places = np.argsort(order, kind="stable")[self.data.observed == 0]
        self.span = 1.6 * float(self.times.max()) or 1.0

    def figures(self) -> dict[str, Json]:
        x, y = segments(np.zeros(len(self.times)), self.rows, self.times, self.rows)
        thick = min(14.0, 420 / len(self.times))
        seen = curve("$muted", x=numbers(x), y=numbers(y), name="seen", line={"color": "$muted", "width": thick})
        rest = curve(
            palette.component(0),
            name="rest expected by q",
            line={"color": palette.component(0), "width": thick * 0.7},
            hoverinfo="skip",
        )
        failed = points(
            x=numbers(self.times[self.observed]),
            y=numbers(self.rows[self.observed]),
            name="failed",
            marker={"symbol": "x", "size": 9, "color": "$text"},
        )
        censored = points(
            x=numbers(self.times[~self.observed]),
            y=numbers(self.rows[~self.observed]),
            name="still alive",
            marker={"symbol": "circle-open", "size": 9, "color": "$text", "line": {"width": 2}},
        )
        mean = curve("$text", name="mean θ", line={"color": "$text", "width": 2, "dash": "dash"}, hoverinfo="skip")
        shape = layout.figure(
            x=layout.literal(self.columns[0]) if self.columns else "time",
            y="units",
            xaxis={"range": [0, self.span]},
            yaxis={"range": [-1.5, len(self.times) + 0.5], "showticklabels": False, "showgrid": False},
            legend=True,
        )
        shape["legend"] |= {"x": 0.99, "xanchor": "right", "y": 0.03, "yanchor": "bottom", "orientation": "v"}
        return {"data": {"data": [seen, rest, failed, censored, mean], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None or not len(self.places):
            return {f"data/{_REST}/x": [], f"data/{_REST}/y": []}
        rows = self.rows[self.places]
        x, y = segments(q.starts, rows, q.means, rows)
        return {f"data/{_REST}/x": numbers(x), f"data/{_REST}/y": numbers(y)}

    def parameters(self, theta: Parameters, q: Any) -> Json:
        mean = float(theta["mean"])
        return {f"data/{_MEAN}/x": [mean, mean], f"data/{_MEAN}/y": [-1.5, len(self.times) + 0.5]}

    def handles(self, theta: Parameters) -> list[Json]:
        place = {"x": float(theta["mean"]), "y": -0.8}
        return [{"id": "mean", "figure": "data", **place, "label": "Mean lifetime", "color": "$text"}]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        if not 0 < x <= 10 * self.span:
            raise InvalidExperiment("mean lifetime", round(x, 4), f"a time above 0, up to {10 * self.span:.4g}")
        return {"mean": frozen(x)}

    def note(self, moment: Moment) -> str:
        q = moment.step.after.q
        shown = f"mean {float(moment.step.after.theta['mean']):.4f}"
        if q is None:
            return f"{shown}; no q yet"
        if not len(q.starts):
            return f"{shown}; nothing is hidden"
        least, most = (f"{float(end):.4f}" for end in (q.remainders.min(), q.remainders.max()))
        return f"{shown}; q expects {least if least == most else f'{least} to {most}'} more of each"
