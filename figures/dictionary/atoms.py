"""The atoms as a montage: every column of W as a small picture, in its place throughout the run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from em_core.observe.dictionary import Moment
from figures.drawing import Figure, Trace
from figures.look import layout, palette
from figures.look.encode import Json, grey
from figures.look.montage import montage

# pixels between the montages of two starts, beyond the width of an atom
_APART = 2

# between the atoms and the page
_DIVIDER: Json = {"color": "$faint", "width": 2}


class Atoms:
    """Montages side by side, one for each title: none for one alone. In the figure `name`, with its `face`."""

    def __init__(
        self, name: str, face: str, n_atoms: int, shape: tuple[int, int], titles: tuple[str, ...] = ()
    ) -> None:
        self.shape = shape
        height, width = _size(n_atoms, shape)
        lefts = [place * (width + shape[1] + _APART) for place in range(max(len(titles), 1))]
        self.figure = Figure(
            name,
            face,
            margin={"l": 6, "r": 6, "t": 26 if titles else 6, "b": 6},
            # light atoms end at it, not in the page
            shapes=[_frame(left, width, height) for left in lefts],
            hovermode="closest",
            hoverdistance=60,
            xaxis=layout.hidden_axis(-1, lefts[-1] + width + 0.5, constrain="domain"),
            yaxis=layout.hidden_axis(height + 0.5, -1, scaleanchor="x", constrain="domain"),
            **({"annotations": [_title(*each, width) for each in zip(titles, lefts, strict=True)]} if titles else {}),
        )
        for side, left in enumerate(lefts, start=1):
            self._montage(side, n_atoms, left)

    def changes(self, *moments: Moment) -> Json:
        """W of each start, each atom on its own scale; crosses on unused atoms, stars on revived ones."""
        result: Json = {}
        for side, moment in enumerate(moments, start=1):
            n_atoms = moment.atoms.shape[1]
            tiles = montage(scaled(moment), self.shape, across(n_atoms))
            symbols, visible, colors = ["x"] * n_atoms, [0.0] * n_atoms, ["$paper"] * n_atoms
            for k in moment.unused:
                visible[k] = 1.0
            for k in moment.revived:
                symbols[k], visible[k], colors[k] = "star", 1.0, "$certificate"
            result |= self.figure[f"tiles {side}"].set(z=grey(tiles, -1, 1))
            result |= self.figure[f"marks {side}"].set(
                marker_symbol=symbols, marker_opacity=visible, marker_color=colors, text=_told(moment)
            )
        return result

    def _montage(self, side: int, n_atoms: int, left: int) -> None:
        """The tiles and the marks on them, `left` pixels to the right."""
        (height, width), columns, places = self.shape, across(n_atoms), np.arange(n_atoms)
        picture(self.figure, f"tiles {side}", grey(np.full(_size(n_atoms, self.shape), np.nan), -1, 1), x0=left, dx=1)
        self.figure.points(
            f"marks {side}",
            [],
            size=13,
            symbol=[],
            marker_opacity=[],
            marker_line={"color": "$text", "width": 1.5},
            x=(left + (places % columns) * (width + 1) + (width - 1) / 2).tolist(),
            y=((places // columns) * (height + 1) + (height - 1) / 2).tolist(),
            text=[],
            hover="%{text}",
        )


def picture(figure: Figure, name: str, values: Json, **more: Any) -> Trace:
    """A grey picture of packed values."""
    return figure.image(name, values, **{"zmin": 0, "zmax": 255, "colorscale": palette.GREYS, **more})


def across(n_atoms: int) -> int:
    """How many atoms stand in a row."""
    return math.ceil(math.sqrt(n_atoms))


def _size(n_atoms: int, shape: tuple[int, int]) -> tuple[int, int]:
    """Pixels of a montage, down and across."""
    (height, width), columns = shape, across(n_atoms)
    return -(-n_atoms // columns) * (height + 1) - 1, columns * (width + 1) - 1


def _frame(left: int, width: int, height: int) -> Json:
    """A line around a montage."""
    ends = {"x0": left - 0.5, "x1": left + width - 0.5, "y0": -0.5, "y1": height - 0.5}
    return {"type": "rect", **ends, "line": _DIVIDER}


def _title(text: str, left: int, width: int) -> Json:
    """A line above a montage."""
    font = {"size": 14, "color": "$muted"}
    return {"text": text, "x": left + width / 2, "y": -1, "yanchor": "bottom", "showarrow": False, "font": font}


def scaled(moment: Moment) -> np.ndarray:
    """(K, D) atoms as pictures from −1 to 1, each on its own scale; one that is mostly negative is turned round."""
    atoms = moment.atoms * moment.signs
    return (atoms / np.maximum(np.abs(atoms).max(axis=0), 1e-300)).T


def _told(moment: Moment) -> list[str]:
    lengths = moment.lengths
    if not moment.made:
        return [f"atom {k + 1}: length {length:.2f}" for k, length in enumerate(lengths)]
    pairs = enumerate(zip(moment.shares, lengths, strict=True))
    return [
        f"atom {k + 1}: used in {100 * share:.0f} % of the pictures, length {length:.2f}"
        for k, (share, length) in pairs
    ]
