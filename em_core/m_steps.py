"""M-type half-steps: raise L over θ, with q held fixed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from em_core.errors import HalfStepFailed
from em_core.model import LatentVariableModel
from em_core.records import Array, Event, Parameters, State

# Armijo's condition: a step counts as progress when it gains this share of what the slope promises
_SUFFICIENT = 1e-4
_MOST_HALVINGS = 60


def full(model: LatentVariableModel, data: Any, state: State) -> State:
    """Jump to the θ that maximises L for the present q.

    The gradient of L at the result is 0 in the interior. Raises `HalfStepFailed` where L has no maximum.
    """
    return replace(state, theta=model.maximize(data, state.q, state.theta))


# numbers that leave the floats are told by `_value`, not by warnings
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def gradient_step(model: LatentVariableModel, data: Any, state: State, step: float) -> State:
    """One step of fixed size along the gradient of L / N, in unconstrained coordinates.

    At q = posterior this is the gradient of log p / N (Fisher's identity). A large step may lower L; one that leaves
    the numbers raises `HalfStepFailed`.
    """
    slope = model.gradient(data, state.theta, state.q) / model.n_units(data)
    theta = _moved(model, state.theta, step * slope)
    if not math.isfinite(_value(model, data, theta, state.q)):
        raise HalfStepFailed(
            "diverged",
            f"a gradient step of size {step:g} leads where the bound is not finite; a smaller step would not",
            step=step,
            slope=float(np.linalg.norm(slope)),
        )
    return replace(state, theta=theta)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def backtracking_step(
    model: LatentVariableModel, data: Any, state: State, step: float
) -> tuple[State, tuple[Event, ...]]:
    """One gradient step, halved until L rises by a fair share of what its slope promises.

    L never falls. Where no halving helps, θ stays and an event says so: that is rounding, at a maximum of L.
    """
    n_units = model.n_units(data)
    slope = model.gradient(data, state.theta, state.q) / n_units
    promised = float(slope @ slope)
    now = _value(model, data, state.theta, state.q)
    size = step
    for _ in range(_MOST_HALVINGS):
        theta = _moved(model, state.theta, size * slope)
        gain = (_value(model, data, theta, state.q) - now) / n_units
        if gain >= _SUFFICIENT * size * promised and gain > 0:
            return replace(state, theta=theta), ()
        size /= 2
    message = f"no step along the gradient, from {step:g} down to {size:.2g}, raises the bound: θ stays"
    event = Event("rejected_step", message, {"slope": math.sqrt(promised), "smallest_step": size})
    return state, (event,)


def _moved(model: LatentVariableModel, theta: Parameters, change: Array) -> Parameters:
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        return model.from_vector(model.to_vector(theta) + change, theta)


def _value(model: LatentVariableModel, data: Any, theta: Parameters, q: Any) -> float:
    """L up to the entropy, which θ does not change; −inf where θ is no usable parameter."""
    if not all(np.all(np.isfinite(entry)) for entry in theta.values()):
        return -math.inf
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value = model.expected_log_joint(data, theta, q)
    except HalfStepFailed:
        return -math.inf
    return value if math.isfinite(value) else -math.inf
