"""Two hidden units: the posterior as contours, MAP, median and mean marked, q as rings; prior and likelihood apart."""

from __future__ import annotations

import math

import numpy as np

from em_core.files.fields import Array
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ
from em_core.sparse_coding.posterior.ladder import Rung
from figures.look import layout
from figures.look.encode import Json, numbers
from figures.posterior.marks import marks
from figures.posterior.moment import Background

_GRID = 141
_ANGLES = np.linspace(0, 2 * np.pi, 181)
# contours and rings: where a density has fallen to e^{−d²/2} of its peak, as a Gaussian's does at d standard deviations
_RINGS = (1.0, 2.0)
_CONTOUR, _RING, _POINT = 0, 1, 3
GLIDES = tuple(f"picture/{trace}" for trace in range(_RING, _POINT + 1))


def figure(background: Background) -> Json:
    line = {"type": "scatter", "mode": "lines", "x": [], "y": [], "hoverinfo": "skip"}
    data = [
        _contours(background),
        {**line, "name": "q", "line": {"color": "$elbo", "width": 3}},
        {**line, "line": {"color": "$elbo", "width": 2, "dash": "dash"}, "showlegend": False},
        {
            "type": "scatter",
            "mode": "markers",
            "x": [],
            "y": [],
            "marker": {"symbol": "circle", "size": 9, "color": "$elbo"},
            "hoverinfo": "skip",
            "showlegend": False,
        },
        *_marks(background),
    ]
    return {"data": data, "layout": _layout(background)}


def parts(background: Background) -> Json:
    """Prior and likelihood: rings of each, the thick ones through the MAP. There they touch."""
    problem, mode = background.problem, background.posterior.mode
    circle = np.array([np.cos(_ANGLES), np.sin(_ANGLES)])
    corners = np.array([[1, 0, -1, 0, 1], [0, 1, 0, -1, 0]]) / problem.penalty
    best = np.linalg.lstsq(problem.dictionary, problem.target, rcond=None)[0]
    ridge = 1e-12 * np.trace(problem.curvature) * np.eye(2)  # copies of an atom: rings without end
    root = np.linalg.cholesky(np.linalg.inv(problem.curvature + ridge))
    touch = math.sqrt(max(0.0, float((mode - best) @ problem.curvature @ (mode - best))))
    prior, likelihood = ([ring(d) for d in (1.0, 2.0, 3.0)] for ring in (
        lambda d: corners * d**2 / 2, lambda d: best[:, None] + d * root @ circle))  # fmt: skip
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "connectgaps": False}
    thin = {"width": 1.5, "dash": "dash"}
    data = [
        {**line, **_joined(prior), "line": {**thin, "color": "$penalty"}, "showlegend": False},
        {**line, **_joined(likelihood), "line": {**thin, "color": "$fit", "dash": "dot"}, "showlegend": False},
        {
            **line,
            **_joined([corners * problem.penalty * float(np.abs(mode).sum())]),
            "name": "prior",
            "line": {"color": "$penalty", "width": 3, "dash": "dash"},
        },
        {
            **line,
            **_joined([best[:, None] + touch * root @ circle]),
            "name": "likelihood",
            "line": {"color": "$fit", "width": 3, "dash": "dot"},
        },
        *_marks(background),
    ]
    return {"data": data, "layout": _layout(background)}


def changes(background: Background, rung: Rung) -> Json:
    return posterior_as_q(background) if rung.kind == "exact" else here(rung.q)


def here(q: GaussianQ) -> Json:
    """The rings of q at one and two widths; a point where they are too small to see."""
    circle = np.array([np.cos(_ANGLES), np.sin(_ANGLES)])
    return _rings([q.mean[:, None] + d * q.width[:, None] * circle for d in _RINGS], q.mean)


def posterior_as_q(background: Background) -> Json:
    """The same rings of the posterior itself, about its own peak."""
    posterior = background.posterior
    directions = np.array([np.cos(_ANGLES), np.sin(_ANGLES)]).T * background.spread
    peak = float(posterior.log_density(posterior.mode))
    rings = []
    for d in _RINGS:
        low, high = np.zeros(len(_ANGLES)), np.full(len(_ANGLES), 1e3)
        for _ in range(60):  # log-concave: along each ray the density only falls
            middle = (low + high) / 2
            inside = posterior.log_density(posterior.mode + middle[:, None] * directions) > peak - d * d / 2
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        rings.append((posterior.mode + low[:, None] * directions).T)
    return _rings(rings, posterior.mode)


def _rings(rings: list[Array], point: Array) -> Json:
    result = {f"picture/{_POINT}/x": [float(point[0])], f"picture/{_POINT}/y": [float(point[1])]}
    for trace, ring in enumerate(rings, start=_RING):
        result |= {f"picture/{trace}/x": numbers(ring[0]), f"picture/{trace}/y": numbers(ring[1])}
    return result


def _contours(background: Background) -> Json:
    posterior = background.posterior
    # both axes have one scale: the picture shows more of one of them than its window
    middle, half = background.window.mean(axis=1), 0.75 * float(np.ptp(background.window, axis=1).max())
    x, y = (np.linspace(place - half, place + half, _GRID) for place in middle)
    codes = np.stack(np.meshgrid(x, y), axis=-1)
    drop = float(posterior.log_density(posterior.mode)) - posterior.log_density(codes)
    return {
        "type": "contour",
        "x": x.tolist(),
        "y": y.tolist(),
        "z": np.sqrt(2 * np.maximum(drop, 0)).round(5).tolist(),
        "contours": {"coloring": "lines", "start": 0.5, "end": 4, "size": 0.5},
        "colorscale": [[0, "$text"], [1, "$faint"]],
        "showscale": False,
        "line": {"width": 1.4, "smoothing": 0},
        "hoverinfo": "skip",
    }


def _marks(background: Background) -> list[Json]:
    posterior = background.posterior
    found = {"MAP": posterior.mode, "median": posterior.median, "mean": posterior.mean}
    pairs = {name: (float(code[0]), float(code[1])) for name, code in found.items()}
    return marks(pairs, pairs=True)


def _layout(background: Background) -> Json:
    zero = {"zeroline": True, "zerolinecolor": "$text", "zerolinewidth": 1, "showgrid": False}
    shape = layout.figure(
        x="h₁",
        y="h₂",
        legend=True,
        xaxis={"range": background.window[0].tolist(), **zero},
        yaxis={"range": background.window[1].tolist(), "scaleanchor": "x", **zero},
        corner={"y": 1.0, "yanchor": "bottom", "font": {"size": 12}, "entrywidth": 54},
    )
    shape["margin"]["t"] = 44
    return shape


def _joined(rings: list[Array]) -> Json:
    gap = np.full((2, 1), np.nan)
    line = np.hstack([part for ring in rings for part in (ring, gap)])
    return {"x": numbers(line[0]), "y": numbers(line[1])}
