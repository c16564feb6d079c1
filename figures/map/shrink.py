"""The soft threshold as a curve, with every coefficient on its way through it."""

from __future__ import annotations

import numpy as np

from em_core.files.fields import Array
from em_core.sparse_coding import soft_threshold
from figures.look import layout
from figures.look.encode import Json, numbers
from figures.map.moment import PARTS, Background, Step, shrinkage

_STRAIGHT, _CURVE, _POINTS = range(3)


def figure(background: Background) -> Json:
    problem = background.problem
    threshold = problem.penalty / problem.lipschitz
    largest = max(float(np.abs(background.optimum).max()), float(np.abs(background.experiment.start).max()))
    # around the dead zone: farther out the curve is a straight line
    reach = min(1.25 * largest, 6 * threshold) + 1.5 * threshold
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    data = [
        {
            **line,
            "name": "no shrink",
            "x": [-reach, reach],
            "y": [-reach, reach],
            "line": {"color": "$faint", "width": 1.5, "dash": "dot"},
        },
        {**line, "name": "soft threshold", "x": [], "y": [], "line": {"color": "$penalty", "width": 2.5}},
        {
            "type": "scatter",
            "mode": "markers",
            "name": "coefficients",
            "x": [],
            "y": [],
            "marker": {"color": "$fit", "size": 8},
            "hovertemplate": "%{x:.4f} → %{y:.4f}<extra></extra>",
        },
    ]
    into, out = {"lca": ("membrane potential u", "activation h")}.get(
        background.experiment.solver, ("after the gradient step", "h")
    )
    shape = layout.figure(
        x=into,
        y=out,
        legend=True,
        **layout.LEGEND_ABOVE,
        xaxis={"range": [-reach, reach], "zeroline": True, "zerolinecolor": "$faint"},
        yaxis={"range": [-reach, reach], "zeroline": True, "zerolinecolor": "$faint"},
    )
    return {"data": data, "layout": shape}


def changes(background: Background, step: Step) -> Json:
    into, out, threshold = shrinkage(background.experiment, step)
    reach = 1e3 * max(threshold, 1e-9)
    corners = np.array([-reach, -threshold, threshold, reach])
    return points(into, out) | {
        f"shrink/{_CURVE}/x": corners.tolist(),
        f"shrink/{_CURVE}/y": soft_threshold(corners, threshold).tolist(),
    }


def note(background: Background) -> str:
    """Which points lie on the curve."""
    solver = background.experiment.solver
    return (
        "each step ends on the curve" if solver in PARTS or solver == "lca" else "at the optimum all lie on the curve"
    )


def points(into: Array, out: Array) -> Json:
    return {f"shrink/{_POINTS}/x": numbers(into), f"shrink/{_POINTS}/y": numbers(out)}
