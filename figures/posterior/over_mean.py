"""The bound over the place μ of q: shrinking q lowers it as a whole, and its shape becomes that of log p(h, v)."""

from __future__ import annotations

import math

import numpy as np

from em_core.sparse_coding import log_joint
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ, entropy, expected_log_joint
from em_core.sparse_coding.posterior.ladder import Rung
from figures.look import layout
from figures.look.encode import Json, numbers
from figures.look.palette import ELBO, EVIDENCE, GAP
from figures.posterior.moment import NARROWEST, Background, Ladder

_BOUND, _EVIDENCE, _LIMIT, _GAP, _HERE = range(5)
_EXPECTED, _POINT, _MODE, _AT = range(4)
GLIDES = (f"lower/{_BOUND}", f"lower/{_GAP}", f"lower/{_HERE}", f"moves/{_EXPECTED}")


def figures(background: Background) -> dict[str, Json]:
    """The whole bound, and without its entropy: what of it moves with μ."""
    evidence, window = background.posterior.log_evidence, background.window[0].tolist()
    problem, mode = background.problem, background.posterior.mode
    line = {"type": "scatter", "mode": "lines", "x": [], "y": [], "hoverinfo": "skip"}
    marker = {"type": "scatter", "mode": "markers", "x": [], "y": [], "hoverinfo": "skip", "showlegend": False}
    limit = {"name": "log p(h = μ, v)", "line": {"color": "$certificate", "width": 2, "dash": "dash"}}
    lower = [
        {
            **line,
            "name": "ELBO",
            "line": {"color": ELBO, "width": 2.5},
            "hovertemplate": "ELBO %{y:.3f}<extra></extra>",
        },
        {**line, "name": "log p(v)", "x": window, "y": [evidence] * 2, "line": {"color": EVIDENCE, "width": 2.5}},
        {**line, **limit, "hoverinfo": "skip"},
        {**line, "line": {"color": GAP, "width": 4}, "showlegend": False},
        {**marker, "marker": {"color": [EVIDENCE, ELBO], "size": 11, "symbol": "square"}},
    ]
    height = log_joint(problem, mode)
    moves = [
        {
            **line,
            "name": "E log p(h,v)",
            "line": {"color": ELBO, "width": 2.5},
            "hovertemplate": "E log p(h,v) %{y:.3f}<extra></extra>",
        },
        {**line, **limit, "hovertemplate": "log p(h = μ, v) %{y:.3f}<extra></extra>"},
        {
            **marker,
            "name": "MAP",
            "x": [float(mode[0])],
            "y": [height],
            "marker": {
                "symbol": "star",
                "size": 15,
                "color": "$certificate",
                "line": {"color": "$paper", "width": 1.5},
            },
            "showlegend": True,
        },
        {**marker, "marker": {"color": ELBO, "size": 11, "symbol": "square"}},
    ]
    depth = -background.n_units * math.log(NARROWEST)
    unit = "μ" if background.n_units == 1 else "μ₁"
    return {
        "lower": {
            "data": lower,
            "layout": layout.figure(
                x=unit,
                y="nats",
                legend=True,
                xaxis={"range": window},
                yaxis={"range": [evidence - depth - 4, evidence + 0.14 * depth]},
                corner={"y": 0.02, "yanchor": "bottom"},
            ),
        },
        "moves": {
            "data": moves,
            "layout": layout.figure(
                x=unit,
                y="nats",
                legend=True,
                xaxis={"range": window},
                yaxis={"range": [height - 9, height + 2.2]},
                corner={"y": 1.02},
            ),
        },
    }


def changes(ladder: Ladder, rung: Rung) -> Json:
    """No curve for the posterior itself, which stands at no μ."""
    if rung.kind == "exact":
        empty = {f"lower/{_BOUND}/x": [None], f"lower/{_BOUND}/y": [None]}
        expected = {f"moves/{_EXPECTED}/x": [None], f"moves/{_EXPECTED}/y": [None]}
        gone = {f"{name}/x": [None, None] for name in (f"lower/{_GAP}", f"lower/{_HERE}", f"moves/{_AT}")}
        gone |= {f"{name}/y": [None, None] for name in (f"lower/{_GAP}", f"lower/{_HERE}", f"moves/{_AT}")}
        return empty | expected | gone | _points(ladder, rung.q)
    return here(ladder, rung.q) | _points(ladder, rung.q)


def here(ladder: Ladder, q: GaussianQ) -> Json:
    """The curves for this q, and where it stands on them."""
    places, joint, _ = ladder.over_mean(q)
    problem, evidence, own = ladder.background.problem, ladder.background.posterior.log_evidence, entropy(q)
    mean, height = float(q.mean[0]), expected_log_joint(problem, q)
    result = {
        f"moves/{_EXPECTED}/x": numbers(places),
        f"moves/{_EXPECTED}/y": numbers(joint),
        f"moves/{_AT}/x": [mean],
        f"moves/{_AT}/y": [height],
    }
    if q.is_dirac:  # its bound is −∞ everywhere
        low = ladder.background.posterior.log_evidence + 3 * ladder.background.n_units * math.log(NARROWEST)
        curve = {f"lower/{_BOUND}/x": numbers(places), f"lower/{_BOUND}/y": numbers(np.full(len(places), low))}
        pair = {"x": [mean, mean], "y": [evidence, low]}
    else:
        curve = {f"lower/{_BOUND}/x": numbers(places), f"lower/{_BOUND}/y": numbers(joint + own)}
        pair = {"x": [mean, mean], "y": [evidence, height + own]}
    return result | curve | {f"lower/{trace}/{axis}": pair[axis] for trace in (_GAP, _HERE) for axis in "xy"}


def _points(ladder: Ladder, q: GaussianQ) -> Json:
    places, _, points = ladder.over_mean(q)
    traces = (f"moves/{_POINT}", f"lower/{_LIMIT}")
    return {f"{trace}/{axis}": numbers(part) for trace in traces for axis, part in (("x", places), ("y", points))}
