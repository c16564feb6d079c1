"""Runs that were left, to go back to: Undo and Redo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from em_core.caching import footprint
from ui.settings import Settings

# so many runs are kept, the last ones; fewer where they hold data of their own: about so many bytes
_KEPT = 30
_KEPT_BYTES = 16_000_000


@dataclass(frozen=True)
class View:
    """What a run on the page is made from, and the place in it."""

    settings: Settings
    tape: tuple[Any, ...]
    cursor: int


@dataclass
class Past:
    """The runs before the one on the page, and those that Undo has left; both with the last one at the end."""

    before: list[View] = field(default_factory=list)
    after: list[View] = field(default_factory=list)

    def leave(self, view: View) -> None:
        """Keep a run that another has taken the place of."""
        self.before = [*self.before, view][-_KEPT:]
        self.after = []
        while len(self.before) > 1 and footprint(self.before) > _KEPT_BYTES:
            del self.before[0]

    def turn(self, act: str, view: View) -> View | None:
        """The run to go to by `undo` or `redo`, from this one; None where there is none."""
        source, target = (self.before, self.after) if act == "undo" else (self.after, self.before)
        if not source:
            return None
        target.append(view)
        return source.pop()

    @property
    def idle(self) -> list[str]:
        """The acts that can do nothing now."""
        return [act for act, runs in (("undo", self.before), ("redo", self.after)) if not runs]
