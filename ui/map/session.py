"""The MAP page's session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Array
from ui.dictionary.session import DictionarySession
from ui.map import settings as map_settings
from ui.map.run import LONGEST, MapRun
from ui.map.settings import JUST_LEARNED, LIMITS, MapSettings, for_signal
from ui.session import Session, known


class MapSession(Session):
    """Settings, run and place of one reader of the MAP page."""

    key: ClassVar[str] = "map"
    limits: ClassVar = LIMITS
    subject: ClassVar = ("signal", "dictionary")
    settings: MapSettings
    run: MapRun

    def wanted(self, changes: dict[str, Any]) -> MapSettings:
        switched = for_signal(self.settings, changes["signal"]) if "signal" in changes else self.settings
        return replace(switched, **changes)

    def adopt(self, wanted: MapSettings, changed: set[str]) -> None:
        if "dictionary" in changed and wanted.dictionary == JUST_LEARNED:
            if self.just_learned is None:
                raise InvalidExperiment("dictionary", JUST_LEARNED, "one that was learned on the page before")
            wanted = wanted.with_learned(self.just_learned)
        elif changed & {"signal", "dictionary", "v1", "v2", "angle", "number"}:
            kept = {"dictionary": wanted.given["dictionary"]} if wanted.dictionary == JUST_LEARNED else None
            wanted = replace(wanted, given=kept)
        elif changed & {"solver", "stride", "restart", "dt", "atoms", "precision"} and wanted.given:
            # the controls rule now, not the settings that a file brought along: a step belongs to its β
            kept = {key: part for key, part in wanted.given.items() if key != "settings"}
            wanted = replace(wanted, given=kept or None)
        self.begin(wanted)

    def own(self, act: dict[str, Any], at: int) -> None:
        if act["act"] == "reset":
            self.begin(self.settings.without_start())
        elif act["act"] == "random":
            self.begin(self._another())
        elif act["act"] == "drag":
            start = self.run.dragged(at, act["x"], act["y"])
            self.begin(replace(self.settings, given={**(self.settings.given or {}), "start": start}))

    def begin(self, settings: MapSettings, steps: int = 0) -> None:
        """Start a run. Raises `InvalidExperiment`, and then everything stays as it was."""
        self.run = MapRun.reopening(settings, steps)
        self.settings = settings
        self.player.reopen(self.run)

    def use_dictionary(self, dictionary: Array) -> None:
        """Explain the present signal with the reader's own dictionary. Raises `InvalidExperiment`."""
        with self.lock:
            self.begin(self.settings.with_dictionary(dictionary))

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

    def open(self, raw: Any) -> None:
        settings, steps = map_settings.of_experiment(raw)
        self.begin(settings, min(steps, LONGEST))
        if steps > LONGEST:
            self.messages = [f"The file has {steps:,} steps; the page holds {LONGEST:,}, the command line goes on."]

    def query(self) -> dict[str, str]:
        return map_settings.to_query(self.settings, self.run.tape, self.player.place)

    @classmethod
    def opened(cls, query: dict[str, str]) -> MapSession:
        settings, steps, cursor, messages = map_settings.from_query(query, LONGEST)
        attempts = [(settings, steps), (replace(settings, given=None), 0), (MapSettings(), 0)]
        return cls.starting(attempts, MapRun.reopening, cursor, messages)

    def _another(self) -> MapSettings:
        """The next signal of this kind; the toy's goes a little further round."""
        settings = replace(self.settings, given=None)
        if settings.signal not in ("toy2", "toy3"):
            return replace(settings, number=(settings.number + 1) % (int(LIMITS["number"].high) + 1))
        turned = complex(settings.v1, settings.v2) * complex(0.8, 0.6)
        return replace(settings, v1=_within("v1", turned.real), v2=_within("v2", turned.imag))


def _within(name: str, value: float) -> float:
    return round(min(max(value, LIMITS[name].low), LIMITS[name].high), 2)
