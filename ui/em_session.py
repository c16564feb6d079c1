"""The EM page's session: which change keeps what has been made, and which begins anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ui.em_run import LONGEST, EmRun
from ui.session import Session
from ui.settings import LIMITS, Settings, for_model, from_query, to_query

_SEEDS = int(LIMITS["seed"].high) + 1


class EmSession(Session):
    """Settings, run and place of one reader of the EM page."""

    key: ClassVar[str] = "em"
    limits: ClassVar = LIMITS
    settings: Settings
    run: EmRun

    def wanted(self, changes: dict[str, Any]) -> Settings:
        switched = for_model(self.settings, changes["model"]) if "model" in changes else self.settings
        wanted = replace(switched, **changes)
        if "m_step" in changes and not self.run.moves and wanted.given is None:
            # gradient steps want standardised data; a run under way keeps its own
            wanted = replace(wanted, standardize=wanted.takes_gradients and wanted.can_standardize)
        return wanted

    def adopt(self, wanted: Settings, changed: set[str]) -> None:
        if changed <= {"m_step", "count"} and wanted.standardize == self.settings.standardize:
            # another way to go on: what has been made stays
            self.run.cycle = wanted.cycle
        elif changed == {"step"} and "G" in self.run.moves:
            # gradient steps already made keep their size, so the run goes on from here as a fork
            start = self.run.fork(self.player.cursor)
            wanted = replace(wanted, given={**(wanted.given or {}), "start": start})
            self.begin(wanted)
        elif changed <= {"step", "x_axis", "y_axis"}:
            self.run = EmRun.of(wanted, self.run.moves)
        elif changed & {"data", "model"}:
            self.begin(replace(wanted, given=None))
            return
        else:
            self.begin(wanted.without_start())
            return
        self.settings = wanted

    def own(self, act: dict[str, Any], at: int) -> None:
        if act["act"] == "move":
            self.player.go(self.run.move(act["letter"], at))
        elif act["act"] == "reset":
            self.begin(self.settings.without_start())
        elif act["act"] == "random":
            self.begin(replace(self.settings.without_start(), start="random", seed=(self.settings.seed + 1) % _SEEDS))
        elif act["act"] == "drag":
            start = self.run.dragged(at, act["handle"], act["x"], act["y"])
            self.begin(replace(self.settings, given={**(self.settings.given or {}), "start": start}))

    def begin(self, settings: Settings, moves: str = "") -> None:
        """Start a run. Raises `InvalidExperiment`, and then everything stays as it was."""
        self.run = EmRun.of(settings, moves)
        self.settings = settings
        self.player.go(0 if not moves else len(self.run) - 1)

    def open(self, raw: Any) -> None:
        settings, moves = Settings.of_experiment(raw)
        self.begin(settings, moves)
        self.messages = _cut(moves)

    def query(self) -> dict[str, str]:
        return to_query(self.settings, self.run.moves, self.player.cursor)

    @classmethod
    def opened(cls, query: dict[str, str]) -> EmSession:
        settings, moves, cursor, messages = from_query(query)
        messages += _cut(moves)
        attempts = [(settings, moves), (replace(settings, given=None), ""), (Settings(), "")]
        return cls.starting(attempts, EmRun.of, cursor, messages)


def _cut(moves: str) -> list[str]:
    """Say what the page leaves out of a long schedule."""
    if len(moves) <= LONGEST:
        return []
    return [f"The schedule has {len(moves):,} half-steps; the page holds {LONGEST:,}, the command line goes on."]
