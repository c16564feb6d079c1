"""Whether something holds of a run: what a lesson claims, asks or wants done."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ui.lessons.observed import Row, number
from ui.lessons.records import Condition

# a change by less than this, of the number itself or of 1, is rounding
ROUNDING = 1e-9


def change(run: Sequence[Row], of: str, half_step: int) -> str:
    """Whether a number rises, falls or stays at a half-step."""
    before, after = number(run[half_step - 1], of), number(run[half_step], of)
    if before == after or abs(after - before) <= ROUNDING * max(1.0, abs(before)):
        return "stays"
    return "rises" if after > before else "falls"


def holds(condition: Condition, run: Sequence[Row], half_step: int | None = None) -> bool:
    """Whether it does. half_step: the one in question, where the condition names none.

    Raises `InvalidExperiment` for a number that is not defined there.
    """
    if condition.converges_within is not None:
        return _converges(run, condition.of, condition.converges_within) == condition.holds
    at = condition.half_step if condition.half_step is not None else half_step
    if at is None or not 0 <= at < len(run):
        return False
    if condition.event:
        return (condition.event in run[at].get("events", "").split()) == condition.holds
    if condition.change:
        return at > 0 and change(run, condition.of, at) == condition.change
    value = number(run[at], condition.of)
    if condition.center is not None:
        return abs(value - condition.center) <= condition.within
    return (condition.above == -math.inf or condition.above < value) and (
        condition.below == math.inf or value < condition.below
    )


def _converges(run: Sequence[Row], of: str, within: int) -> bool:
    """Whether a number no longer changes from a half-step on."""
    if within >= len(run) - 1:
        return False
    settled, *rest = (number(row, of) for row in run[within:])
    return all(math.isclose(settled, value, rel_tol=1e-9, abs_tol=1e-9) for value in rest)
