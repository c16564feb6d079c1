"""The gradient of the ELBO beside that of log p: at q = posterior the dots stand in their rings."""

from __future__ import annotations

from itertools import accumulate, groupby

import numpy as np

from em_core.bound import Slopes, slopes
from em_core.files.errors import HalfStepFailed
from em_core.m_steps import minibatch_slope
from em_core.trajectory import draws
from figures.em.moment import Moment
from figures.look import layout, wording
from figures.look.encode import Json
from figures.look.palette import ELBO, EVIDENCE, component

# the moves that this picture explains
LETTERS = frozenset("GSAB")
DIVIDER: Json = {"color": "$faint", "width": 1}


def figure() -> Json:
    marker = {"type": "scatter", "mode": "markers", "x": [], "y": []}
    ring = {"color": ELBO, "size": 15, "symbol": "circle-open", "line": {"width": 3}}
    data = [
        {**marker, "name": "∇ELBO", "marker": ring, "hovertemplate": "%{text}: ∇ELBO %{y:.6f}<extra></extra>"},
        {
            **marker,
            "name": "∇log p",
            "marker": {"color": EVIDENCE, "size": 7},
            "hovertemplate": "%{text}: ∇log p %{y:.6f}<extra></extra>",
        },
        {
            **marker,
            "name": "batch",
            "marker": {"color": component(2), "size": 9, "symbol": "x"},
            "hovertemplate": "%{text}: minibatch %{y:.6f}<extra></extra>",
            "visible": False,
        },
    ]
    shape = layout.figure(
        x=" ",  # the parameters, from left to right
        y="slope per unit",
        legend=True,
        shapes=[],
        corner={**layout.LEGEND_ABOVE["corner"], "itemwidth": 30, "entrywidth": 46},
        margin={**layout.LEGEND_ABOVE["margin"], "b": 24},
        xaxis={"showticklabels": False, "ticks": "", "showgrid": False, "title.standoff": 2},
        yaxis={"zeroline": True, "zerolinecolor": "$faint"},
    )
    return {"data": data, "layout": shape}


def changes(moment: Moment) -> Json:
    """Both gradients at this half-step, and what the minibatch of a coming S makes of the first."""
    found = _found(moment)
    if found is None:
        nothing: Json = {f"slopes/{trace}/{key}": [] for trace in range(3) for key in ("x", "y", "text")}
        return nothing | {"slopes/2/visible": False, "slopes/xaxis.title.text": " ", "slopes/shapes": []}
    x = list(range(1, len(found.places) + 1))
    names = [name.replace("_", " ") for name in found.parameters]
    groups = [(name, len(list(those))) for name, those in groupby(names)]
    ends = list(accumulate(size for _, size in groups))
    result: Json = {
        "slopes/2/visible": moment.next_move == "S",
        "slopes/xaxis.title.text": " │ ".join(name for name, _ in groups),
        "slopes/shapes": [
            {"type": "line", "x0": end + 0.5, "x1": end + 0.5, "yref": "paper", "y0": 0, "y1": 1, "line": DIVIDER}
            for end in ends[:-1]
        ],
    }
    drawn = [found.elbo, found.log_evidence]
    if moment.next_move == "S":
        experiment, index = moment.experiment, moment.index + 1
        batch = int(experiment.moves["S"]["batch"])
        slope, _ = minibatch_slope(
            experiment.model, experiment.data, moment.step.after, batch, draws(experiment, index)
        )
        drawn.append(slope[found.places])
    for trace in range(3):
        there = trace < len(drawn)
        for key, values in (("x", x), ("y", drawn[trace].tolist() if there else []), ("text", names)):
            result[f"slopes/{trace}/{key}"] = values if there else []
    return result


def note(moment: Moment) -> str:
    """How far the two gradients are apart."""
    found = _found(moment)
    if found is None or not len(found.places):
        return ""
    apart = float(np.abs(found.elbo - found.log_evidence).max())
    if moment.step.after.q_at is moment.step.after.theta:
        return f"gradients equal up to {wording.power(apart) if apart else '0'}"
    return f"gradients up to {wording.number(apart)} apart"


def _found(moment: Moment) -> Slopes | None:
    state = moment.step.after
    if state.q is None:
        return None
    try:
        return slopes(moment.experiment.model, moment.experiment.data, state)
    except HalfStepFailed:
        return None
