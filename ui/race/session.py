"""The race's session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ui.race.run import RaceRun
from ui.race.settings import WORDS, RaceSettings, presets, suited
from ui.session import Session


class RaceSession(Session):
    """Settings, run and place of one reader of the race."""

    key: ClassVar[str] = "race"
    kind: ClassVar = RaceSettings
    runs: ClassVar = RaceRun
    subject: ClassVar = ("model", "data")
    takes: ClassVar = ("csv", "html")
    settings: RaceSettings
    run: RaceRun

    def forks(self, wanted: RaceSettings, changed: set[str]) -> None:
        """As many rounds again, of other schedules or with other settings of moves."""
        place = self.player.place
        self.run = self.runs.reopening(wanted, *self.run.taped)
        self.settings = wanted
        self.player.reopen(self.run, place)

    def another(self, act: dict[str, Any], at: int) -> RaceSettings:
        drawn = {"start": "random"} if act["act"] == "random" else {}
        return replace(super().another(act, at), **drawn)

    def open(self, raw: Any) -> None:
        """Take an experiment file; the schedules stay, where its model can follow them."""
        (settings,) = self.kind.of_experiment(raw)
        words = self.settings.words
        if len(suited(words, settings.model)) < len(self.settings.racing):
            words = WORDS
        self.begin(replace(settings, words=words))
        self.messages = []

    @property
    def preset(self) -> str | None:
        """The named race that is on, where it has a name."""
        named = presets(self.settings.model)
        return next((title for title, words in named.items() if words == self.settings.words), None)
