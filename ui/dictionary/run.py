"""A run of dictionary learning for the player, beside a second one from another start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from em_core.files.experiment import Experiment
from em_core.observe.dictionary import Moment, moment
from em_core.records import Array
from em_core.trajectory import converged
from figures.dictionary.scene import DictionaryScene
from ui import limits
from ui.dictionary import words
from ui.dictionary.settings import DictionarySettings
from ui.lanes import Lane, Lanes
from ui.tape import Json, half_steps


class DictionaryRun(Lanes):
    """Dictionary learning on the page; the second start makes every move along with it."""

    SETTLED: ClassVar[str] = words.SETTLED
    UNREADY: ClassVar[str] = words.UNREADY

    def __init__(self, experiment: Experiment, second: Experiment | None) -> None:
        super().__init__(experiment, *([] if second is None else [Lane(second, apart=True)]))
        self.second = second
        self.scene = DictionaryScene(experiment, second, "V" in self.plan.moves)

    def refresh(self) -> None:
        spread = "V" in self.plan.moves + self.tape
        if spread != self.scene.spread:
            self.scene = DictionaryScene(self.experiment, self.second, spread)
            self.cut(0)

    @classmethod
    def reopening(
        cls, settings: DictionarySettings, moves: str = "", after: int = 0, by_hand: Sequence[Json] = ()
    ) -> DictionaryRun:
        """The same with these moves still to be made, by `reopen`. Raises `InvalidExperiment`."""
        raw = settings.experiment("")
        limits.check({**raw, "by_hand": by_hand}, min(half_steps(moves, by_hand), limits.LONGEST))
        experiment = Experiment.parse(raw)
        other = settings.second_experiment()
        run = cls(experiment, other and Experiment.parse(other))
        run.still_to_make(moves, after, by_hand)
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
        """From both starts."""
        seen = [self._moments, [moment.second for moment in self._moments]]
        return all(
            converged(
                lane.experiment,
                lane.trajectory,
                self.plan,
                lambda step, of=of: of[step.index].height,
            )
            for lane, of in zip((self.own, *self.beside), seen, strict=False)
        )
