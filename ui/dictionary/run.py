"""A run of dictionary learning for the player, beside a second one from another start."""

from __future__ import annotations

from typing import ClassVar

from em_core.files.experiment import Experiment
from em_core.kinds import check_order
from em_core.observe.dictionary import Moment, moment
from em_core.records import Array
from em_core.trajectory import END_RISE
from figures.dictionary.scene import DictionaryScene
from ui import limits
from ui.dictionary.settings import DictionarySettings
from ui.lanes import LONGEST, Lane, Lanes


class DictionaryRun(Lanes):
    """Dictionary learning on the page; the second start makes every move along with it."""

    SETTLED: ClassVar[str] = "Converged: the last round raised log p(v, h) by less than a billionth of itself."
    UNREADY: ClassVar[str] = "an H-step first: this move needs codes"

    def __init__(self, experiment: Experiment, second: Experiment | None) -> None:
        super().__init__(experiment, *([] if second is None else [Lane(second)]))
        self.second = second
        self.scene = DictionaryScene(experiment, second)

    @classmethod
    def reopening(cls, settings: DictionarySettings, moves: str = "", after: int = 0) -> DictionaryRun:
        """The same with these moves still to be made, by `reopen`. Raises `InvalidExperiment`."""
        raw = settings.experiment("")
        limits.check(raw, len(moves[:LONGEST]))
        experiment = Experiment.parse(raw)
        other = settings.second_experiment()
        if moves:
            check_order(moves, experiment.model, has_q=False)
        run = cls(experiment, other and Experiment.parse(other))
        run.still_to_make(moves, after)
        return run

    def observed(self, index: int, next_move: str | None) -> Moment:
        second = None
        for lane in self.beside:
            second = moment(lane.experiment, lane.trajectory[index], next_move)
        return moment(self.experiment, self.trajectory[index], next_move, second)

    def dictionaries(self, at: int) -> tuple[Array, Array | None]:
        """(D, K) W at half-step `at`, of this start and of the second one."""
        first, *others = (lane.trajectory[at].after.theta["dictionary"] for lane in (self.own, *self.beside))
        return first, others[0] if others else None

    def settled(self) -> bool:
        """Whether the last round is complete and raised log p(v, h) by less than 1e-9 relative, from both starts."""
        size = len(self.plan.cycle)
        if len(self) <= size + 1 or not self.moves.endswith(self.plan.cycle):
            return False
        now, before = self._moments[-1], self._moments[-1 - size]
        pairs = [(now, before)]
        if now.second is not None and before.second is not None:
            pairs.append((now.second, before.second))
        return all(
            later.joint is not None
            and earlier.joint is not None
            and later.joint - earlier.joint < END_RISE * abs(later.joint)
            for later, earlier in pairs
        )
