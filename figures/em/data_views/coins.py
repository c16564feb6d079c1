"""Sets of tosses, who q says tossed them, and the completed data: expected heads and tails per coin."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Parameters, frozen
from figures.drawing import Figure, Trace
from figures.em.data_views import words
from figures.em.data_views.base import PlainView, badge, bar, lifted, shared, told, trails
from figures.look import layout, palette
from figures.look.encode import Json
from figures.scene import Handle

_MOST_ROWS = 14


class CoinsView(PlainView):
    """Three strips: responsibilities per set of tosses, expected counts per coin, the coins on a scale from 0 to 1."""

    models = ("binomial_mixture",)
    title = words.COINS

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
        # per coin: its share of every row, its heads, its tails; then trail and marker on the scale
        self.figure = self._drawn()
        scale = {"xaxis": "x3", "yaxis": "y3"}
        coins = range(self.k)
        self.shares = [self._share(k) for k in coins]
        self.heads = [self._count(k, "heads", 1.0) for k in coins]
        self.tails = [self._count(k, "tails", 0.55) for k in coins]
        self.trails = trails(self.figure, self.k, **scale)
        self.coins = [badge(self.figure, k, words.coin(k), size=24, hover="%{customdata}", **scale) for k in coins]

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        result: Json = {}
        heads = np.zeros(self.k) if q is None else q.expected_counts @ self.successes
        tails = np.zeros(self.k) if q is None else q.expected_counts @ (self.trials - self.successes)
        for k in range(self.k):
            shares = [0.0 if q is None else float(q.probabilities[k, row[0]]) for row in self.rows]
            told = [f"{words.coin(k)} {share:.2f}" if share > 0.12 else "" for share in shares]
            result |= self.shares[k].set(x=shares, text=told)
            for trace, count in ((self.heads[k], heads[k]), (self.tails[k], tails[k])):
                result |= trace.set(y=[float(count)], text=[f"{count:.1f}"])
        return result

    def parameters(self, theta: Parameters, q: Any) -> Json:
        result = self._on_the_scale(self.coins, theta)
        for k, (coin, weight) in enumerate(zip(self.coins, theta["weights"], strict=True)):
            numbers = {"weight": weight, "P(heads)": theta["probabilities"][k]}
            result |= coin.set(customdata=[words.component(f"coin {words.coin(k)}", **numbers)])
        return result

    def told(self, moment: Moment) -> Json:
        """Of each row, who q says tossed it, and its share of log p."""
        lines = shared(moment.step.after.q, words.tossed, [row[0] for row in self.rows])
        evidence = np.array([moment.shares[row].sum() for row in self.rows])
        result: Json = {}
        for share in self.shares:
            result |= told(share, "%{y}", *lines, (words.ROW, evidence))
        return result

    def append(self, moment: Moment) -> Json:
        return self._on_the_scale(self.trails, moment.step.after.theta)

    def choices(self) -> dict[str, list[int] | None]:
        return {share.address: [row[0] for row in self.rows] for share in self.shares}

    def followed(self, beat: Beat) -> Json:
        place = next(place for place, row in enumerate(self.rows) if beat.at["unit"] in row)
        return lifted(self.shares, place, len(self.rows), beat)

    def handles(self, moment: Moment) -> list[Handle]:
        return [
            Handle(
                f"{k}",
                "data",
                float(probability),
                k,
                words.coin_handle(k),
                palette.component(k),
                axes=["xaxis3", "yaxis3"],
                along="x",
            )
            for k, probability in enumerate(moment.step.after.theta["probabilities"])
        ]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        if not 0 < x < 1:
            raise InvalidExperiment(
                f"P(heads) of coin {words.coin(int(handle))}", round(x, 4), "a value between 0 and 1"
            )
        probabilities = theta["probabilities"].copy()
        probabilities[int(handle)] = x
        return {**theta, "probabilities": frozen(probabilities)}

    def note(self, moment: Moment) -> str:
        probabilities = moment.step.after.theta["probabilities"]
        return words.said(words.coins(probabilities), moment.step.after.q is not None)

    def _drawn(self) -> Figure:
        total = float(self.trials * len(self.successes))
        return Figure(
            "data",
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

    def _share(self, k: int) -> Trace:
        return bar(
            self.figure,
            f"share {k + 1}",
            palette.component(k),
            y=[self._row_name(row) for row in self.rows],
            text=[],
            orientation="h",
            textposition="inside",
            insidetextanchor="middle",
            hover=f"coin {words.coin(k)}: %{{x:.3f}}",
        )

    def _count(self, k: int, part: str, opacity: float) -> Trace:
        return bar(
            self.figure,
            f"{part} {k + 1}",
            palette.component(k),
            x=[f"{words.coin(k)}<br>{part}"],
            y=[0],
            text=[],
            xaxis="x2",
            yaxis="y2",
            textposition="outside",
            textfont_color="$text",
            textfont_size=13,
            cliponaxis=False,
            hover="%{x}: %{y:.3f}",
            opacity=opacity,
        )

    def _on_the_scale(self, traces: list[Trace], theta: Parameters) -> Json:
        result: Json = {}
        for k, (trace, probability) in enumerate(zip(traces, theta["probabilities"], strict=True)):
            result |= trace.at((float(probability), k))
        return result

    def _row_name(self, row: list[int]) -> str:
        heads = int(self.successes[row[0]])
        text = f"{heads} of {self.trials} heads"
        if len(self.successes) > _MOST_ROWS:
            return f"{text} × {len(row)}"
        return f"set {row[0] + 1}: {text}"
