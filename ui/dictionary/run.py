"""A run of dictionary learning for the player, beside a second one from another start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from em_core.files.experiment import Experiment
from em_core.observe.dictionary import Moment, moment
from em_core.observe.ghost import Numbers
from em_core.records import Array
from em_core.schedule import Plan
from em_core.trajectory import converged
from figures.dictionary.scene import DictionaryScene
from ui import limits
from ui.dictionary import words
from ui.dictionary.settings import DictionarySettings
from ui.lanes import Lane, Lanes
from ui.tape import Json, half_steps

# what a run with the other q makes in place of H and V
_OTHER_Q = {"H": "V", "V": "H"}


class DictionaryRun(Lanes):
    """Dictionary learning on the page; beside it a second start that makes every move along with it, or the same start
    with V for H and H for V.
    """

    SETTLED: ClassVar[str] = words.SETTLED
    UNREADY: ClassVar[str] = words.UNREADY

    def __init__(self, experiment: Experiment, second: Experiment | None, other_q: bool = False) -> None:
        instead = _OTHER_Q if other_q else {}
        super().__init__(experiment, *([] if second is None else [Lane(second, apart=not other_q, instead=instead)]))
        self.second, self.other_q = second, other_q
        self.scene = DictionaryScene(experiment, second, other_q or "V" in self.plan.moves, other_q)

    def refresh(self) -> None:
        spread = self.other_q or "V" in self.plan.moves + self.tape
        if spread != self.scene.spread:
            self.scene = DictionaryScene(self.experiment, self.second, spread, self.other_q)
            self.dress()
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
        run = cls(experiment, other and Experiment.parse(other), settings.second and settings.beside == "q")
        run.still_to_make(moves, after, by_hand)
        return run

    def observed(self, index: int, next_move: str | None) -> Moment:
        second = None
        for lane in self.beside:
            second = moment(lane.experiment, lane.trajectory[index], next_move)
        return moment(self.experiment, self.trajectory[index], next_move, second)

    def numbers(self, index: int) -> Numbers:
        known = self._moments[index]
        return {"joint": known.joint, "elbo": known.elbo}

    def dictionaries(self, at: int) -> tuple[Array, Array | None]:
        """(D, K) W at half-step `at`, of this start and of the second one."""
        first, *others = (lane.trajectory[at].after.theta["dictionary"] for lane in (self.own, *self.beside))
        return first, others[0] if others else None

    def _plan_of(self, lane: Lane) -> Plan:
        """The run's plan in the moves that the lane makes."""
        swap = str.maketrans(dict(lane.instead))
        return replace(self.plan, moves=self.plan.moves.translate(swap), cycle=self.plan.cycle.translate(swap))

    def settled(self) -> bool:
        """Both runs."""
        seen = [self._moments, [moment.second for moment in self._moments]]
        return all(
            converged(
                lane.experiment,
                lane.trajectory,
                self._plan_of(lane),
                lambda step, of=of: of[step.index].height,
            )
            for lane, of in zip((self.own, *self.beside), seen, strict=False)
        )
