"""Where the names of two curves stand: where these leave the picture, and apart."""

from __future__ import annotations

import numpy as np

from em_core.records import Array
from figures.look.encode import Json

# the parts of the height, and of the width, that the names keep between them
_APART, _ASIDE = 0.13, 0.1
# where both curves fall out of the picture, the height at which they are named: there they are far apart
_LOW = 0.2


def beside(x: Array, upper: Array, lower: Array, low: float, high: float) -> Json:
    """Places of both names: where the curves over `x` leave the heights from `low` to `high` at the right."""
    ends = [_end(x, curve, low, high) for curve in (upper, lower)]
    (place, first), (other, second) = ends
    at_the_right = ["middle right", "middle right"]
    if first is not None and second is not None:
        if first == second == low:  # both fall out of the picture: they are named on their way down, on either side
            down = [_crossing(curve, low + _LOW * (high - low)) for curve in (upper, lower)]
            # a curve may fall to −∞ at once
            heights = [max(float(curve[at]), low) for curve, at in zip((upper, lower), down, strict=True)]
            return {"x": x[down].tolist(), "y": heights, "textposition": ["middle right", "middle left"]}
        least = _APART * (high - low)
        if first - second < least and abs(place - other) < _ASIDE * float(x[-1] - x[0]):
            middle = min(max((first + second) / 2, low + least), high - least)
            first, second = middle + least / 2, middle - least / 2
    return {"x": [place, other], "y": [first, second], "textposition": at_the_right}


def _crossing(curve: Array, height: float) -> int:
    """The place from which on a curve, on its way down from its top, is no longer above this height."""
    return next(place for place in range(int(np.nanargmax(curve)), len(curve)) if not curve[place] > height)


def _end(x: Array, curve: Array, low: float, high: float) -> tuple[float, float | None]:
    """The last place at which a curve is in the picture, or its edge beside that."""
    inside = np.flatnonzero((curve >= low) & (curve <= high))
    if not len(inside):
        return float(x[-1]), None
    last = int(inside[-1])
    if last + 1 == len(x) or np.isnan(curve[last + 1]):
        return float(x[last]), float(curve[last])
    edge = low if curve[last + 1] < low else high
    share = (edge - curve[last]) / (curve[last + 1] - curve[last])
    return float(x[last] + share * (x[last + 1] - x[last])), edge
