"""The bound as a landscape: L over (q, θ), in which E-type moves go along q and M-type moves along θ.

Exact, where q and θ are one number each: the plane is all there is. For every other model a slice through a larger
space, spanned by what one round did: q along the blend of the q before and after its E-type move, θ along the way of
the M-type moves that followed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.bound import decompose, heights
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.observe.course import is_one_number, number, straight
from em_core.records import Array, HalfStep, Parameters, State, Trajectory, frozen
from em_core.trajectory import half_step, run

FEWEST, MOST, DEFAULT = 2, 201, 41


class NoPlane(InvalidExperiment):
    """There is no plane at a half-step. why: `no q`, `no q before`, `no blend`, `no round`."""

    def __init__(self, why: str, at: int, valid: str) -> None:
        self.why = why
        super().__init__("--at", at, valid)


@dataclass(frozen=True)
class Tread:
    """A state in the plane: the half-step that led to it, its place there, and its bound."""

    index: int
    move: str | None
    q: float
    theta: float
    elbo: float


@dataclass(frozen=True, eq=False)
class Heights:
    """L over a grid, (q, theta), and log p over theta, the height of q = posterior; NaN where a θ is not usable."""

    q: Array
    theta: Array
    elbo: Array
    log_evidence: Array


@dataclass(frozen=True, eq=False)
class Plane:
    """L over a grid, and the states that lie in it.

    exact: whether q and theta are the numbers themselves; in a slice q is the weight of the blend, and theta the share
    of the way. ridge: (theta,) of an exact plane, the posterior.
    """

    exact: bool
    heights: Heights
    ridge: Array | None
    staircase: tuple[Tread, ...]


@dataclass(frozen=True, eq=False)
class Span:
    """What one round spans: q from before its E-type move to after, θ from there to after the M-type moves after it.

    states: half-steps of the round, each with its weight of q and its share of the way of θ.
    """

    before: Any
    after: Any
    origin: Parameters
    target: Parameters
    states: tuple[tuple[HalfStep, float, float], ...]


def is_exact(experiment: Experiment) -> bool:
    """Whether q and θ are one number each, θ a probability."""
    return hasattr(experiment.model, "q_of_share") and is_one_number(experiment)


def plane(experiment: Experiment, trajectory: Trajectory, at: int, size: int = DEFAULT) -> Plane:
    """The plane that half-step `at` lies in, size × size. Raises `NoPlane`."""
    places = frozen(np.linspace(0, 1, size))
    if not is_exact(experiment):
        found = span(
            experiment, trajectory, at, lambda last, move: half_step(experiment, last.after, last.index + 1, move)
        )
        try:
            heights = over_span(experiment, found, places, places)
        except HalfStepFailed as failure:
            raise NoPlane("no blend", at, f"no plane: there is no blend of these two q ({failure})") from None
        return Plane(False, heights, None, tuple(_tread(experiment, *state) for state in found.states))
    if trajectory[at].after.q is None:
        raise _no_q(trajectory, at)
    heights = over_everything(experiment, places, places)
    return Plane(True, heights, ridge(experiment, places), _exact_treads(experiment, trajectory.half_steps[: at + 1]))


def report(experiment: Experiment, at: str, size: str | None) -> dict[str, Any]:
    """The plane as the command line prints it. at, size: as they were typed. Raises `InvalidExperiment`."""
    trajectory = run(experiment)
    found = plane(
        experiment,
        trajectory,
        _whole("--at", at, 0, trajectory.last.index),
        DEFAULT if size is None else _whole("--size", size, FEWEST, MOST),
    )
    heights = found.heights
    return {
        "exact": found.exact,
        "q": heights.q.tolist(),
        "theta": heights.theta.tolist(),
        "elbo": heights.elbo.tolist(),
        "log_evidence": heights.log_evidence.tolist(),
        "staircase": [vars(tread) for tread in found.staircase],
    }


# --- q and θ one number each --------------------------------------------------------------------------------------
def over_everything(experiment: Experiment, q: Array, theta: Array) -> Heights:
    """L at these q and θ of an exact plane."""
    model, data = model_of(experiment), experiment.data
    qs = [model.q_of_share(data, float(share)) for share in q]
    return _heights(experiment, q, theta, qs, _thetas(experiment, theta))


def ridge(experiment: Experiment, theta: Array) -> Array:
    """The posterior at each θ as a number; NaN where the data are impossible."""
    model, result = model_of(experiment), np.full(len(theta), np.nan)
    for place, there in enumerate(_thetas(experiment, theta)):
        try:
            result[place] = model.share(model.posterior(experiment.data, there))
        except HalfStepFailed:
            continue
    return frozen(result)


def _exact_treads(experiment: Experiment, steps: Sequence[HalfStep]) -> tuple[Tread, ...]:
    model = model_of(experiment)
    return tuple(
        _tread(experiment, step, model.share(step.after.q), number(step.after.theta))
        for step in steps
        if step.after.q is not None
    )


def _thetas(experiment: Experiment, values: Array) -> list[Parameters]:
    (name,) = experiment.start
    return [{name: frozen(value)} for value in values]


# --- a slice through more -----------------------------------------------------------------------------------------
def span(experiment: Experiment, trajectory: Trajectory, at: int, make: Callable[[HalfStep, str], HalfStep]) -> Span:
    """What spans the slice of half-step `at`. make: the half-step that follows another. Raises `NoPlane`."""
    if trajectory[at].after.q is None:
        raise _no_q(trajectory, at)
    model, made_q = model_of(experiment), _e_type(trajectory, at)
    before, after = made_q.before.q, made_q.after.q
    if before is None:
        valid = f"a later half-step: before {made_q.move} at {made_q.index} there is no q to blend with"
        raise NoPlane("no q before", at, valid)
    if not hasattr(model, "blend"):
        raise NoPlane("no blend", at, f"no plane: {model.name} has no blend of two q")
    if model.entropy(before) == model.entropy(after) == -math.inf:
        raise NoPlane("no blend", at, "no plane: the two q are points in continuous h, and have no blend")
    moved = _m_type(trajectory, made_q, at, make)
    origin, target = made_q.after.theta, moved[-1].after.theta
    states = [(trajectory[made_q.index - 1], 0.0, 0.0), (made_q, 1.0, 0.0)]
    states += [
        (step, 1.0, _share_of_way(experiment, origin, target, step.after.theta))
        for step in moved
        if step.index < len(trajectory) and trajectory[step.index] is step and step.after.q is after
    ]
    return Span(before, after, origin, target, tuple(states))


def over_span(experiment: Experiment, found: Span, q: Array, theta: Array) -> Heights:
    """L at these weights of q, from 0 to 1, and these shares of the way of θ.

    Raises `HalfStepFailed` where the two q have no blend.
    """
    model = model_of(experiment)
    qs = [model.blend(found.before, found.after, float(weight)) for weight in q]
    thetas = straight(model, found.origin, found.target, theta)
    ends = {0.0: found.origin, 1.0: found.target}
    thetas = [ends.get(float(share), there) for share, there in zip(theta, thetas, strict=True)]
    return _heights(experiment, q, theta, qs, thetas)


def _no_q(trajectory: Trajectory, at: int) -> NoPlane:
    first = next((step.index for step in trajectory.half_steps if step.after.q is not None), None)
    return NoPlane(
        "no q", at, "a run with an E-type move" if first is None else f"at least {first}: before there is no q"
    )


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
    raise NoPlane("no round", at, "a half-step in a round that has an E-type move")


def _m_type(
    trajectory: Trajectory, made_q: HalfStep, at: int, make: Callable[[HalfStep, str], HalfStep]
) -> list[HalfStep]:
    """The M-type half-steps that followed, up to `at`, one at least; a full M where the run ends before one."""
    found: list[HalfStep] = []
    for step in trajectory.half_steps[made_q.index + 1 :]:
        if step.letter is None or (found and (MOVES[step.letter].kind == "E" or step.index > at)):
            break
        if MOVES[step.letter].kind == "M":
            found.append(step)
    if not found:
        found = [make(made_q, "M")]
        if found[0].stopped:
            message = found[0].events[0].message
            raise NoPlane("no round", at, f"no plane: M cannot be made from there ({message})")
    return found


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
def _heights(
    experiment: Experiment, q: Array, theta: Array, qs: list[Any], thetas: Sequence[Parameters | None]
) -> Heights:
    """L at every pair, and log p at every θ."""
    entropies = np.array([experiment.model.entropy(each) for each in qs])
    evidence, joint = heights(experiment.model, experiment.data, qs, thetas)
    return Heights(q, theta, frozen(joint + entropies[:, None]), frozen(evidence))


def _tread(experiment: Experiment, step: HalfStep, q: float, theta: float) -> Tread:
    bound = decompose(experiment.model, experiment.data, step.after)
    return Tread(step.index, step.move, q, theta, math.nan if bound.elbo is None else bound.elbo)


def share(experiment: Experiment, state: State) -> float | None:
    """The q of a state as a number, for a model whose q is one; None without a q."""
    return None if state.q is None else float(model_of(experiment).share(state.q))


def model_of(experiment: Experiment) -> Any:
    """The model, with methods that not every one has."""
    return experiment.model


def _whole(name: str, typed: str, least: int, most: int) -> int:
    """A number of the command line. Raises `InvalidExperiment`."""
    if not typed.isascii() or not typed.isdigit() or not least <= int(typed[:20]) <= most:
        raise InvalidExperiment(name, typed, f"a whole number from {least} to {most}")
    return int(typed)
