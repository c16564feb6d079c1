"""How many pictures use each atom, and how long each atom is."""

from __future__ import annotations

import numpy as np

from figures.dictionary.moment import Moment
from figures.look import layout
from figures.look.encode import Json, numbers


def figures(n_atoms: int, constrained: bool) -> dict[str, Json]:
    places = list(range(1, n_atoms + 1))
    bar = {"type": "bar", "x": places, "y": [], "marker": {"color": "$fit"}}
    unused = {
        "type": "scatter",
        "mode": "markers",
        "x": [],
        "y": [],
        "name": "unused",
        "marker": {"symbol": "x", "size": 6, "color": "$muted"},
        "hovertemplate": "atom %{x} is unused<extra></extra>",
    }
    shares = [
        {**bar, "hovertemplate": "atom %{x}: in %{y:.1%} of the pictures<extra></extra>"},
        unused,
    ]
    lengths = [
        {**bar, "marker": {"color": "$text"}, "hovertemplate": "atom %{x}: length %{y:.3f}<extra></extra>"},
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0.5, n_atoms + 0.5],
            "y": [1, 1],
            "line": {"color": "$penalty", "width": 2, "dash": "dash"},
            "hoverinfo": "skip",
            "visible": constrained,
        },
    ]
    xaxis = {"range": [0.2, n_atoms + 0.8], "showgrid": False, "tickformat": "d"}
    more = {"bargap": 0.25, "showlegend": False}
    low = {"rangemode": "tozero", "autorangeoptions": {"include": [0, 0.1]}}
    return {
        "usage": {
            "data": shares,
            "layout": layout.figure(
                x="atom", y="share of pictures", xaxis=xaxis, yaxis={**low, "tickformat": ".0%"}, **more
            ),
        },
        "lengths": {
            "data": lengths,
            "layout": layout.figure(
                x="atom",
                y="‖w‖",
                xaxis=xaxis,
                yaxis={**low, "autorangeoptions": {"include": [0, 1.1]}},
                **more,
            ),
        },
    }


def changes(moment: Moment) -> Json:
    unused = (moment.unused + 1).tolist()
    return {
        "usage/0/y": numbers(np.zeros(moment.atoms.shape[1]) if moment.shares is None else moment.shares),
        "usage/1/x": unused,
        "usage/1/y": [0] * len(unused),
        "lengths/0/y": numbers(np.linalg.norm(moment.atoms, axis=0)),
    }


def note(moment: Moment) -> str:
    mean = float(np.linalg.norm(moment.atoms, axis=0).mean())
    return f"mean length {mean:.2f}"
