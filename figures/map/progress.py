"""How far the objective is from the optimum, what the certificate says of it, and the solvers side by side."""

from __future__ import annotations

import numpy as np

from em_core.sparse_coding import SOLVERS
from figures.look import layout, palette
from figures.look.encode import Json, numbers
from figures.map.moment import RACE_STEPS, RACERS, Background, Step

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "5px,2px,1px,2px", "2px,2px")


def figures(background: Background) -> dict[str, Json]:
    """Distance and certificate; support size; the race by steps and by multiplications."""
    return {
        "progress": _distance(background),
        "support": _support(background),
        "race": _race(background, by_steps=True),
        "work": _race(background, by_steps=False),
    }


def append(background: Background, step: Step) -> Json:
    support = int(np.count_nonzero(step.state.code))
    result: Json = {"support/0/x": [step.index], "support/0/y": [support]}
    if step.index > 0:
        # a logarithmic axis has no place for step 0
        result |= {
            "progress/0/x": [step.index],
            "progress/0/y": [_visible(background, step.objective - background.least)],
            "progress/1/x": [step.index],
            "progress/1/y": [_visible(background, step.gap)],
        }
    return result


def changes(background: Background, step: Step) -> Json:
    height = _visible(background, step.objective - background.least)
    place = step.index or None
    return {
        "progress/4/x": [place, place],
        "progress/4/y": [height, _visible(background, step.gap)],
        "support/1/x": [step.index],
        "support/1/y": [int(np.count_nonzero(step.state.code))],
        f"race/{len(RACERS)}/x": [place],
        f"race/{len(RACERS)}/y": [height],
        f"work/{len(RACERS)}/x": [step.state.multiplications or None],
        f"work/{len(RACERS)}/y": [height],
    }


def _visible(background: Background, height: float) -> float:
    """A distance of 0 stands at the level of rounding: a logarithmic axis has no place for it."""
    return max(height, background.rounding)


def _distance(background: Background) -> Json:
    problem = background.problem
    away = float(((background.experiment.start - background.optimum) ** 2).sum())
    steps = np.unique(np.rint(np.geomspace(1, 1000, 40)))
    stride = background.experiment.options.get("step", 1 / problem.lipschitz)
    # theorems for steps up to 1/‖βWᵀW‖₂
    holds = away > 0 and stride <= 1.000001 / problem.lipschitz
    line = {"type": "scatter", "mode": "lines", "x": [], "y": []}
    guide = {**line, "hoverinfo": "skip", "x": numbers(steps)}
    data = [
        {
            **line,
            "name": "objective − optimum",
            "line": {"color": "$text", "width": 2.5},
            "hovertemplate": "above the optimum by %{y:.3g}<extra></extra>",
        },
        {
            **line,
            "name": "certified gap",
            "line": {"color": "$certificate", "width": 2.5, "dash": "dash"},
            "hovertemplate": "certified gap %{y:.3g}<extra></extra>",
        },
        {
            **guide,
            "name": "ISTA's O(1/k)",
            "y": numbers(away / (2 * stride * steps)) if holds else [],
            "line": {"color": "$faint", "width": 1.5},
        },
        {
            **guide,
            "name": "FISTA's O(1/k²)",
            "y": numbers(2 * away / (stride * (steps + 1) ** 2)) if holds else [],
            "line": {"color": "$faint", "width": 1.5, "dash": "dot"},
        },
        {**_ring(["$text", "$certificate"])},
    ]
    first = max(problem.lipschitz * away, 1e-3)
    shape = layout.figure(
        x="step k",
        y="nats",
        legend=True,
        xaxis={"type": "log", "dtick": 1, "range": [0, 3]},
        yaxis={
            "type": "log",
            "dtick": 3,
            "exponentformat": "power",
            "range": [float(np.log10(background.rounding)) - 0.5, float(np.log10(first)) + 1],
        },
    )
    shape["legend"] |= {"y": 0, "yanchor": "bottom", "orientation": "v", "x": 0.02}
    return {"data": data, "layout": shape}


def _support(background: Background) -> Json:
    most = max(int(np.count_nonzero(background.optimum)), 1)
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [],
            "y": [],
            "line": {"color": "$fit", "width": 2.5, "shape": "hv"},
            "marker": {"size": 5, "color": "$fit"},
            "hovertemplate": "%{y} coefficients are not 0<extra></extra>",
        },
        _ring("$fit"),
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, 20],
            "y": [most, most],
            "line": {"color": "$text", "width": 1.5, "dash": "dot"},
            "hovertemplate": f"at the optimum: {most}<extra></extra>",
        },
    ]
    shape = layout.figure(
        x="step k",
        y="coefficients that are not 0",
        xaxis={"autorangeoptions": {"include": [0, 20]}},
        yaxis={"range": [0, background.problem.n_atoms + 1], "tickformat": "d"},
    )
    return {"data": data, "layout": shape}


def _race(background: Background, by_steps: bool) -> Json:
    data = []
    widest = 1.0
    for i, name in enumerate(RACERS):
        heights, work = background.race[name]
        x = np.arange(len(heights)) if by_steps else work
        drawn = x > 0
        widest = max(widest, float(x.max(initial=1.0)))
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(heights) < 12 else "lines",
                "name": SOLVERS[name].title,
                "x": numbers(x[drawn]),
                "y": numbers(heights[drawn]),
                "line": {"color": palette.component(i), "width": 2.5, "dash": _DASHES[i % len(_DASHES)]},
                "marker": {"symbol": palette.symbol(i), "size": 7, "color": palette.component(i)},
                "hovertemplate": f"{SOLVERS[name].title}: %{{y:.3g}}<extra></extra>",
            }
        )
    data.append(_ring("$text"))
    top = max(float(heights[0]) for heights, _ in background.race.values())
    last = RACE_STEPS if by_steps else widest
    low = 0.0 if by_steps else float(np.log10(background.problem.dictionary.size)) - 0.3
    shape = layout.figure(
        x="step k" if by_steps else "multiplications",
        y="objective − optimum",
        legend=True,
        xaxis={"type": "log", "dtick": 1, "range": [low, float(np.log10(last)) + 0.05], "exponentformat": "power"},
        yaxis={
            "type": "log",
            "dtick": 3,
            "exponentformat": "power",
            "range": [float(np.log10(background.rounding)) - 0.5, float(np.log10(max(top, 1e-9))) + 0.5],
        },
    )
    shape["legend"] |= {"y": 0, "yanchor": "bottom", "orientation": "v", "x": 0.02, "font": {"size": 12}}
    return {"data": data, "layout": shape}


def _ring(color: str | list[str]) -> Json:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [],
        "y": [],
        "marker": {"color": color, "size": 12, "symbol": "circle-open", "line": {"width": 3}},
        "hoverinfo": "skip",
        "showlegend": False,
    }
