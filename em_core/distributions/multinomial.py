"""Counts in cells, for the genetic models."""

from __future__ import annotations

import math
from collections.abc import Iterable

from em_core.caching import bounded


def log_ways(counts: Iterable[float]) -> float:
    """log of the multinomial coefficient of whole counts, from exact integers.

    The logarithms of the factorials would cancel and lose digits.
    """
    return _log_ways(tuple(int(count) for count in counts))


@bounded(1_000_000)
def _log_ways(whole: tuple[int, ...]) -> float:
    return math.log(math.prod(math.comb(sum(whole[: i + 1]), n) for i, n in enumerate(whole)))


def times_log(count: float, probability: float) -> float:
    """count · log probability, with 0 log 0 = 0."""
    if count == 0:
        return 0.0
    return float(count) * math.log(probability) if probability > 0 else -math.inf
