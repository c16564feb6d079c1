"""Where an axis begins and ends, and what stands at its ticks: digits that matter and no others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from figures.look import wording
from figures.look.encode import Json

# of the largest number on the axis: below this share of it, ticks would differ in their fifth digit or later
_ALIKE = 1e-4
# a fall so many times as deep as all that was climbed leaves the picture
_DEEP = 9.0
# a fall by so many times the largest number on the axis leaves none of its digits
_LOST = 1e3


def nice(length: float, most: int = 4) -> float:
    """A step of 1, 2 or 5 times a power of ten of which `length` has at most `most`."""
    power = 10.0 ** math.floor(math.log10(length / most))
    return next(step * power for step in (1, 2, 5, 10) if step * power * most >= length * (1 - 1e-9))


def heights(low: float, high: float, level: float | None) -> Json:
    """The y axis from `low` to `high` nats, as parts of a layout.

    level: the height that ticks are told from where all numbers on the axis look alike.
    """
    if level is None or high - low > _ALIKE * max(abs(low), abs(high)):
        return {
            "yaxis_range": [low, high],
            "yaxis_tickmode": "auto",
            "yaxis_tickvals": [],
            "yaxis_ticktext": [],
            "yaxis_title_text": "nats",
        }
    step = nice(high - low)
    first, last = math.ceil((low - level) / step - 1e-3), math.floor((high - level) / step + 1e-3)
    exponent = math.floor(math.log10(step) + 1e-9)
    size = 10.0**exponent
    counts = range(first, last + 1)
    unit = f"10{wording.raised(exponent)} nats" if exponent else "nats"
    return {
        "yaxis_range": [low, high],
        "yaxis_tickmode": "array",
        "yaxis_tickvals": [level + count * step for count in counts],
        "yaxis_ticktext": [f"{round(count * step / size):+d}".replace("-", "−") if count else "0" for count in counts],
        "yaxis_title_text": f"{unit}<br>from {wording.number(level)}",
    }


def decades(low: float, high: float) -> Json:
    """Ticks of a logarithmic y axis from 10^low to 10^high: powers of ten, or 1, 2 and 5 times those where few fit."""
    if high - low >= 1.5:
        return {
            "yaxis_tickmode": "linear",
            "yaxis_tick0": 0,
            "yaxis_dtick": math.ceil((high - low) / 6),
            "yaxis_tickvals": [],
            "yaxis_ticktext": [],
        }
    steps = [(digit, power) for power in range(math.floor(low), math.ceil(high) + 1) for digit in (1, 2, 5)]
    within = [(digit, power) for digit, power in steps if low <= math.log10(digit) + power <= high]
    plain = [f"{digit * 10.0**power:g}" if -3 <= power <= 4 else "" for digit, power in within]
    return {
        "yaxis_tickmode": "array",
        "yaxis_tick0": 0,
        "yaxis_dtick": 1,
        "yaxis_tickvals": [digit * 10.0**power for digit, power in within],
        # as plain digits: Plotly would write those between powers of ten smaller
        "yaxis_ticktext": [
            told or f"{digit} × 10{wording.raised(power)}" for told, (digit, power) in zip(plain, within, strict=True)
        ],
    }


def around(
    values: Iterable[float | None], level: float, above: float = 0.06, below: float = 0.06
) -> tuple[float, float]:
    """A range that holds these heights with some room, and is no smaller than rounding near `level`."""
    there = [value for value in values if value is not None and math.isfinite(value)] or [level]
    low, high = min(there), max(there)
    least = 1e-11 * max(1.0, abs(level))
    if high - low < least:
        low, high = (low + high - least) / 2, (low + high + least) / 2
    return low - below * (high - low), high + above * (high - low)


def readable(
    steps: Sequence[tuple[float | None, Sequence[float]]],
    best: float = -math.inf,
    present: Sequence[float] = (),
    most: float = 0.5,
) -> list[float]:
    """The heights that a picture of a climb is scaled to. steps: how high each stands, and all its heights.

    Those of a step that has fallen are left out where it fell so deep that the others would look like one line, unless
    the share `most` of all have: then that is where the climb now stands. best: how high it was before. present:
    heights that are to be seen in any case, unless next to them the digits of the others would be lost.
    """
    steady, fallen = [], []
    for height, heights in steps:
        level = best if height is None else height
        (steady if level >= best or wording.still(best - level, level) else fallen).append(heights)
        best = max(best, level)
    if not steady:  # a climb farther down: of what has fallen, those that stand apart
        fallen.sort(key=min)
        most = (len(fallen) - 1) // 2
        low = next((low for low in range(most, 0, -1) if len(_deep(fallen[:low], fallen[low:])) == low), 0)
        fallen, steady = fallen[:low], fallen[low:]
    deep = _deep(fallen, steady)
    left_out = deep if len(deep) < most * len(steps) else []
    kept = [height for heights in (*steady, *fallen) if heights not in left_out for height in heights]
    reach = _LOST * max((1.0, *(abs(height) for height in kept)))
    return kept + [height for height in present if height not in kept and height >= min(kept) - reach]


def _deep(fallen: list[Sequence[float]], steady: list[Sequence[float]]) -> list[Sequence[float]]:
    """Those next to which the steady ones look like one line."""
    low, high = min(map(min, steady)), max(map(max, steady))
    return [heights for heights in fallen if min(heights) < low - _DEEP * (high - low)]


def spread(wanted: Sequence[float], low: float, high: float, least: float) -> list[float]:
    """Heights for labels that want to stand at these, at least so far apart and within the picture, in their order.

    Those that would overlap make room for each other in equal parts.
    """
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    # labels that touch, as one: where the lowest of them stands, and how many they are
    stacks: list[tuple[float, int]] = []
    for place in order:
        foot, size = min(max(wanted[place], low), high), 1
        while stacks and stacks[-1][0] + stacks[-1][1] * least > foot:
            below, count = stacks.pop()
            # where each of the upper ones would have the foot of all, on average with the lower ones
            foot = (count * below + size * (foot - count * least)) / (count + size)
            size += count
            foot = max(min(foot, high - (size - 1) * least), low)
        stacks.append((foot, size))
    heights = [foot + least * place for foot, size in stacks for place in range(size)]
    result = [0.0] * len(wanted)
    for place, height in zip(order, heights, strict=True):
        result[place] = height
    return result


def leap(low: float, high: float) -> list[float]:
    """A range around this one, twice as long at most, that stays while this one moves a little."""
    if not high > low:
        return [low, high]
    grid = 2.0 ** (math.ceil(math.log2(high - low)) - 2)
    return [grid * math.floor(low / grid), grid * math.ceil(high / grid)]
