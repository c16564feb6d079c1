"""The gap, block of units by block: a partial E-step closes one at a time."""

from __future__ import annotations

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from figures.drawing import Figure
from figures.em.picture import Picture
from figures.look import wording
from figures.look.encode import Json, finite
from figures.look.palette import GAP


class BlockGaps(Picture):
    view, place = "decomposition", 1

    def __init__(self, experiment: Experiment) -> None:
        self.figure = Figure(
            "blocks",
            "Gap by block",
            x="block of units (the next one is outlined)",
            y="gap (nats)",
            xaxis={"tickformat": "d"},
            yaxis={"rangemode": "tozero"},
        )
        self.figure.bars(
            "gaps",
            GAP,
            marker_opacity=[],
            marker_line={"color": "$text", "width": []},
            text=[],
            textposition="outside",
            cliponaxis=False,
            hover="block %{x}: gap %{text}",
        )
        self.figures = [self.figure]

    @classmethod
    def shown(cls, experiment: Experiment, letters: str) -> bool:
        return "P" in letters

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        bars, gaps, following = self.figure["gaps"], moment.gaps, moment.next_block
        if gaps is None:
            return bars.empty()
        share = max(1.0, abs(moment.bound.log_evidence)) / len(gaps)
        return bars.set(
            x=list(range(1, len(gaps) + 1)),
            y=[finite(gap) for gap in gaps],
            text=[wording.gap(gap, share) for gap in gaps] if len(gaps) <= 12 else [],
            marker_opacity=[1.0 if i == following else 0.75 for i in range(len(gaps))],
            marker_line_width=[3 if i == following else 0 for i in range(len(gaps))],
        )
