"""Rows of zeros and ones as small images, with the probabilities of each component as grey images."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.records import Parameters
from figures.em.data_views.base import PICTURE, PlainView, montage, nearly_square, points
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, blended_colors, numbers, symbols

_MOST_ROWS = 60


class BinaryView(PlainView):
    """Mixture of products of Bernoulli distributions."""

    title = "Rows, and who q says made them"

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        values = self.data.values
        self.k = len(experiment.start["weights"])
        self.shape = nearly_square(values.shape[1]) or (1, values.shape[1])
        # spread over the whole table: tables are often sorted
        self.shown = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MOST_ROWS)).astype(int))
        self.across = min(len(self.shown), 12 if self.shape[0] > 1 else 1)

    def figures(self) -> dict[str, Json]:
        height, width = self.shape
        grid = montage(self.data.values[self.shown], self.shape, self.across)
        rows = {**_image(grid), "xaxis": "x2", "yaxis": "y2"}
        places = np.arange(len(self.shown))
        marks = points(
            x=((places % self.across) * (width + 1) + width - 1).tolist(),
            y=((places // self.across) * (height + 1) + height - 1).tolist(),
            xaxis="x2",
            yaxis="y2",
            marker={"size": 11, "line": {"color": "$paper", "width": 1.5}},
            hovertemplate="%{text}<extra></extra>",
            text=[],
        )
        means = _image(np.zeros((1, 1)))
        across = min(self.k, 8)
        down = -(-self.k // across)
        labels = {
            "type": "scatter",
            "mode": "text",
            "x": [(k % across) * (width + 1) + (width - 1) / 2 for k in range(self.k)],
            "y": [(k // across) * (height + 1) - 1.1 for k in range(self.k)],
            "text": [],
            "textfont": {"size": 13, "color": [palette.component(k) for k in range(self.k)]},
            "hoverinfo": "skip",
            "cliponaxis": False,
        }
        shape = layout.figure(margin={"l": 8, "r": 8, "t": 10, "b": 8})
        shape["xaxis"] = layout.hidden_axis(-1, across * (width + 1), domain=[0, 1], anchor="y", constrain="domain")
        shape["yaxis"] = layout.hidden_axis(
            down * (height + 1), -2.5, domain=[0.62, 1], anchor="x", scaleanchor="x", constrain="domain"
        )
        shape["xaxis2"] = layout.hidden_axis(-1, grid.shape[1], domain=[0, 1], anchor="y2", constrain="domain")
        shape["yaxis2"] = layout.hidden_axis(
            grid.shape[0], -1, domain=[0, 0.58], anchor="x2", scaleanchor="x2", constrain="domain"
        )
        if height == 1:
            for name in ("yaxis", "yaxis2"):
                shape[name].pop("scaleanchor")
        return {"data": {"data": [means, labels, rows, marks], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            return {"data/3/marker.color": "$faint", "data/3/marker.symbol": "circle", "data/3/text": []}
        shares = q.probabilities[:, self.shown]
        told = [", ".join(f"{k + 1}: {share:.2f}" for k, share in enumerate(column)) for column in shares.T]
        return {
            "data/3/marker.color": blended_colors(shares),
            "data/3/marker.symbol": symbols(shares),
            "data/3/text": told,
        }

    def parameters(self, theta: Parameters, q: Any) -> Json:
        picture = montage(theta["probabilities"], self.shape, min(self.k, 8))
        weights = [f"{k + 1}: {weight:.2f}" for k, weight in enumerate(theta["weights"])]
        return {
            "data/0/z": {**numbers(picture), "shape": f"{picture.shape[0]}, {picture.shape[1]}"},
            "data/1/text": weights,
        }

    def note(self, moment: Moment) -> str:
        if moment.step.after.q is None:
            return "above: each component and its weight; no q yet"
        return "above: each component and its weight; marks: responsibilities"


def _image(picture: np.ndarray) -> Json:
    return {
        "type": "heatmap",
        "z": {**numbers(picture), "shape": f"{picture.shape[0]}, {picture.shape[1]}"},
        "zmin": 0,
        "zmax": 1,
        "colorscale": PICTURE,
        "showscale": False,
        "hoverinfo": "skip",
    }
