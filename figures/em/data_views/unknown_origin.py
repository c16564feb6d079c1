"""Two sets of tosses: the free coin's own, and one that q splits between the free coin and the known one."""

from __future__ import annotations

from typing import Any

from em_core.files.experiment import Experiment
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import OneShareView, bar, expected_ticks, stepping_back
from figures.look import palette
from figures.look.encode import Json


class UnknownOriginView(OneShareView):
    """Bars of heads and tails; the tick on each is what θ expects there."""

    models = ("coin_of_unknown_origin",)

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.known, self.unknown = self.data.known.tolist(), self.data.unknown.tolist()
        self.title = words.of_unknown_origin(sum(self.unknown))
        # a lower bar has no room for its number
        self.least_told = 0.12 * max(*self.known, *self.unknown)
        self.figure = Figure(
            "data",
            x="",
            y="tosses",
            xaxis={"tickvals": [0, 1, 2, 3], "ticktext": list(words.TOSSED), "tickangle": 0, "range": [-0.6, 3.6]},
            yaxis={"range": [0, 1.25 * max(*self.known, *self.unknown)]},
            barmode="stack",
            bargap=0.35,
            legend=True,
            corner={"x": 0, "xanchor": "left", "orientation": "v"},
        )
        # ours to count for θ, and not
        self._bar("known", words.FREE_COIN, palette.component(0), [0, 1], self.known)
        self._bar("free", words.FREE_COIN, palette.component(0), [2, 3], showlegend=False)
        self._bar("other", words.KNOWN_COIN.format(self.data.other), "$quiet", [2, 3], textfont_color="$text")
        expected_ticks(self.figure, [0, 1, 2, 3], words.UNDER_PRIOR, glides=True)

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        free = 0.0 if q is None else self.model.share(q)
        parts = {
            name: [weight * count for count in self.unknown] for name, weight in (("free", free), ("other", 1 - free))
        }
        result: Json = {}
        for name, counts in parts.items():
            texts = [f"{count:.2f}" if count >= self.least_told else "" for count in counts]
            if q is None:
                texts = ["" if name == "free" else f"{count:.0f}" for count in counts]
            result |= self.figure[name].set(y=counts, text=texts)
        return result

    def parameters(self, theta: Parameters, q: Any) -> Json:
        return self.figure["expected"].set(y=self.model.expected(self.data, theta).ravel().tolist())

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
            text=[] if counts is None else [f"{count:.0f}" for count in counts],
            width=0.62,
            textposition="inside",
            textangle=0,
            constraintext="none",
            insidetextanchor="middle",
            textfont_size=15,
            hover="%{customdata}",
            **more,
        )
