"""Four cells of animals, the first split by q into its two hidden parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import Expected, OneShareView, bar, lifted, stepping_back
from figures.look import palette
from figures.look.encode import Json

_NAMES = ("1/2 + θ/4", "(1 − θ)/4", "(1 − θ)/4", "θ/4")
# animals that speak for θ, animals that speak against it, animals that say nothing
_FOR, _AGAINST, _SILENT = palette.component(0), palette.component(2), "$quiet"


class LinkageView(OneShareView):
    """Bars of counts; the line across each is what θ expects there."""

    models = ("linkage",)

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.counts = self.data.counts
        self.total = float(self.counts.sum())
        self.title = words.linkage(self.total)
        high = 1.25 * float(self.counts.max())
        self.figure = Figure(
            "data",
            x="cell and its probability",
            y="animals",
            xaxis={
                "tickvals": [0, 1, 2, 3],
                "ticktext": [f"<b>{name}</b>" for name in _NAMES],
                "range": [-0.6, 3.6],
            },
            yaxis={"range": [0, high]},
            barmode="stack",
            bargap=0.35,
            legend=True,
            corner={"x": 1, "xanchor": "right", "orientation": "v"},
        )
        # positions, not names: two cells share a name
        self._bar("half", "hidden part 1/2", _SILENT, [0])
        self._bar("rest", "hidden part θ/4", _FOR, [0])
        self._bar("against", "(1 − θ)/4", _AGAINST, [1, 2], self.counts[1:3])
        self._bar("for", "θ/4", _FOR, [3], self.counts[3:], showlegend=False)
        self.expected = Expected(self.figure, [0, 1, 2, 3], high, words.EXPECTED)

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        half, rest = (float(self.counts[0]), 0.0) if q is None else (float(part) for part in q.expected_counts[:, 0])
        told = [
            words.unsplit(half) if q is None else f"{rest:.2f}<br>{half:.2f}",
            *(f"{n:.0f}" for n in self.counts[1:]),
        ]
        bars = self.figure["half"].set(y=[half]) | self.figure["rest"].set(y=[rest])
        return bars | self.expected.numbers.set(text=told)

    def parameters(self, theta: Parameters, q: Any) -> Json:
        return self.expected.at(self.total * self.model.cells(theta), self.counts)

    def followed(self, beat: Beat) -> Json:
        """The first cell, which q splits; the others, and it too, while they are counted for θ."""
        if beat.of_all:
            return {}
        others = stepping_back(self.figure["against"], beat) | stepping_back(self.figure["for"], beat)
        return lifted([self.figure["half"], self.figure["rest"]], 0, 1, beat) | others

    def told(self, moment: Moment) -> Json:
        """Of each cell, what q says of its hidden parts, and its share of log p."""
        q, shares = moment.step.after.q, moment.shares.tolist()
        given = [] if q is None else zip(("1/2", "θ/4"), q.probabilities[:, 0], q.expected_counts[:, 0], strict=True)
        parts = [list(given), [], [], []]
        cells = zip(_NAMES, self.counts.tolist(), parts, shares, strict=True)
        texts = [words.cell(f"cell {name}", *cell) for name, *cell in cells]
        places = {"half": texts[:1], "rest": texts[:1], "against": texts[1:3], "for": texts[3:]}
        result: Json = {}
        for name, told in places.items():
            result |= self.figure[name].set(customdata=told)
        return result

    def note(self, moment: Moment) -> str:
        q, theta = moment.step.after.q, float(moment.step.after.theta["theta"])
        return words.linked(theta, None if q is None else float(q.expected_counts[1, 0]), self.counts)

    def _bar(
        self, name: str, label: str, color: str, places: list[int], counts: np.ndarray | None = None, **more: Any
    ) -> None:
        bar(
            self.figure,
            name,
            color,
            label,
            x=places,
            y=[0.0] * len(places) if counts is None else counts.tolist(),
            width=0.62,
            hover="%{customdata}",
            **more,
        )
