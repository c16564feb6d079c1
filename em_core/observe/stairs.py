"""Other staircases in an exact plane: EM from a second start, the run before, and where EM leads from a θ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from em_core.caching import bounded
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.observe.course import number
from em_core.observe.landscape import everything, place
from em_core.records import Array, State, frozen
from em_core.schedule import plan
from em_core.trajectory import run_to_end, start

# where a second start may be
_STARTS = [step / 20 for step in range(1, 20)]
# half-steps of EM until it rests: near the valley between two maxima it takes the most
_MOST = 200
# two ends further apart are not the same maximum: EM rests within 1e-5 of it
_APART = 1e-3
_PLAIN = plan("EM", MOVES)


@dataclass(frozen=True, eq=False)
class Stairs:
    """The states of a run in an exact plane, those that have a q: (n,) θ, q, and log p at θ."""

    theta: Array
    q: Array
    log_evidence: Array

    @property
    def end(self) -> tuple[float, float]:
        """θ and log p of the last state."""
        return float(self.theta[-1]), float(self.log_evidence[-1])


def stairs(experiment: Experiment, states: Iterable[tuple[State, float | None]]) -> Stairs | None:
    """A staircase through these states, each with its log p; None where none of them has a q."""
    places = [(*found, height) for state, height in states if (found := place(experiment, state)) is not None]
    if not places:
        return None
    q, theta, heights = np.array(places).T
    return Stairs(frozen(theta), frozen(q), frozen(heights))


@bounded(16_000_000)
def second(experiment: Experiment) -> Stairs | None:
    """EM from another θ, with the same first q: the nearest start that leads to another maximum of log p.

    Where there is one maximum, from far away.
    """
    own = replace(experiment, by_hand=())
    here, (top, _) = number(own.start), leading(own, number(own.start))
    if len(everything(experiment).peaks) > 1:
        for theta in sorted(_STARTS, key=lambda theta: abs(theta - here)):
            if abs(leading(own, theta)[0] - top) > _APART:
                return _climb(_from(own, theta))
    return _climb(_from(own, max(_STARTS[0], _STARTS[-1], key=lambda theta: abs(theta - here))))


def leading(experiment: Experiment, theta: float) -> tuple[float, float]:
    """θ and log p where EM comes to rest from a θ, its E-step first."""
    return _rest((experiment, theta))


@bounded(4_000_000)
def _rest(begin: tuple[Experiment, float]) -> tuple[float, float]:
    experiment, theta = begin
    own = replace(_from(experiment, theta), by_hand=())
    last = run_to_end(own, start(own), _PLAIN, most=_MOST).last.after.theta
    return number(last), experiment.model.log_evidence(experiment.data, last)


def _from(experiment: Experiment, theta: float) -> Experiment:
    (name,) = experiment.start
    return replace(experiment, start={name: frozen(theta)})


def _climb(experiment: Experiment) -> Stairs | None:
    states = [step.after for step in run_to_end(experiment, start(experiment), _PLAIN, most=_MOST).half_steps]
    model, data = experiment.model, experiment.data
    return stairs(experiment, [(state, model.log_evidence(data, state.theta)) for state in states])
