"""The posterior page's session."""

from __future__ import annotations

from typing import Any, ClassVar

from ui.posterior.run import PosteriorRun
from ui.posterior.settings import PosteriorSettings
from ui.session import Session
from ui.tape import read_cursor

# the rung of the reader's own width
_OWN = 2


class PosteriorSession(Session):
    """Settings, ladder and place of one reader of the posterior page."""

    key: ClassVar[str] = "posterior"
    kind: ClassVar = PosteriorSettings
    runs: ClassVar = PosteriorRun
    subject: ClassVar = ("units",)
    settings: PosteriorSettings
    run: PosteriorRun

    def restarts(self, wanted: PosteriorSettings, changed: set[str]) -> None:
        self.begin(wanted)
        if "width" in changed:
            self.player.go(_OWN)

    def own(self, act: dict[str, Any], at: int) -> None:
        super().own(act, at)
        if act["act"] != "drag":
            self.player.go(max(self.player.cursor, _OWN))

    def another(self, act: dict[str, Any], at: int) -> PosteriorSettings:
        if act["act"] == "reset":
            return self.settings.without("mean")
        dragged = act["act"] == "drag"
        return self.settings.at(self.run.dragged(act["x"], act["y"]) if dragged else self.run.place("mean"))

    def begin(self, settings: PosteriorSettings) -> None:
        """Show these settings' ladder, from the rung on which the reader stands."""
        rung = self.run.ladder.rungs[self.player.within(self.run)]
        self.run = PosteriorRun.reopening(settings)
        self.settings = settings
        last = len(self.run) - 1
        self.player.go(last if rung.kind == "dirac" else min(self.player.cursor, last))

    @classmethod
    def opened(cls, query: dict[str, str]) -> PosteriorSession:
        session = super().opened(query)
        # how many rungs there are shows only now
        session.player.go(read_cursor(query, len(session.run) - 1, session.messages) or 0)
        return session
