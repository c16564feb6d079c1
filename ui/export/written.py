"""A file that was made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """A file's content, and what is said of it, a line each."""

    content: str | bytes
    messages: tuple[str, ...] = ()
