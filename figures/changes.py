"""What differs between frames, or between the steps of a way: parts of their `set`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from figures.drawing import packed
from figures.look import scale
from figures.look.encode import Json
from figures.look.wording import still

# of an axis that is not logarithmic
_RANGE = re.compile(r"[xy]axis\d*\.range$")


def each(steps: Sequence[Json]) -> Json:
    """Of what is set or said at each step, what differs between them: its values, in the order of the steps."""
    last = steps[-1]
    return {key: [step[key] for step in steps] for key in last if any(step[key] != last[key] for step in steps)}


def merged(parts: Iterable[Json]) -> Json:
    """All of them as one."""
    result: Json = {}
    for part in parts:
        result |= part
    return result


def differing(there: Json, here: Json) -> Json:
    """Of what is set at one place, what differs from another."""
    return {address: value for address, value in there.items() if address not in here or value != here[address]}


def steady(changed: Json, figure: str) -> Json:
    """The same with axes that seldom change: none of `figure`, which the reader's hand is on; heights elsewhere leap.

    A figure whose axes stay is drawn trace by trace, in a fraction of the time.
    """
    result = {}
    for address, value in changed.items():
        if not _RANGE.search(address):
            result[address] = value
        elif not address.startswith(f"{figure}/"):
            result[address] = value if "/xaxis" in address else scale.leap(*value)
    return result


def passing(steps: Sequence[Json], decimals: int | None = None) -> Json:
    """Of what is set at each step, what differs between them, as a glide's `set`; numbers packed.

    decimals: so many tell places of the picture apart on the way; such numbers are shorter as they are.
    """
    return {address: {"each": _packed(values, decimals)} for address, values in each(steps).items()}


def _packed(values: Sequence[Any], decimals: int | None) -> Any:
    """Lists of so many numbers each as one array, other values as they are."""
    lengths = {len(value) if isinstance(value, list) else 0 for value in values}
    if 0 in lengths or len(lengths) > 1 or any(isinstance(entry, str) for value in values for entry in value):
        return values
    if decimals is not None:
        first, *way, last = values
        short = [[None if entry is None else round(entry, decimals) for entry in value] for value in way]
        return [first, *short, last]
    return packed(np.array(values, dtype=float))


def changed(size: float, **terms: tuple[float | None, float | None]) -> list[str]:
    """The terms of an equation that changed by more than rounding, of numbers of this size; each as (before, now)."""
    return [
        name
        for name, (old, new) in terms.items()
        if old is None or new is None or (new != old and not still(new - old, size))
    ]
