"""A sigmoid belief net: its weights as images, the data, and which hidden units q believes to be on."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.models.sigmoid_belief_net import configurations
from em_core.records import Parameters
from figures.em.data_views.base import PICTURE, SHARE, PlainView, montage, nearly_square
from figures.em.moment import Moment
from figures.look import layout
from figures.look.encode import Json, numbers

_MOST_ROWS = 24
_WEIGHTS, _LABELS, _ROWS, _HIDDEN = range(4)


class BeliefNetView(PlainView):
    """Above the weights from each hidden unit; below some rows of the data, each with the posterior of its causes."""

    title = "Weights, data, and hidden causes under q"

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        values = self.data.values
        self.n_hidden = len(experiment.start["hidden_biases"])
        self.shape = nearly_square(values.shape[1]) or (1, values.shape[1])
        self.shown = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MOST_ROWS)).astype(int))
        self.configurations = configurations(self.n_hidden)

    def figures(self) -> dict[str, Json]:
        height, width = self.shape
        across = min(self.n_hidden, 8)
        down = -(-self.n_hidden // across)
        rows = montage(self.data.values[self.shown], self.shape, len(self.shown))
        labels = {
            "type": "scatter",
            "mode": "text",
            "x": [(j % across) * (width + 1) + (width - 1) / 2 for j in range(self.n_hidden)],
            "y": [(j // across) * (height + 1) - 0.9 for j in range(self.n_hidden)],
            "text": [],
            "textfont": {"size": 13, "color": "$text"},
            "hoverinfo": "skip",
            "cliponaxis": False,
        }
        weights = _heatmap("RdBu", zmid=0, hovertemplate="weight %{z:.3f}<extra></extra>")
        pictures = {
            **_heatmap(PICTURE, zmin=0, zmax=1, hoverinfo="skip"),
            "z": _matrix(rows),
            "xaxis": "x2",
            "yaxis": "y2",
        }
        hidden = _heatmap(SHARE, zmin=0, zmax=1, hovertemplate="q(h%{y} = 1) = %{z:.3f}<extra></extra>")
        hidden |= {
            "x": ((width + 1) * np.arange(len(self.shown)) + (width - 1) / 2).tolist(),
            "y": list(range(1, self.n_hidden + 1)),
            "xaxis": "x3",
            "yaxis": "y3",
            "xgap": 2,
            "ygap": 1,
        }
        shape = layout.figure(margin={"l": 34, "r": 8, "t": 12, "b": 10})
        shape["xaxis"] = layout.hidden_axis(-1, across * (width + 1), anchor="y", constrain="domain")
        shape["yaxis"] = layout.hidden_axis(
            down * (height + 1), -2.2, domain=[0.5, 1], anchor="x", scaleanchor="x", constrain="domain"
        )
        shape["xaxis2"] = layout.hidden_axis(-1, rows.shape[1], anchor="y2")
        shape["yaxis2"] = layout.hidden_axis(rows.shape[0] - 0.5, -0.5, domain=[0.34, 0.46], anchor="x2")
        shape["xaxis3"] = layout.hidden_axis(-1, rows.shape[1], anchor="y3")
        shape["yaxis3"] = layout.axis("h", domain=[0, 0.31], anchor="x3", autorange="reversed", tickformat="d", dtick=1)
        return {"data": {"data": [weights, labels, pictures, hidden], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            on = np.full((self.n_hidden, len(self.shown)), 0.5)
        else:
            on = self.configurations.T @ q.probabilities[:, self.shown]
        return {f"data/{_HIDDEN}/z": _matrix(on)}

    def parameters(self, theta: Parameters, q: Any) -> Json:
        picture = montage(theta["weights"].T, self.shape, min(self.n_hidden, 8))
        often = 1 / (1 + np.exp(-theta["hidden_biases"]))
        return {
            f"data/{_WEIGHTS}/z": _matrix(picture),
            f"data/{_LABELS}/text": [f"h{j + 1}: {share:.2f}" for j, share in enumerate(often)],
        }

    def note(self, moment: Moment) -> str:
        if moment.step.after.q is None:
            return "above: weights, with p(h = 1); no q yet"
        return "above: weights, with p(h = 1); below: rows of the data and q(h = 1) for each"


def _heatmap(colorscale: str | list, **more: object) -> Json:
    return {"type": "heatmap", "z": [], "colorscale": colorscale, "showscale": False, **more}


def _matrix(values: np.ndarray) -> Json:
    return {**numbers(values), "shape": f"{values.shape[0]}, {values.shape[1]}"}
