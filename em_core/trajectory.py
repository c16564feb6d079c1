"""Running an experiment: start, one half-step, a whole schedule, to the end."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from em_core.bound import decompose, line
from em_core.broken import STALE, sound
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.starts import is_number
from em_core.kinds import MOVES
from em_core.lengths import END_HALF_STEPS as END_HALF_STEPS
from em_core.model import check
from em_core.moves import MAKE, is_random
from em_core.records import (
    BY_HAND,
    Adjusted,
    Bound,
    Event,
    HalfStep,
    Info,
    Made,
    Parameters,
    Placed,
    State,
    Trajectory,
)
from em_core.schedule import Plan

END_RISE = 1e-9


def start(experiment: Experiment) -> Trajectory:
    """The trajectory that holds the start alone, with q⁽⁰⁾ where the experiment gives one."""
    q = _given_q(experiment, experiment) if experiment.gives_q else None
    state = State(experiment.start, q, experiment.q_at)
    return Trajectory((HalfStep(0, None, state, state),))


def opening(experiment: Experiment, keep_start: bool) -> tuple[Parameters, Parameters | None]:
    """A start and a q_at apart from it, so that the very first E-step visibly closes a gap.

    Where the start may change it becomes what an M-step makes of it, with q still that of the start before. Where it is
    to be kept, q belongs to parameters a third of the way to a random draw. q_at is None where neither can be done.
    """
    model, data, start = sound(experiment.model), experiment.data, experiment.start
    try:
        if not keep_start:
            fitted = model.maximize(data, model.posterior(data, start), start)
            check(model, data, fitted)
            return fitted, start
        other = model.random_start(data, np.random.default_rng([experiment.seed, 0, 1]))
        (theta,) = line(model, start, other, [1 / 3])
        if theta is not None:
            check(model, data, theta)
            model.posterior(data, theta)
    except (HalfStepFailed, InvalidExperiment):
        return start, None
    return start, theta


def extend(experiment: Experiment, trajectory: Trajectory, move: str | Placed) -> Trajectory:
    """The trajectory with one more half-step. A move that fails is listed with its event and changes nothing.

    Random draws come from the seed and the half-step's number, so that the same step drawn again is the same.
    """
    step = half_step(experiment, trajectory.last.after, len(trajectory), move)
    return trajectory.then(step)


def half_step(experiment: Experiment, before: State, index: int, move: str | Placed) -> HalfStep:
    """Half-step number `index`, made from the state `before`; as `extend` makes it."""
    letter = BY_HAND if isinstance(move, Placed) else move
    try:
        made = _placed(experiment, before, move) if isinstance(move, Placed) else _made(experiment, before, index, move)
    except HalfStepFailed as failure:
        event = Event(failure.kind, str(failure), failure.numbers, stops=True)
        accepted = False if letter != BY_HAND and MOVES[letter].kind == "M" else None
        made = Made(before, Info(None, accepted=accepted), (event,))
    return HalfStep(index, letter, before, made.state, made.info, made.events)


def _made(experiment: Experiment, before: State, index: int, letter: str) -> Made:
    settings = experiment.moves_for(index).get(letter, {})
    rng = draws(experiment, index) if is_random(experiment.model, letter) else None
    return MAKE[letter](experiment.model, experiment.data, before, settings, rng)


def _placed(experiment: Experiment, before: State, placed: Placed) -> Made:
    """θ set by hand: q comes along, and what moves carry. Raises `HalfStepFailed` where the two have no bound."""
    model, data, state = experiment.model, experiment.data, replace(before, theta=placed.theta)
    if placed.gives_q:
        state = replace(state, q=_given_q(experiment, placed), q_at=placed.q_at)
    if state.q is not None and not is_number(model, data, state.theta, state.q):
        raise HalfStepFailed("no_bound", "θ was set so far from q that the bound is no number")
    return Made(state, Info(0))


def _given_q(experiment: Experiment, source: Experiment | Placed) -> Any:
    """q as the number that it is, or the posterior at `q_at`."""
    model: Any = experiment.model
    if source.q is not None:
        return model.q_of_share(experiment.data, source.q)
    return model.posterior(experiment.data, source.q_at)


def bound_after(experiment: Experiment, step: HalfStep, known: float | None = None) -> Bound:
    """The bound after a half-step, as it is reported. known: the log evidence there, where it has been computed.

    A program that is wrong on purpose may keep the log evidence of before the move of θ.
    """
    if experiment.broken == STALE:
        moved = step.letter is not None and MOVES[step.letter].kind == "M"
        known = experiment.model.log_evidence(experiment.data, step.before.theta) if moved else None
    return decompose(experiment.model, experiment.data, step.after, known)


def draws(experiment: Experiment, index: int) -> np.random.Generator:
    """Where half-step `index` takes its random numbers from: the same however often it is made."""
    return np.random.default_rng([experiment.seed, index])


def run(experiment: Experiment) -> Trajectory:
    """All half-steps of the experiment's schedule, up to the first one that fails."""
    return Trajectory(tuple(steps(experiment)))


def steps(experiment: Experiment) -> Iterator[HalfStep]:
    """Those of `run`, one after the other: only the last is held."""
    step = start(experiment).last
    yield step
    for move in experiment.tape:
        step = half_step(experiment, step.after, step.index + 1, move)
        yield step
        if step.stopped:
            return


def converged(
    experiment: Experiment, trajectory: Trajectory, plan: Plan, height: Callable[[HalfStep], float | None] | None = None
) -> bool:
    """Whether the last round of `plan` is complete and changed the ELBO, up or down, by less than 1e-9 relative.

    Moves that do one block at a time need as many rounds as bring them to every block, and what was changed by hand
    comes before them all. Where the ELBO is −∞, q being a
    point, the expected log joint stands for it: the entropy is the same in both. height: what rounds raise (`height_of`
    the bound) at a half-step, where it is known already.
    """
    moves, cycle = trajectory.moves, plan.cycle * _turns(experiment, plan.cycle, len(trajectory))
    if plan.underway(moves) or not moves.endswith(cycle) or trajectory.last.stopped:
        return False
    earliest = len(trajectory) - 1 - len(cycle)
    adjusted = [change.after for change in experiment.by_hand if isinstance(change, Adjusted)]
    placed = any(step.move == BY_HAND for step in trajectory.half_steps[earliest + 1 :])
    if placed or max(adjusted, default=0) > earliest:
        return False
    if height is None:

        def height(step: HalfStep) -> float | None:
            return height_of(bound_after(experiment, step))

    earlier, later = height(trajectory[-1 - len(cycle)]), height(trajectory.last)
    return earlier is not None and later is not None and abs(later - earlier) < END_RISE * abs(later)


def height_of(bound: Bound) -> float | None:
    """What rounds raise: the ELBO, or where a point in continuous h makes that −∞, the expected log joint."""
    return bound.expected_log_joint if bound.elbo == -math.inf else bound.elbo


def _turns(experiment: Experiment, cycle: str, index: int) -> int:
    """How many rounds of `cycle` it takes until P and C have been at every block."""
    model: Any = experiment.model
    turns = 1
    if "P" in cycle:
        blocks = min(int(experiment.moves_for(index)["P"]["blocks"]), model.n_hidden_units(experiment.data))
        turns = max(turns, math.ceil(blocks / cycle.count("P")))
    if "C" in cycle:
        turns = max(turns, math.ceil(len(model.blocks()) / cycle.count("C")))
    return turns


def to_end(
    experiment: Experiment,
    trajectory: Trajectory,
    plan: Plan,
    most: int = END_HALF_STEPS,
    height: Callable[[HalfStep], float | None] | None = None,
) -> Iterator[tuple[Trajectory, bool]]:
    """The trajectory, and it with one half-step more each, each with whether it has converged, which is then the last.

    It follows `plan` until that is done or has converged, a half-step fails, or the trajectory has `most` half-steps.
    height: as for `converged`.
    """
    while True:
        settled = converged(experiment, trajectory, plan, height)
        yield trajectory, settled
        if settled or len(trajectory) > most or trajectory.last.stopped or plan.done(trajectory.moves):
            return
        trajectory = extend(experiment, trajectory, plan.following(trajectory.moves))


def run_to_end(experiment: Experiment, trajectory: Trajectory, plan: Plan, most: int = END_HALF_STEPS) -> Trajectory:
    """The last of `to_end`."""
    ((ended, _),) = deque(to_end(experiment, trajectory, plan, most), maxlen=1)
    return ended
