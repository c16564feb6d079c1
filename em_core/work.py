"""Work that is done a little at a time, so that a page can answer its reader in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")

# yields between its parts, and returns what it comes to
Work: TypeAlias = Generator[None, None, T]
# the same; each time it tells the share of it that is done, from 0 to 1, and never less than before
Progress: TypeAlias = Generator[float, None, T]


def finished(work: Work[T] | Progress[T]) -> T:
    """What it comes to, done at a stretch."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result


def part(work: Progress[T], begin: float, end: float) -> Progress[T]:
    """Work that is a part of larger work, whose share it takes from `begin` to `end`."""
    try:
        while True:
            yield begin + (end - begin) * next(work)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        work.close()
