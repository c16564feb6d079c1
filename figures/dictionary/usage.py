"""How many pictures use each atom, and how long each atom is."""

from __future__ import annotations

from em_core.observe.dictionary import Moment
from figures.drawing import Figure
from figures.look.encode import Json


class Usage:
    """Two figures, and a third where codes may have a spread. constrained: whether no atom may be longer than 1."""

    def __init__(self, n_atoms: int, constrained: bool, spread: bool = False) -> None:
        xaxis = {"range": [0.2, n_atoms + 0.8], "showgrid": False, "tickformat": "d"}
        share = {"rangemode": "tozero", "autorangeoptions": {"include": [0, 0.1]}, "tickformat": ".0%"}
        length = {"rangemode": "tozero", "autorangeoptions": {"include": [0, 1.1]}}
        self.usage = Figure("usage", "Use", x="atom", y="share of pictures", xaxis=xaxis, yaxis=share, bargap=0.25)
        self.lengths = Figure("lengths", "Length", x="atom", y="‖w‖", xaxis=xaxis, yaxis=length, bargap=0.25)
        nats = {"rangemode": "tozero", "autorangeoptions": {"include": [0, 1.1]}}
        self.costs = Figure(
            "costs", "Cost", x="atom", y="λ E|h|, mean over pictures", xaxis=xaxis, yaxis=nats, bargap=0.25
        )
        self.figures = [self.usage, self.lengths, *([self.costs] if spread else [])]
        places = list(range(1, n_atoms + 1))
        self.usage.bars("shares", "$fit", x=places, hover="atom %{x}: used in %{y:.1%} of the pictures")
        self.usage.points("unused", "$muted", "unused", size=6, symbol="x", hover="atom %{x} is unused")
        self.lengths.bars("lengths", "$text", x=places, hover="atom %{x}: length %{y:.3f}")
        self.costs.bars("costs", "$penalty", x=places, hover="atom %{x}: λ E|h| = %{y:.3f}")
        ends = {"x": [0.5, n_atoms + 0.5], "y": [1, 1]}
        self.lengths.curve("limit", "$penalty", width=2, dash="dash", visible=constrained, **ends)
        self.costs.curve("rest", "$text", width=2, dash="dash", visible=not constrained, **ends)

    def changes(self, moment: Moment) -> Json:
        unused = (moment.unused + 1).tolist()
        return {
            **self.usage["shares"].set(y=moment.shares),
            **self.usage["unused"].set(x=unused, y=[0] * len(unused)),
            **self.lengths["lengths"].set(y=moment.lengths),
            **(self.costs["costs"].set(y=moment.costs) if self.costs in self.figures else {}),
        }
