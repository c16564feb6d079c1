"""What a session does with experiment files."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import RLock
from typing import Any

from em_core.files.errors import InvalidExperiment
from ui import limits


class Filed:
    """The part of a session that opens experiment files, and writes one."""

    settings: Any
    run: Any
    lock: RLock

    def attempt(self, deed: Callable[[], None], fresh: bool = True) -> None:
        raise NotImplementedError

    def keeping(self, deed: Callable[[], None]) -> None:
        raise NotImplementedError

    def begin(self, settings: Any, *tape: Any) -> None:
        raise NotImplementedError

    def open(self, raw: Any) -> None:
        raise NotImplementedError

    def drop_file(self) -> None:
        """Give up the data that a file brought along, and go back to what the controls say.

        These may not suit the shipped data: more factors than columns, say.
        """
        self.attempt(lambda: self.begin(self.settings.bare()))

    def open_file(self, content: bytes) -> None:
        """Take an experiment file's contents as the run. Raises `InvalidExperiment`."""
        limits.check_file(content)
        text = content.decode("utf-8-sig", errors="replace")
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidExperiment("file", text[:40], f"JSON ({error})") from None
        with self.lock:
            self.keeping(lambda: self.open(raw))

    def file(self) -> str:
        """The experiment on the page, as a file that replays to the same numbers."""
        with self.lock:
            return json.dumps(self.run.json(), indent=1)
