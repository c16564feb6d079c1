"""The bound and its gap over the width s of a Gaussian that stands still: towards 0 the gap grows without end."""

from __future__ import annotations

import math

import numpy as np

from em_core.records import Bound
from figures.look import layout
from figures.look.encode import Json, numbers
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL
from figures.posterior.moment import NARROWEST, STOPS, Background, Ladder

_BOUND, _EVIDENCE, _HERE = range(3)
_GAP, _LINE, _RING = range(3)
GLIDES = (f"bound/{_HERE}", f"gap/{_RING}")


def figures(background: Background) -> dict[str, Json]:
    line = {"type": "scatter", "mode": "lines", "x": numbers(STOPS), "y": []}
    ring = {"type": "scatter", "mode": "markers", "x": [], "y": [], "hoverinfo": "skip", "showlegend": False}
    axis = {"type": "log", "dtick": 1, "exponentformat": "power", "range": [1, math.log10(NARROWEST) - 0.2]}
    axis["tickfont"] = {"size": 11, "color": "$muted"}
    bound = [
        {
            **line,
            "name": "ELBO",
            "line": {"color": ELBO, "width": 2.5},
            "hovertemplate": "s = %{x:.2g}: ELBO %{y:.3f}<extra></extra>",
        },
        {
            **line,
            "name": "log p(v)",
            "y": [background.posterior.log_evidence] * len(STOPS),
            "line": {"color": EVIDENCE, "width": 2.5},
            "fill": "tonexty",
            "fillcolor": GAP_FILL,
            "hoverinfo": "skip",
        },
        {
            **ring,
            "mode": "lines+markers",
            "line": {"color": GAP, "width": 4},
            "marker": {"color": [EVIDENCE, ELBO], "size": 12, "symbol": "circle-open", "line": {"width": 3}},
        },
    ]
    units = background.n_units
    gap = [
        {
            **line,
            "name": "gap",
            "line": {"color": GAP, "width": 2.5},
            "hovertemplate": "s = %{x:.2g}: gap %{y:.3f}<extra></extra>",
        },
        {
            **line,
            "name": f"{'' if units == 1 else f'{units} × '}(−log s) + constant",
            "line": {"color": "$muted", "width": 1.5, "dash": "dash"},
            "hoverinfo": "skip",
        },
        {**ring, "marker": {"color": GAP, "size": 13, "symbol": "circle-open", "line": {"width": 3}}},
    ]
    return {
        "bound": {
            "data": bound,
            "layout": layout.figure(
                x="width s of q, towards 0",
                y="nats",
                legend=True,
                xaxis=axis,
                corner={"x": 0.17, "y": 0.02, "yanchor": "bottom", "orientation": "v"},
            ),
        },
        "gap": {
            "data": gap,
            "layout": layout.figure(
                x="width s of q, towards 0",
                y="gap (nats)",
                legend=True,
                xaxis=axis,
                corner={"orientation": "v"},
            ),
        },
    }


def curves(ladder: Ladder) -> Json:
    """Where q stands decides the curves; stepping down the ladder leaves them."""
    elbo = np.array([terms.elbo for terms in ladder.over_width])
    gap = np.array([terms.kl for terms in ladder.over_width])
    evidence = ladder.background.posterior.log_evidence
    straight = gap[-1] + ladder.background.n_units * (math.log(NARROWEST) - np.log(STOPS))
    # wide and far q's fall away below the picture
    depth = float(gap[-1]) + 2.0
    return {
        f"bound/{_BOUND}/y": numbers(elbo),
        "bound/yaxis.range": [evidence - depth, evidence + 0.12 * depth],
        f"gap/{_GAP}/y": numbers(gap),
        f"gap/{_LINE}/y": numbers(straight),
        "gap/yaxis.range": [-0.06 * depth, 1.05 * depth],
    }


def here(width: float | None, bound: Bound) -> Json:
    """The rings at this width; none where q has no single width, or none above 0."""
    if width is None or bound.elbo is None or not math.isfinite(bound.elbo):
        return {f"bound/{_HERE}/x": [None, None], f"bound/{_HERE}/y": [None, None]} | {
            f"gap/{_RING}/x": [None],
            f"gap/{_RING}/y": [None],
        }
    return {
        f"bound/{_HERE}/x": [width, width],
        f"bound/{_HERE}/y": [bound.log_evidence, bound.elbo],
        f"gap/{_RING}/x": [width],
        f"gap/{_RING}/y": [bound.kl],
    }
