"""The posterior page's session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ui import links
from ui.posterior import settings as posterior_settings
from ui.posterior.run import PosteriorRun
from ui.posterior.settings import LIMITS, PosteriorSettings, for_units
from ui.session import Session

_DATA = {"v", "w", "v1", "v2", "angle"}
# the rung of the reader's own width
_OWN = 2


class PosteriorSession(Session):
    """Settings, ladder and place of one reader of the posterior page."""

    key: ClassVar[str] = "posterior"
    limits: ClassVar = LIMITS
    subject: ClassVar = ("units",)
    settings: PosteriorSettings
    run: PosteriorRun

    def wanted(self, changes: dict[str, Any]) -> PosteriorSettings:
        switched = for_units(self.settings, changes["units"]) if "units" in changes else self.settings
        return replace(switched, **changes)

    def adopt(self, wanted: PosteriorSettings, changed: set[str]) -> None:
        if changed & _DATA:
            wanted = wanted.without("data")
        if "width" in changed:
            wanted = wanted.without("widths")
        self.begin(wanted)
        if "width" in changed:
            self.player.go(_OWN)

    def own(self, act: dict[str, Any], at: int) -> None:
        if act["act"] == "drag":
            self.begin(self.settings.at(self.run.dragged(act["x"], act["y"])))
        elif act["act"] == "reset":
            self.begin(self.settings.without("mean"))
        elif act["act"] == "mean":
            self.begin(self.settings.at(self.run.place("mean")))
        if act["act"] in ("reset", "mean"):
            self.player.go(max(self.player.cursor, _OWN))

    def begin(self, settings: PosteriorSettings) -> None:
        """Show these settings' ladder, from the rung on which the reader stands."""
        rung = self.run.ladder.rungs[min(self.player.cursor, len(self.run) - 1)]
        self.run = PosteriorRun.of(settings)
        self.settings = settings
        last = len(self.run) - 1
        self.player.go(last if rung.kind == "dirac" else min(self.player.cursor, last))

    def open(self, raw: Any) -> None:
        self.begin(posterior_settings.of_experiment(raw))

    def query(self) -> dict[str, str]:
        return posterior_settings.to_query(self.settings, self.player.cursor)

    @classmethod
    def opened(cls, query: dict[str, str]) -> PosteriorSession:
        settings, messages = posterior_settings.from_query(query)
        attempts = [(settings, None), (replace(settings, given=None), None), (PosteriorSettings(), None)]
        session = cls.starting(attempts, PosteriorRun.of, 0, messages)
        session.player.go(links.read_cursor(query, len(session.run) - 1, messages) or 0)
        return session
