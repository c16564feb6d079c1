"""Names at the ends of curves: those whose ends are near one another keep some distance."""

from __future__ import annotations

from collections.abc import Sequence

from figures.look import scale


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
