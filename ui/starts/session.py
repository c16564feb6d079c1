"""The session of many starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from em_core.files.starts import given
from ui.em import recipes
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.session import Session, visit
from ui.settings import SEEDS
from ui.starts import words
from ui.starts.run import StartsRun
from ui.starts.settings import StartsSettings


class StartsSession(Session):
    """Settings, run and place of one reader of the starts."""

    key: ClassVar[str] = "starts"
    kind: ClassVar = StartsSettings
    runs: ClassVar = StartsRun
    subject: ClassVar = ("model", "data")
    takes: ClassVar = ("csv", "html")
    settings: StartsSettings
    run: StartsRun

    def goes_on(self, wanted: StartsSettings, changed: set[str]) -> None:
        """Another schedule: as many starts again, from their beginning."""
        self.begin(wanted, *self.run.taped)

    forks = goes_on

    def another(self, act: dict[str, Any], at: int) -> StartsSettings:
        """Other starts are those of the seeds that come next."""
        if act["act"] == "random":
            return replace(self.settings, seed=(self.settings.seed + self.settings.number) % SEEDS)
        return self.settings

    def own(self, act: dict[str, Any], at: int) -> None:
        if act["act"] == "open":
            self.visit(at)
        else:
            super().own(act, at)

    def visit(self, at: int) -> None:
        """Go to the run of the start in view, on the EM page, at its end."""
        end = self.run.steps[at].chosen
        if end is None or end.start is None:
            self.messages.append(words.NONE_CHOSEN)
            return
        settings = self.settings.opened(end.seed, given(end.start, None))
        run = EmRun.reopening(settings, end.moves)
        session = EmSession(settings, run, [])
        session.player.reopen(run)
        visit(session)

    def open(self, raw: Any) -> None:
        """Take an experiment file; a start of its own is left out."""
        (settings,) = self.kind.of_experiment(raw)
        self.begin(replace(settings, number=self.settings.number))
        self.messages = [words.NO_START] if isinstance(raw, dict) and raw.get("start") is not None else []

    @property
    def schedules(self) -> dict[str, str]:
        """Named schedules that need no settings of their own."""
        model = self.run.experiment.model
        plain = {name: recipe for name, recipe in recipes.RECIPES.items() if not recipe.changes}
        return {label: plain[name].word(model) for name, label in recipes.offered(plain, model).items()}

    @property
    def preset(self) -> str | None:
        """The named schedule that is on, where it has a name."""
        return next((title for title, plan in self.schedules.items() if plan == self.settings.plan), None)
