"""The atoms as a montage: every column of W as a small picture, in its place throughout the run."""

from __future__ import annotations

import math

import numpy as np

from figures.dictionary.moment import Moment
from figures.dictionary.words import origin
from figures.em.data_views.base import montage
from figures.look import layout
from figures.look.encode import Json, grey
from figures.look.wording import number

_TILES, _MARKS = range(2)
# from black through grey at 0 to white; the gap between pictures is none of these
GREYS = [[0, "$faint"], [0.5 / 255, "$faint"], [0.5 / 255, "#000000"], [1, "#ffffff"]]


# the same, with nothing where there is no picture
LOOSE = [[0, "rgba(0,0,0,0)"], [0.5 / 255, "rgba(0,0,0,0)"], *GREYS[2:]]


def picture(values: Json, **more: object) -> Json:
    """A grey picture of packed values."""
    return {
        "type": "heatmap",
        "z": values,
        "zmin": 0,
        "zmax": 255,
        "colorscale": GREYS,
        "showscale": False,
        "hoverinfo": "skip",
        **more,
    }


def across(n_atoms: int) -> int:
    """How many atoms stand in a row."""
    return math.ceil(math.sqrt(n_atoms))


def figure(n_atoms: int, shape: tuple[int, int]) -> Json:
    """The atoms of one start."""
    height, width = _size(n_atoms, shape)
    shown = layout.figure(margin={"l": 6, "r": 6, "t": 6, "b": 6}, hovermode="closest", hoverdistance=60)
    shown["xaxis"] = layout.hidden_axis(-1, width + 0.5, constrain="domain")
    shown["yaxis"] = layout.hidden_axis(height + 0.5, -1, scaleanchor="x", constrain="domain")
    return {"data": _traces(n_atoms, shape), "layout": shown}


def changes(name: str, moment: Moment, shape: tuple[int, int], first: int = 0) -> Json:
    """W, each atom on its own scale, from trace `first` on; crosses on unused atoms, stars on revived ones."""
    n_atoms = moment.atoms.shape[1]
    tiles = montage(scaled(moment), shape, across(n_atoms))
    symbols, visible, colors = ["x"] * n_atoms, [0.0] * n_atoms, ["$paper"] * n_atoms
    for k in moment.unused:
        visible[k] = 1.0
    for k in moment.revived:
        symbols[k], visible[k], colors[k] = "star", 1.0, "$certificate"
    return {
        f"{name}/{first + _TILES}/z": grey(tiles, -1, 1),
        f"{name}/{first + _MARKS}/marker.symbol": symbols,
        f"{name}/{first + _MARKS}/marker.opacity": visible,
        f"{name}/{first + _MARKS}/marker.color": colors,
        f"{name}/{first + _MARKS}/text": _told(moment),
    }


def pair_figure(n_atoms: int, shape: tuple[int, int]) -> Json:
    """The atoms of both starts beside each other."""
    height, width = _size(n_atoms, shape)
    second = width + _apart(shape)
    shown = layout.figure(margin={"l": 6, "r": 6, "t": 26, "b": 6}, hovermode="closest", hoverdistance=60)
    shown["xaxis"] = layout.hidden_axis(-1, second + width + 0.5, constrain="domain")
    shown["yaxis"] = layout.hidden_axis(height + 0.5, -1, scaleanchor="x", constrain="domain")
    shown["annotations"] = [
        {
            "text": name,
            "x": place + width / 2,
            "y": -1,
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 14, "color": "$muted"},
        }
        for name, place in (("this start", 0), ("second start", second))
    ]
    return {"data": _traces(n_atoms, shape) + _traces(n_atoms, shape, second), "layout": shown}


def pair_changes(name: str, moment: Moment, other: Moment, shape: tuple[int, int]) -> Json:
    """W of both, as each by itself."""
    return changes(name, moment, shape) | changes(name, other, shape, first=2)


def _traces(n_atoms: int, shape: tuple[int, int], left: int = 0) -> list[Json]:
    """The tiles and the marks on them, `left` pixels to the right."""
    (height, width), columns, places = shape, across(n_atoms), np.arange(n_atoms)
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": (left + (places % columns) * (width + 1) + (width - 1) / 2).tolist(),
        "y": ((places // columns) * (height + 1) + (height - 1) / 2).tolist(),
        "text": [],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "symbol": [],
            "opacity": [],
            "size": 13,
            "color": [],
            "line": {"color": "$text", "width": 1.5},
        },
    }
    return [picture(grey(np.full(_size(n_atoms, shape), np.nan), -1, 1), x0=left, dx=1), marks]


def _size(n_atoms: int, shape: tuple[int, int]) -> tuple[int, int]:
    """Pixels of a montage, down and across."""
    (height, width), columns = shape, across(n_atoms)
    return -(-n_atoms // columns) * (height + 1) - 1, columns * (width + 1) - 1


def _apart(shape: tuple[int, int]) -> int:
    """Columns between the two montages."""
    return shape[1] + 2


def scaled(moment: Moment) -> np.ndarray:
    """(K, D) atoms as pictures from −1 to 1, each on its own scale; one that is mostly negative is turned round."""
    atoms = moment.atoms * moment.signs
    return (atoms / np.maximum(np.abs(atoms).max(axis=0), 1e-300)).T


def note(moment: Moment) -> str:
    if moment.codes is None:
        return origin(moment)
    parts = []
    if moment.revived:
        parts.append(f"★ {len(moment.revived)} revived")
    elif len(moment.unused):
        parts.append(f"✕ {len(moment.unused)} unused")
    if moment.second is not None and moment.joint is not None and moment.second.joint is not None:
        higher = moment.second.joint - moment.joint
        parts.append(f"second start {number(abs(higher), 1)} nats {'higher' if higher >= 0 else 'lower'}")
    return " · ".join(parts)


def _told(moment: Moment) -> list[str]:
    lengths = np.linalg.norm(moment.atoms, axis=0)
    if moment.shares is None:
        return [f"atom {k + 1}: length {length:.2f}" for k, length in enumerate(lengths)]
    pairs = enumerate(zip(moment.shares, lengths, strict=True))
    return [
        f"atom {k + 1}: in {100 * share:.0f} % of the pictures, length {length:.2f}" for k, (share, length) in pairs
    ]
