"""A table with missing entries: every missing entry at the place that q expects, with its spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlaneView, badge, ellipse, segments, told
from figures.look import layout, palette
from figures.look.encode import Json
from figures.scene import Handle

# rows with gaps that are told of one by one
_MOST_ROWS = 200


class MissingView(PlaneView):
    """One Gaussian, seen along two axes."""

    models = ("incomplete_gaussian",)
    title = words.MISSING
    room = 0.25

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        seen = self.shown[:, self.drawn]
        self.missing = np.isnan(seen)
        whole = seen[~self.missing.any(axis=1)]
        color = palette.component(0)
        self.figure = figure = Figure(
            "data",
            x=self.labels[0],
            y=self.labels[1],
            xaxis={"range": self.span[0]},
            yaxis={"range": self.span[1]},
            legend=True,
            **layout.LEGEND_ABOVE,
        )
        figure.points("complete", "$muted", "observed", x=whole[:, 0], y=whole[:, 1], hoverinfo="all")
        figure.points("filled", color, "filled in by q", size=9, symbol="diamond", hover="%{customdata}", glides=True)
        figure.curve("spread", color, "± 1 deviation", width=1.2, glides=True)
        figure.curve("outline", "$text", "θ", width=2, glides=True)
        badge(figure, 0, "", hover="%{customdata}")

    def completed(self, moment: Moment) -> Json:
        q, filled, spread = moment.step.after.q, self.figure["filled"], self.figure["spread"]
        rows = self.missing.any(axis=1)
        if q is None or not rows.any():
            return filled.empty() | spread.empty()
        places, deviations = (part[:, self.drawn] for part in self._completed(q))
        lines = []
        for axis in (0, 1):
            absent = self.missing[:, axis]
            low, high = places[absent].copy(), places[absent].copy()
            low[:, axis] -= deviations[absent, axis]
            high[:, axis] += deviations[absent, axis]
            lines.append(segments(*low.T, *high.T))
        x, y = (np.concatenate(parts) for parts in zip(*lines, strict=True))
        return filled.set(x=places[rows, 0], y=places[rows, 1]) | spread.set(x=x, y=y)

    def parameters(self, theta: Parameters, q: Any) -> Json:
        x, y = ellipse(theta["mean"][self.drawn], theta["covariance"][np.ix_(self.drawn, self.drawn)], 1, 2)
        return {
            **self.figure["outline"].set(x=x, y=y),
            **self.figure["badge 1"].at(self.place(theta["mean"])),
            **self.figure["badge 1"].set(customdata=[self._component(theta)]),
        }

    def told(self, moment: Moment) -> Json:
        """Of each row its share of log p, and what q puts in its gaps."""
        q, gaps, shares = moment.step.after.q, self.missing.any(axis=1), moment.shares_of(self.sample)
        result = told(self.figure["complete"], "%{x}, %{y}", (words.ROW, shares[~gaps]))
        if q is None or not gaps.any() or gaps.sum() > _MOST_ROWS:
            return result
        places, deviations = self._completed(q)
        texts = []
        for row in np.flatnonzero(gaps):
            absent = np.flatnonzero(np.isnan(self.shown[row]))
            entries = [(layout.literal(self.axis_names[d]), places[row, d], deviations[row, d]) for d in absent]
            texts.append(words.filled(int(self.sample.rows[row]) + 1, entries, shares[row]))
        return result | self.figure["filled"].set(customdata=texts)

    def _completed(self, q: Any) -> list[Array]:
        """The rows drawn with their gaps filled in, and by how much each entry may differ."""
        return [self.sample.part(part) for part in self.model.completed(self.data, q)]

    def _component(self, theta: Parameters) -> str:
        """Mean and covariance along the axes that are drawn."""
        covariance = theta["covariance"][np.ix_(self.drawn, self.drawn)]
        return words.component("θ", mean=theta["mean"][self.drawn], covariance=covariance)

    def handles(self, moment: Moment) -> list[Handle]:
        return [Handle("mean", "data", *self.place(moment.step.after.theta["mean"]), "Mean", palette.component(0))]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        return {**theta, "mean": frozen(self.moved("mean", theta["mean"], x, y))}

    def note(self, moment: Moment) -> str:
        count = int(np.isnan(self.data.values).sum())
        return words.said(words.missing(count), moment.step.after.q is not None)
