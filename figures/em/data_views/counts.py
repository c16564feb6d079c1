"""A histogram of counts, each bar split by responsibility, with the fitted mixture over it."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.records import Array, Parameters, frozen
from figures.em.data_views.base import PlainView, badge, bar, curve
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, numbers


class CountsView(PlainView):
    """Mixture of Poisson distributions."""

    title = "Counts, split by q"

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.k = len(experiment.start["weights"])
        self.seen, self.where = np.unique(self.data.values, return_inverse=True)
        self.frequencies: Array = np.bincount(self.where, self.data.counts)
        self.grid = np.arange(0, int(self.seen.max()) + 4, dtype=float)
        # per component: its share of every bar, its expected counts; then the sum; then its marker
        self.expected = range(self.k, 2 * self.k)
        self.total = 2 * self.k
        self.badges = range(2 * self.k + 1, 3 * self.k + 1)
        self.gliding = [f"data/{trace}" for trace in (*self.expected, self.total, *self.badges)]

    def figures(self) -> dict[str, Json]:
        shares = [
            bar(
                palette.component(k),
                x=self.seen.tolist(),
                name=f"component {k + 1}",
                hovertemplate=f"component {k + 1}: %{{y:.1f}}<extra></extra>",
                showlegend=False,
            )
            for k in range(self.k)
        ]
        expected = [
            curve(
                palette.component(k), line={"color": palette.component(k), "width": 2, "dash": "dot"}, showlegend=False
            )
            for k in range(self.k)
        ]
        total = curve("$text", mode="lines+markers", name="expected under θ", marker={"size": 5, "color": "$text"})
        top = 1.15 * float(self.frequencies.max())
        shape = layout.figure(
            x=layout.literal(self.columns[0]) if self.columns else "count",
            y="how often",
            xaxis={"range": [-0.7, float(self.grid[-1])]},
            yaxis={"range": [-0.07 * top, top]},
            barmode="stack",
            bargap=0.15,
            legend=True,
        )
        shape["legend"] |= {"x": 0.99, "xanchor": "right"}
        badges = [badge(k, str(k + 1)) for k in range(self.k)]
        return {"data": {"data": [*shares, *expected, total, *badges], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        result: Json = {}
        for k in range(self.k):
            share = self.frequencies / self.k if q is None else np.bincount(self.where, q.expected_counts[k])
            result[f"data/{k}/y"] = numbers(share)
            result[f"data/{k}/marker.opacity"] = 0.3 if q is None else 0.75
        return result

    def parameters(self, theta: Parameters, q: Any) -> Json:
        units = float(self.data.counts.sum())
        parts = units * theta["weights"][:, None] * np.exp(self.model.family.log_density(self.grid, theta))
        result: Json = {f"data/{self.total}/x": numbers(self.grid), f"data/{self.total}/y": numbers(parts.sum(axis=0))}
        for k, part in enumerate(parts):
            result[f"data/{self.expected[k]}/x"] = numbers(self.grid)
            result[f"data/{self.expected[k]}/y"] = numbers(part)
            result[f"data/{self.badges[k]}/x"] = [float(theta["rates"][k])]
            result[f"data/{self.badges[k]}/y"] = [0.0]
        return result

    def handles(self, theta: Parameters) -> list[Json]:
        return [
            {
                "id": str(k),
                "figure": "data",
                "x": float(theta["rates"][k]),
                "y": 0.0,
                "label": f"Rate of component {k + 1}",
                "color": palette.component(k),
            }
            for k in range(self.k)
        ]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        if not 0 < x <= 10 * self.grid[-1]:
            raise InvalidExperiment(f"rate of component {int(handle) + 1}", round(x, 4), "a rate above 0")
        rates = theta["rates"].copy()
        rates[int(handle)] = x
        return {**theta, "rates": frozen(rates)}

    def note(self, moment: Moment) -> str:
        theta = moment.step.after.theta
        pairs = zip(theta["weights"], theta["rates"], strict=True)
        return "; ".join(
            f"component {k + 1}: {weight:.2f} at rate {rate:.3f}" for k, (weight, rate) in enumerate(pairs)
        )
