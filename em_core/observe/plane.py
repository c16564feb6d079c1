"""The bound as a landscape: L over (q, θ), in which E-type moves go along q and M-type moves along θ.

Exact, where q and θ are one number each: the plane is all there is. For every other model a slice through a larger
space, spanned by what one round did: q along the blend of the q before and after its E-type move, θ along the way of
the M-type moves that followed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.bound import chord, decompose, line
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.model import check
from em_core.observe.ahead import Ahead
from em_core.observe.course import is_one_number, number
from em_core.records import Array, HalfStep, Parameters, State, Trajectory, frozen
from em_core.trajectory import run

FEWEST, MOST, DEFAULT = 2, 201, 41


@dataclass(frozen=True)
class Tread:
    """A state in the plane: the half-step that led to it, its place there, and its bound."""

    index: int
    move: str | None
    q: float
    theta: float
    elbo: float


@dataclass(frozen=True, eq=False)
class Plane:
    """L over a grid, and the states that lie in it.

    exact: whether q and theta are the numbers themselves; in a slice q is the weight of the blend, and theta the share
    of the way. elbo: (q, theta), log_evidence: (theta,), the height of q = posterior; NaN where a θ is not usable.
    ridge: (theta,) of an exact plane, that posterior.
    """

    exact: bool
    q: Array
    theta: Array
    elbo: Array
    log_evidence: Array
    ridge: Array | None
    staircase: tuple[Tread, ...]


def is_exact(experiment: Experiment) -> bool:
    """Whether q and θ are one number each, θ a probability."""
    return hasattr(experiment.model, "q_of_share") and is_one_number(experiment)


def plane(experiment: Experiment, trajectory: Trajectory, at: int, size: int = DEFAULT) -> Plane:
    """The plane that half-step `at` lies in, size × size. Raises `InvalidExperiment` where there is none."""
    if trajectory[at].after.q is None:
        first = next((step.index for step in trajectory.half_steps if step.after.q is not None), None)
        valid = "a run with an E-type move" if first is None else f"at least {first}: before there is no q"
        raise InvalidExperiment("--at", at, valid)
    if is_exact(experiment):
        return _exact(experiment, trajectory, at, size)
    return _slice(experiment, trajectory, at, size)


def report(experiment: Experiment, at: str, size: str | None) -> dict[str, Any]:
    """The plane as the command line prints it. at, size: as they were typed. Raises `InvalidExperiment`."""
    trajectory = run(experiment)
    found = plane(
        experiment,
        trajectory,
        _whole("--at", at, 0, trajectory.last.index),
        DEFAULT if size is None else _whole("--size", size, FEWEST, MOST),
    )
    return {
        "exact": found.exact,
        "q": found.q.tolist(),
        "theta": found.theta.tolist(),
        "elbo": found.elbo.tolist(),
        "log_evidence": found.log_evidence.tolist(),
        "staircase": [vars(tread) for tread in found.staircase],
    }


# --- q and θ one number each --------------------------------------------------------------------------------------
def _exact(experiment: Experiment, trajectory: Trajectory, at: int, size: int) -> Plane:
    model: Any = experiment.model
    places = frozen(np.linspace(0, 1, size))
    (name,) = experiment.start
    thetas = [{name: frozen(value)} for value in places]
    elbo, evidence = _heights(experiment, [model.q_of_share(experiment.data, q) for q in places], thetas)
    ridge = [_ridge(experiment, theta) for theta in thetas]
    treads = tread_exactly(experiment, trajectory.half_steps[: at + 1])
    return Plane(True, places, places, elbo, evidence, frozen(ridge), treads)


def tread_exactly(experiment: Experiment, steps: Sequence[HalfStep]) -> tuple[Tread, ...]:
    """Those of the half-steps that have a q, in an exact plane."""
    model: Any = experiment.model
    return tuple(
        _tread(experiment, step, model.share(step.after.q), number(step.after.theta))
        for step in steps
        if step.after.q is not None
    )


def _ridge(experiment: Experiment, theta: Parameters) -> float:
    """The posterior as a number; NaN where the data are impossible."""
    model: Any = experiment.model
    try:
        return float(model.share(model.posterior(experiment.data, theta)))
    except HalfStepFailed:
        return math.nan


# --- a slice through more -----------------------------------------------------------------------------------------
def _slice(experiment: Experiment, trajectory: Trajectory, at: int, size: int) -> Plane:
    model: Any = experiment.model
    made_q = _e_type(trajectory, at)
    before, after = made_q.before.q, made_q.after.q
    if before is None:
        valid = f"a later half-step: before {made_q.move} at {made_q.index} there is no q to blend with"
        raise InvalidExperiment("--at", at, valid)
    if not hasattr(model, "blend"):
        raise InvalidExperiment("--at", at, f"no plane: {model.name} has no blend of two q")
    if model.entropy(before) == model.entropy(after) == -math.inf:
        raise InvalidExperiment("--at", at, "no plane: the two q are points in continuous h, and have no blend")
    moved = _m_type(experiment, trajectory, made_q, at)
    origin, target = made_q.after.theta, moved[-1].after.theta
    places = frozen(np.linspace(0, 1, size))
    try:
        blends = [model.blend(before, after, float(weight)) for weight in places]
    except HalfStepFailed as failure:
        raise InvalidExperiment("--at", at, f"no plane: there is no blend of these two q ({failure})") from None
    elbo, evidence = _heights(experiment, blends, _way(experiment, origin, target, places))
    states = [(trajectory[made_q.index - 1], 0.0, 0.0), (made_q, 1.0, 0.0)]
    states += [
        (step, 1.0, _share_of_way(experiment, origin, target, step.after.theta))
        for step in moved
        if step.index < len(trajectory) and trajectory[step.index] is step and step.after.q is after
    ]
    treads = tuple(_tread(experiment, *state) for state in states)
    return Plane(False, places, places, elbo, evidence, None, treads)


def _e_type(trajectory: Trajectory, at: int) -> HalfStep:
    """The E-type half-step of the round that half-step `at` belongs to.

    Before the first one, and after θ was set by hand, that is the one to come.
    """
    for index in range(at, 0, -1):
        letter = trajectory[index].letter
        if letter is None:
            break
        if MOVES[letter].kind == "E":
            return trajectory[index]
    for step in trajectory.half_steps[at + 1 :]:
        if step.letter is not None and MOVES[step.letter].kind == "E":
            return step
    raise InvalidExperiment("--at", at, "a half-step in a round that has an E-type move")


def _m_type(experiment: Experiment, trajectory: Trajectory, made_q: HalfStep, at: int) -> list[HalfStep]:
    """The M-type half-steps that followed, up to `at`, one at least; a full M where the run ends before one."""
    found: list[HalfStep] = []
    for step in trajectory.half_steps[made_q.index + 1 :]:
        if step.letter is None or (found and (MOVES[step.letter].kind == "E" or step.index > at)):
            break
        if MOVES[step.letter].kind == "M":
            found.append(step)
    if not found:
        found = [Ahead(experiment).half_step(made_q, "M")]
        if found[0].stopped:
            raise InvalidExperiment("--at", at, f"no plane: M cannot be made from there ({found[0].events[0].message})")
    return found


def _way(experiment: Experiment, origin: Parameters, target: Parameters, shares: Array) -> list[Parameters | None]:
    """θ along a line: straight in unconstrained coordinates, or in θ itself on a boundary; the ends are the ends."""
    try:
        thetas = line(experiment.model, origin, target, shares)
    except HalfStepFailed:
        thetas = chord(origin, target, shares)
    return [origin, *thetas[1:-1], target]


def _share_of_way(experiment: Experiment, origin: Parameters, target: Parameters, theta: Parameters) -> float:
    """How far θ has come on the way, by its foot on the line where it stands beside it."""
    if theta is target:
        return 1.0
    model = experiment.model
    try:
        start, end, here = (model.to_vector(point) for point in (origin, target, theta))
    except HalfStepFailed:
        start, end, here = (
            np.concatenate([np.ravel(part) for part in point.values()]) for point in (origin, target, theta)
        )
    length = float((end - start) @ (end - start))
    return float((here - start) @ (end - start)) / length if length > 0 else 1.0


# --- both ---------------------------------------------------------------------------------------------------------
def _heights(experiment: Experiment, qs: list[Any], thetas: Sequence[Parameters | None]) -> tuple[Array, Array]:
    """L at every pair, (q, θ), and log p at every θ; NaN where a θ is not usable.

    θ by θ, because what models compute once at each θ is then computed once.
    """
    model, data = experiment.model, experiment.data
    entropies = np.array([model.entropy(q) for q in qs])
    elbo, evidence = np.full((len(qs), len(thetas)), np.nan), np.full(len(thetas), np.nan)
    for column, theta in enumerate(thetas):
        if theta is None:
            continue
        try:
            check(model, data, theta)
            evidence[column] = model.log_evidence(data, theta)
            elbo[:, column] = [model.expected_log_joint(data, theta, q) for q in qs] + entropies
        except HalfStepFailed:
            evidence[column], elbo[:, column] = np.nan, np.nan
    return frozen(elbo), frozen(evidence)


def _tread(experiment: Experiment, step: HalfStep, q: float, theta: float) -> Tread:
    bound = decompose(experiment.model, experiment.data, State(step.after.theta, step.after.q))
    return Tread(step.index, step.move, q, theta, math.nan if bound.elbo is None else bound.elbo)


def _whole(name: str, typed: str, least: int, most: int) -> int:
    """A number of the command line. Raises `InvalidExperiment`."""
    if not typed.isascii() or not typed.isdigit() or not least <= int(typed[:20]) <= most:
        raise InvalidExperiment(name, typed, f"a whole number from {least} to {most}")
    return int(typed)
