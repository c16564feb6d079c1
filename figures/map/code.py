"""The code as stems, and the exact solution over λ with the present code on it."""

from __future__ import annotations

import numpy as np

from em_core.files.fields import Array
from figures.look import layout
from figures.look.encode import Json, numbers
from figures.map.moment import Background, Step

_STEMS, _HEADS, _TARGET, _POTENTIAL = range(4)


def stems(background: Background) -> Json:
    """A stem for each coefficient that is not 0; rings mark the most likely code."""
    problem = background.problem
    places = np.arange(1, problem.n_atoms + 1)
    best = background.optimum
    line = {"type": "scatter", "x": [], "y": []}
    data = [
        {**line, "mode": "lines", "line": {"color": "$fit", "width": 2.5}, "hoverinfo": "skip", "showlegend": False},
        {
            **line,
            "mode": "markers",
            "name": "h now",
            "marker": {"color": "$fit", "size": 8},
            "hovertemplate": "h%{x} = %{y:.4f}<extra></extra>",
        },
        {
            **line,
            "mode": "markers",
            "name": "most likely h",
            "x": places[best != 0].tolist(),
            "y": best[best != 0].tolist(),
            "marker": {"color": "$text", "size": 11, "symbol": "circle-open", "line": {"width": 1.5}},
            "hovertemplate": "most likely h%{x} = %{y:.4f}<extra></extra>",
        },
    ]
    extent = np.concatenate([best, background.experiment.start])
    if background.experiment.solver == "lca":
        threshold = problem.penalty / problem.lipschitz
        data.append(
            {
                **line,
                "mode": "markers",
                "name": "potential u",
                "marker": {"color": "$penalty", "size": 9, "symbol": "line-ew-open", "line": {"width": 2}},
                "hovertemplate": "u%{x} = %{y:.4f}<extra></extra>",
            }
        )
        for height in (threshold, -threshold):
            data.append(
                {
                    **line,
                    "mode": "lines",
                    "x": [0.5, problem.n_atoms + 0.5],
                    "y": [height, height],
                    "line": {"color": "$penalty", "width": 1, "dash": "dash"},
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
            )
        extent = np.append(extent, [2 * threshold, -2 * threshold])
    if background.experiment.solver == "omp":  # does not shrink
        extent = np.append(extent, background.pursued)
    low, high = min(float(extent.min()), 0.0), max(float(extent.max()), 0.0)
    room = 0.3 * (high - low or 1.0)
    shape = layout.figure(
        x="coefficient",
        y="h",
        legend=True,
        **layout.LEGEND_ABOVE,
        xaxis={
            "range": [0.2 - 0.02 * problem.n_atoms, 0.8 + 1.02 * problem.n_atoms],
            "showgrid": False,
            "tickformat": "d",
            **({"dtick": 1} if problem.n_atoms <= 12 else {}),
        },
        yaxis={"range": [low - room, high + room], "zeroline": True, "zerolinecolor": "$faint"},
    )
    return {"data": data, "layout": shape}


def path(background: Background) -> Json:
    """h over λ as homotopy found it: linear between its knots. The line at λ is where the solver wants to go."""
    problem, solution = background.problem, background.path
    bottom, top = float(solution.penalties[-1]), max(problem.lambda_max, problem.penalty) * 1.3
    used = np.flatnonzero(np.abs(solution.codes).max(axis=0) > 0)
    # linear between the knots in λ, so curved on a logarithmic axis: drawn through many points
    between = np.geomspace(max(bottom, top / 1e3), top, 160)
    penalties = np.union1d(solution.penalties[solution.penalties >= between[0]], between)
    codes = solution.sample(penalties)[:, used]
    gap = np.full((1, len(used)), np.nan)
    x = np.tile(np.append(penalties, np.nan), len(used))
    y = np.vstack([codes, gap]).T.ravel()
    lowest, highest = float(solution.codes.min()), float(solution.codes.max())
    reach = max(highest, -lowest) or 1.0
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": numbers(x),
            "y": numbers(y),
            "line": {"color": "$muted", "width": 1.3},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": [problem.penalty] * 2,
            "y": [-2 * reach, 2 * reach],
            "line": {"color": "$penalty", "width": 2, "dash": "dash"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [],
            "y": [],
            "marker": {"color": "$fit", "size": 8},
            "hovertemplate": "h = %{y:.4f}<extra></extra>",
        },
    ]
    shape = layout.figure(
        x="λ",
        y="h",
        xaxis={"type": "log", "dtick": 1, "range": [float(np.log10(max(bottom, top / 1e3))), float(np.log10(top))]},
        yaxis={
            "range": [min(1.15 * lowest, -0.15 * reach), max(1.15 * highest, 0.15 * reach)],
            "zeroline": True,
            "zerolinecolor": "$faint",
        },
    )
    return {"data": data, "layout": shape}


def changes(background: Background, step: Step) -> Json:
    result = here(background, step.state.code, getattr(step.state, "penalty", background.problem.penalty))
    if background.experiment.solver == "lca":
        potential = step.state.potential  # type: ignore[attr-defined]
        result[f"code/{_POTENTIAL}/x"] = list(range(1, len(potential) + 1))
        result[f"code/{_POTENTIAL}/y"] = numbers(potential)
    return result


def here(background: Background, code: Array, penalty: float) -> Json:
    """The stems of this code, and its place on the path at λ = `penalty`."""
    used = np.flatnonzero(code)
    places, gap = used + 1.0, np.full(len(used), np.nan)
    return {
        f"code/{_STEMS}/x": numbers(np.column_stack([places, places, gap])),
        f"code/{_STEMS}/y": numbers(np.column_stack([np.zeros(len(used)), code[used], gap])),
        f"code/{_HEADS}/x": (used + 1).tolist(),
        f"code/{_HEADS}/y": numbers(code[used]),
        "path/2/x": [penalty] * len(used),
        "path/2/y": numbers(code[used]),
    }
