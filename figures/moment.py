"""All that the pictures show of one half-step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from em_core.bound import Profile, chord, decompose, line, scan
from em_core.errors import HalfStepFailed
from em_core.experiment import Experiment
from em_core.records import Bound, HalfStep, Parameters, Trajectory
from em_core.run import extend

# where the bound along the M-step is drawn, and how far the reader can scrub: 0 is where q was computed
DRAWN = np.round(np.arange(-0.5, 1.5001, 0.05), 10)
STOPS = DRAWN[DRAWN >= 0]


@dataclass(frozen=True)
class Course:
    """The line on which θ moves while q stays: from the θ at which q was computed to where the M-step leads.

    `at` is where θ stands now: 0 after an E-step, 1 after an M-step; `profile` holds log p and L at `DRAWN`.
    """

    origin: Parameters
    target: Parameters
    profile: Profile
    at: float


@dataclass(frozen=True)
class Moment:
    """A half-step with its bound, the bound before it, and the course of the M-step that it belongs to.

    `next_move` is the letter that comes next, None at the end of the road.
    """

    experiment: Experiment
    step: HalfStep
    bound: Bound
    before: Bound | None
    course: Course | None
    next_move: str | None

    @property
    def index(self) -> int:
        return self.step.index


def moment(
    experiment: Experiment, trajectory: Trajectory, index: int, next_move: str | None, previous: Moment | None
) -> Moment:
    """The moment of half-step `index`; `previous` (the one before it) saves computing things twice."""
    step = trajectory[index]
    bound = decompose(experiment.model, experiment.data, step.after)
    course = _course(experiment, trajectory, index, next_move, previous)
    return Moment(experiment, step, bound, previous.bound if previous else None, course, next_move)


def _course(
    experiment: Experiment, trajectory: Trajectory, index: int, next_move: str | None, previous: Moment | None
) -> Course | None:
    state = trajectory[index].after
    if state.q is None or state.q_at is None:
        return None
    moved = state.theta is not state.q_at
    at = 1.0 if moved else 0.0
    target = state.theta
    if not moved:
        # θ stands where q was computed: look where the next M-type move will lead
        if next_move is None or next_move == "E":
            return None
        ahead = extend(experiment, trajectory.upto(index), next_move).last
        if ahead.stopped:
            return None
        target = ahead.after.theta
    known = previous.course if previous else None
    if known is not None and known.origin is state.q_at and same(known.target, target):
        return Course(known.origin, known.target, known.profile, at)
    try:
        thetas = line(experiment.model, state.q_at, target, DRAWN)
    except HalfStepFailed:
        thetas = chord(state.q_at, target, DRAWN)
    profile = scan(experiment.model, experiment.data, state.q, thetas)
    return Course(state.q_at, target, profile, at)


def same(one: Parameters, other: Parameters) -> bool:
    """Whether two parameters are equal to the last bit."""
    return all(np.array_equal(one[name], other[name]) for name in one)
