"""A table of numbers that fills column by column: a row for each hidden value, and in it a number with a bar below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from figures.drawing import Figure
from figures.look import layout, palette
from figures.look.encode import Json

# so many columns are in view: the last ones
SLOTS = 4
_PALE = 0.4
# more rows leave room for one line above them: the heading's second
_MANY = 4
# how far above its middle a row begins
_CELL = 0.42
# how far a column's number stands from its left edge, and how long the longest bar is
_LEFT, _LONGEST = 0.06, 0.84


@dataclass(frozen=True)
class Column:
    """heading: two lines; texts: one for each row; lengths: of the bars, None for none."""

    heading: str
    texts: Sequence[str]
    lengths: Sequence[float] | None = None


class Ledger:
    """names: of the rows, in the order of the components whose colours and marks they wear; or in other colors."""

    def __init__(self, figure: str, names: Sequence[str], colors: Sequence[str] | None = None) -> None:
        self.rows = len(names)
        self.many = self.rows > _MANY
        # a line or two of words above the rows, in the lowest card that there is
        self.top = _CELL + (0.155 if self.many else 0.36) * self.rows
        size = 15 if self.rows > 2 else 17
        self.figure = drawn = Figure(
            figure,
            margin={"l": 4, "r": 4, "t": 2, "b": 2},
            xaxis=layout.hidden_axis(-0.44, SLOTS + 0.02),
            yaxis=layout.hidden_axis(self.rows - 0.42, -self.top),
            barmode="overlay",
        )
        drawn.curve("shade", "$muted", width=1, fill="toself", fillcolor="$shade")
        colors = list(colors or [palette.component(row) for row in range(self.rows)])
        for slot in range(SLOTS):
            drawn.bars(f"bar {slot}", "$muted", orientation="h", marker_color=colors, width=0.13)
            drawn.text(f"heading {slot}", "$text", size=14, textposition="top right")
            drawn.text(f"number {slot}", "$text", size=size, textposition="middle right")
        drawn.curve("cell", "$text", width=3)
        drawn.points(
            "rows",
            colors,
            mode="markers+text",
            size=18 if self.many else 26,
            symbol="square" if max(map(len, names)) > 1 else [palette.symbol(row) for row in range(self.rows)],
            marker_line={"color": "$text", "width": 1.5},
            text=list(names),
            textfont={"color": palette.INK, "size": 11 if self.many else 14, "weight": 700},
        )

    def show(self, columns: Sequence[Column], lit: int, row: int | None) -> Json:
        """The table with these columns, of which the last `lit` are new. row: the one that is followed."""
        figure, places = self.figure, list(range(self.rows))
        shown = list(columns)[-SLOTS:]
        result = figure["rows"].set(x=[-0.22] * self.rows, y=places)
        for slot in range(SLOTS):
            column = shown[slot] if slot < len(shown) else Column("", [])
            new = slot >= len(shown) - lit
            at = [slot + _LEFT] * len(column.texts)
            rows = places if len(column.texts) == self.rows else [(self.rows - 1) / 2] * len(column.texts)
            heading, number, bar = (figure[f"{part} {slot}"] for part in ("heading", "number", "bar"))
            told = column.heading.partition("<br>")[2] if self.many else column.heading
            headings = [told] if told else []  # Plotly forgets a place whose text was empty
            above = {"x": [slot + _LEFT] * len(headings), "y": [-0.04 - _CELL] * len(headings), "text": headings}
            result |= heading.set(**above, opacity=1 if new else _PALE)
            result |= number.set(x=at, y=[place - 0.08 for place in rows], text=list(column.texts))
            result |= number.set(opacity=1 if new else _PALE)
            lengths = np.zeros(0) if column.lengths is None else np.asarray(column.lengths, dtype=float)
            most = lengths.max(initial=0.0)
            scaled = lengths * (_LONGEST / most) if most > 0 else lengths
            result |= bar.set(x=scaled.tolist(), base=[slot + _LEFT] * len(scaled))
            result |= bar.set(y=[place + 0.3 for place in places[: len(scaled)]], opacity=1 if new else _PALE)
        begin, end = len(shown) - lit + 0.01, len(shown) - 0.03
        there = lit > 0 and bool(shown)
        result |= figure["shade"].set(**_frame(begin, end, 0.04 - self.top, self.rows - 0.46, there))
        cell = there and row is not None and len(shown[-1].texts) == self.rows
        beside = row or 0
        return result | figure["cell"].set(**_frame(len(shown) - 0.99, end, beside - _CELL, beside + 0.44, cell))


def _frame(left: float, right: float, top: float, bottom: float, there: bool) -> Json:
    """The outline of a rectangle, or nothing."""
    if not there:
        return {"x": [], "y": []}
    return {"x": [left, right, right, left, left], "y": [top, top, bottom, bottom, top]}
