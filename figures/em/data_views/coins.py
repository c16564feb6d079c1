"""Sets of tosses, who q says tossed them, and the completed data: expected heads and tails per coin."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.records import Parameters, frozen
from figures.em.data_views.base import INK, PlainView, bar
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json

_MOST_ROWS = 14


class CoinsView(PlainView):
    """Three strips: responsibilities per set of tosses, expected counts per coin, the coins on a scale from 0 to 1."""

    title = "Tosses completed by q"

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.successes = self.data.values
        self.trials = self.model.trials
        self.k = len(experiment.start["weights"])
        # many sets: those with equally many heads share a row, since q treats them alike
        if len(self.successes) <= _MOST_ROWS:
            self.rows = [[n] for n in range(len(self.successes))]
        else:
            self.rows = [np.flatnonzero(self.successes == s).tolist() for s in np.unique(self.successes)]
        self.trails = range(3 * self.k, 4 * self.k)
        self.coins = range(4 * self.k, 5 * self.k)
        self.gliding = [f"data/{trace}" for trace in self.coins]

    def figures(self) -> dict[str, Json]:
        # per coin: its share of every row, its heads, its tails; then trail and marker on the scale
        shares = [
            {
                **bar(palette.component(k), text=[]),
                "y": [self._row_name(row) for row in self.rows],
                "orientation": "h",
                "textposition": "inside",
                "insidetextanchor": "middle",
                "name": f"coin {_letter(k)}",
                "hovertemplate": f"coin {_letter(k)}: %{{x:.3f}}<extra></extra>",
            }
            for k in range(self.k)
        ]
        counts = []
        for part in ("heads", "tails"):
            for k in range(self.k):
                counts.append(
                    {
                        **bar(palette.component(k), text=[]),
                        "x": [f"{_letter(k)}<br>{part}"],
                        "y": [0],
                        "xaxis": "x2",
                        "yaxis": "y2",
                        "textposition": "outside",
                        "textfont": {"color": "$text", "size": 13},
                        "cliponaxis": False,
                        "showlegend": False,
                        "hovertemplate": "%{x}: %{y:.3f}<extra></extra>",
                        "opacity": 1.0 if part == "heads" else 0.55,
                    }
                )
        base = {"type": "scatter", "x": [], "y": [], "xaxis": "x3", "yaxis": "y3", "showlegend": False}
        trails = [
            {
                **base,
                "mode": "lines+markers",
                "line": {"color": palette.component(k), "width": 1.5, "dash": "dot"},
                "marker": {"color": palette.component(k), "size": 4},
                "hoverinfo": "skip",
            }
            for k in range(self.k)
        ]
        coins = [
            {
                **base,
                "mode": "markers+text",
                "text": [_letter(k)],
                "textfont": {"color": INK, "size": 13, "weight": 700},
                "marker": {
                    "color": palette.component(k),
                    "symbol": palette.symbol(k),
                    "size": 24,
                    "line": {"color": "$text", "width": 1.5},
                },
                "hovertemplate": f"coin {_letter(k)}: P(heads) = %{{x:.4f}}<extra></extra>",
            }
            for k in range(self.k)
        ]
        total = float(self.trials * len(self.successes))
        shape = layout.figure(
            x="responsibility of each coin",
            xaxis={"domain": [0, 0.56], "range": [0, 1], "anchor": "y"},
            yaxis={"domain": [0.3, 1], "anchor": "x", "autorange": "reversed", "type": "category", "nticks": 40},
            barmode="stack",
            xaxis2=layout.axis("expected counts", domain=[0.66, 1], anchor="y2", type="category", tickangle=0),
            yaxis2=layout.axis("", domain=[0.3, 1], anchor="x2", range=[0, 1.15 * total / self.k], nticks=4),
            xaxis3=layout.axis("P(heads)", domain=[0, 1], anchor="y3", range=[-0.02, 1.02]),
            yaxis3=layout.hidden_axis(-1, self.k, domain=[0, 0.14], anchor="x3"),
            bargap=0.25,
        )
        return {"data": {"data": [*shares, *counts, *trails, *coins], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        result: Json = {}
        heads = np.zeros(self.k) if q is None else q.expected_counts @ self.successes
        tails = np.zeros(self.k) if q is None else q.expected_counts @ (self.trials - self.successes)
        for k in range(self.k):
            shares = [0.0 if q is None else float(q.probabilities[k, row[0]]) for row in self.rows]
            result[f"data/{k}/x"] = shares
            result[f"data/{k}/text"] = [f"{_letter(k)} {share:.2f}" if share > 0.12 else "" for share in shares]
            for offset, counts in ((self.k, heads), (2 * self.k, tails)):
                result[f"data/{offset + k}/y"] = [float(counts[k])]
                result[f"data/{offset + k}/text"] = [f"{counts[k]:.1f}"]
        return result

    def parameters(self, theta: Parameters, q: Any) -> Json:
        result: Json = {}
        for k in range(self.k):
            result[f"data/{self.coins[k]}/x"] = [float(theta["probabilities"][k])]
            result[f"data/{self.coins[k]}/y"] = [k]
        return result

    def append(self, moment: Moment) -> Json:
        result: Json = {}
        for k in range(self.k):
            result[f"data/{self.trails[k]}/x"] = [float(moment.step.after.theta["probabilities"][k])]
            result[f"data/{self.trails[k]}/y"] = [k]
        return result

    def handles(self, theta: Parameters) -> list[Json]:
        return [
            {
                "id": f"{k}",
                "figure": "data",
                "axes": ["xaxis3", "yaxis3"],
                "x": float(theta["probabilities"][k]),
                "y": k,
                "label": f"Coin {_letter(k)}: probability of heads",
                "color": palette.component(k),
            }
            for k in range(self.k)
        ]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        if not 0 < x < 1:
            raise InvalidExperiment(f"P(heads) of coin {_letter(int(handle))}", round(x, 4), "a place between 0 and 1")
        probabilities = theta["probabilities"].copy()
        probabilities[int(handle)] = x
        return {**theta, "probabilities": frozen(probabilities)}

    def note(self, moment: Moment) -> str:
        probabilities = moment.step.after.theta["probabilities"]
        coins = ", ".join(f"coin {_letter(k)}: P(heads) = {p:.3f}" for k, p in enumerate(probabilities))
        return coins if moment.step.after.q is not None else f"{coins}; no q yet"

    def _row_name(self, row: list[int]) -> str:
        heads = int(self.successes[row[0]])
        text = f"{heads} of {self.trials} heads"
        if len(self.successes) > _MOST_ROWS:
            return f"{text} × {len(row)}"
        return f"set {row[0] + 1}: {text}"


def _letter(k: int) -> str:
    return chr(ord("A") + k) if k < 26 else str(k + 1)
