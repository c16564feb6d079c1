"""One hidden unit: prior, likelihood and posterior as curves, MAP, median and mean marked, and q over them."""

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

_POINTS = 401
# across the picture, at least
_PIXELS = 600
_PRIOR, _LIKELIHOOD, _POSTERIOR, _Q, _DIRAC = range(5)
GLIDES = (f"picture/{_Q}",)


def figure(background: Background) -> Json:
    h, height = _grid(background), _top(background)
    problem, posterior = background.problem, background.posterior
    line = {"type": "scatter", "mode": "lines", "x": numbers(h)}
    density = np.exp(posterior.log_density(h[:, None]))
    data = [
        {
            **line,
            "name": "prior",
            "y": numbers(problem.penalty / 2 * np.exp(-problem.penalty * np.abs(h))),
            "line": {"color": "$penalty", "width": 2, "dash": "dash"},
            "hovertemplate": "prior %{y:.3f}<extra></extra>",
        },
        {
            **line,
            "name": "likelihood",
            "y": numbers(_likelihood(background, h) * density.max()),
            "line": {"color": "$fit", "width": 2, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            **line,
            "name": "posterior",
            "y": numbers(density),
            "line": {"color": "$text", "width": 2.5},
            "fill": "tozeroy",
            "fillcolor": "$shade",
            "hovertemplate": "posterior %{y:.3f}<extra></extra>",
        },
        {**line, "name": "q", "x": [], "y": [], "line": {"color": "$elbo", "width": 3}, "hoverinfo": "skip"},
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [],
            "y": [],
            "line": {"color": "$elbo", "width": 4},
            "marker": {"symbol": ["circle", "triangle-up"], "size": [1, 15], "color": "$elbo"},
            "hoverinfo": "skip",
            "showlegend": False,
        },
    ]
    places = {name: float(place[0]) for name, place in (("MAP", posterior.mode), ("median", posterior.median),
                                                        ("mean", posterior.mean))}  # fmt: skip
    heights = np.exp(posterior.log_density(np.array(list(places.values()))[:, None]))
    data += marks({name: (x, float(y)) for (name, x), y in zip(places.items(), heights, strict=True)}, pairs=False)
    zero = {"zeroline": True, "zerolinecolor": "$faint", "zerolinewidth": 1}
    shape = layout.figure(
        x="h",
        y="density (likelihood scaled)",
        legend=True,
        xaxis={"range": background.window[0].tolist(), **zero},
        yaxis={"range": [0, height]},
        corner={"y": 1.0, "yanchor": "bottom", "font": {"size": 12}, "entrywidth": 72},
    )
    shape["margin"]["t"] = 44
    return {"data": data, "layout": shape}


def changes(background: Background, rung: Rung) -> Json:
    return posterior_as_q(background) if rung.kind == "exact" else here(background, rung.q)


def here(background: Background, q: GaussianQ) -> Json:
    """q as a curve; the Dirac as an arrow: it has no height."""
    mean, width = float(q.mean[0]), float(q.width[0])
    if width == 0:
        return _curve([mean] * _POINTS, [0.0] * _POINTS) | _arrow([mean, mean], [0.0, 0.93 * _top(background)])
    low, high = background.window[0]
    if 10 * width < (high - low) / _PIXELS:  # Plotly leaves out what lies within a pixel: a stroke stands for it
        x = np.concatenate([[low], np.full(_POINTS - 2, mean), [high]])
        y = np.concatenate([[0, 0], np.full(_POINTS - 4, 40 * _top(background)), [0, 0]])
        return _curve(x, y) | _arrow([None], [None])
    z = np.linspace(-5, 5, _POINTS)
    height = np.exp(-z * z / 2) / (width * math.sqrt(2 * math.pi))
    # far above the picture a line would go astray in single precision
    return _curve(mean + width * z, np.minimum(height, 40 * _top(background))) | _arrow([None], [None])


def posterior_as_q(background: Background) -> Json:
    h = _grid(background)
    return _curve(h, np.exp(background.posterior.log_density(h[:, None]))) | _arrow([None], [None])


def _grid(background: Background) -> Array:
    """Places along h; the kink at 0 and the mode are among them."""
    low, high = background.window[0]
    grid = np.linspace(low, high, _POINTS - 2)
    kink = min(max(0.0, float(low)), float(high))
    return np.sort(np.append(grid, [kink, float(background.posterior.mode[0])]))


def _top(background: Background) -> float:
    peak = float(np.exp(background.posterior.log_density(background.posterior.mode)))
    return 1.35 * peak


def _likelihood(background: Background, h: Array) -> Array:
    """p(v | h) in units of its own maximum over h."""
    problem = background.problem
    atom = problem.dictionary[:, 0]
    best = float(atom @ problem.target) / float(atom @ atom)
    result: Array = np.exp(-float(problem.curvature[0, 0]) * (h - best) ** 2 / 2)
    return result


def _curve(x: Array | list[float], y: Array | list[float]) -> Json:
    return {f"picture/{_Q}/x": numbers(x), f"picture/{_Q}/y": numbers(y)}


def _arrow(x: list[float | None], y: list[float | None]) -> Json:
    return {f"picture/{_DIRAC}/x": x, f"picture/{_DIRAC}/y": y}
