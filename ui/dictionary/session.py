"""The dictionary page's session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from em_core.files.fields import Array
from ui.dictionary import settings as dictionary_settings
from ui.dictionary.run import LONGEST, DictionaryRun
from ui.dictionary.settings import LIMITS, DictionarySettings, for_data
from ui.session import Session

_SEEDS = int(LIMITS["seed"].high) + 1
# digits that another page takes over: so many fit a link
_DECIMALS = 4


class DictionarySession(Session):
    """Settings, run and place of one reader of the dictionary page."""

    key: ClassVar[str] = "dictionary"
    limits: ClassVar = LIMITS
    subject: ClassVar = ("data",)
    settings: DictionarySettings
    run: DictionaryRun

    def wanted(self, changes: dict[str, Any]) -> DictionarySettings:
        switched = for_data(self.settings, changes["data"]) if "data" in changes else self.settings
        return replace(switched, **changes)

    def adopt(self, wanted: DictionarySettings, changed: set[str]) -> None:
        if changed == {"m_step"}:
            # another way to go on: what has been made stays
            self.run.cycle, self.run.rest = wanted.cycle, ""
        elif changed <= {"second", "second_seed"}:
            wanted = wanted.without_start("second_start")
            self.run = DictionaryRun.reopening(wanted, self.run.tape)
            self.player.reopen(self.run, self.player.place)
        elif changed <= {"norm_constraint", "dead_atoms", "penalty", "precision"}:
            # another model: what has been learned is where it starts
            at = min(self.player.cursor, len(self.run) - 1)
            self.begin(wanted.going_on(*self.run.dictionaries(at)) if at > 0 else wanted)
            return
        else:
            self.begin(wanted.without_start())
            return
        self.settings = wanted

    def own(self, act: dict[str, Any], at: int) -> None:
        if act["act"] == "move":
            self.player.go(self.run.move(act["letter"], at))
        elif act["act"] == "reset":
            self.begin(self.settings)
        elif act["act"] == "random":
            self.begin(replace(self.settings.without_start(), seed=(self.settings.seed + 1) % _SEEDS))

    def begin(self, settings: DictionarySettings, moves: str = "") -> None:
        """Start a run. Raises `InvalidExperiment`, and then everything stays as it was."""
        self.run = DictionaryRun.reopening(settings, moves)
        self.settings = settings
        self.player.reopen(self.run)

    def open(self, raw: Any) -> None:
        settings, moves = dictionary_settings.of_experiment(raw)
        self.begin(settings, moves)
        self.messages = _cut(moves)

    def query(self) -> dict[str, str]:
        return dictionary_settings.to_query(self.settings, self.run.tape, self.player.place)

    @classmethod
    def opened(cls, query: dict[str, str]) -> DictionarySession:
        settings, moves, cursor, messages = dictionary_settings.from_query(query)
        messages += _cut(moves)
        attempts = [(settings, moves), (replace(settings, given=None), ""), (DictionarySettings(), "")]
        return cls.starting(attempts, DictionaryRun.reopening, cursor, messages)

    @property
    def learned(self) -> Array | None:
        """(D, K) the dictionary in view, to four decimals; None before the first half-step."""
        with self.lock:
            at = min(self.player.cursor, len(self.run) - 1)
            atoms = self.run.dictionaries(at)[0].round(_DECIMALS)
        return atoms if at > 0 and np.all(atoms.any(axis=0)) else None


def _cut(moves: str) -> list[str]:
    """Say what the page leaves out of a long schedule."""
    if len(moves) <= LONGEST:
        return []
    return [f"The schedule has {len(moves):,} half-steps; the page holds {LONGEST:,}, the command line goes on."]
