"""Lifetimes as bars: what was seen, and for units still alive the rest that q expects."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from em_core.records import Parameters, frozen
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlainView, segments, told
from figures.look import layout, palette, scale
from figures.look.encode import Json
from figures.scene import Handle

# of the axis of time, at most
_STEPS = 8


class LifetimesView(PlainView):
    """One bar a unit, the shortest at the bottom."""

    models = ("censored_exponential",)
    apart = True
    title = words.LIFETIMES
    units = words.UNITS

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        times, observed = map(self.sample.part, (self.data.times, self.data.observed))
        self.order = order = np.argsort(times, kind="stable")
        self.times = times[order]
        self.observed = observed[order] > 0
        self.rows = np.arange(len(order), dtype=float)
        # q lists the censored units in the order of the data
        self.places = np.argsort(order, kind="stable")[observed == 0]
        numbered = np.cumsum(self.data.observed == 0) - 1
        self.censored = numbered[self.sample.rows][observed == 0]
        self.span = 1.6 * float(self.data.times.max()) or 1.0
        self.figure = self._drawn()

    def completed(self, moment: Moment) -> Json:
        q, rest = moment.step.after.q, self.figure["rest"]
        ranged = self._ranged(moment.step.after.theta, q)
        if q is None or not len(self.places):
            return rest.empty() | ranged
        rows = self.rows[self.places]
        x, y = segments(q.starts[self.censored], rows, q.means[self.censored], rows)
        return rest.set(x=x, y=y) | ranged

    def parameters(self, theta: Parameters, q: Any) -> Json:
        mean = float(theta["mean"])
        return self.figure["mean"].at((mean, -1.5), (mean, len(self.times) + 0.5)) | self._ranged(theta, q)

    def _ranged(self, theta: Parameters, q: Any) -> Json:
        """An axis that holds every bar to its end, and θ; it grows by leaps, so that it mostly stands still."""
        ends = [self.span, float(theta["mean"]), *([] if q is None or not len(q.starts) else [float(q.means.max())])]
        return self.figure.set(xaxis_range=[0, _STEPS * scale.nice(1.03 * max(ends), _STEPS)])

    def told(self, moment: Moment) -> Json:
        """Of each unit its share of log p, and of those still alive how long q expects them to last."""
        q, shares = moment.step.after.q, moment.shares_of(self.sample)[self.order]
        failed, alive = self.figure["failed"], self.figure["alive"]
        lifetimes = np.full(len(shares), np.nan)
        if q is not None:
            lifetimes[self.places] = q.means[self.censored]
        rest = [] if q is None else [(words.LIFETIME, lifetimes[~self.observed])]
        return {
            **told(failed, "failed at %{x}", (words.UNIT, shares[self.observed])),
            **told(alive, "still alive at %{x}", *rest, (words.UNIT, shares[~self.observed])),
        }

    def handles(self, moment: Moment) -> list[Handle]:
        return [
            Handle("mean", "data", float(moment.step.after.theta["mean"]), -0.8, "Mean lifetime", "$text", along="x")
        ]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        if not 0 < x <= 10 * self.span:
            raise InvalidExperiment("mean lifetime", round(x, 4), f"a time above 0, up to {10 * self.span:.4g}")
        return {"mean": frozen(x)}

    def note(self, moment: Moment) -> str:
        q, mean = moment.step.after.q, float(moment.step.after.theta["mean"])
        if q is None:
            return words.lifetime(mean)
        return words.lifetimes(mean, (q.remainders.min(), q.remainders.max()) if len(q.starts) else None)

    def _drawn(self) -> Figure:
        figure = Figure(
            "data",
            x=layout.literal(self.columns[0]) if self.columns else "time",
            y="units",
            xaxis={"range": [0, self.span]},
            yaxis={"range": [-1.5, len(self.times) + 0.5], "showticklabels": False, "showgrid": False},
            legend=True,
            **layout.LEGEND_ABOVE,
        )
        x, y = segments(np.zeros(len(self.times)), self.rows, self.times, self.rows)
        thick = min(14.0, 160 / len(self.times))
        ends = {"size": 9 if self.sample.whole else 3, "hoverinfo": "all"}
        failed, alive = self.observed, ~self.observed
        figure.curve("seen", "$muted", width=thick, x=x, y=y, hoverinfo="all")
        figure.curve("rest", palette.component(0), "E[rest] under q", width=thick * 0.7, glides=True)
        figure.points("failed", "$text", "failed", symbol="x", x=self.times[failed], y=self.rows[failed], **ends)
        figure.points(
            "alive",
            "$text",
            "censored",
            symbol="circle-open",
            marker_line_width=2,
            x=self.times[alive],
            y=self.rows[alive],
            **ends,
        )
        figure.curve("mean", "$text", "mean θ", width=2, dash="dash", glides=True)
        return figure
