"""Four cells of animals, the first split by q into its two hidden parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.records import Parameters, frozen
from figures.em.data_views.base import INK, PlainView
from figures.em.moment import Moment
from figures.look import layout
from figures.look.encode import Json

_NAMES = ("1/2 + θ/4", "(1 − θ)/4", "(1 − θ)/4", "θ/4")
# animals that speak for θ, animals that speak against it, animals that say nothing
_FOR, _AGAINST, _SILENT = "#009E73", "#E69F00", "$faint"


class LinkageView(PlainView):
    """Bars of counts; the ring on each bar is what θ expects there."""

    gliding = ["data/4"]

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.counts = self.data.counts
        self.total = float(self.counts.sum())
        self.title = f"{self.total:,.0f} animals, the first cell split by q"

    def figures(self) -> dict[str, Json]:
        cells = [f"<b>{name}</b>" for name in _NAMES]
        # positions, not names: two cells share a name
        bars = [
            _bar([0], "hidden part 1/2", _SILENT),
            _bar([0], "hidden part θ/4", _FOR),
            _bar([1, 2], "(1 − θ)/4", _AGAINST),
            _bar([3], "θ/4", _FOR),
        ]
        for bar, counts in ((bars[2], self.counts[1:3]), (bars[3], self.counts[3:])):
            bar |= {"y": counts.tolist(), "text": [f"{count:.0f}" for count in counts]}
        bars[3]["showlegend"] = False
        bars[0]["textfont"] = {"color": "$text", "size": 15}
        expected = {
            "type": "scatter",
            "mode": "markers",
            "x": [0, 1, 2, 3],
            "y": [],
            "name": "expected under θ",
            "marker": {"color": "$text", "size": 13, "symbol": "line-ew-open", "line": {"width": 3, "color": "$text"}},
            "hovertemplate": "expected %{y:.2f}<extra></extra>",
        }
        shape = layout.figure(
            x="cell and its probability",
            y="animals",
            xaxis={"tickvals": [0, 1, 2, 3], "ticktext": cells, "range": [-0.6, 3.6]},
            yaxis={"range": [0, 1.12 * float(self.counts.max())]},
            barmode="stack",
            bargap=0.35,
            legend=True,
            corner={"x": 1, "xanchor": "right", "orientation": "v"},
        )
        return {"data": {"data": [*bars, expected], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            half, rest = float(self.counts[0]), 0.0
            texts = [f"{half:.0f}: not split yet", ""]
        else:
            half, rest = (float(part) for part in q.expected_counts[:, 0])
            texts = [f"{half:.2f}", f"{rest:.2f}"]
        return {
            "data/0/y": [half],
            "data/1/y": [rest],
            "data/0/text": texts[:1],
            "data/1/text": texts[1:],
        }

    def parameters(self, theta: Parameters, q: Any) -> Json:
        value = float(theta["theta"])
        expected = self.total * np.array([0.5 + value / 4, (1 - value) / 4, (1 - value) / 4, value / 4])
        return {"data/4/y": expected.tolist()}

    def handles(self, theta: Parameters) -> list[Json]:
        place = {"x": float(theta["theta"]), "y": self.model.log_evidence(self.data, theta)}
        return [{"id": "theta", "figure": "course", **place, "label": "θ", "color": "$text"}]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        if not 0 < x < 1:
            raise InvalidExperiment("θ", round(x, 4), "a place between 0 and 1")
        return {"theta": frozen(x)}

    def note(self, moment: Moment) -> str:
        q, theta = moment.step.after.q, float(moment.step.after.theta["theta"])
        if q is None:
            return f"θ = {theta:.6f}; no q yet"
        hidden = float(q.expected_counts[1, 0])
        completed = f"({hidden:.2f} + {self.counts[3]:.0f}) / ({hidden:.2f} + {self.counts[1:].sum():.0f})"
        return f"θ = {theta:.4f}; completed data say {completed}"


def _bar(places: list[int], name: str, color: str) -> Json:
    return {
        "type": "bar",
        "x": places,
        "y": [0.0] * len(places),
        "text": [],
        "name": name,
        "width": 0.62,
        "marker": {"color": color, "line": {"color": "$paper", "width": 1}},
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textfont": {"color": INK, "size": 15},
        "hovertemplate": f"{name}: %{{y:.3f}}<extra></extra>",
    }
