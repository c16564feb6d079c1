"""Work that is done a little at a time, so that a page can answer its reader in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")

# yields between its parts, and returns what it comes to
Work: TypeAlias = Generator[None, None, T]


def finished(work: Work[T]) -> T:
    """What it comes to, done at a stretch."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result
