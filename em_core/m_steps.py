"""M-type half-steps: raise L over θ, with q held fixed."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.optimize import minimize

from em_core.errors import HalfStepFailed
from em_core.model import LatentVariableModel
from em_core.records import Array, Event, Parameters, State, frozen

Made = State | tuple[State, tuple[Event, ...]]

# Armijo's condition: a step counts as progress when it gains this share of what the slope promises
_SUFFICIENT = 1e-4
_MOST_HALVINGS = 60
# central differences of a gradient: about the cube root of the floats' precision
_WIDTH = 6e-6


def full(model: LatentVariableModel, data: Any, state: State, rng: np.random.Generator | None = None) -> Made:
    """Jump to the θ that maximises L for the present q.

    The gradient of L at the result is 0 in the interior. Raises `HalfStepFailed` where L has no maximum. What q does
    not use, and L therefore does not depend on, some models draw anew from `rng` (`renewed`).
    """
    return _renewed(model, data, replace(state, theta=model.maximize(data, state.q, state.theta)), rng)


# numbers that leave the floats are told by `_value`, not by warnings
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def gradient_step(model: LatentVariableModel, data: Any, state: State, step: float) -> State:
    """One step of fixed size along the gradient of L / N, in unconstrained coordinates.

    At q = posterior this is the gradient of log p / N (Fisher's identity). A large step may lower L; one that leaves
    the numbers raises `HalfStepFailed`.
    """
    slope = model.gradient(data, state.theta, state.q) / model.n_units(data)
    return _stepped(model, data, state, step * slope, step)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def backtracking_step(
    model: LatentVariableModel, data: Any, state: State, step: float
) -> tuple[State, tuple[Event, ...]]:
    """One gradient step, halved until L rises by a fair share of what its slope promises.

    L never falls. Where no halving helps, θ stays and an event says so: that is rounding, at a maximum of L.
    """
    slope = model.gradient(data, state.theta, state.q) / model.n_units(data)
    return _backtracked(model, data, state, slope, float(slope @ slope), step)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def stochastic_step(model: Any, data: Any, state: State, step: float, batch: int, rng: np.random.Generator) -> State:
    """One step of fixed size along `minibatch_slope`. In the mean over draws it is the step of `gradient_step`."""
    return _stepped(model, data, state, step * minibatch_slope(model, data, state, batch, rng), step)


def minibatch_slope(model: Any, data: Any, state: State, batch: int, rng: np.random.Generator) -> Array:
    """The gradient of L / N as `batch` units drawn without replacement estimate it, without bias."""
    part, q, share = model.minibatch(data, state.q, batch, rng)
    return model.gradient(part, state.theta, q) / (share * model.n_units(data))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def adam_step(model: LatentVariableModel, data: Any, state: State, step: float, beta1: float, beta2: float) -> State:
    """One step of Adam (Kingma and Ba, 2015) up the gradient of L / N; its running moments travel in the carry.

    They start at 0, also where the number of coordinates has changed.
    """
    slope = model.gradient(data, state.theta, state.q) / model.n_units(data)
    mean, square, made = state.carry.get("A", (np.zeros_like(slope), np.zeros_like(slope), 0))
    if mean.shape != slope.shape:
        mean, square, made = np.zeros_like(slope), np.zeros_like(slope), 0
    made += 1
    mean = frozen(beta1 * mean + (1 - beta1) * slope)
    square = frozen(beta2 * square + (1 - beta2) * slope**2)
    change = step * (mean / (1 - beta1**made)) / (np.sqrt(square / (1 - beta2**made)) + 1e-8)
    moved = _stepped(model, data, state, change, step)
    return replace(moved, carry=MappingProxyType({**state.carry, "A": (mean, square, made)}))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def newton_step(model: LatentVariableModel, data: Any, state: State) -> tuple[State, tuple[Event, ...]]:
    """One Newton step on L, halved until L rises; L never falls.

    The Hessian comes from central differences of the gradient. Its eigenvalues are made negative by their size and kept
    away from 0, so that the step always points uphill.
    """
    vector = model.to_vector(state.theta)
    slope = model.gradient(data, state.theta, state.q) / model.n_units(data)
    curvature = _hessian(model, data, state, vector) / model.n_units(data)
    sizes, directions = np.linalg.eigh(curvature)
    sizes = np.maximum(np.abs(sizes), 1e-8 * max(1.0, float(np.abs(sizes).max(initial=0.0))))
    change = directions @ ((directions.T @ slope) / sizes)
    return _backtracked(model, data, state, change, float(change @ slope), 1.0)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def lbfgs_steps(
    model: LatentVariableModel, data: Any, state: State, iterations: int
) -> tuple[State, tuple[Event, ...]]:
    """Some iterations of L-BFGS on L, with a fresh memory; L never falls."""
    n_units = model.n_units(data)
    start = model.to_vector(state.theta)
    now = _value(model, data, state.theta, state.q)

    def descent(vector: Array) -> tuple[float, Array]:
        theta = _at(model, vector, state.theta)
        value = _value(model, data, theta, state.q)
        if value == -math.inf:  # beyond the numbers: a wall that the line search turns back from
            return 1e10 + abs(now) / n_units, np.zeros_like(vector)
        return -value / n_units, -model.gradient(data, theta, state.q) / n_units

    found = minimize(descent, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxls": 40})
    theta = _at(model, found.x, state.theta)
    if len(start) and _value(model, data, theta, state.q) > now:
        return replace(state, theta=theta), ()
    slope = model.gradient(data, state.theta, state.q) / n_units
    message = f"{iterations} iterations of L-BFGS do not raise the bound: θ stays"
    return state, (Event("rejected_step", message, {"slope": float(np.linalg.norm(slope))}),)


def conditional(model: Any, data: Any, state: State, rng: np.random.Generator | None = None) -> Made:
    """Jump to the maximum of L over the next block of parameters, the others held (ECM; Meng and Rubin, 1993).

    The blocks come in turn; L never falls. Raises `HalfStepFailed` where the block has no maximum.
    """
    blocks = model.blocks()
    turn = state.carry.get("C", 0) % len(blocks)
    theta = model.maximize_block(data, state.q, state.theta, blocks[turn])
    after = replace(state, theta=theta, carry=MappingProxyType({**state.carry, "C": turn + 1}))
    return _renewed(model, data, after, rng)


def _renewed(model: Any, data: Any, state: State, rng: np.random.Generator | None = None) -> Made:
    if not hasattr(model, "renewed"):
        return state
    theta, events = model.renewed(data, state.q, state.theta, rng)
    return replace(state, theta=theta), events


def _stepped(model: LatentVariableModel, data: Any, state: State, change: Array, step: float) -> State:
    """θ moved by `change`. Raises `HalfStepFailed` where that leaves the numbers."""
    theta = _moved(model, state.theta, change)
    if not math.isfinite(_value(model, data, theta, state.q)):
        raise HalfStepFailed(
            "diverged",
            f"a gradient step of size {step:g} leads where the bound is not finite; a smaller step would not",
            step=step,
            slope=float(np.linalg.norm(change)) / step,
        )
    return replace(state, theta=theta)


def _backtracked(
    model: LatentVariableModel, data: Any, state: State, change: Array, promised: float, step: float
) -> tuple[State, tuple[Event, ...]]:
    """θ moved by `change` times a size: `step`, halved until L rises by a fair share of what the slope promises."""
    n_units = model.n_units(data)
    now = _value(model, data, state.theta, state.q)
    size = step
    for _ in range(_MOST_HALVINGS):
        theta = _moved(model, state.theta, size * change)
        gain = (_value(model, data, theta, state.q) - now) / n_units
        if gain >= _SUFFICIENT * size * promised and gain > 0:
            return replace(state, theta=theta), ()
        size /= 2
    message = f"no step in this direction, from {step:g} down to {size:.2g} of it, raises the bound: θ stays"
    return state, (Event("rejected_step", message, {"slope": math.sqrt(promised), "smallest_step": size}),)


def _hessian(model: LatentVariableModel, data: Any, state: State, vector: Array) -> Array:
    """Second derivatives of E_q[log p(h, v; θ)] in unconstrained coordinates, symmetric."""
    columns = []
    for place, value in enumerate(vector):
        width = _WIDTH * max(1.0, abs(float(value)))
        there, back = vector.copy(), vector.copy()
        there[place] += width
        back[place] -= width
        ends = (model.gradient(data, _at(model, end, state.theta), state.q) for end in (there, back))
        rise, fall = ends
        columns.append((rise - fall) / (there[place] - back[place]))
    matrix = np.array(columns).reshape(len(vector), len(vector))
    return (matrix + matrix.T) / 2


def _at(model: LatentVariableModel, vector: Array, like: Parameters) -> Parameters:
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        return model.from_vector(vector, like)


def _moved(model: LatentVariableModel, theta: Parameters, change: Array) -> Parameters:
    return _at(model, model.to_vector(theta) + change, theta)


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
