"""How far the files are that one reader has asked for."""

from __future__ import annotations

import time
from threading import Event

# seconds in which the browser asks for the file whose button was pressed
_SOON = 3.0
# seconds in which it fetches the file that was made
_FETCHED = 0.5


class Taking:
    """What one reader has pressed: how many files are `underway`, and what is `said` of the last one."""

    def __init__(self) -> None:
        self.underway = 0
        self.said: list[str] = []
        self._asked = -_SOON
        self._ended = -_FETCHED
        self._begun = Event()

    def ask(self) -> None:
        """A button was pressed.

        Returns once its file is underway, or did not come: the buttons that are shown next are other ones to Streamlit,
        which then no longer knows the one that was pressed.
        """
        self._begun.wait(_SOON)
        self._begun.clear()
        self._asked = time.monotonic()

    def begin(self) -> None:
        """A file is being made, and nothing is said of the last one."""
        self.underway += 1
        self.said = []
        self._begun.set()

    def end(self) -> None:
        """A file is made, or cannot be."""
        self.underway -= 1
        self._ended = time.monotonic()

    def settle(self) -> None:
        """Wait until the browser has a file that was just made: Streamlit drops it when a run of the page ends."""
        time.sleep(max(0.0, self._ended + _FETCHED - time.monotonic()))

    @property
    def busy(self) -> bool:
        """Whether a file is being made, or will be in a moment."""
        return self.underway > 0 or time.monotonic() < self._asked + _SOON
