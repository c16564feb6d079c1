"""The EM page's session: recipes, forks, and what the reader is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from em_core.kinds import MOVES
from ui.em import recipes, words
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model
from ui.session import Session

if TYPE_CHECKING:  # with it comes pandas, which few readers need
    from ui.own.suited import Own
    from ui.own.table import Brought


class EmSession(Session):
    """Settings, run and place of one reader of the EM page."""

    key: ClassVar[str] = "em"
    kind: ClassVar = EmSettings
    runs: ClassVar = EmRun
    subject: ClassVar = ("model", "data")
    plain: ClassVar = {"model": EmSettings().model}
    recipes: ClassVar[Mapping[str, recipes.Recipe]] = recipes.RECIPES
    settings: EmSettings
    run: EmRun
    # the table that the reader brought last, and can take other columns of
    brought: Brought | None = None

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
        recipe, left = self.recipes[name], self.recipes.get(self.recipe or "")
        restored = {key: getattr(EmSettings(), key) for key in (left.changes if left else ())}
        return {"plan": recipe.word(self.run.experiment.model), **restored, **recipe.changes}

    @property
    def beside(self) -> list[str]:
        """The settings that say what is shown beside the run."""
        return [*self.settings.beside]

    @property
    def recipe(self) -> str | None:
        """The named schedule that the page follows, where it has a name."""
        return recipes.named(self.recipes, self.settings.plan, self.run.experiment.model, self.settings)

    def forks(self, wanted: EmSettings, changed: set[str]) -> None:
        moves: dict[str, dict[str, float]] = {}
        for letter in MOVES:
            for key, name in wanted.named(f"moves.{letter}").items():
                if name in changed:
                    moves.setdefault(letter, {})[key] = getattr(wanted, name)
        if not moves.keys() & set(self.run.tape):
            self.redraws(wanted, changed)
            return
        # half-steps already made stay as they were: the run goes on from here
        at = self.player.within(self.run)
        self.run.adjust(at, moves)
        self.settings = wanted
        self.player.go(at)

    def restarts(self, wanted: EmSettings, changed: set[str]) -> None:
        made = self.run.tape
        self.begin(wanted)
        if changed & {"model", "data"}:
            return
        if made and "plan" in changed:
            self.messages.append(words.CLEARED)
        if "standardize" in changed and changed != {"standardize"}:  # no more than a consequence
            self.messages.append(words.scale(wanted.standardize))

    def own(self, act: dict[str, Any], at: int) -> None:
        if act["act"] == "drag":
            self.player.go(self.run.place(at, *self.run.pulled(at, act["handle"], act["x"], act["y"])))
        elif act["act"] in ("put", "take"):
            parts = self.run.with_point(at, act["x"], act["y"], act["act"] == "put")
            columns = {"names": [*self.settings.column_names], "edited": self.settings.edited or ""}
            if put := self.settings.put + (act["act"] == "put"):
                columns["put"] = put
            self.begin(self.settings.overriding(**parts, columns=columns))
        else:
            super().own(act, at)

    def bring(self, own: Own) -> None:
        """Take data of the reader's own as the run's. Raises `InvalidExperiment`; then everything stays as it was."""
        suited = replace(for_model(self.settings, own.model), start="random", standardize=own.standardize)
        settings = suited.overriding(data=own.data, columns={"names": [*own.names]}, settings=own.settings or None)
        with self.lock:
            self.keeping(lambda: self.begin(settings))
            self.messages = []

    def replaces(self, before: Session | None) -> None:
        super().replaces(before)
        if isinstance(before, EmSession):
            self.brought = before.brought

    def another(self, act: dict[str, Any], at: int) -> EmSettings:
        drawn = {"start": "random"} if act["act"] == "random" else {}
        return replace(super().another(act, at).without("start"), **drawn)
