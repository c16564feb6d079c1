"""Sets of tosses, which coin q says tossed them, and for each coin its share of heads in them, beside θ."""

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
# how far above the bar of its coin θ stands
_ABOVE = 0.26


class CoinsView(PlainView):
    """Above, who q says tossed each set. Below, heads and tails that this gives each coin, and θ: M moves it to where
    heads end.
    """

    models = ("binomial_mixture",)
    title = words.COINS
    apart = True

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
        self.heads = [self._part(k, "heads", 1.0, "start") for k in coins]
        self.tails = [self._part(k, "tails", 0.4, "end") for k in coins]
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
            tossed = float(heads[k] + tails[k])
            for trace, part, count in ((self.heads[k], "heads", heads[k]), (self.tails[k], "tails", tails[k])):
                told = words.expected_tosses(float(count), part) if tossed else ""
                result |= trace.set(
                    x=[float(count) / tossed if tossed else 0.0], text=[told], customdata=[float(count)]
                )
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
                k - _ABOVE,
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
        theta = moment.step.after.theta
        return words.said(words.coins(theta["probabilities"], theta["weights"]), moment.step.after.q is not None)

    def _drawn(self) -> Figure:
        # the height that the coins have, more where they are many
        below = min(0.16 + 0.06 * self.k, 0.5)
        return Figure(
            "data",
            x=words.WHICH_COIN,
            xaxis={"range": [0, 1], "anchor": "y"},
            yaxis={
                "domain": [below + 0.16, 1],
                "anchor": "x",
                "autorange": "reversed",
                "type": "category",
                "nticks": 40,
            },
            barmode="stack",
            xaxis3=layout.axis(words.HEADS_AND_THETA, automargin=True, anchor="y3", range=[0, 1]),
            yaxis3=layout.axis(
                domain=[0, below],
                anchor="x3",
                range=[self.k - 0.5, -0.62],
                tickvals=list(range(self.k)),
                ticktext=[f"<b>coin {words.coin(k)}</b>" for k in range(self.k)],
                showgrid=False,
            ),
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

    def _part(self, k: int, part: str, opacity: float, end: str) -> Trace:
        """A coin's share of heads or tails, with its number at the end where θ is not."""
        return bar(
            self.figure,
            f"{part} {k + 1}",
            palette.component(k),
            x=[0],
            y=[k],
            text=[],
            orientation="h",
            offset=-0.03,
            width=0.47,
            xaxis="x3",
            yaxis="y3",
            textposition="inside",
            insidetextanchor=end,
            constraintext="none",
            textangle=0,
            textfont_color=palette.INK if opacity == 1 else "$text",
            hover=f"coin {words.coin(k)}: %{{customdata:.3f}} {part}<br>%{{x:.4f}} of its tosses",
            marker_opacity=opacity,
        )

    def _on_the_scale(self, traces: list[Trace], theta: Parameters) -> Json:
        result: Json = {}
        for k, (trace, probability) in enumerate(zip(traces, theta["probabilities"], strict=True)):
            result |= trace.at((float(probability), k - _ABOVE))
        return result

    def _row_name(self, row: list[int]) -> str:
        heads = int(self.successes[row[0]])
        text = f"{heads} of {self.trials} heads"
        if len(self.successes) > _MOST_ROWS:
            return f"{text} × {len(row)}"
        return f"set {row[0] + 1}: {text}"
