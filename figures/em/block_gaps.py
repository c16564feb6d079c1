"""The gap, block of units by block: a partial E-step closes one at a time."""

from __future__ import annotations

from em_core.bound import gap_by_block
from em_core.e_steps import unit_blocks
from figures.drawing import Figure
from figures.em.moment import Moment
from figures.look import wording
from figures.look.encode import Json, finite
from figures.look.palette import GAP

LETTERS = frozenset("P")


class BlockGaps:
    def __init__(self) -> None:
        self.figure = Figure(
            "blocks",
            x="block of units; outlined: the next one",
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

    def changes(self, moment: Moment) -> Json:
        """The gap of each block at this half-step."""
        experiment, state, bars = moment.experiment, moment.step.after, self.figure["gaps"]
        if state.q is None:
            return bars.empty()
        blocks = unit_blocks(experiment.model.n_hidden_units(experiment.data), int(experiment.moves["P"]["blocks"]))
        gaps = gap_by_block(experiment.model, experiment.data, state, blocks)
        following = state.carry.get("P", 0) % len(blocks)
        share = max(1.0, abs(moment.bound.log_evidence)) / len(blocks)
        return bars.set(
            x=list(range(1, len(blocks) + 1)),
            y=[finite(gap) for gap in gaps],
            text=[wording.gap(gap, share) for gap in gaps] if len(blocks) <= 12 else [],
            marker_opacity=[1.0 if i == following else 0.75 for i in range(len(blocks))],
            marker_line_width=[3 if i == following else 0 for i in range(len(blocks))],
        )
