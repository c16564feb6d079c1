"""How far the files are that one reader has asked for."""

from __future__ import annotations

import time

# seconds in which the browser asks for the file whose button was pressed
_SOON = 3.0


class Taking:
    """What one reader has pressed: how many files are `underway`, and what is `said` of the last one."""

    def __init__(self) -> None:
        self.underway = 0
        self.said: list[str] = []
        self._asked = -_SOON

    def ask(self) -> None:
        """A button was pressed."""
        self._asked = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether a file is being made, or will be in a moment."""
        return self.underway > 0 or time.monotonic() < self._asked + _SOON
