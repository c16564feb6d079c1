"""Two sets of tosses: the free coin's own, and one that q splits between the free coin and the known one."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import Expected, OneShareView, bar, stepping_back
from figures.look import palette
from figures.look.encode import Json


class UnknownOriginView(OneShareView):
    """Bars of heads and tails; the line across each is what θ expects there."""

    models = ("coin_of_unknown_origin",)

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.known, self.unknown = self.data.known.tolist(), self.data.unknown.tolist()
        self.title = words.of_unknown_origin(sum(self.unknown))
        high = 1.4 * max(*self.known, *self.unknown)
        self.figure = Figure(
            "data",
            x="",
            y="tosses",
            xaxis={"tickvals": [0, 1, 2, 3], "ticktext": list(words.TOSSED), "tickangle": 0, "range": [-0.6, 3.6]},
            yaxis={"range": [0, high]},
            barmode="stack",
            bargap=0.35,
            legend=True,
            corner={"x": 0, "xanchor": "left", "orientation": "v"},
        )
        # ours to count for θ, and not
        self._bar("known", words.FREE_COIN, palette.component(0), [0, 1], self.known)
        self._bar("free", words.FREE_COIN, palette.component(0), [2, 3], showlegend=False)
        self._bar("other", words.KNOWN_COIN.format(self.data.other), "$quiet", [2, 3])
        self.expected = Expected(self.figure, [0, 1, 2, 3], high, words.UNDER_PRIOR)
        self.figure.text("share", "$text", size=14, x=[3.55], y=[0.88 * high], textposition="middle left")

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        free = 0.0 if q is None else self.model.share(q)
        parts = {
            name: [weight * count for count in self.unknown] for name, weight in (("free", free), ("other", 1 - free))
        }
        result: Json = {}
        for name, counts in parts.items():
            result |= self.figure[name].set(y=counts)
        numbers = [f"{count:.0f}" for count in self.known]
        for count, ours, other in zip(self.unknown, parts["free"], parts["other"], strict=True):
            numbers.append(words.unsplit(count) if q is None else f"{other:.2f}<br>{ours:.2f}")
        result |= self.expected.numbers.set(text=numbers)
        return result | self.figure["share"].set(text=["" if q is None else words.share_of_free(free)])

    def parameters(self, theta: Parameters, q: Any) -> Json:
        return self.expected.at(self.model.expected(self.data, theta).ravel(), np.array([*self.known, *self.unknown]))

    def followed(self, beat: Beat) -> Json:
        """The set that q splits; the free coin's own too, while they are counted for θ."""
        return stepping_back(self.figure["known"], beat)

    def told(self, moment: Moment) -> Json:
        """Of each set, which coin made it under q, and its share of log p."""
        q, (known, unknown) = moment.step.after.q, moment.shares.tolist()
        names = (words.KNOWN_COIN.format(self.data.other), words.FREE_COIN)
        shares = [] if q is None else list(zip(names, q.probabilities[:, 0].tolist(), strict=True))
        texts = [
            words.tosses_of(words.KNOWN_SET, *self.known, [], known),
            words.tosses_of(words.UNKNOWN_SET, *self.unknown, shares, unknown),
        ]
        result: Json = {}
        for name, text in (("known", texts[0]), ("free", texts[1]), ("other", texts[1])):
            result |= self.figure[name].set(customdata=[text, text])
        return result

    def note(self, moment: Moment) -> str:
        q, theta = moment.step.after.q, float(moment.step.after.theta["theta"])
        return words.heads_of(theta, None if q is None else self.model.share(q), self.known, self.unknown)

    def _bar(self, name: str, label: str, color: str, places: list[int], counts: Any = None, **more: Any) -> None:
        bar(
            self.figure,
            name,
            color,
            label,
            x=places,
            y=counts or [0.0] * len(places),
            width=0.62,
            hover="%{customdata}",
            **more,
        )
