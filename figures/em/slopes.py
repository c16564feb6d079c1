"""The gradient of the ELBO beside that of log p: at q = posterior the dots stand in their rings."""

from __future__ import annotations

from itertools import accumulate, groupby

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from figures.drawing import Figure
from figures.em import words
from figures.em.picture import Picture
from figures.look import layout
from figures.look.encode import Json
from figures.look.palette import ELBO, EVIDENCE, component

# the moves that this picture explains
_LETTERS = frozenset("GSAB")
DIVIDER: Json = {"color": "$faint", "width": 1}


class SlopesPicture(Picture):
    view, place = "course", 2

    def __init__(self, experiment: Experiment) -> None:
        self.figure = figure = Figure(
            "slopes",
            "Gradients",
            x=" ",  # the parameters, from left to right
            y="gradient per unit",
            legend=True,
            shapes=[],
            corner={**layout.LEGEND_ABOVE["corner"], "itemwidth": 30, "entrywidth": 46},
            margin={**layout.LEGEND_ABOVE["margin"], "b": 24},
            xaxis={"showticklabels": False, "ticks": "", "showgrid": False, "title.standoff": 2},
            yaxis={"zeroline": True, "zerolinecolor": "$faint"},
        )
        figure.ring("elbo", ELBO, "∇ELBO", size=15, hover="%{text}: ∇ELBO %{y:.6f}")
        figure.points("evidence", EVIDENCE, "∇log p", size=7, hover="%{text}: ∇log p %{y:.6f}")
        figure.points(
            "batch",
            component(2),
            "batch",
            size=9,
            symbol="x",
            visible=False,
            hover="%{text}: minibatch %{y:.6f}",
        )
        self.figures = [figure]

    @classmethod
    def shown(cls, experiment: Experiment, letters: str) -> bool:
        return not _LETTERS.isdisjoint(letters)

    def titles(self, moment: Moment, past: list[Moment]) -> Json:
        return {"heading.course.slopes": words.slopes(moment)}

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        """Both gradients at this half-step, and what the minibatch of a coming S makes of the first."""
        found, figure = moment.slopes, self.figure
        result: Json = {}
        if found is None:
            for trace in figure:
                result |= trace.set(x=[], y=[], text=[])
            return result | figure["batch"].set(visible=False) | figure.set(xaxis_title_text=" ", shapes=[])
        x = list(range(1, len(found.places) + 1))
        names = [name.replace("_", " ") for name in found.parameters]
        groups = [(name, len(list(those))) for name, those in groupby(names)]
        ends = list(accumulate(size for _, size in groups))
        drawn = {"elbo": found.elbo, "evidence": found.log_evidence}
        if moment.batch_slope is not None:
            drawn["batch"] = moment.batch_slope
        for trace in figure:
            there = trace.name in drawn
            y = drawn[trace.name].tolist() if there else []
            result |= trace.set(x=x if there else [], y=y, text=names if there else [])
        dividers = [
            {"type": "line", "x0": end + 0.5, "x1": end + 0.5, "yref": "paper", "y0": 0, "y1": 1, "line": DIVIDER}
            for end in ends[:-1]
        ]
        title = " │ ".join(name for name, _ in groups)
        return {
            **result,
            **figure["batch"].set(visible="batch" in drawn),
            **figure.set(xaxis_title_text=title, shapes=dividers),
        }
