"""The atoms as a montage: every column of W as a small picture, in its place throughout the run."""

from __future__ import annotations

import math

import numpy as np

from figures import layout
from figures.data_views.base import montage
from figures.dictionary.moment import Moment
from figures.dictionary.words import origin
from figures.encode import Json, grey
from figures.wording import number

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
    height, width = shape
    columns = across(n_atoms)
    down = -(-n_atoms // columns)
    places = np.arange(n_atoms)
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": ((places % columns) * (width + 1) + (width - 1) / 2).tolist(),
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
    shown = layout.figure(margin={"l": 6, "r": 6, "t": 6, "b": 6}, hovermode="closest", hoverdistance=60)
    shown["xaxis"] = layout.hidden_axis(-1, columns * (width + 1) - 0.5, constrain="domain")
    shown["yaxis"] = layout.hidden_axis(down * (height + 1) - 0.5, -1, scaleanchor="x", constrain="domain")
    blank = np.full((down * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    return {"data": [picture(grey(blank, -1, 1)), marks], "layout": shown}


def changes(name: str, moment: Moment, shape: tuple[int, int]) -> Json:
    """W, each atom on its own scale; crosses on unused atoms, stars on revived ones."""
    n_atoms = moment.atoms.shape[1]
    tiles = montage(scaled(moment), shape, across(n_atoms))
    symbols, visible, colors = ["x"] * n_atoms, [0.0] * n_atoms, ["$paper"] * n_atoms
    for k in moment.unused:
        visible[k] = 1.0
    for k in moment.revived:
        symbols[k], visible[k], colors[k] = "star", 1.0, "$certificate"
    return {
        f"{name}/{_TILES}/z": grey(tiles, -1, 1),
        f"{name}/{_MARKS}/marker.symbol": symbols,
        f"{name}/{_MARKS}/marker.opacity": visible,
        f"{name}/{_MARKS}/marker.color": colors,
        f"{name}/{_MARKS}/text": _told(moment),
    }


def pair_figure(n_atoms: int, shape: tuple[int, int]) -> Json:
    """The atoms of both starts beside each other."""
    height, width = shape
    columns = across(n_atoms)
    down = -(-n_atoms // columns)
    one = columns * (width + 1) - 1
    shown = layout.figure(margin={"l": 6, "r": 6, "t": 26, "b": 6})
    shown["xaxis"] = layout.hidden_axis(-1, 2 * one + _apart(shape) + 0.5, constrain="domain")
    shown["yaxis"] = layout.hidden_axis(down * (height + 1) - 0.5, -1, scaleanchor="x", constrain="domain")
    shown["annotations"] = [
        {
            "text": name,
            "x": place,
            "y": -1,
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 14, "color": "$muted"},
        }
        for name, place in (("this start", one / 2), ("second start", one + _apart(shape) + one / 2))
    ]
    blank = np.full((down * (height + 1) - 1, 2 * one + _apart(shape)), np.nan)
    return {"data": [picture(grey(blank, -1, 1), colorscale=LOOSE)], "layout": shown}


def pair_changes(name: str, moment: Moment, other: Moment, shape: tuple[int, int]) -> Json:
    """W of both, each atom on its own scale."""
    montages = [montage(scaled(each), shape, across(each.atoms.shape[1])) for each in (moment, other)]
    between = np.full((len(montages[0]), _apart(shape)), np.nan)
    return {f"{name}/{_TILES}/z": grey(np.hstack([montages[0], between, montages[1]]), -1, 1)}


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
        parts.append(f"second start {'+' if higher >= 0 else ''}{number(higher, 1)}")
    return " · ".join(parts)


def _told(moment: Moment) -> list[str]:
    lengths = np.linalg.norm(moment.atoms, axis=0)
    if moment.shares is None:
        return [f"atom {k + 1}: length {length:.2f}" for k, length in enumerate(lengths)]
    pairs = enumerate(zip(moment.shares, lengths, strict=True))
    return [
        f"atom {k + 1}: in {100 * share:.0f} % of the pictures, length {length:.2f}" for k, (share, length) in pairs
    ]
