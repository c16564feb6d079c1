"""The MAP page's session."""

from __future__ import annotations

from typing import Any, ClassVar

from em_core.files.errors import InvalidExperiment
from em_core.records import Array
from ui.dictionary.session import DictionarySession
from ui.map.run import MapRun
from ui.map.settings import JUST_LEARNED, MapSettings
from ui.session import Session, known


class MapSession(Session):
    """Settings, run and place of one reader of the MAP page."""

    key: ClassVar[str] = "map"
    kind: ClassVar = MapSettings
    runs: ClassVar = MapRun
    subject: ClassVar = ("signal", "dictionary")
    settings: MapSettings
    run: MapRun
    # where the reader last clicked on an image of their own: row and column
    picked: tuple[float, float] | None = None

    def forks(self, wanted: MapSettings, changed: set[str]) -> None:
        """As many steps again, for another λ."""
        place = self.player.place
        self.run = self.runs.reopening(wanted, *self.run.taped)
        self.settings = wanted
        self.player.reopen(self.run, place)

    def restarts(self, wanted: MapSettings, changed: set[str]) -> None:
        if wanted.dictionary != JUST_LEARNED:
            wanted = wanted.without("dictionary")
        elif "dictionary" in changed:
            if self.just_learned is None:
                raise InvalidExperiment(
                    "dictionary", JUST_LEARNED, "one that was learned on the page Dictionary learning"
                )
            wanted = wanted.with_learned(self.just_learned)
        self.begin(wanted)

    def another(self, act: dict[str, Any], at: int) -> MapSettings:
        if act["act"] == "drag":
            return self.settings.overriding(start=self.run.dragged(at, act["x"], act["y"]))
        return self.settings.next_signal() if act["act"] == "random" else self.settings.without("start")

    def bring(self, raw: Array, signal: str, dictionary: str) -> None:
        """Explain a signal of the reader's own, of this kind. Raises `InvalidExperiment`; then everything stays."""
        with self.lock:
            self.keeping(lambda: self.begin(self.settings.with_signal(raw, signal, dictionary)))
            self.messages = []

    def use_dictionary(self, dictionary: Array) -> None:
        """Explain the present signal with the reader's own dictionary. Raises `InvalidExperiment`."""
        with self.lock:
            self.keeping(lambda: self.begin(self.settings.with_dictionary(dictionary)))

    @property
    def just_learned(self) -> Array | None:
        """The dictionary in view on the page where dictionaries are learned, where it fits the signal."""
        page = known(DictionarySession)
        atoms = None if page is None else page.learned
        return atoms if atoms is not None and self.settings.takes(atoms) else None

    def take_learned(self) -> None:
        """Take the dictionary over as it is now."""
        atoms = self.just_learned
        if atoms is not None:
            self.attempt(lambda: self.begin(self.settings.with_learned(atoms)))
