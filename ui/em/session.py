"""The EM page's session: recipes, forks, and what the reader is told of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ui.em import recipes
from ui.em.run import EmRun, forked
from ui.em.settings import EmSettings
from ui.session import Session


class EmSession(Session):
    """Settings, run and place of one reader of the EM page."""

    key: ClassVar[str] = "em"
    kind: ClassVar = EmSettings
    runs: ClassVar = EmRun
    subject: ClassVar = ("model", "data")
    settings: EmSettings
    run: EmRun

    def wanted(self, changes: dict[str, Any]) -> EmSettings:
        if "recipe" in changes:
            changes = self._recipe(changes["recipe"])
        wanted = self.settings.taking(changes)
        if "plan" in changes and not self.run.tape and not wanted.overrides and wanted.takes_gradients:
            # gradient steps want standardised data; a run under way keeps its own
            wanted = replace(wanted, standardize=wanted.can_standardize)
        return wanted

    def _recipe(self, name: str) -> dict[str, Any]:
        """The settings that a named schedule changes; those that the recipe before brought along go with it."""
        if name == recipes.OWN:
            return {}
        recipe, left = recipes.RECIPES[name], recipes.RECIPES.get(self.recipe)
        restored = {key: getattr(EmSettings(), key) for key in (left.changes if left else ())}
        return {"plan": recipe.word(self.run.experiment.model), **restored, **recipe.changes}

    @property
    def recipe(self) -> str:
        """The named schedule that the page follows."""
        return recipes.named(self.settings.plan, self.run.experiment.model, self.settings)

    def forks(self, wanted: EmSettings, changed: set[str]) -> None:
        entries = (str(wanted.declared()[name].entry) for name in changed)
        if not {entry.split(".")[1] for entry in entries if entry.startswith("moves.")} & set(self.run.tape):
            self.redraws(wanted, changed)
            return
        # steps already made keep their size, so the run goes on from here
        at = self.player.cursor
        self._begin_off(at, wanted.overriding(start=self.run.fork(at)))

    def restarts(self, wanted: EmSettings, changed: set[str]) -> None:
        made = self.run.tape
        self.begin(wanted)
        if changed & {"model", "data"}:
            return
        if made and "plan" in changed:
            self.messages.append("This recipe changes the model, so the tape has been cleared.")
        if "standardize" in changed and changed != {"standardize"}:  # no more than a consequence
            scale = "standardised: every column has mean 0 and variance 1" if wanted.standardize else "as measured"
            self.messages.append(f"The data are now {scale}.")

    def own(self, act: dict[str, Any], at: int) -> None:
        if act["act"] == "drag":
            theta, q_at = self.run.dragged(at, act["handle"], act["x"], act["y"]), self.run.trajectory[at].after.q_at
            self._begin_off(at, self.settings.overriding(start=forked(theta, q_at)))
        else:
            super().own(act, at)

    def another(self, act: dict[str, Any], at: int) -> EmSettings:
        drawn = {"start": "random"} if act["act"] == "random" else {}
        return replace(super().another(act, at).without("start"), **drawn)

    def _begin_off(self, at: int, settings: EmSettings) -> None:
        """Start a run off half-step `at`, and say what it cannot carry along."""
        state = self.run.trajectory[at].after
        self.begin(settings)
        if state.q is not None and state.q_at is None:
            self.messages.append(
                "The run goes on from here without its q: only an exact posterior can be carried over."
            )
