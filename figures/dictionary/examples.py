"""A few pictures, what their codes make of them, and the atoms that do most of it; and the codes of more."""

from __future__ import annotations

import numpy as np

from em_core.files.experiment import Experiment
from em_core.records import Array
from figures.dictionary.atoms import LOOSE, picture, scaled
from figures.dictionary.moment import Moment
from figures.em.data_views.base import montage
from figures.look import layout
from figures.look.encode import Json, grey

COUNT, PARTS, CODES = 10, 3, 40
_SEEN, _BUILT, _ATOMS = range(3)  # and _WORDS after the last of the atoms
_WORDS = _ATOMS + PARTS
_NO_WORD = " "
# pixels between two pictures
_GAP = 2
# height of the line of numbers below an atom, in pixels of the pictures, for pictures 8 pixels high
_LINE = 0.55


def chosen(experiment: Experiment, count: int) -> np.ndarray:
    """Numbers of so many points, spread over all; of the lively ones where there are enough."""
    energy = (experiment.data.targets**2).sum(axis=1)
    lively = np.flatnonzero(energy >= np.median(energy))
    spread = np.linspace(0, len(lively) - 1, min(count, len(lively))).round().astype(int)
    return lively[spread]


def figures(experiment: Experiment, shape: tuple[int, int]) -> dict[str, Json]:
    height, width = shape
    rows = chosen(experiment, COUNT)
    values = experiment.data.values[rows]
    low, high = _limits(values)
    line = height * (1 + _LINE) + 1
    top = 2 * (height + 1)
    side = len(rows) * (width + _GAP) - _GAP + 0.5
    seen = _row(values, shape)
    words = {
        "type": "scatter",
        "mode": "text",
        "x": [column * (width + _GAP) + (width - 1) / 2 for _ in range(PARTS) for column in range(len(rows))],
        "y": [top + part * line + height * (1 + _LINE / 2) - 0.5 for part in range(PARTS) for _ in rows],
        # Plotly takes the place of an empty word away for good
        "text": [_NO_WORD] * (PARTS * len(rows)),
        "customdata": [""] * (PARTS * len(rows)),
        "textfont": {"size": 10, "color": "$fit"},
        "hovertemplate": "%{customdata}<extra></extra>",
        "cliponaxis": False,
    }
    shown = layout.figure(margin={"l": 62, "r": 4, "t": 4, "b": 4}, hovermode="closest")
    shown["xaxis"] = layout.hidden_axis(-0.5, side, constrain="domain")
    shown["yaxis"] = layout.hidden_axis(top + PARTS * line - 0.5, -0.5, scaleanchor="x", constrain="domain")
    names = [("v", height / 2), ("Wh + b", height * 1.5 + 1), ("atoms", top + height / 2)]
    shown["annotations"] = [
        {"text": name, "x": -0.5, "y": y - 0.5, "xanchor": "right", "xshift": -6, "showarrow": False,
         "font": {"size": 13, "color": "$text" if name == "v" else "$fit"}}
        for name, y in names
    ]  # fmt: skip
    # blank rather than empty: a picture that appears later would take the words with it
    blank = _blank(len(rows), shape)
    atoms = [picture(blank, y0=top + part * line, dy=1, colorscale=LOOSE) for part in range(PARTS)]
    data = [picture(grey(seen, low, high)), picture(blank, y0=height + 1, dy=1), *atoms, words]
    more = chosen(experiment, CODES)
    n_atoms = experiment.start["dictionary"].shape[1]
    codes = {
        "type": "heatmap",
        "z": grey(np.full((len(more), n_atoms), np.nan), 0, 1),
        "zmin": 0,
        "zmax": 255,
        "x": list(range(1, n_atoms + 1)),
        "y": (more + 1).tolist(),
        "colorscale": [[0, "$paper"], [0.5 / 255, "$paper"], [0.5 / 255, "$grid"], [1, "$fit"]],
        "showscale": False,
        "hovertemplate": "picture %{y}, atom %{x}<extra></extra>",
    }
    table = layout.figure(
        x="atom",
        y=f"{len(more)} of {len(experiment.data.values)} pictures",
        xaxis={"range": [0.5, n_atoms + 0.5], "showgrid": False},
        yaxis={"type": "category", "showticklabels": False, "showgrid": False, "autorange": "reversed"},
    )
    return {"examples": {"data": data, "layout": shown}, "codes": {"data": [codes], "layout": table}}


def changes(moment: Moment, shape: tuple[int, int]) -> Json:
    """For the codes and atoms of this half-step."""
    if moment.codes is None:
        return {}  # as the figures are at first
    data = moment.experiment.data
    rows = chosen(moment.experiment, COUNT)
    codes = moment.codes[rows]
    low, high = _limits(data.values[rows])
    built = codes @ moment.atoms.T + data.offset
    result = {f"examples/{_BUILT}/z": grey(_row(built, shape), low, high)}
    order, told, hovers = largest(moment, rows), [], []
    tiles, signs = scaled(moment), moment.signs
    for part in range(PARTS):
        atoms = order[:, part]
        used = codes[np.arange(len(rows)), atoms] != 0
        pictures = np.where(used[:, None], tiles[atoms], np.nan)
        result[f"examples/{_ATOMS + part}/z"] = grey(_row(pictures, shape), -1, 1)
        heights = codes[np.arange(len(rows)), atoms] * signs[atoms]
        told += [_short(height) if there else _NO_WORD for height, there in zip(heights, used, strict=True)]
        hovers += [f"h = {height:+.3g} on atom {k + 1}" for height, k in zip(heights, atoms, strict=True)]
    more = np.abs(moment.codes[chosen(moment.experiment, CODES)])
    scale = float(np.quantile(more[more > 0], 0.98)) if more.any() else 1.0
    return {
        **result,
        f"examples/{_WORDS}/text": told,
        f"examples/{_WORDS}/customdata": hovers,
        "codes/0/z": grey(np.where(more > 0, more, np.nan), 0, scale),
    }


def _short(height: float) -> str:
    """A coefficient in few characters."""
    decimals = 0 if abs(height) >= 9.95 else 1 if abs(height) >= 0.095 else 2
    return f"{height:+.{decimals}f}".replace("-", "−")


def _row(pictures: Array, shape: tuple[int, int]) -> np.ndarray:
    """Pictures (n, pixels) side by side, with a gap that no bar is as wide as."""
    height, width = shape
    wide = np.pad(pictures.reshape(-1, height, width), ((0, 0), (0, 0), (0, _GAP - 1)), constant_values=np.nan)
    return montage(wide.reshape(len(pictures), -1), (height, width + _GAP - 1), len(pictures))[:, : 1 - _GAP]


def _blank(count: int, shape: tuple[int, int]) -> Json:
    return grey(_row(np.full((count, shape[0] * shape[1]), np.nan), shape), 0, 1)


def largest(moment: Moment, rows: np.ndarray) -> np.ndarray:
    """(n, PARTS) the atoms that do most for each of these points: by the length of h_k w_k."""
    assert moment.codes is not None
    sizes = np.abs(moment.codes[rows]) * np.linalg.norm(moment.atoms, axis=0)
    order = np.argsort(-sizes, axis=1, kind="stable")[:, :PARTS]
    return np.pad(order, ((0, 0), (0, PARTS - order.shape[1])), mode="edge")


def note(moment: Moment) -> str:
    """How sparse the codes are."""
    if moment.codes is None:
        return "no codes yet"
    mean = float((moment.codes != 0).sum(axis=1).mean())
    return f"{mean:.1f} of {moment.atoms.shape[1]} not 0 on average"


def _limits(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 1, high + 1)
