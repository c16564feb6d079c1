"""Running an experiment: start, one half-step, a whole schedule, to the end."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core import schedule
from em_core.bound import decompose
from em_core.errors import HalfStepFailed
from em_core.experiment import Experiment
from em_core.moves import MOVES
from em_core.records import Event, HalfStep, State, Trajectory

END_RISE = 1e-9
END_HALF_STEPS = 500


def start(experiment: Experiment) -> Trajectory:
    """The trajectory that holds the start alone, with q⁽⁰⁾ where the experiment gives `q_at`."""
    q = None
    if experiment.q_at is not None:
        q = experiment.model.posterior(experiment.data, experiment.q_at)
    state = State(experiment.start, q, experiment.q_at)
    return Trajectory((HalfStep(0, None, state, state),))


def extend(experiment: Experiment, trajectory: Trajectory, letter: str) -> Trajectory:
    """The trajectory with one more half-step. A move that fails is listed with its event and changes nothing.

    Random draws come from the seed and the half-step's number, so that the same step drawn again is the same.
    """
    move = MOVES[letter]
    before = trajectory.last.after
    index = len(trajectory)
    rng = np.random.default_rng([experiment.seed, index])
    settings = experiment.moves.get(letter, {})
    events: tuple[Event, ...] = ()
    try:
        made = move.make(experiment.model, experiment.data, before, settings, rng)
        after, events = made if isinstance(made, tuple) else (made, ())
    except HalfStepFailed as failure:
        after = before
        events = (Event(failure.kind, str(failure), failure.numbers, stops=True),)
    return Trajectory((*trajectory.half_steps, HalfStep(index, letter, before, after, events)))


def run(experiment: Experiment) -> Trajectory:
    """All half-steps of the experiment's schedule, up to the first one that fails."""
    trajectory = start(experiment)
    for letter in schedule.expand(experiment.schedule, MOVES):
        trajectory = extend(experiment, trajectory, letter)
        if trajectory.last.stopped:
            break
    return trajectory


def next_letter(trajectory: Trajectory, cycle: str) -> str:
    """The move that comes next when `cycle`, such as `EM` or `EGGG`, goes round; E where there is no q."""
    letter = schedule.following(trajectory.moves, cycle)
    needs_q = MOVES[letter].needs_q and trajectory.last.after.q is None
    return cycle[0] if needs_q else letter


def run_to_end(experiment: Experiment, trajectory: Trajectory, cycle: str, most: int = END_HALF_STEPS) -> Trajectory:
    """Go round `cycle` until the ELBO rises by less than 1e-9 relative in one round, or `most` half-steps are there.

    Ends with a completed round; a half-step that fails ends it too.
    """
    last_elbo = None
    while len(trajectory) <= most and not trajectory.last.stopped:
        letter = next_letter(trajectory, cycle)
        trajectory = extend(experiment, trajectory, letter)
        if next_letter(trajectory, cycle) != cycle[0]:
            continue
        elbo = decompose(experiment.model, experiment.data, trajectory.last.after).elbo
        if last_elbo is not None and elbo is not None and elbo - last_elbo < END_RISE * abs(elbo):
            break
        last_elbo = elbo
    return trajectory


def report(experiment: Experiment, trajectory: Trajectory) -> dict[str, Any]:
    """What the command line prints: the complete experiment and every half-step with its terms."""
    last = trajectory.last
    return {
        "experiment": experiment.to_json(),
        "half_steps": [_row(experiment, step) for step in trajectory.half_steps],
        "outcome": "stopped" if last.stopped else "completed",
        "message": next((event.message for event in last.events if event.stops), ""),
    }


def _row(experiment: Experiment, step: HalfStep) -> dict[str, Any]:
    bound = decompose(experiment.model, experiment.data, step.after)
    return {
        "index": step.index,
        "move": step.move,
        "log_evidence": bound.log_evidence,
        "elbo": bound.elbo,
        "gap": bound.gap,
        "kl": bound.kl,
        "expected_log_joint": bound.expected_log_joint,
        "entropy": bound.entropy,
        "parameters": {name: entry.tolist() for name, entry in step.after.theta.items()},
        "events": [
            {"kind": event.kind, "message": event.message, "numbers": dict(event.numbers)} for event in step.events
        ],
    }
