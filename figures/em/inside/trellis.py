"""A trellis: a column of cells for each time step, a row for each state, and the edges that feed what is filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from figures.drawing import Figure
from figures.look import layout, palette
from figures.look.encode import Json

# columns that have room beside each other
MOST_COLUMNS = 5
# half a cell, in columns and rows; where the names of rows, and what leads into the first column, stand
_WIDE, _HIGH = 0.33, 0.31
_NAMES, _INTO = -0.95, -0.58
# of so many states every edge is drawn, of more those that are lit
_MOST_ROWS = 6
# the size of numbers where one is long
_SHORT, _SMALL = 6, 13
# how full the color of a cell is: words on it are to be read
_LIT, _DIM = 0.45, 0.2


@dataclass(frozen=True)
class Edge:
    """From one cell to another in the next column, each (column, row), with a number on it.

    half: "begin" or "end" where no more than that half of it is drawn.
    """

    begin: tuple[int, int]
    end: tuple[int, int]
    text: str = ""
    half: str = ""


@dataclass(frozen=True)
class Cells:
    """What the trellis shows. headings: of the columns; texts, levels, floors: (rows, columns).

    levels, floors: up to which share of a cell it is filled, and from where; NaN for empty. lit: those that are new.
    below: a text below a cell, by (column, row); into: one on the way into the first column, by row. gaps: columns
    after which others are left out.
    """

    headings: Sequence[str]
    texts: Sequence[Sequence[str]]
    levels: np.ndarray
    floors: np.ndarray | None = None
    lit: Sequence[tuple[int, int]] = ()
    edges: Sequence[Edge] = ()
    below: dict[tuple[int, int], str] = field(default_factory=dict)
    into: dict[int, str] = field(default_factory=dict)
    gaps: Sequence[int] = ()


class Trellis:
    """names: of the rows. face: what this figure is called beside another of its view."""

    def __init__(self, figure: str, face: str, names: Sequence[str]) -> None:
        self.rows = rows = len(names)
        self.size = 15 if rows <= _MOST_ROWS else 9
        self.figure = drawn = Figure(
            figure,
            face,
            margin={"l": 4, "r": 4, "t": 2, "b": 2},
            xaxis=layout.hidden_axis(-1.2, MOST_COLUMNS - 0.55),
            yaxis=layout.hidden_axis(-(rows - 0.3), 0.95),
            barmode="overlay",
        )
        drawn.curve("edges", "$grid", width=1.5)
        drawn.curve("lit edges", "$text", width=3)
        for row in range(rows):
            drawn.bars(f"fill {row + 1}", palette.component(row), width=2 * _WIDE)
        drawn.curve("boxes", "$quiet", width=1)
        drawn.curve("lit", "$text", width=3)
        drawn.text("numbers", "$text", size=self.size, textposition="middle center")
        drawn.text("below", "$text", size=12, textposition="middle center")
        drawn.text("headings", "$muted", size=13, textposition="middle center")
        drawn.text("weights", "$text", size=13, textposition="top center")
        drawn.text("into", "$text", size=12, textposition="middle center")
        drawn.points(
            "rows",
            [palette.component(row) for row in range(rows)],
            mode="markers+text",
            size=24 if rows <= _MOST_ROWS else 14,
            symbol=[palette.symbol(row) for row in range(rows)],
            marker_line={"color": "$text", "width": 1.5},
            text=list(names),
            textfont={"color": palette.INK, "size": 14 if rows <= _MOST_ROWS else 9, "weight": 700},
        )

    def show(self, cells: Cells) -> Json:
        figure, count = self.figure, len(cells.headings)
        where = self._places(count)
        rows = range(self.rows)
        lit = set(cells.lit)
        result = figure["rows"].set(x=[_NAMES] * self.rows, y=[-row for row in rows])
        result |= figure["boxes"].set(**_boxes([(where[column], -row) for column in range(count) for row in rows]))
        result |= figure["lit"].set(**_boxes([(where[column], -row) for column, row in cells.lit]))
        floors = np.zeros(cells.levels.shape) if cells.floors is None else cells.floors
        for row in rows:
            there = [column for column in range(count) if np.isfinite(cells.levels[row, column])]
            heights = 2 * _HIGH * (cells.levels - floors)[row, there]
            result |= figure[f"fill {row + 1}"].set(
                x=[where[column] for column in there],
                y=heights,
                base=[-row - _HIGH + 2 * _HIGH * float(floors[row, column]) for column in there],
                marker_opacity=[_LIT if (column, row) in lit or not lit else _DIM for column in there],
            )
        shown = [(column, row) for row in rows for column in range(count) if cells.texts[row][column]]
        longest = max((len(cells.texts[row][column]) for column, row in shown), default=0)
        result |= figure["numbers"].set(
            x=[where[column] for column, _ in shown],
            y=[-row for _, row in shown],
            text=[cells.texts[row][column] for column, row in shown],
            textfont_size=min(self.size, _SMALL if longest > _SHORT else self.size),
            textfont_color=["$text" if place in lit or not lit else "$muted" for place in shown],
        )
        result |= figure["headings"].set(
            x=[*where, *((where[column] + where[column + 1]) / 2 for column in cells.gaps)],
            y=[0.65] * (count + len(cells.gaps)),
            text=[*cells.headings, *("…" for _ in cells.gaps)],
        )
        result |= figure["below"].set(
            x=[where[column] for column, _ in cells.below],
            y=[-row - _HIGH - 0.1 for _, row in cells.below],
            text=list(cells.below.values()),
        )
        result |= figure["into"].set(
            x=[where[0] + _INTO] * len(cells.into), y=[-row for row in cells.into], text=list(cells.into.values())
        )
        every = range(count - 1) if self.rows <= _MOST_ROWS else ()
        plain = [
            Edge((column, i), (column + 1, j))
            for column in every
            if column not in cells.gaps
            for i in rows
            for j in rows
        ]
        result |= figure["edges"].set(**_lines(where, plain)) | figure["lit edges"].set(**_lines(where, cells.edges))
        return result | figure["weights"].set(**_weights(where, cells.edges))

    def _places(self, count: int) -> list[float]:
        """Where the columns stand: two of them far apart, because all of their edges have numbers."""
        return {1: [1.5], 2: [0.2, 3.4]}.get(count) or [float(column) for column in range(count)]


def _boxes(middles: Sequence[tuple[float, float]]) -> Json:
    x: list[float | None] = []
    y: list[float | None] = []
    for left, top in middles:
        x += [left - _WIDE, left + _WIDE, left + _WIDE, left - _WIDE, left - _WIDE, None]
        y += [top - _HIGH, top - _HIGH, top + _HIGH, top + _HIGH, top - _HIGH, None]
    return {"x": x[:-1], "y": y[:-1]}


def _ends(where: Sequence[float], edge: Edge) -> tuple[float, float, float, float]:
    """x and y at both ends of what is drawn of an edge."""
    left, top = where[edge.begin[0]] + _WIDE, -float(edge.begin[1])
    right, bottom = where[edge.end[0]] - _WIDE, -float(edge.end[1])
    middle = (left + right) / 2, (top + bottom) / 2
    if edge.half == "end":
        return *middle, right, bottom
    return (left, top, *middle) if edge.half else (left, top, right, bottom)


def _lines(where: Sequence[float], edges: Sequence[Edge]) -> Json:
    x: list[float | None] = []
    y: list[float | None] = []
    for left, top, right, bottom in (_ends(where, edge) for edge in edges):
        x += [left, right, None]
        y += [top, bottom, None]
    return {"x": x[:-1], "y": y[:-1]}


def _weights(where: Sequence[float], edges: Sequence[Edge]) -> Json:
    """The numbers on edges: where they cross, nearer to where each comes from."""
    told = [(_ends(where, edge), edge.text) for edge in edges if edge.text]
    crossing = len({edge.begin for edge in edges}) > 1 and len({edge.end for edge in edges}) > 1
    share = 0.22 if crossing else 0.5
    return {
        "x": [left + share * (right - left) for (left, _, right, _), _ in told],
        "y": [top + share * (bottom - top) for (_, top, _, bottom), _ in told],
        "text": [text for _, text in told],
    }
