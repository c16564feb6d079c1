"""How far to look along a line: until a function has fallen so that its top, and how it bends, can be seen."""

from __future__ import annotations

import math
from collections.abc import Callable

# nats that it falls at least: what a parameter's estimate may be off by costs as much
FALL = 3.0
# falling up to so many times as deep will do
_ENOUGH, _AIM = 2.0, 1.4
# so many places are tried on either side, each at most so many times as far as the one before
_MOST, _LEAP = 24, 8.0
# a function that changes by no more than this share of the fall from leap to leap has levelled off
_LEVEL = 0.01
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
    near, far, risen, level = 0.0, math.inf, 0.0, 0
    last = 0.0
    for _ in range(_MOST):
        height = change(place)
        if not math.isfinite(height):
            far = place
            if near > _NEAR * far:
                break
            place = (near + far) / 2 if near else far / _LEAP
            continue
        risen = max(risen, height)
        depth = max(least, risen)
        if depth <= -height <= _ENOUGH * depth:
            return place, risen
        aim = _parabola(place, height, slope, _AIM * depth)
        if -height > depth:
            far = place
        elif math.isinf(far):
            level = level + 1 if near and abs(height - last) <= _LEVEL * least else 0
            if level == 2:
                return place / _LEAP**2, risen
            near, last = place, height
        else:
            near = place
        if math.isinf(far):
            place = near * min(max(aim / near, 2.0), _LEAP)
        elif near < aim < far:
            place = aim
        else:
            place = math.sqrt(near * far) if near else far / _LEAP
    return near or far, risen


def _parabola(place: float, height: float, slope: float, depth: float) -> float:
    """Where the parabola through 0, with this slope there, and through this place has fallen so deep."""
    bend = (height - slope * place) / place**2
    return (slope + math.sqrt(slope**2 - 4 * bend * depth)) / (-2 * bend) if bend < 0 else math.inf
