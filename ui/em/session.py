"""The EM page's session: which change keeps what has been made, and which begins anew."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, ClassVar

from ui.em import recipes
from ui.em.run import LONGEST, EmRun
from ui.em.settings import LIMITS, MOVE_SETTINGS, Settings, for_model, from_query, to_query
from ui.session import Session

_SEEDS = int(LIMITS["seed"].high) + 1


class EmSession(Session):
    """Settings, run and place of one reader of the EM page."""

    key: ClassVar[str] = "em"
    limits: ClassVar = LIMITS
    subject: ClassVar = ("model", "data")
    settings: Settings
    run: EmRun

    def wanted(self, changes: dict[str, Any]) -> Settings:
        if "model" in changes:
            return replace(for_model(self.settings, changes["model"]), **changes)
        if "recipe" in changes:
            changes = self._recipe(changes["recipe"])
        wanted = replace(self.settings, **changes)
        if "plan" in changes and not self.run.tape and wanted.given is None and wanted.takes_gradients:
            # gradient steps want standardised data; a run under way keeps its own
            wanted = replace(wanted, standardize=wanted.can_standardize)
        return wanted

    def _recipe(self, name: str) -> dict[str, Any]:
        """The settings that a named schedule changes; those that the recipe before brought along go with it."""
        if name == recipes.OWN:
            return {}
        recipe, left = recipes.RECIPES[name], recipes.RECIPES.get(self.recipe)
        restored = {key: getattr(Settings(), key) for key in (left.changes if left else ())}
        return {"plan": recipe.word(self.run.experiment.model), **restored, **recipe.changes}

    @property
    def recipe(self) -> str:
        """The named schedule that the page follows."""
        return recipes.named(self.settings.plan, self.run.experiment.model, self.settings)

    def adopt(self, wanted: Settings, changed: set[str]) -> None:
        # a recipe or a schedule may bring more along than the control's own value
        chosen = changed
        changed = {
            entry.name for entry in fields(wanted) if getattr(wanted, entry.name) != getattr(self.settings, entry.name)
        }
        moved = {letter for (letter, _), name in MOVE_SETTINGS.items() if name in changed}
        if changed == {"plan"}:
            # another way to go on: what has been made stays
            self.run.follow(wanted.plan)
            wanted = replace(wanted, since=self.run.plan.after)
        elif changed <= set(MOVE_SETTINGS.values()) and moved & set(self.run.tape):
            # steps already made keep their size, so the run goes on from here as a fork
            start = self.run.fork(self.player.cursor)
            lost = self._without_q(self.player.cursor)
            wanted = replace(wanted, given={**(wanted.given or {}), "start": start}, since=0)
            self.begin(wanted)
            self.messages += lost
        elif changed <= {*MOVE_SETTINGS.values(), "x_axis", "y_axis", "compare"}:
            self.run = EmRun.reopening(wanted, self.run.tape)
            self.player.reopen(self.run, self.player.place)
        elif changed & {"data", "model"}:
            self.begin(replace(wanted, given=None))
            return
        else:
            made = self.run.tape
            self.begin(wanted.without_start())
            if made and "plan" in changed:
                self.messages.append("This recipe changes what is learned, so the tape begins anew.")
            if "standardize" in changed - chosen:
                scale = "standardised: every column has mean 0 and variance 1" if wanted.standardize else "as measured"
                self.messages.append(f"The data are now {scale}.")
            return
        self.settings = wanted

    def _without_q(self, at: int) -> list[str]:
        """What to say of a fork off half-step `at` that cannot carry q along."""
        state = self.run.trajectory[at].after
        if state.q is None or state.q_at is not None:
            return []
        return ["The run goes on from here without its q: only a q that is a posterior can be carried over."]

    def own(self, act: dict[str, Any], at: int) -> None:
        if act["act"] == "move":
            self.player.go(self.run.move(act["letter"], at))
            self.settings = replace(self.settings, since=self.run.plan.after)
        elif act["act"] == "reset":
            self.begin(self.settings.without_start())
        elif act["act"] == "random":
            self.begin(replace(self.settings.without_start(), start="random", seed=(self.settings.seed + 1) % _SEEDS))
        elif act["act"] == "drag":
            start = self.run.dragged(at, act["handle"], act["x"], act["y"])
            lost = self._without_q(at)
            self.begin(replace(self.settings, given={**(self.settings.given or {}), "start": start}))
            self.messages += lost

    def begin(self, settings: Settings, moves: str = "") -> None:
        """Start a run. Raises `InvalidExperiment`, and then everything stays as it was."""
        settings = replace(settings, since=settings.since if moves else 0)
        self.run = EmRun.reopening(settings, moves)
        self.settings = settings
        self.player.reopen(self.run)

    def open(self, raw: Any) -> None:
        settings, moves = Settings.of_experiment(raw)
        self.begin(settings, moves)
        self.messages = _cut(moves)

    def query(self) -> dict[str, str]:
        return to_query(self.settings, self.run.tape, self.player.place)

    @classmethod
    def opened(cls, query: dict[str, str]) -> EmSession:
        settings, moves, cursor, messages = from_query(query)
        messages += _cut(moves)
        attempts = [(settings, moves), (replace(settings, given=None), ""), (Settings(), "")]
        return cls.starting(attempts, EmRun.reopening, cursor, messages)


def _cut(moves: str) -> list[str]:
    """Say what the page leaves out of a long schedule."""
    if len(moves) <= LONGEST:
        return []
    return [f"The schedule has {len(moves):,} half-steps; the page holds {LONGEST:,}, the command line goes on."]
