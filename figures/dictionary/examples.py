"""A few pictures, what their codes make of them, and the atoms that do most of it; and the codes of more."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.dictionary import Moment
from em_core.records import Array
from figures.dictionary.atoms import picture, scaled
from figures.drawing import Figure
from figures.look import layout, palette
from figures.look.encode import Json, grey
from figures.look.montage import montage

COUNT, PARTS, CODES = 10, 3, 40
_NO_WORD = " "
# pixels between two pictures
_APART = 2
# height of the line of numbers below an atom, in pixels of the pictures, for pictures 8 pixels high
_LINE = 0.55


def chosen(experiment: Experiment, count: int) -> np.ndarray:
    """Numbers of so many points, spread over all; of the lively ones where there are enough."""
    energy = (experiment.data.targets**2).sum(axis=1)
    lively = np.flatnonzero(energy >= np.median(energy))
    spread = np.linspace(0, len(lively) - 1, min(count, len(lively))).round().astype(int)
    return lively[spread]


class Examples:
    """Two figures: some pictures with what they are made of, and the codes of more; where codes may have a spread, a
    third: those of the first picture.
    """

    def __init__(self, experiment: Experiment, shape: tuple[int, int], spread: bool = False) -> None:
        self.shape = shape
        self.rows = chosen(experiment, COUNT)
        self.more = chosen(experiment, CODES)
        self.pictures = self._pictures(experiment.data.values[self.rows])
        self.codes = self._codes(experiment)
        self.spread = _spread(experiment) if spread else None
        self.figures = [self.pictures, self.codes, *([self.spread] if self.spread else [])]

    def changes(self, moment: Moment) -> Json:
        """For the codes and atoms of this half-step."""
        data, figure = moment.experiment.data, self.pictures
        codes = moment.codes[self.rows]
        low, high = _limits(data.values[self.rows])
        built = codes @ moment.atoms.T + data.offset
        result = figure["built"].set(z=grey(_row(built, self.shape), low, high))
        order, told, hovers = largest(moment, self.rows), [], []
        tiles, signs = scaled(moment), moment.signs
        for part in range(PARTS):
            atoms = order[:, part]
            heights = codes[np.arange(len(self.rows)), atoms]
            used = moment.clear[self.rows, atoms]
            pictures = np.where(used[:, None], tiles[atoms], np.nan)
            result |= figure[f"atoms {part + 1}"].set(z=grey(_row(pictures, self.shape), -1, 1))
            heights = heights * signs[atoms]
            told += [_short(height) if there else _NO_WORD for height, there in zip(heights, used, strict=True)]
            hovers += [f"h = {height:+.3g} on atom {k + 1}" for height, k in zip(heights, atoms, strict=True)]
        more = np.abs(moment.codes[self.more])
        scale = float(np.quantile(more[more > 0], 0.98)) if more.any() else 1.0
        return {
            **result,
            **figure["words"].set(text=told, customdata=hovers),
            **self.codes["codes"].set(z=grey(np.where(more > 0, more, np.nan), 0, scale)),
            **({} if self.spread is None else _whiskers(self.spread, moment, self.rows[0])),
        }

    def _pictures(self, values: Array) -> Figure:
        """The pictures, below them what their codes make of them, then the atoms with a number below each."""
        (height, width), count = self.shape, len(values)
        line = height * (1 + _LINE) + 1
        top = 2 * (height + 1)
        names = [("v", height / 2), ("Wh + b", height * 1.5 + 1), ("atoms", top + height / 2)]
        figure = Figure(
            "examples",
            "Pictures",
            margin={"l": 62, "r": 4, "t": 4, "b": 4},
            hovermode="closest",
            xaxis=layout.hidden_axis(-0.5, count * (width + _APART) - _APART + 0.5, constrain="domain"),
            yaxis=layout.hidden_axis(top + PARTS * line - 0.5, -0.5, scaleanchor="x", constrain="domain"),
            annotations=[_beside(name, y) for name, y in names],
        )
        # blank rather than empty: a picture that appears later would take the words with it
        blank = grey(_row(np.full((count, height * width), np.nan), self.shape), 0, 1)
        picture(figure, "seen", grey(_row(values, self.shape), *_limits(values)))
        picture(figure, "built", blank, y0=height + 1, dy=1)
        for part in range(PARTS):
            picture(figure, f"atoms {part + 1}", blank, y0=top + part * line, dy=1, colorscale=palette.LOOSE)
        figure.text(
            "words",
            "$fit",
            size=11.5,
            x=[column * (width + _APART) + (width - 1) / 2 for _ in range(PARTS) for column in range(count)],
            y=[top + part * line + height * (1 + _LINE / 2) - 0.5 for part in range(PARTS) for _ in range(count)],
            # Plotly takes the place of an empty word away for good
            text=[_NO_WORD] * (PARTS * count),
            customdata=[""] * (PARTS * count),
            hover="%{customdata}",
        )
        return figure

    def _codes(self, experiment: Experiment) -> Figure:
        """One row a picture, one column an atom."""
        n_atoms = experiment.start["dictionary"].shape[1]
        figure = Figure(
            "codes",
            "Codes H",
            x="atom",
            y=f"{len(self.more)} of {len(experiment.data.values)} pictures",
            xaxis={"range": [0.5, n_atoms + 0.5], "showgrid": False},
            yaxis={"type": "category", "showticklabels": False, "showgrid": False, "autorange": "reversed"},
        )
        figure.image(
            "codes",
            grey(np.full((len(self.more), n_atoms), np.nan), 0, 1),
            zmin=0,
            zmax=255,
            x=list(range(1, n_atoms + 1)),
            y=(self.more + 1).tolist(),
            colorscale=palette.CODES,
            hover="picture %{y}, atom %{x}",
        )
        return figure


def _spread(experiment: Experiment) -> Figure:
    """The codes of one picture, with whiskers."""
    n_atoms = experiment.start["dictionary"].shape[1]
    xaxis = {"range": [0.2, n_atoms + 0.8], "showgrid": False, "tickformat": "d"}
    figure = Figure(
        "spread", "Spread", x="atom", y="h of the first picture: μ ± 2s", xaxis=xaxis, yaxis={"zeroline": True}
    )
    figure.curve("whiskers", "$muted", width=2)
    figure.points("means", [], size=7, hover="atom %{x}: %{text}", text=[])
    return figure


def _whiskers(figure: Figure, moment: Moment, row: int) -> Json:
    """Means of this picture's codes, and lines from μ − 2s to μ + 2s; of a point no lines."""
    means, places = moment.codes[row], list(range(1, moment.codes.shape[1] + 1))
    told = [f"h = {mean:.3g}" for mean in means]
    ends: tuple[list[Any], list[Any]] = ([], [])
    if moment.spreads is not None:
        told = [f"μ = {mean:.3g}, s = {s:.3g}" for mean, s in zip(means, moment.spreads[row], strict=True)]
        for k, low, high in zip(places, *moment.ends(row), strict=True):
            ends[0].extend([k, k, None])
            ends[1].extend([float(low), float(high), None])
    colors = ["$fit" if clear else "$muted" for clear in moment.clear[row]]
    return {
        **figure["whiskers"].set(x=ends[0], y=ends[1]),
        **figure["means"].set(x=places, y=means, text=told, marker_color=colors),
    }


def _beside(name: str, y: float) -> Json:
    """What a row of pictures is, to its left."""
    font = {"size": 13, "color": "$text" if name == "v" else "$fit"}
    return {"text": name, "x": -0.5, "y": y - 0.5, "xanchor": "right", "xshift": -6, "showarrow": False, "font": font}


def _short(height: float) -> str:
    """A coefficient in few characters."""
    decimals = 0 if abs(height) >= 9.95 else 1 if abs(height) >= 0.095 else 2
    return f"{height:+.{decimals}f}".replace("-", "−")


def _row(pictures: Array, shape: tuple[int, int]) -> np.ndarray:
    """Pictures (n, pixels) side by side, with a margin that no bar is as wide as."""
    height, width = shape
    wide = np.pad(pictures.reshape(-1, height, width), ((0, 0), (0, 0), (0, _APART - 1)), constant_values=np.nan)
    return montage(wide.reshape(len(pictures), -1), (height, width + _APART - 1), len(pictures))[:, : 1 - _APART]


def largest(moment: Moment, rows: np.ndarray) -> np.ndarray:
    """(n, PARTS) the atoms that do most for each of these points: by the length of h_k w_k."""
    sizes = np.abs(moment.codes[rows]) * moment.lengths
    order = np.argsort(-sizes, axis=1, kind="stable")[:, :PARTS]
    return np.pad(order, ((0, 0), (0, PARTS - order.shape[1])), mode="edge")


def _limits(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 1, high + 1)
