"""The signal, what the code makes of it, and what is left: in the plane, as curves, or as images."""

from __future__ import annotations

import numpy as np

from em_core.files.fields import Array
from figures.look import layout, palette
from figures.look.encode import Json, numbers
from figures.map.moment import Background, Signal

_CHAIN, _LEFT, _SUM = range(3)


def figure(background: Background, signal: Signal) -> Json:
    return {"plane": _plane, "curve": _curves, "image": _images}[signal.kind](background, signal)


def changes(background: Background, signal: Signal, code: Array) -> Json:
    """Wh + b and the residual for this code."""
    problem = background.problem
    made = problem.dictionary @ code + np.asarray(problem.offset)
    left = problem.signal - made
    if signal.kind == "plane":
        ends = np.cumsum(np.vstack([np.asarray(problem.offset), (problem.dictionary * code).T]), axis=0)
        return {
            f"signal/{_CHAIN}/x": ends[:, 0].tolist(),
            f"signal/{_CHAIN}/y": ends[:, 1].tolist(),
            f"signal/{_LEFT}/x": [float(made[0]), float(problem.signal[0])],
            f"signal/{_LEFT}/y": [float(made[1]), float(problem.signal[1])],
            f"signal/{_SUM}/x": [float(made[0])],
            f"signal/{_SUM}/y": [float(made[1])],
        }
    if signal.kind == "curve":
        return {"signal/1/y": numbers(made), "signal/2/y": numbers(left)}
    shape = f"{signal.shape[0]}, {signal.shape[1]}"
    return {
        "signal/1/z": {**numbers(made), "shape": shape},
        "signal/2/z": {**numbers(left), "shape": shape},
    }


def _plane(background: Background, signal: Signal) -> Json:
    problem = background.problem
    line = {"type": "scatter", "x": [], "y": [], "hoverinfo": "skip"}
    data = [
        {
            **line,
            "mode": "lines+markers",
            "name": "h₁w₁ + h₂w₂ …",
            "line": {"color": "$fit", "width": 3},
            "marker": {"symbol": "arrow", "size": 11, "angleref": "previous", "color": "$fit"},
        },
        {**line, "mode": "lines", "name": "residual", "line": {"color": "$muted", "width": 2, "dash": "dot"}},
        {**line, "mode": "markers", "name": "Wh + b", "marker": {"color": "$fit", "size": 12, "symbol": "diamond"}},
        {
            **line,
            "mode": "markers",
            "name": "v",
            "x": [float(problem.signal[0])],
            "y": [float(problem.signal[1])],
            "marker": {"color": "$text", "size": 13, "symbol": "x"},
        },
    ]
    reach = 1.25 * max(1.0, float(np.abs(problem.signal).max()), float(np.abs(problem.dictionary).max()))
    for k, atom in enumerate(problem.dictionary.T):
        data.append(
            {
                **line,
                "mode": "lines+text",
                "x": [0, float(atom[0])],
                "y": [0, float(atom[1])],
                "text": ["", f"w{'₁₂₃₄₅₆₇₈₉'[k % 9]}"],
                "textposition": "top center",
                "textfont": {"size": 15, "color": palette.component(k + 1)},
                "line": {"color": palette.component(k + 1), "width": 2.5},
                "showlegend": False,
            }
        )
    zero = {"zeroline": True, "zerolinecolor": "$faint", "range": [-reach, reach]}
    shape = layout.figure(
        x="v₁", y="v₂", legend=True, xaxis=zero, yaxis={**zero, "scaleanchor": "x"}, **layout.LEGEND_ABOVE
    )
    return {"data": data, "layout": shape}


def _curves(background: Background, signal: Signal) -> Json:
    problem = background.problem
    places = list(range(problem.n_dimensions))
    line = {"type": "scatter", "mode": "lines", "x": places, "y": []}
    data = [
        {**line, "name": "v", "y": numbers(problem.signal), "line": {"color": "$text", "width": 2}},
        {**line, "name": "Wh + b", "line": {"color": "$fit", "width": 3}},
        {**line, "name": "residual", "line": {"color": "$muted", "width": 1.5, "dash": "dot"}},
    ]
    reach = 1.3 * float(np.abs(problem.signal).max())
    shape = layout.figure(x="sample", legend=True, yaxis={"range": [-reach, reach]}, **layout.LEGEND_ABOVE)
    return {"data": data, "layout": shape}


def _images(background: Background, signal: Signal) -> Json:
    problem = background.problem
    height, width = signal.shape
    image = {"type": "heatmap", "showscale": False, "hoverinfo": "skip", "colorscale": "Greys", "reversescale": True}
    low, high = float(problem.signal.min()), float(problem.signal.max())
    half = (high - low) / 2
    data = [
        {**image, "z": _matrix(problem.signal, signal), "zmin": low, "zmax": high},
        {**image, "z": [], "zmin": low, "zmax": high, "xaxis": "x2", "yaxis": "y2"},
        {**image, "z": [], "zmin": -half, "zmax": half, "xaxis": "x3", "yaxis": "y3"},
    ]
    shape = layout.figure(margin={"l": 6, "r": 6, "t": 26, "b": 6})
    notes = []
    for i, (title, left) in enumerate((("v", 0.0), ("Wh + b", 0.345), ("residual", 0.69)), start=1):
        mark = "" if i == 1 else str(i)
        domain = [left, left + 0.31]
        shape[f"xaxis{mark}"] = layout.hidden_axis(
            -0.5, width - 0.5, domain=domain, anchor=f"y{mark}", constrain="domain"
        )
        shape[f"yaxis{mark}"] = layout.hidden_axis(
            height - 0.5, -0.5, anchor=f"x{mark}", scaleanchor=f"x{mark}", constrain="domain"
        )
        notes.append(
            {
                "text": title,
                "x": 0.5,
                "y": 1.02,
                "xref": f"x{mark} domain",
                "yref": f"y{mark} domain",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 14},
            }
        )
    return {"data": data, "layout": {**shape, "annotations": notes}}


def _matrix(values: Array, signal: Signal) -> Json:
    return {**numbers(values), "shape": f"{signal.shape[0]}, {signal.shape[1]}"}
