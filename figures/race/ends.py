"""Names at the ends of curves: near ends keep some distance, and no curve that goes on runs through a name."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from em_core.records import Array
from figures.look import scale

# of the picture's width: from an end to its name, a letter of it, and a small one
_BESIDE, LETTER, _SMALL = 0.012, 0.018, 0.015
# of the width, by how much a name that has no room at its end goes aside, so many times at most, to so many heights
_ASIDE, _STEPS_ASIDE, _HEIGHTS = 0.03, 30, 33
# names move by quarters of the distance that they keep, the least first
_MOVES = sorted(range(-16, 17), key=abs)


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
    sizes: Sequence[tuple[int, int]],
    curves: Sequence[tuple[Array, Array]],
    frame: tuple[float, float, float, float],
    least: float,
    sides: Sequence[str] = ("right",),
) -> list[tuple[float, str]]:
    """These heights, each moved up or down to where no curve runs through the name and no other name stands.

    sizes: of each name the letters of a line, and its lines. curves: x and y. frame: left, right, low, high. sides: of
    its end on which a name may stand; each is told with its own. A name for which there is no such place keeps away
    from other names, if it can.
    """
    left, right, low, high = frame
    result = [(height, sides[0]) for height in wanted]
    taken: list[tuple[float, float, float, float]] = []  # of the names that stand: from x to x, from height to height
    for k in sorted(range(len(ends)), key=lambda k: (-sizes[k][1], -ends[k][0])):
        letters, lines = sizes[k]
        room = 0.475 * lines * least
        places = [min(max(wanted[k] + 0.25 * move * least, low + room), high - 0.6 * room) for move in _MOVES]
        spans = {side: _span(ends[k][0], letters, side, right - left) for side in sides}
        names = {
            side: [(below, above) for a, b, below, above in taken if a < end and begin < b]
            for side, (begin, end) in spans.items()
        }
        through = {
            side: [band for x, y in curves for band in _bands(x, y, begin, end)] for side, (begin, end) in spans.items()
        }
        inside = [side for side in sides if spans[side][0] >= left] or sides
        for stands in ({side: names[side] + through[side] for side in inside}, names):
            free = [
                (place, side) for place in places for side in inside if not _meets(np.array(stands[side]), place, room)
            ]
            if free:
                result[k] = free[0]
                break
        height, side = result[k]
        taken.append((*spans[side], height - room, height + room))
    return result


def aside(
    ends: Sequence[tuple[float, float]],
    found: Sequence[float],
    letters: Sequence[int],
    curves: Sequence[tuple[Array, Array]],
    frame: tuple[float, float, float, float],
    least: float,
) -> list[tuple[float, float]]:
    """Where names at these heights begin: at their ends, or where curves run through one, as near as there is
    room, farther to the right.
    """
    left, right, low, high = frame
    wide, room = right - left, 0.475 * least
    spans = [_span(x, count, "right", wide) for (x, _), count in zip(ends, letters, strict=True)]
    clean = [
        not any(_meets(np.array(_bands(x, y, *span)), height, room) for x, y in curves)
        for span, height in zip(spans, found, strict=True)
    ]
    result = [(x, height) for (x, _), height in zip(ends, found, strict=True)]
    taken = [(*span, height - room, height + room) for span, height in zip(spans, found, strict=True)]
    for k in (k for k, free in enumerate(clean) if not free):
        others = [box for other, box in enumerate(taken) if other != k]
        best = math.inf
        for step in range(1, _STEPS_ASIDE):
            away = step * _ASIDE
            begin, end = (place + away * wide for place in spans[k])
            if end > right:
                break
            passing = [band for x, y in curves for band in _bands(x, y, begin, end)]
            passing += [(below, above) for a, b, below, above in others if a < end and begin < b]
            for height in np.linspace(low + 2 * room, high - 2 * room, _HEIGHTS).tolist():
                far = math.hypot(away, (height - ends[k][1]) / (high - low))
                if far < best and not _meets(np.array(passing), height, room):
                    best, result[k] = far, (ends[k][0] + away * wide, height)
                    taken[k] = (begin, end, height - room, height + room)
    return result


def beside(
    height: float,
    wordings: Sequence[str],
    curves: Sequence[tuple[Array, Array]],
    frame: tuple[float, float, float, float],
    least: float,
) -> tuple[str, float, str]:
    """Which words stand on a level line, and where: left or right, above it or below, where the fewest curves pass.

    wordings: those that say most first.
    """
    left, right, _, _ = frame
    places = [
        (text, x, f"{side} {to}", band, span)
        for text in wordings
        for long in [len(text) * _SMALL * (right - left)]
        for side, band in (("top", (height, height + least)), ("bottom", (height - least, height)))
        for x, to, span in ((0.0, "right", (0.0, long)), (right, "left", (right - long, right)))
    ]
    passing = [
        sum(_meets(np.array(_bands(*curve, *span)), sum(band) / 2, least / 2) for curve in curves)
        for _, _, _, band, span in places
    ]
    text, x, position, _, _ = places[passing.index(min(passing))]
    return text, x, position


def _span(x: float, letters: int, side: str, wide: float) -> tuple[float, float]:
    """From where to where a name stands beside an end."""
    near, far = _BESIDE * wide, (_BESIDE + letters * LETTER) * wide
    return (x + near, x + far) if side == "right" else (x - far, x - near)


def _meets(bands: Array, place: float, room: float) -> bool:
    return len(bands) > 0 and bool(((bands[:, 0] < place + room) & (bands[:, 1] > place - room)).any())


def _bands(x: Array, y: Array, begin: float, end: float) -> list[tuple[float, float]]:
    """From where to where each piece of a curve goes between two x."""
    if len(x) < 2:
        return []
    a, b = np.minimum(x[:-1], x[1:]), np.maximum(x[:-1], x[1:])
    crosses = (b > begin) & (a < end)
    a, b, start = a[crosses], b[crosses], x[:-1][crosses]
    run, rise = (x[1:] - x[:-1])[crosses], (y[1:] - y[:-1])[crosses]
    sloped = np.where(run == 0, 1.0, run)
    first, last = (
        np.where(run == 0, share, (np.clip(to, a, b) - start) / sloped) for to, share in ((begin, 0), (end, 1))
    )
    ys = np.stack([y[:-1][crosses] + part * rise for part in (first, last)])
    return list(zip(ys.min(axis=0).tolist(), ys.max(axis=0).tolist(), strict=True))
