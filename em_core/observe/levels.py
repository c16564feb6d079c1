"""Lines of equal height over a grid, as a map has them: marching squares (Lorensen and Cline, 1987, in the plane)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from em_core.records import Array, frozen

# so many lines from the top down over the highest part of the ground, and as many more below, in larger steps
_LINES, _HIGHEST, _COARSER = 12, 0.85, 5


@dataclass(frozen=True, eq=False)
class Lines:
    """Contours as one curve, with NaN after each line. step: nats from one to the next."""

    x: Array
    y: Array
    step: float


def near_and_far(x: Array, y: Array, heights: Array) -> tuple[Lines, Lines]:
    """Lines in round steps down from the top, over the highest part of the ground, and in coarser steps below these.

    x: (n,), y: (m,), heights: (m, n). Cells with a corner that is no finite number have no lines.
    """
    finite = heights[np.isfinite(heights)]
    if finite.size == 0 or not (depth := float(finite.max() - np.quantile(finite, _HIGHEST))) > 0:
        nothing = Lines(frozen([]), frozen([]), 0.0)
        return nothing, nothing
    top, step = float(finite.max()), _round_step(depth / _LINES)
    coarse = step * _COARSER
    near = math.floor(top / step) * step - step * np.arange(_LINES, dtype=float)
    far = (math.ceil(near[-1] / coarse) - 1) * coarse - coarse * np.arange(_LINES, dtype=float)
    return _drawn(x, y, heights, near, step), _drawn(x, y, heights, far, coarse)


def at(x: Array, y: Array, heights: Array, level: float) -> list[Array]:
    """The lines of one height, each (points, 2); where they cross the grid, heights are interpolated."""
    places, links = _crossings(x, y, heights, level)
    lines = []
    while links:
        # from an open end where there is one, else anywhere on a ring
        start = next((edge for edge, beside in links.items() if len(beside) == 1), next(iter(links)))
        line, edge = [start], start
        while beside := links.get(edge):
            following = beside.pop()
            if not beside:
                del links[edge]
            back = links[following]
            back.remove(edge)
            if not back:
                del links[following]
            line.append(following)
            edge = following
        lines.append(np.array([places[edge] for edge in line]))
    return lines


def _drawn(x: Array, y: Array, heights: Array, levels: np.ndarray, step: float) -> Lines:
    parts = [line for level in levels for line in at(x, y, heights, float(level))]
    broken = [np.vstack([line, [[np.nan, np.nan]]]) for line in parts]
    points = np.vstack(broken) if broken else np.empty((0, 2))
    return Lines(frozen(points[:, 0]), frozen(points[:, 1]), step)


Edge = tuple[int, int, int]  # 0: to the right of the grid's point (row, column), 1: upwards from it


def _crossings(
    x: Array, y: Array, heights: Array, level: float
) -> tuple[dict[Edge, tuple[float, float]], dict[Edge, list[Edge]]]:
    """Where the edges of the grid cross this height, and which crossings are joined within a cell."""
    above = heights > level
    corners = np.isfinite(heights)
    corners = corners[:-1, :-1] & corners[:-1, 1:] & corners[1:, :-1] & corners[1:, 1:]
    count = above[:-1, :-1].astype(int) + above[:-1, 1:] + above[1:, :-1] + above[1:, 1:]
    places: dict[Edge, tuple[float, float]] = {}
    links: dict[Edge, list[Edge]] = {}
    for row, column in np.argwhere(corners & (count > 0) & (count < 4)).tolist():
        below, right, top, left = (
            (0, row, column),
            (1, row, column + 1),
            (0, row + 1, column),
            (1, row, column),
        )
        corner = above[row, column], above[row, column + 1], above[row + 1, column + 1], above[row + 1, column]
        ring = (below, right, top, left)
        crossed = [
            edge for edge, one, other in zip(ring, corner, (*corner[1:], corner[0]), strict=True) if one != other
        ]
        if len(crossed) == 4:  # a saddle: its middle says which corners are one hill
            middle = heights[row : row + 2, column : column + 2].mean() > level
            pairs = [(below, right), (top, left)] if middle == corner[0] else [(below, left), (right, top)]
        else:
            pairs = [(crossed[0], crossed[1])]
        for one, other in pairs:
            for edge in (one, other):
                places[edge] = _place(x, y, heights, level, edge)
            links.setdefault(one, []).append(other)
            links.setdefault(other, []).append(one)
    return places, links


def _place(x: Array, y: Array, heights: Array, level: float, edge: Edge) -> tuple[float, float]:
    upwards, row, column = edge
    end = (row + 1, column) if upwards else (row, column + 1)
    low, high = float(heights[row, column]), float(heights[end])
    share = (level - low) / (high - low)
    if upwards:
        return float(x[column]), float(y[row] + share * (y[row + 1] - y[row]))
    return float(x[column] + share * (x[column + 1] - x[column])), float(y[row])


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))
