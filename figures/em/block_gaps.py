"""The gap, block of units by block: a partial E-step closes one at a time."""

from __future__ import annotations

from em_core.bound import gap_by_block
from em_core.e_steps import unit_blocks
from figures.em.moment import Moment
from figures.look import layout, wording
from figures.look.encode import Json, finite
from figures.look.palette import GAP

LETTERS = frozenset("P")


def figure() -> Json:
    bars = {
        "type": "bar",
        "x": [],
        "y": [],
        "text": [],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": GAP, "opacity": [], "line": {"color": "$text", "width": []}},
        "hovertemplate": "block %{x}: gap %{text}<extra></extra>",
    }
    shape = layout.figure(
        x="block of units; outlined: the next one",
        y="gap (nats)",
        xaxis={"tickformat": "d"},
        yaxis={"rangemode": "tozero"},
    )
    return {"data": [bars], "layout": shape}


def changes(moment: Moment) -> Json:
    """The gap of each block at this half-step."""
    experiment, state = moment.experiment, moment.step.after
    if state.q is None:
        return {"blocks/0/x": [], "blocks/0/y": []}
    blocks = unit_blocks(experiment.model.n_hidden_units(experiment.data), int(experiment.moves["P"]["blocks"]))
    gaps = gap_by_block(experiment.model, experiment.data, state, blocks)
    following = state.carry.get("P", 0) % len(blocks)
    share = max(1.0, abs(moment.bound.log_evidence)) / len(blocks)
    return {
        "blocks/0/x": list(range(1, len(blocks) + 1)),
        "blocks/0/y": [finite(gap) for gap in gaps],
        "blocks/0/text": [wording.gap(gap, share) for gap in gaps] if len(blocks) <= 12 else [],
        "blocks/0/marker.opacity": [1.0 if i == following else 0.75 for i in range(len(blocks))],
        "blocks/0/marker.line.width": [3 if i == following else 0 for i in range(len(blocks))],
    }
