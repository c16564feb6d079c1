"""Vectors and matrices side by side, as tables of numbers on shades: what goes in, and last what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from figures.drawing import Figure
from figures.look import layout, palette
from figures.look.encode import Json
from figures.look.wording import number

# so many fit beside each other
SLOTS = 4
# more rows or columns are shaded without numbers
_MOST = 8
_WIDE = 0.86


@dataclass(frozen=True)
class Block:
    """heading: two lines; values: (rows, columns)."""

    heading: str
    values: np.ndarray


class Blocks:
    """rows: the most that a block has. Blocks stand with their upper edges in line."""

    def __init__(self, figure: str, rows: int) -> None:
        self.rows = rows
        self.figure = drawn = Figure(
            figure,
            margin={"l": 4, "r": 4, "t": 2, "b": 2},
            xaxis=layout.hidden_axis(-0.02, SLOTS),
            yaxis=layout.hidden_axis(1.02, -0.3),
        )
        for slot in range(SLOTS):
            drawn.image(
                f"block {slot}",
                colorscale=palette.SIGNED_TINT,
                zmid=0,
                texttemplate="%{text}",
                textfont={"size": 13, "color": "$text"},
                xgap=2,
                ygap=2,
                hover="%{z:.4f}",
            )
            drawn.text(f"heading {slot}", "$text", size=14, textposition="middle center")
        drawn.curve("lit", "$text", width=3)

    def show(self, blocks: Sequence[Block], lit: bool) -> Json:
        """The blocks, the last of them framed where it is new."""
        result: Json = {}
        outline: tuple[list[float], list[float]] = ([], [])
        for slot in range(SLOTS):
            drawn, heading = self.figure[f"block {slot}"], self.figure[f"heading {slot}"]
            if slot >= len(blocks):
                result |= drawn.set(x=[], y=[], z=[], text=[]) | heading.set(x=[], y=[], text=[])
                continue
            block, new = blocks[slot], lit and slot == len(blocks) - 1
            rows, columns = block.values.shape
            wide = min(_WIDE / columns, 0.5)
            left = slot + (1 - wide * columns) / 2
            fits = rows <= _MOST and columns <= _MOST
            result |= drawn.set(
                # where cells begin and end: of one alone Plotly would not know how wide it is
                x=[left + wide * column for column in range(columns + 1)],
                y=[row / self.rows for row in range(rows + 1)],
                z=block.values,
                text=[[number(entry, 2) if fits else "" for entry in row] for row in block.values],
                opacity=1 if new or not lit else 0.55,
            )
            result |= heading.set(x=[slot + 0.5], y=[-0.15], text=[block.heading], opacity=1 if new or not lit else 0.6)
            if new:
                right, foot = left + wide * columns, rows / self.rows
                outline = [left, right, right, left, left], [0.0, 0.0, foot, foot, 0.0]
        return result | self.figure["lit"].set(x=outline[0], y=outline[1])
