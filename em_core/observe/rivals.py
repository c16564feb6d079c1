"""Rivals of EM that are no schedules: they take EM's own steps and lead θ further along them, without a look at q.

Each evaluation of the EM map is two half-steps, E and M, made and counted like any others. What is tried on top of them
costs no pass: where a θ is refused an event says so, and EM's own goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, RIVALS
from em_core.model import check
from em_core.records import Array, Event, HalfStep, Parameters, State
from em_core.trajectory import half_step

# log p may come out lower by this share where it has not changed: the sums' own rounding
_SLACK = 1e-13

# given the experiment, where it stands and how many half-steps were made: those of one round, cut where one fails
Turn = Callable[[Experiment, State, int], tuple[HalfStep, ...]]


def squarem(experiment: Experiment, state: State, made: int) -> tuple[HalfStep, ...]:
    """One round of SQUAREM with the steplength S3 (Varadhan and Roland, 2008): EM, EM, a leap, EM.

    With r and v the first and second difference of the coordinates along two steps of EM, θ leaps to θ₀ − 2αr + α²v,
    α = −‖r‖/‖v‖ and −1 at most; at −1 that is the second step itself. From there one more step of EM is made. Where log
    p would be lower than after the second step, or θ would not be usable, the leap is taken back.
    """
    first = _mapped(experiment, state, made)
    if first[-1].stopped:
        return first
    second = _mapped(experiment, first[-1].after, made + 2)
    if second[-1].stopped:
        return (*first, *second)
    plain = second[-1].after
    leapt, event = _leapt(experiment, state.theta, first[-1].after.theta, plain.theta)
    third = _mapped(experiment, replace(plain, theta=leapt), made + 4)
    if event:
        third = (replace(third[0], events=(event, *third[0].events)), *third[1:])
    return (*first, *second, *third)


def _leapt(
    experiment: Experiment, start: Parameters, once: Parameters, twice: Parameters
) -> tuple[Parameters, Event | None]:
    """Where θ leaps to after two steps of EM; these themselves, and an event, where it cannot or should not."""
    model: Any = experiment.model
    try:
        vectors = _coordinates(model, start, once, twice)
    except HalfStepFailed as failure:
        return twice, Event("no_leap", f"there is nothing to leap along, so EM's own step is kept: {failure}")
    r, v = vectors[1] - vectors[0], vectors[2] - 2 * vectors[1] + vectors[0]
    length, bend = float(np.linalg.norm(r)), float(np.linalg.norm(v))
    alpha = min(-1.0, -length / bend) if bend > 0 else -1.0
    if alpha == -1.0:
        return twice, None
    leapt, height = _usable(experiment, vectors[0] - 2 * alpha * r + alpha**2 * v, start)
    before = model.log_evidence(experiment.data, twice)
    if leapt is not None and height >= before - _SLACK * max(1.0, abs(before)):
        return leapt, None
    numbers, told = {"alpha": alpha}, f"{alpha:.4g}".replace("-", "−")
    if leapt is None:
        message = f"the extrapolation with α = {told} led to parameters that cannot be used: rejected"
    else:
        numbers["fall"] = before - height
        message = f"the extrapolation with α = {told} would have lowered log p by {before - height:.4g}: rejected"
    return twice, Event("taken_back", message, numbers)


def over_relaxed(experiment: Experiment, state: State, made: int) -> tuple[HalfStep, ...]:
    """One round of over-relaxed EM: E, then ω times as far as M goes, in unconstrained coordinates.

    log p may fall; only where that θ is not usable M's own is kept. ω = 1 is EM.
    """
    steps = _mapped(experiment, state, made)
    if steps[-1].stopped:
        return steps
    model: Any = experiment.model
    omega = experiment.moves.get("over_relaxed", {}).get("omega", RIVALS["over_relaxed"]["omega"].default)
    maximised = steps[-1].after.theta
    try:
        start, end = _coordinates(model, state.theta, maximised)
    except HalfStepFailed as failure:
        event = Event("no_leap", f"there is nothing to go further along, so EM's own step is kept: {failure}")
        return _with(steps, maximised, event)
    theta, _ = (maximised, 0.0) if omega == 1 else _usable(experiment, start + omega * (end - start), state.theta)
    if theta is not None:
        return _with(steps, theta)
    message = f"ω = {omega:g} times as far as M led to parameters that cannot be used: rejected, M's own are kept"
    return _with(steps, maximised, Event("taken_back", message, {"omega": omega}))


RIVAL_TURNS: Mapping[str, Turn] = MappingProxyType({"squarem": squarem, "over_relaxed": over_relaxed})
# half-steps of a whole round
RIVAL_SIZES: Mapping[str, int] = MappingProxyType({"squarem": 6, "over_relaxed": 2})


def missing(model: Any) -> str:
    """The move without which `model`, a class or an instance, can make no rival of EM; "" where it has all."""
    return next((letter for letter in "EG" if not MOVES[letter].allowed(model)), "")


def _mapped(experiment: Experiment, state: State, made: int) -> tuple[HalfStep, ...]:
    """One evaluation of the EM map: E, and M if that was made."""
    expected = half_step(experiment, state, made + 1, "E")
    if expected.stopped:
        return (expected,)
    return expected, half_step(experiment, expected.after, made + 2, "M")


def _coordinates(model: Any, *thetas: Parameters) -> list[Array]:
    """θ in unconstrained coordinates. Raises `HalfStepFailed` where one has others, or none."""
    vectors = [model.to_vector(theta) for theta in thetas]
    if any(vector.shape != vectors[0].shape for vector in vectors):
        raise HalfStepFailed("boundary", "θ has come to a boundary, where coordinates are not finite")
    return vectors


@np.errstate(all="ignore")
def _usable(experiment: Experiment, vector: Array, like: Parameters) -> tuple[Parameters | None, float]:
    """θ at these coordinates and log p there; None where a move could not accept it."""
    model: Any = experiment.model
    try:
        theta = model.from_vector(vector, like)
        check(model, experiment.data, theta)
        height = float(model.log_evidence(experiment.data, theta))
    except (HalfStepFailed, np.linalg.LinAlgError):
        return None, math.nan
    return (theta, height) if math.isfinite(height) else (None, math.nan)


def _with(steps: tuple[HalfStep, ...], theta: Parameters, *events: Event) -> tuple[HalfStep, ...]:
    """The half-steps with another θ after the last, and what was met there."""
    last = steps[-1]
    return *steps[:-1], replace(last, after=replace(last.after, theta=theta), events=(*last.events, *events))
