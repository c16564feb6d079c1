"""Names at the ends of curves: near ends keep some distance, and no curve that goes on runs through a name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from em_core.records import Array
from figures.look import scale

# of the picture's width: from an end to its name, and a letter of it
_BESIDE, _LETTER = 0.012, 0.02
# names move by halves of the distance that they keep, so many times at most
_MOVES = 8


def heights(ends: Sequence[tuple[float, float]], low: float, high: float, near: float, least: float) -> list[float]:
    """Where the names of curves stand that end at these places, as heights between `low` and `high`.

    near: how far apart ends are at least whose names cannot meet. least: the distance that is kept, in heights.
    """
    order = sorted(range(len(ends)), key=lambda k: ends[k][0])
    groups: list[list[int]] = []
    for place, k in enumerate(order):
        beside = place > 0 and ends[k][0] - ends[order[place - 1]][0] < near
        groups[-1].append(k) if beside else groups.append([k])
    result, room = [0.0] * len(ends), 0.03 * (high - low)
    for group in groups:
        wanted = [ends[k][1] for k in group]
        for k, height in zip(group, scale.spread(wanted, low + room, high - room, least), strict=True):
            result[k] = height
    return result


def clear(
    ends: Sequence[tuple[float, float]],
    wanted: Sequence[float],
    letters: Sequence[int],
    curves: Sequence[tuple[Array, Array]],
    frame: tuple[float, float, float, float],
    least: float,
) -> list[float]:
    """These heights, each moved up or down to where no curve runs through the name and no other name stands.

    letters: how long each name is. curves: x and y, each with x ascending. frame: left, right, low, high. A name that
    has no such place stays.
    """
    left, right, low, high = frame
    wide, room = right - left, 0.5 * least
    result: list[float] = list(wanted)
    taken: list[tuple[float, float, float]] = []  # of the names that stand: from x to x, and their height
    for k in sorted(range(len(ends)), key=lambda k: -ends[k][0]):
        begin = ends[k][0] + _BESIDE * wide
        end = begin + letters[k] * _LETTER * wide
        bands = [band for x, y in curves if (band := _band(x, y, begin, end))]
        bands += [(height - room, height + room) for a, b, height in taken if a < end and begin < b]
        for move in sorted(range(-_MOVES, _MOVES + 1), key=abs):
            height = wanted[k] + move * room
            inside = low + room <= height <= high - room or move == 0
            if inside and not any(
                below < height + 0.95 * room and height - 0.95 * room < above for below, above in bands
            ):
                result[k] = height
                break
        taken.append((begin, end, result[k]))
    return result


def _band(x: Array, y: Array, begin: float, end: float) -> tuple[float, float] | None:
    """From where to where a curve runs between two x; None where it does not come there."""
    if not len(x) or x[-1] <= begin or x[0] >= end:
        return None
    within = y[(x > begin) & (x < end)]
    edges = np.interp([max(begin, x[0]), min(end, x[-1])], x, y)
    return float(min(*edges, *within)), float(max(*edges, *within))
