"""The objective over two coefficients as contours, with the solver's way in its two parts; or the atoms in use."""

from __future__ import annotations

import numpy as np

from em_core.files.fields import Array
from em_core.sparse_coding import gradient, soft_threshold
from em_core.sparse_coding.problem import objectives
from figures.look import layout
from figures.look.encode import Json, numbers
from figures.map.moment import PARTS, Background, Signal, Step

_GRID = 90

_CONTOUR, _AHEAD, _MOVED, _SHRUNK, _PATH, _OPTIMUM, _HERE = range(7)
_ATOMS, _USED = range(2)


def is_drawn(background: Background, signal: Signal) -> bool:
    """Whether the code has few enough coefficients for a landscape."""
    return signal.kind == "plane" and background.problem.n_atoms in (2, 3)


def figure(background: Background, signal: Signal) -> Json:
    return _landscape(background) if is_drawn(background, signal) else _montage(background, signal)


def changes(background: Background, signal: Signal, step: Step) -> Json:
    """Where the solver stands, or how much it uses each atom."""
    code = step.state.code
    if is_drawn(background, signal):
        return here(code)
    if signal.kind != "image":
        used = np.flatnonzero(code)
        return {f"picture/{_USED}/x": used.tolist(), f"picture/{_USED}/y": [_margin(background) / 2] * len(used)}
    across, down = _grid(len(code))
    use = np.full(across * down, np.nan)
    use[: len(code)] = np.abs(code) / (np.abs(background.optimum).max() or 1.0)
    use[use == 0] = np.nan
    return {f"picture/{_USED}/z": {**numbers(use), "shape": f"{down}, {across}"}}


def here(code: Array) -> Json:
    return {f"picture/{_HERE}/x": [float(code[0])], f"picture/{_HERE}/y": [float(code[1])]}


def append(background: Background, signal: Signal, step: Step) -> Json:
    """What this step adds to the way."""
    if not is_drawn(background, signal):
        return {}
    code = step.state.code
    result: Json = {f"picture/{_PATH}/x": [float(code[0])], f"picture/{_PATH}/y": [float(code[1])]}
    solver = background.experiment.solver
    if step.made and solver in PARTS:
        parts = PARTS[solver](background.problem, step.before)
        for trace, start, stop in (
            (_AHEAD, step.before.code, parts.start),
            (_MOVED, parts.start, parts.moved),
            (_SHRUNK, parts.moved, parts.shrunk),
        ):
            result[f"picture/{trace}/x"] = [float(start[0]), float(stop[0]), None]
            result[f"picture/{trace}/y"] = [float(start[1]), float(stop[1]), None]
    return result


def _landscape(background: Background) -> Json:
    problem = background.problem
    start, best = background.experiment.start, background.optimum
    # where gradient steps reach to, at the start and at the end
    reached = [code - gradient(problem, code) / problem.lipschitz for code in (start, best)]
    corners = np.array([np.zeros(2), *(code[:2] for code in (start, best, *reached))])
    if background.experiment.solver == "omp":  # does not shrink, and is soon done
        corners = np.vstack([corners, background.pursued[:, :2]])
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = 0.25 * max(float((high - low).max()), 0.5)
    x, y = (np.linspace(a - room, b + room, _GRID) for a, b in zip(low, high, strict=True))
    codes = np.zeros((_GRID, _GRID, problem.n_atoms))
    codes[..., 0], codes[..., 1] = x[None, :], y[:, None]
    if problem.n_atoms == 3:
        codes[..., 2] = _best_third(background, codes)
    heights = objectives(problem.target, problem.dictionary, problem.penalty, problem.precision, codes)
    # equal steps of the root: the bowl is quadratic, and equal steps of its height would crowd at the rim
    roots = np.sqrt(np.maximum(heights - background.least, 0))
    contour = {
        "type": "contour",
        "x": x.tolist(),
        "y": y.tolist(),
        "z": roots.round(5).tolist(),
        "contours": {"coloring": "lines", "start": 0, "end": float(roots.max()), "size": float(roots.max()) / 18},
        "colorscale": [[0, "$muted"], [1, "$faint"]],
        "showscale": False,
        "line": {"width": 1.2, "smoothing": 0},
        "hoverinfo": "skip",
    }
    line = {"type": "scatter", "mode": "lines", "x": [], "y": [], "hoverinfo": "skip", "connectgaps": False}
    data = [
        contour,
        {**line, "name": "ahead", "line": {"color": "$muted", "width": 1.5, "dash": "dot"}},
        {**line, "name": "gradient", "line": {"color": "$fit", "width": 3}},
        {**line, "name": "shrink", "line": {"color": "$penalty", "width": 3, "dash": "4px,2px"}},
        {
            **line,
            "name": "code",
            "mode": "lines+markers",
            "line": {"color": "$text", "width": 1.2},
            "marker": {"size": 5},
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "optimum",
            "x": [float(best[0])],
            "y": [float(best[1])],
            "marker": {"symbol": "star", "size": 15, "color": "$certificate", "line": {"color": "$text", "width": 1}},
            "hovertemplate": "most likely h<br>%{x:.4f}, %{y:.4f}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [],
            "y": [],
            "marker": {"symbol": "circle", "size": 12, "color": "$text"},
            "hovertemplate": "h = (%{x:.4f}, %{y:.4f})<extra></extra>",
            "showlegend": False,
        },
    ]
    if background.experiment.solver not in PARTS:
        for trace in (_AHEAD, _MOVED, _SHRUNK):
            data[trace]["showlegend"] = False
    elif background.experiment.solver == "ista":
        data[_AHEAD]["showlegend"] = False
    zero = {"zeroline": True, "zerolinecolor": "$text", "zerolinewidth": 1, "showgrid": False}
    shape = layout.figure(
        x="h₁",
        y="h₂",
        legend=True,
        xaxis={"range": [float(x[0]), float(x[-1])], **zero},
        yaxis={"range": [float(y[0]), float(y[-1])], **zero},
    )
    shape["margin"]["t"] = 28
    shape["legend"] |= {"y": 1.0, "yanchor": "bottom", "font": {"size": 12}}
    return {"data": data, "layout": shape}


def _best_third(background: Background, codes: Array) -> Array:
    """The third coefficient at its best for the first two: a soft threshold of what they leave over."""
    problem = background.problem
    atom = problem.dictionary[:, 2]
    curvature = problem.precision * float(atom @ atom)
    pull = problem.precision * ((problem.target - codes @ problem.dictionary.T) @ atom)
    return soft_threshold(pull, problem.penalty) / curvature


def _montage(background: Background, signal: Signal) -> Json:
    """Every atom as a small picture, tinted by how much of it is used; or as a column, marked where it is used."""
    return _tiles(background, signal.shape) if signal.kind == "image" else _columns(background)


def _tiles(background: Background, shape: tuple[int, int]) -> Json:
    dictionary, (height, width) = background.problem.dictionary, shape
    across, down = _grid(dictionary.shape[1])
    picture = np.full((down * (height + 1), across * (width + 1)), np.nan)
    for k, atom in enumerate(dictionary.T):
        row, column = divmod(k, across)
        top, left = row * (height + 1), column * (width + 1)
        picture[top : top + height, left : left + width] = (atom / np.abs(atom).max()).reshape(shape)
    tint = {
        "type": "heatmap",
        "z": [],
        "x0": (width - 1) / 2,
        "dx": width + 1,
        "y0": (height - 1) / 2,
        "dy": height + 1,
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, "rgba(0, 190, 130, 0.35)"], [1, "rgba(0, 190, 130, 0.85)"]],
        "showscale": False,
        "hoverongaps": False,
        "hovertemplate": "|h| as a share of the largest: %{z:.2f}<extra></extra>",
    }
    shape_ = layout.figure(margin={"l": 6, "r": 6, "t": 6, "b": 6})
    shape_["xaxis"] = layout.hidden_axis(-1, picture.shape[1], constrain="domain")
    shape_["yaxis"] = layout.hidden_axis(picture.shape[0], -1, scaleanchor="x", constrain="domain")
    return {"data": [_heatmap(picture), tint], "layout": shape_}


def _columns(background: Background) -> Json:
    problem = background.problem
    rows = problem.n_dimensions
    used = {
        "type": "scatter",
        "mode": "markers",
        "x": [],
        "y": [],
        "marker": {"symbol": "triangle-down", "size": 9, "color": "$fit"},
        "hoverinfo": "skip",
    }
    shape = layout.figure(
        x="atom",
        y="sample",
        xaxis={"range": [-0.5, problem.n_atoms - 0.5]},
        yaxis={"range": [rows - 0.5, _margin(background)]},
    )
    return {"data": [_heatmap(problem.dictionary), used], "layout": shape}


def _margin(background: Background) -> float:
    """Room above the columns for their marks, in samples."""
    return -0.1 * background.problem.n_dimensions - 0.5


def _heatmap(picture: Array) -> Json:
    return {
        "type": "heatmap",
        "z": {**numbers(picture), "shape": f"{picture.shape[0]}, {picture.shape[1]}"},
        "colorscale": "Greys",
        "zmid": 0,
        "showscale": False,
        "hoverinfo": "skip",
    }


def _grid(n_atoms: int) -> tuple[int, int]:
    """Tiles across and down."""
    across = int(np.ceil(np.sqrt(n_atoms)))
    return across, int(np.ceil(n_atoms / across))
