"""All that the pictures show of one half-step."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from em_core.bound import Profile, chord, decompose, line, mean_field_floor, scan
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.moves import MOVES
from em_core.records import Bound, HalfStep, Parameters, State, Trajectory
from em_core.trajectory import extend

# where the bound along the M-step is drawn, and how far the reader can scrub: 0 is where q was computed
DRAWN = np.round(np.arange(-0.5, 1.5001, 0.05), 10)
STOPS = DRAWN[DRAWN >= 0]


@dataclass(frozen=True)
class Course:
    """The line on which θ moves while q stays: from the θ at which q was made to where the M-step leads.

    `at` is where θ stands now: 0 after an E-type step, 1 after an M-type one; `profile` holds log p and L at `DRAWN`.
    touches: whether q is the posterior at the origin, so that L touches log p there.
    """

    origin: Parameters
    target: Parameters
    profile: Profile
    at: float
    touches: bool


@dataclass(frozen=True)
class Moment:
    """A half-step with its bound, the bound before it, and the course of the M-step that it belongs to.

    course: None where there is none, and until `with_course` has looked: it costs more than all the rest. `next_move`
    is the letter that comes next, None at the end of the road; `q_move` the one that made q, None for the start's own.
    floor: where q was made by mean field, the gap at which its sweeps come to rest. plain: log p of plain
    EM from the same start after as many half-steps, where the reader compares with it.
    """

    experiment: Experiment
    step: HalfStep
    bound: Bound
    before: Bound | None
    course: Course | None
    next_move: str | None
    q_move: str | None = None
    floor: float | None = None
    plain: float | None = None

    @property
    def index(self) -> int:
        return self.step.index

    @property
    def pointed(self) -> bool:
        """Whether q is a point in continuous h: its entropy is −∞, and only the complete-data objective is finite."""
        return self.bound.elbo == -math.inf and math.isfinite(self.bound.expected_log_joint or 0.0)


def moment(
    experiment: Experiment,
    trajectory: Trajectory,
    index: int,
    next_move: str | None,
    previous: Moment | None,
    plain: float | None = None,
) -> Moment:
    """The moment of half-step `index` without its course; `previous`: the one before it."""
    step = trajectory[index]
    # a move of q leaves θ, and with it the log evidence, where it was
    known = previous.bound.log_evidence if previous and previous.step.after.theta is step.after.theta else None
    bound = decompose(experiment.model, experiment.data, step.after, known)
    q_move = trajectory[_made_q(trajectory, index)].move
    floor = mean_field_floor(experiment.model, experiment.data, step.after) if q_move == "V" else None
    before = previous.bound if previous else None
    return Moment(experiment, step, bound, before, None, next_move, q_move, floor, plain)


def with_course(now: Moment, trajectory: Trajectory, previous: Moment | None) -> Moment:
    """The same moment with its course; `previous` (the one before it, with its own) saves computing it twice."""
    index = now.index
    made = trajectory[_made_q(trajectory, index)].after
    return replace(now, course=_course(now.experiment, trajectory, index, made, now.next_move, previous))


def _made_q(trajectory: Trajectory, index: int) -> int:
    """The number of the half-step that made the q of half-step `index`; 0 for the start's own."""
    return next((i for i in range(index, 0, -1) if MOVES[trajectory[i].move or "E"].kind == "E"), 0)


def _course(
    experiment: Experiment,
    trajectory: Trajectory,
    index: int,
    made: State,
    next_move: str | None,
    previous: Moment | None,
) -> Course | None:
    """`made`: the state in which q was made; the start's q was made at its `q_at`."""
    state = trajectory[index].after
    origin = made.theta if made is not trajectory[0].after else made.q_at
    if state.q is None or origin is None:
        return None
    moved = state.theta is not origin
    at = 1.0 if moved else 0.0
    target = state.theta
    if not moved:
        # θ stands where q was made: look where the next M-type move will lead
        if next_move is None or MOVES[next_move].kind == "E":
            return None
        ahead = extend(experiment, trajectory.upto(index), next_move).last
        if ahead.stopped:
            return None
        target = ahead.after.theta
    known = previous.course if previous else None
    if known is not None and known.origin is origin and same(known.target, target) and previous.step.after.q is state.q:
        return replace(known, at=at)
    try:
        thetas = line(experiment.model, origin, target, DRAWN)
    except HalfStepFailed:
        thetas = chord(origin, target, DRAWN)
    profile = scan(experiment.model, experiment.data, state.q, thetas)
    return Course(origin, target, profile, at, state.q_at is origin)


def same(one: Parameters, other: Parameters) -> bool:
    """Whether two parameters are equal to the last bit."""
    return all(np.array_equal(one[name], other[name]) for name in one)
