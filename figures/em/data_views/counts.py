"""A histogram of counts, each bar split by responsibility, with the fitted mixture over it."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlainView, badges, bar, lifted, shared, told
from figures.look import layout, palette
from figures.look.encode import Json
from figures.scene import Handle

# so many counts at most at which the curves are drawn
_PLACES = 400


class CountsView(PlainView):
    """Mixture of Poisson distributions."""

    models = ("poisson_mixture",)
    title = words.COUNTS
    apart = True

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.k = len(experiment.start["weights"])
        self.seen, self.where = np.unique(self.data.values, return_inverse=True)
        self.frequencies: Array = np.bincount(self.where, self.data.counts)
        last = int(self.seen.max()) + 3
        self.grid = np.unique(np.linspace(0, last, min(last + 1, _PLACES)).round())
        top = 1.15 * float(self.frequencies.max())
        self.figure = figure = Figure(
            "data",
            x=layout.literal(self.columns[0]) if self.columns else "count",
            y="frequency",
            xaxis={"range": [-0.7, float(self.grid[-1]) + 0.3]},
            yaxis={"range": [-0.07 * top, top]},
            barmode="stack",
            bargap=0.15,
            legend=True,
            corner={"x": 0.99, "xanchor": "right"},
        )
        components = [(k, palette.component(k)) for k in range(self.k)]
        self.shares = [
            bar(figure, f"share {k + 1}", color, x=self.seen.tolist(), hover=f"component {k + 1}: %{{y:.1f}}")
            for k, color in components
        ]
        self.expected = [
            figure.curve(f"expected {k + 1}", "$text", width=2, dash="dot", hoverinfo="all", glides=True)
            for k in range(self.k)
        ]
        figure.curve(
            "total",
            "$text",
            "expected under θ",
            mode="lines+markers",
            marker={"size": 5, "color": "$text"},
            hoverinfo="all",
            glides=True,
        )
        self.badges = badges(figure, self.k, hover="%{customdata}")
        # of each value, a unit that has it: q treats them alike
        self.first = np.unique(self.data.values, return_index=True)[1]

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        result: Json = {}
        for k, trace in enumerate(self.shares):
            share = self.frequencies / self.k if q is None else np.bincount(self.where, q.expected_counts[k])
            result |= trace.set(y=share, marker_opacity=0.3 if q is None else 0.75)
        return result

    def parameters(self, theta: Parameters, q: Any) -> Json:
        parts = float(self.data.counts.sum()) * fit.mixed(self.model, theta, self.grid)
        # one upon the other, as the parts of the bars are
        heights = np.cumsum(parts, axis=0)
        result: Json = self.figure["total"].set(x=self.grid, y=heights[-1])
        for k, (height, rate, expected, badge) in enumerate(
            zip(heights, theta["rates"], self.expected, self.badges, strict=True)
        ):
            component = words.component(f"component {k + 1}", weight=theta["weights"][k], rate=rate)
            result |= expected.set(x=self.grid, y=height)
            result |= badge.at((float(rate), 0.0)) | badge.set(customdata=[component])
        return result

    def told(self, moment: Moment) -> Json:
        """Of each count, how often it was seen, its responsibilities, and what all of them have of log p."""
        lines = shared(moment.step.after.q, words.responsibility, self.first)
        evidence = np.bincount(self.where, moment.shares)
        result: Json = {}
        for share in self.shares:
            result |= told(
                share, "%{x}", (words.SEEN, self.frequencies), *lines, (words.together("all of them"), evidence)
            )
        return result

    def choices(self) -> dict[str, list[int] | None]:
        return {share.address: self.first.tolist() for share in self.shares}

    def followed(self, beat: Beat) -> Json:
        return lifted(self.shares, int(self.where[beat.at["unit"]]), len(self.seen), beat)

    def handles(self, moment: Moment) -> list[Handle]:
        return [
            Handle(f"{k}", "data", float(rate), 0.0, f"Rate of component {k + 1}", palette.component(k), along="x")
            for k, rate in enumerate(moment.step.after.theta["rates"])
        ]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        if not 0 < x <= 10 * self.grid[-1]:
            raise InvalidExperiment(f"rate of component {int(handle) + 1}", round(x, 4), "a rate above 0")
        rates = theta["rates"].copy()
        rates[int(handle)] = x
        return {**theta, "rates": frozen(rates)}

    def note(self, moment: Moment) -> str:
        theta = moment.step.after.theta
        return words.rates(zip(theta["weights"], theta["rates"], strict=True))
