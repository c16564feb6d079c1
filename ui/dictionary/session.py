"""The dictionary page's session."""

from __future__ import annotations

from typing import ClassVar

from em_core.records import Array
from ui.dictionary.run import DictionaryRun
from ui.dictionary.settings import STARTS, DictionarySettings, for_data
from ui.session import Session

# digits that another page takes over: so many fit a link
_DECIMALS = 4


class DictionarySession(Session):
    """Settings, run and place of one reader of the dictionary page."""

    key: ClassVar[str] = "dictionary"
    kind: ClassVar = DictionarySettings
    runs: ClassVar = DictionaryRun
    subject: ClassVar = ("data",)
    starts: ClassVar = STARTS
    settings: DictionarySettings
    run: DictionaryRun

    def forks(self, wanted: DictionarySettings, changed: set[str]) -> None:
        # another model: what has been learned is where it starts
        at = self.player.within(self.run)
        self.begin(wanted.going_on(*self.run.dictionaries(at)) if at > 0 else wanted)

    def bring(self, values: list[list[float]]) -> None:
        """Learn from pictures of the reader's own, (N, D). Raises `InvalidExperiment`; then everything stays."""
        settings = for_data(self.settings, "patches").overriding(data={"values": values})
        with self.lock:
            self.keeping(lambda: self.begin(settings))
            self.messages = []

    @property
    def learned(self) -> Array | None:
        """(D, K) the dictionary in view, to four decimals; None before the first half-step."""
        with self.lock:
            at = self.player.within(self.run)
            atoms = self.run.dictionaries(at)[0].round(_DECIMALS)
        # V shrinks atoms that do not pay to nothing
        atoms = atoms[:, atoms.any(axis=0)]
        return atoms if at > 0 and atoms.size else None
