"""How far to look along a line: until a function has fallen so that its top, and how it bends, can be seen."""

from __future__ import annotations

import math
from collections.abc import Callable

# nats that it falls at least: so much as an estimate is uncertain by
FALL = 3.0
# falling up to so many times as deep will do
_ENOUGH, _AIM = 2.0, 1.4
# so many places are tried on either side, none farther than the second
_MOST, _FARTHEST = 24, 1e12
# how many times as far the next one is at most: as a rule, where nothing has changed yet, where the bend says how far
_LEAP, _LONG, _SURE = 8.0, 64.0, 1e4
# this share of the fall is no change; a function that does not change from leap to leap has levelled off
_STILL = 0.01
# how near the last place where there is a function is come to
_NEAR = 0.9


def reach(change: Callable[[float], float], slope: float, least: float = 0.0) -> tuple[float, float, float]:
    """How far back and forth to look, both above 0, and how deep the function then falls on either side, about.

    change: the function less its value at 0, whose slope is there; not finite where it is not defined. It falls by
    `FALL`, by `least`, or as much as it rises on its way, whichever is most; where it never does, as far as it changes,
    and where it ends before, up to there.
    """
    uphill = 1 if slope >= 0 else -1
    first, risen = _far(lambda place: change(uphill * place), abs(slope), max(FALL, least))
    depth = max(FALL, least, risen)
    other, more = _far(lambda place: change(-uphill * place), -abs(slope), depth)
    back, forth = (other, first) if uphill > 0 else (first, other)
    return back, forth, max(depth, more)


def _far(change: Callable[[float], float], slope: float, least: float) -> tuple[float, float]:
    """How far to look to one side, and how high the function rises there."""
    # a function without turns has fallen by then, if it falls from the beginning
    place = least / -slope if slope < 0 else 1.0
    first, near, far = place, 0.0, math.inf
    risen = last = 0.0
    level, moved = 0, False
    for _ in range(_MOST):
        height = change(place)
        if not math.isfinite(height):
            far = place
            if near > _NEAR * far:
                break
            place = _between(near, far)
            continue
        risen, moved = max(risen, height), moved or abs(height) > _STILL * least
        depth = max(least, risen)
        if depth <= -height <= _ENOUGH * depth:
            if slope > 0:  # on its way it may have been higher than at the places tried: where a parabola has its top
                top = change(slope / (2 * (slope - height / place)) * place)
                risen = max(risen, top if math.isfinite(top) else 0.0)
                depth = max(least, risen)
            if depth <= -height:
                return place, risen
        aim = _parabola(place, height, slope, _AIM * depth)
        if -height > depth:
            far = place
        elif math.isinf(far):
            level = level + 1 if moved and abs(height - last) <= _STILL * least else 0
            if level == 2:
                return place / _LEAP**2, risen
            near, last = place, height
            if near > _FARTHEST:
                return first, risen
            most = _SURE if math.isfinite(aim) and not moved else _LEAP if moved else _LONG
            place = near * min(max(aim / near, 2.0), most)
            continue
        else:
            near = place
        if near and near > _NEAR * far:
            break
        place = aim if near < aim < far else _between(near, far)
    return near or far, risen


def _between(near: float, far: float) -> float:
    if not near:
        return far / _LEAP
    return math.sqrt(near) * math.sqrt(far) if far > 4 * near else (near + far) / 2


def _parabola(place: float, height: float, slope: float, depth: float) -> float:
    """Where the parabola through 0, with this slope there, and through this place has fallen so deep."""
    bend = (height - slope * place) / place**2
    return (slope + math.sqrt(slope**2 - 4 * bend * depth)) / (-2 * bend) if bend < 0 else math.inf
