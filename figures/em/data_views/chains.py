"""Time series with the state posteriors as ribbons, the most likely path, and the transition matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.records import Array, Parameters
from figures.em.data_views.base import SHARE, PlainView, curve, padded, points, segments
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json, blended_colors, numbers, symbols


class ChainsView(PlainView):
    """All sequences end to end, with a gap between."""

    title = "Series, and the states that q sees behind it"

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.k = len(experiment.start["start_probabilities"])
        lengths = np.array(self.data.lengths)
        self.ends = np.cumsum(lengths)
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        # one place a time step, and a pause after every sequence
        self.places = np.arange(len(self.data.values)) + 2.0 * sequence
        self.breaks = self.ends[:-1]
        # traces: series, levels, posteriors as ribbons, the path, the matrix
        self.ribbons = range(2, 2 + self.k)
        self.path, self.matrix = 2 + self.k, 3 + self.k
        self.gliding: list[str] = []

    def figures(self) -> dict[str, Json]:
        values = self.data.values
        series = curve(
            "$faint",
            mode="lines+markers",
            x=numbers(self._broken(self.places)),
            y=numbers(self._broken(values)),
            line={"color": "$faint", "width": 1.2},
            marker={"size": 7, "color": "$faint"},
            hovertemplate="%{y}<extra></extra>",
            showlegend=False,
        )
        levels = curve(
            "$text", name="level of the most likely state", line={"color": "$text", "width": 2}, hoverinfo="skip"
        )
        ribbons = [
            curve(
                palette.component(k),
                name=f"q(state {k + 1})",
                line={"color": palette.component(k), "width": 0.5},
                stackgroup="posterior",
                xaxis="x",
                yaxis="y2",
                hovertemplate=f"state {k + 1}: %{{y:.3f}}<extra></extra>",
                showlegend=False,
            )
            for k in range(self.k)
        ]
        path = points(
            name="most likely path",
            xaxis="x",
            yaxis="y3",
            marker={"size": 6, "symbol": "square"},
            hovertemplate="state %{text}<extra></extra>",
            text=[],
            showlegend=False,
        )
        matrix = {
            "type": "heatmap",
            "z": [],
            "x": [str(k + 1) for k in range(self.k)],
            "y": [str(k + 1) for k in range(self.k)],
            "zmin": 0,
            "zmax": 1,
            "colorscale": SHARE,
            "showscale": False,
            "texttemplate": "%{z:.2f}",
            "xaxis": "x4",
            "yaxis": "y4",
            "hovertemplate": "from %{y} to %{x}: %{z:.4f}<extra></extra>",
        }
        states = {"type": "category", "dtick": 1}
        shape = layout.figure(
            x="time",
            y=layout.literal(self.columns[0]) if len(self.columns) == 1 else "value",
            xaxis={"domain": [0, 0.7], "range": [-1, float(self.places[-1]) + 1], "anchor": "y2"},
            yaxis={"domain": [0.42, 1], "range": padded(values, 0.15), "anchor": "x"},
            legend=True,
            yaxis2=layout.axis("q(state)", domain=[0, 0.27], anchor="x", range=[0, 1], nticks=3),
            yaxis3=layout.axis(
                "path", domain=[0.3, 0.39], anchor="x", range=[-0.6, self.k - 0.4], showticklabels=False
            ),
            xaxis4=layout.axis("to state", domain=[0.8, 1], anchor="y4", **states),
            yaxis4=layout.axis("from state", domain=[0.45, 1], anchor="x4", autorange="reversed", **states),
        )
        return {"data": {"data": [series, levels, *ribbons, path, matrix], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            empty = {f"data/{trace}/{axis}": [] for trace in self.ribbons for axis in "xy"}
            return {**empty, "data/0/marker.color": "$faint", "data/0/marker.symbol": "circle"}
        shares = q.probabilities
        result: Json = {
            "data/0/marker.color": blended_colors(self._broken(shares, 1.0 / self.k)),
            "data/0/marker.symbol": symbols(self._broken(shares, 0.0)),
        }
        for k, trace in enumerate(self.ribbons):
            result[f"data/{trace}/x"] = numbers(self.places)
            result[f"data/{trace}/y"] = numbers(shares[k])
        return result

    def parameters(self, theta: Parameters, q: Any) -> Json:
        states = self.model.viterbi(self.data, theta)
        transitions = theta["transition_matrix"]
        levels = self._levels(theta)
        result: Json = {
            f"data/{self.path}/x": numbers(self.places),
            f"data/{self.path}/y": states.tolist(),
            f"data/{self.path}/marker.color": [palette.component(int(k)) for k in states],
            f"data/{self.path}/text": [str(k + 1) for k in states],
            f"data/{self.matrix}/z": {**numbers(transitions), "shape": f"{self.k}, {self.k}"},
        }
        if levels is None:
            return result | {"data/1/x": [], "data/1/y": []}
        heights = levels[states]
        x, y = segments(self.places - 0.5, heights, self.places + 0.5, heights)
        return result | {"data/1/x": numbers(x), "data/1/y": numbers(y)}

    def note(self, moment: Moment) -> str:
        theta = moment.step.after.theta
        if "probabilities" in theta:
            rows = "; ".join(
                f"state {k + 1} emits " + ", ".join(f"{p:.2f}" for p in row)
                for k, row in enumerate(theta["probabilities"])
            )
        else:
            levels = self._levels(theta)
            rows = ", ".join(f"state {k + 1}: {level:.3f}" for k, level in enumerate(levels))
        return rows if moment.step.after.q is not None else f"{rows}; no q yet"

    def _levels(self, theta: Parameters) -> Array | None:
        """Where each state's emissions lie; None for symbols."""
        for name in ("means", "rates"):
            if name in theta:
                return theta[name].reshape(self.k)
        return None

    def _broken(self, values: Array, filler: float = np.nan) -> Array:
        """The values over time with an entry more after every sequence but the last, so that lines break there."""
        return np.insert(values, self.breaks, filler, axis=-1)
