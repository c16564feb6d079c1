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


def readable(steps: Sequence[tuple[float | None, Sequence[float]]]) -> list[float]:
    """The heights that a picture of a climb is scaled to. steps: how high each stands, and all its heights.

    Those of a step that has fallen are left out where it fell so deep that the others would look like one line, unless
    most have: then that is where the climb now stands.
    """
    best, steady, fallen = -math.inf, [], []
    for height, heights in steps:
        level = best if height is None else height
        (steady if level >= best or wording.still(best - level, level) else fallen).append(heights)
        best = max(best, level)
    kept = [height for heights in steady for height in heights]
    if not kept:
        return [height for heights in fallen for height in heights]
    lowest = min(kept) - _DEEP * (max(kept) - min(kept))
    deep = sum(min(heights) < lowest for heights in fallen)
    return kept + [h for heights in fallen if min(heights) >= lowest or 2 * deep > len(steps) for h in heights]


def spread(wanted: Sequence[float], low: float, high: float, least: float) -> list[float]:
    """Heights for labels that want to stand at these, at least so far apart and within the picture, in their order."""
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    placed: list[float] = []
    for place in order:
        height = min(max(wanted[place], low), high)
        placed.append(height if not placed else max(height, placed[-1] + least))
    over = max(placed[-1] - high, 0.0) if placed else 0.0
    for place in range(len(placed) - 1, -1, -1):  # what was pushed out at the top pushes back
        limit = high if place == len(placed) - 1 else placed[place + 1] - least
        placed[place] = min(placed[place], limit) if over else placed[place]
    result = [0.0] * len(wanted)
    for place, height in zip(order, placed, strict=True):
        result[place] = height
    return result


def leap(low: float, high: float) -> list[float]:
    """A range around this one, twice as long at most, that stays while this one moves a little."""
    if not high > low:
        return [low, high]
    grid = 2.0 ** (math.ceil(math.log2(high - low)) - 2)
    return [grid * math.floor(low / grid), grid * math.ceil(high / grid)]
