"""How often one may send: so many times in a window of time, then not until it is over."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

# names at once: more than that send in one window only when somebody makes them up
_NAMES = 20_000


class Window:
    """Counts by name, forgotten with each window. Bounded: beyond `_NAMES` names all are refused."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self._counts: Counter[str] = Counter()
        self._begun = clock()

    def within(self, name: str, most: int) -> bool:
        """Count one more; whether it is within `most`."""
        self._forget()
        if name not in self._counts and len(self._counts) >= _NAMES:
            return False
        self._counts[name] += 1
        return self._counts[name] <= most

    def full(self, name: str, most: int) -> bool:
        """Whether one more would be beyond `most`."""
        self._forget()
        return self._counts[name] >= most

    def _forget(self) -> None:
        if self.clock() - self._begun >= self.seconds:
            self._counts.clear()
            self._begun = self.clock()
