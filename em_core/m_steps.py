"""M-type half-steps: raise L over θ, with q held fixed.

All but `full` and `conditional` move along unconstrained coordinates, by the gradient of L / N. They look at L without
its entropy, which θ does not change and which is −∞ for a point mass over continuous h.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from em_core.distributions.minibatch import Draw
from em_core.files.errors import HalfStepFailed
from em_core.model import Found, LatentVariableModel, check, expected_log_joint
from em_core.records import Array, Event, Info, Made, Parameters, State, frozen

# Armijo's condition: a step counts as progress when it gains this share of what the slope promises
_SUFFICIENT = 1e-4
# from the largest step that can be set to one that changes nothing
_MOST_HALVINGS = 1000
_BELOW_ROUNDING = 1e-3 * np.finfo(float).eps
# a maximum may come out lower than where it was sought by this share of L: the sums' own rounding
_SLACK = 1e-13
# central differences of a gradient: about the cube root of the floats' precision
_WIDTH = 6e-6
# an eigenvalue of the scaled curvature counts as at least this share of the largest
_FLAT = 1e-8
# Newton's method costs the eigenvectors of a square matrix of coordinates
MOST_NEWTON_COORDINATES = 1000
# gradients in one half-step times rows times coordinates: N and L then end within 5 s, for with twenty coordinates or
# more a gradient takes 0.1 to 4 ns for each row and coordinate, measured over all models
MOST_WORK = 1.2e9
# what is walked through one by one, as patterns of missing entries are, takes as long as so many rows
_WALKED = 100
# an iteration of L-BFGS looks at the bound, too, and some at several places
_GRADIENTS_AN_ITERATION = 3

# numbers that leave the floats are told by `_value` and `_slope`, not by warnings
_quiet = np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore")
# what there is to say of a maximum in closed form
_CLOSED = Info(1, accepted=True)


def full(model: LatentVariableModel, data: Any, state: State, rng: np.random.Generator | None = None) -> Made:
    """Jump to the θ that maximises L for the present q.

    The gradient of L at the result is 0 in the interior. Raises `HalfStepFailed` where L has no maximum, or one that
    does not stand up to the model's `check`. What q does not use, and L therefore does not depend on, some models draw
    anew from `rng` (`renewed`).
    """
    if hasattr(model, "search"):
        found = model.search(data, state.q, state.theta)
        theta, info = found.theta, Info(found.passes, accepted=True, iterations=found.iterations)
    else:
        theta, info = model.maximize(data, state.q, state.theta), _CLOSED
    return _maximised(model, data, state, state.with_theta(theta), info, rng)


@_quiet
def gradient_step(model: LatentVariableModel, data: Any, state: State, step: float) -> Made:
    """One step of fixed size along the gradient of L / N, in unconstrained coordinates.

    At q = posterior this is the gradient of log p / N (Fisher's identity). A large step may lower L; one that leaves
    the numbers raises `HalfStepFailed`.
    """
    slope = _slope(model, data, state)
    return _stepped(model, data, state, step * slope, step, slope)


@_quiet
def backtracking_step(model: LatentVariableModel, data: Any, state: State, step: float) -> Made:
    """One gradient step, halved until L rises by a fair share of what its slope promises.

    L never falls. Where no halving helps, θ stays and an event says so: that is rounding, at a maximum of L.
    """
    slope = _slope(model, data, state)
    return _backtracked(model, data, state, slope, slope, step, passes=1)


@_quiet
def stochastic_step(model: Any, data: Any, state: State, step: float, batch: int, rng: np.random.Generator) -> Made:
    """One step of fixed size along `minibatch_slope`. In the mean over draws it is the step of `gradient_step`."""
    slope, draw = minibatch_slope(model, data, state, batch, rng)
    made = _stepped(model, data, state, step * slope, step, slope)
    return replace(made, info=replace(made.info, passes=draw.share, units=draw.size, share=draw.share))


@_quiet
def minibatch_slope(model: Any, data: Any, state: State, batch: int, rng: np.random.Generator) -> tuple[Array, Draw]:
    """The gradient of L / N as `batch` units drawn without replacement estimate it, without bias; and the draw."""
    part, q, draw = model.minibatch(data, state.q, batch, rng)
    return _finite(model.gradient(part, state.theta, q) / (draw.share * model.n_units(data))), draw


@_quiet
def adam_step(model: LatentVariableModel, data: Any, state: State, step: float, beta1: float, beta2: float) -> Made:
    """One step of Adam (Kingma and Ba, 2015) up the gradient of L / N; its running moments travel in the carry.

    They start at 0, also where the number of coordinates has changed.
    """
    slope = _slope(model, data, state)
    mean, square, made = state.carry.get("A", (np.zeros_like(slope), np.zeros_like(slope), 0))
    if mean.shape != slope.shape:
        mean, square, made = np.zeros_like(slope), np.zeros_like(slope), 0
    made += 1
    mean = frozen(beta1 * mean + (1 - beta1) * slope)
    square = frozen(beta2 * square + (1 - beta2) * slope**2)
    change = step * (mean / (1 - beta1**made)) / (np.sqrt(square / (1 - beta2**made)) + 1e-8)
    moved = _stepped(model, data, state, change, step, slope)
    carry = MappingProxyType({**state.carry, "A": (mean, square, made)})
    return replace(moved, state=replace(moved.state, carry=carry))


@_quiet
def newton_step(model: LatentVariableModel, data: Any, state: State) -> Made:
    """One Newton step on L, halved until L rises; L never falls. Where L is quadratic it lands on the maximum.

    The second derivatives are the model's own, or else central differences of the gradient. Each coordinate is scaled
    by its own curvature, so that units do not matter; then every eigenvalue is made negative by its size and kept away
    from 0, so that the step always points uphill. Raises `HalfStepFailed` where there are too many coordinates.
    """
    slope = _slope(model, data, state)
    if len(slope) > MOST_NEWTON_COORDINATES:
        raise HalfStepFailed(
            "too_many_coordinates",
            f"a Newton step needs all second derivatives, and θ has {len(slope)} coordinates, more than"
            f" {MOST_NEWTON_COORDINATES}; L-BFGS (L) does without them",
            coordinates=float(len(slope)),
        )
    if hasattr(model, "curvature"):
        curvature, gradients = model.curvature(data, state.theta, state.q) / model.n_units(data), 1
    else:
        _check_work(model, data, state, 2 * len(slope), "needs two gradients for each coordinate; L-BFGS (L) needs few")
        curvature, gradients = _curvature(model, data, state)
    own = np.abs(np.diag(curvature))
    scale = 1 / np.sqrt(np.where(own > 0, own, 1.0))
    sizes, directions = np.linalg.eigh(_finite(curvature * np.outer(scale, scale)))
    sizes = np.maximum(np.abs(sizes), _FLAT * np.abs(sizes).max(initial=1.0))
    change = scale * (directions @ ((directions.T @ (scale * slope)) / sizes))
    return _backtracked(model, data, state, change, slope, 1.0, 1 + gradients)


@_quiet
def lbfgs_steps(model: LatentVariableModel, data: Any, state: State, iterations: int) -> Made:
    """Some iterations of L-BFGS on L, with a fresh memory; L never falls.

    Where its line search finds nothing better, as it does where coordinates differ in size by many powers of ten, the
    move is a gradient step with backtracking.
    """
    n_units = model.n_units(data)
    slope, now = _slope(model, data, state), _now(model, data, state)
    start = model.to_vector(state.theta)
    gradients = _GRADIENTS_AN_ITERATION * iterations
    _check_work(model, data, state, gradients, "needs several gradients in each iteration; ask for fewer iterations")
    # where L is no number the line search meets a wall and turns back
    wall = 1e10 + 2 * abs(now) / n_units, np.zeros_like(start)

    passes, made = 1, 0

    def descent(vector: Array) -> tuple[float, Array]:
        nonlocal passes
        theta = _at(model, vector, state.theta)
        value = _value(model, data, theta, state.q)
        passes += 1 if value == -math.inf else 2
        rise = None if value == -math.inf else _gradient(model, data, theta, state.q, len(start))
        return wall if rise is None else (-value / n_units, -rise / n_units)

    if len(start):
        from scipy.optimize import minimize  # late: a quarter of a second that no page needs to open

        # it ends when the iterations do, not when some tolerance is met
        options = {"maxiter": iterations, "maxls": 40, "ftol": 0.0, "gtol": 0.0}
        found = minimize(descent, start, jac=True, method="L-BFGS-B", options=options)
        theta, made = _at(model, found.x, state.theta), int(found.nit)
        if _value(model, data, theta, state.q) > now:
            norm = float(np.linalg.norm(slope))
            step = float(np.linalg.norm(found.x - start)) / norm if norm else 0.0
            return Made(state.with_theta(theta), Info(passes, True, step, norm, iterations=made))
    return _backtracked(model, data, state, slope, slope, 1.0, passes, iterations=made)


def conditional(model: Any, data: Any, state: State, rng: np.random.Generator | None = None) -> Made:
    """Jump to the maximum of L over the next block of parameters, the others held (ECM; Meng and Rubin, 1993).

    The blocks come in turn; L never falls. Where every parameter is fixed, nothing changes. Raises `HalfStepFailed`
    where the block has no maximum.
    """
    blocks = model.blocks()
    if not blocks:
        return Made(state, Info(0, accepted=True, block=()))
    turn = state.carry.get("C", 0) % len(blocks)
    if hasattr(model, "search"):
        found = model.search(data, state.q, state.theta, blocks[turn])
    else:
        found = Found(model.maximize_block(data, state.q, state.theta, blocks[turn]))
    after = replace(state, theta=found.theta, carry=MappingProxyType({**state.carry, "C": turn + 1}))
    return _maximised(model, data, state, after, Info(found.passes, accepted=True, block=blocks[turn]), rng)


@_quiet
def _maximised(model: Any, data: Any, state: State, after: State, info: Info, rng: np.random.Generator | None) -> Made:
    """`after`, once its θ has been found usable and L not lower there; else θ stays, with an event.

    Near a maximum θ's own rounding may cost more than the step gains, where a spread is small beside its place.
    """
    check(model, data, after.theta)
    renewing = hasattr(model, "renewed")
    if not hasattr(model, "check") and not renewing:
        return Made(after, info)
    if hasattr(model, "surely_higher") and model.surely_higher(data, state.q, after.theta, state.theta):
        return Made(after, info)
    now, then = _height(model, data, state.theta, state.q), _height(model, data, after.theta, state.q)
    if then >= now - _SLACK * max(1.0, abs(now)):
        if not renewing:
            return Made(after, info)
        theta, events = model.renewed(data, state.q, after.theta, rng)
        return Made(after.with_theta(theta), info, events)
    message = "rounding left the bound lower at the computed maximum than at the current θ, so θ stays"
    event = Event("rejected_step", message, {"fall": min(now - then, np.finfo(float).max)})
    return Made(after.with_theta(state.theta), replace(info, accepted=False), (event,))


def _slope(model: LatentVariableModel, data: Any, state: State) -> Array:
    """The gradient of L / N. Raises `HalfStepFailed` where it is not finite."""
    return _finite(model.gradient(data, state.theta, state.q) / model.n_units(data))


def _now(model: LatentVariableModel, data: Any, state: State) -> float:
    """L without its entropy at the state. Raises `HalfStepFailed` where it is −∞: no slope leads out of there."""
    value = _value(model, data, state.theta, state.q)
    if value == -math.inf:
        message = (
            "the bound is −∞ here, because θ gives probability 0 to something that q considers possible, so there is"
            " no gradient to follow"
        )
        raise HalfStepFailed("boundary", message)
    return value


def _finite(slopes: Array) -> Array:
    """Raise `HalfStepFailed` where slopes, or the sum of their squares, leave the numbers."""
    if not math.isfinite(float(np.sum(slopes**2))):
        message = "the gradient overflowed: rescale the data, or use the full M-step (M)"
        raise HalfStepFailed("diverged", message)
    return slopes


def _stepped(model: LatentVariableModel, data: Any, state: State, change: Array, step: float, slope: Array) -> Made:
    """θ moved by `change`. Raises `HalfStepFailed` where that leads to a θ at which there is no bound."""
    theta, norm = _at(model, model.to_vector(state.theta) + change, state.theta), float(np.linalg.norm(slope))
    try:
        _usable(model, data, theta, state.q)
    except HalfStepFailed as failure:
        _now(model, data, state)
        numbers = {**failure.numbers, "step": step, "slope": norm}
        message = f"a gradient step of size {step:g} is too large ({failure}); try a smaller one"
        raise HalfStepFailed(failure.kind, message, **numbers) from None
    return Made(state.with_theta(theta), Info(1, True, step, norm))


def _backtracked(
    model: LatentVariableModel,
    data: Any,
    state: State,
    change: Array,
    slope: Array,
    step: float,
    passes: int,
    iterations: int | None = None,
) -> Made:
    """θ moved by `change` times a size: `step`, halved until L rises by a fair share of what the slope promises.

    passes, iterations: of the move before this; one that counts its iterations does not count halvings.
    """
    n_units, now = model.n_units(data), _now(model, data, state)
    vector = model.to_vector(state.theta)
    promised, norm = float(change @ slope), float(np.linalg.norm(slope))
    size, info = step, Info(passes, False, 0.0, norm, iterations=iterations)
    for halvings in range(_MOST_HALVINGS):
        info = replace(info, passes=passes + halvings + 1, halvings=halvings if iterations is None else None)
        moved = vector + size * change
        theta = _at(model, moved, state.theta)
        gain = (_value(model, data, theta, state.q) - now) / n_units
        if gain >= _SUFFICIENT * size * promised and gain > 0:
            return Made(state.with_theta(theta), replace(info, accepted=True, step=size))
        # neither θ nor L can show a smaller step
        if np.array_equal(moved, vector) or size * promised * n_units <= _BELOW_ROUNDING * abs(now):
            break
        size /= 2
    tried = f"size {step:.3g}" if size == step else f"sizes from {step:.3g} down to {size:.3g}"
    message = f"no step in this direction raises the bound by more than rounding (tried {tried}), so θ stays"
    return Made(state, info, (Event("rejected_step", message, {"slope": norm, "smallest_step": size}),))


def _check_work(model: LatentVariableModel, data: Any, state: State, gradients: int, why: str) -> None:
    """Raise `HalfStepFailed` where so many gradients, over all rows and coordinates, would take longer than 5 s."""
    entries = [getattr(data, field.name) for field in fields(data)]
    # rows of the data, or of q's table where that has more; what is walked through is a tuple
    arrays = [
        entry for entry in (*entries, getattr(state.q, "log_probabilities", None)) if isinstance(entry, np.ndarray)
    ]
    walked = max((len(entry) for entry in entries if isinstance(entry, tuple)), default=0)
    rows = max(len(entry) for entry in arrays if entry.ndim) + _WALKED * walked
    coordinates = len(model.to_vector(state.theta))
    if gradients * coordinates * rows > MOST_WORK:
        message = f"{coordinates} coordinates and {rows} rows are too much work for one half-step: this move {why}"
        numbers = {"coordinates": float(coordinates), "rows": float(rows), "gradients": float(gradients)}
        raise HalfStepFailed("too_many_coordinates", message, **numbers)


def _curvature(model: LatentVariableModel, data: Any, state: State) -> tuple[Array, int]:
    """Second derivatives of L / N in unconstrained coordinates, symmetric, by central differences of the gradient.

    Also returns how many gradients that took.

    A coordinate within rounding of a boundary, where the gradient cannot be had on both sides, counts as flat.
    """
    vector = model.to_vector(state.theta)
    matrix = np.zeros((len(vector), len(vector)))
    columns = 0

    def column(place: int, width: float) -> Array:
        nonlocal columns
        columns += 1
        there, back = vector.copy(), vector.copy()
        there[place] += width
        back[place] -= width
        rise, fall = (
            _gradient(model, data, _at(model, end, state.theta), state.q, len(vector)) for end in (there, back)
        )
        if rise is None or fall is None:
            return np.zeros(len(vector))
        return (rise - fall) / (there[place] - back[place]) / model.n_units(data)

    for place, value in enumerate(np.abs(vector)):
        matrix[place] = column(place, _WIDTH * max(1.0, value))
        own = abs(float(matrix[place, place]))
        if own > 100 and value < 1:  # as small as its data: the difference must be smaller still
            matrix[place] = column(place, _WIDTH * max(1 / math.sqrt(own), value))
    return (matrix + matrix.T) / 2, 2 * columns


def _gradient(model: LatentVariableModel, data: Any, theta: Parameters, q: Any, size: int) -> Array | None:
    """The gradient of E_q[log p(h, v; θ)]; None where it cannot be had, or has no longer `size` coordinates.

    A θ that no move may accept can have one: curvature is measured across such places where data are small.
    """
    try:
        slope = model.gradient(data, theta, q)
    except (HalfStepFailed, np.linalg.LinAlgError):
        return None
    return slope if slope.shape == (size,) and np.all(np.isfinite(slope)) else None


@_quiet
def _at(model: LatentVariableModel, vector: Array, like: Parameters) -> Parameters:
    return model.from_vector(vector, like)


def _usable(model: LatentVariableModel, data: Any, theta: Parameters, q: Any) -> float:
    """L up to the entropy, which θ does not change. Raises `HalfStepFailed` for a θ that no move may accept.

    All other terms of the bound exist where this one does. For discrete h: some h has a weight in q that counts and, as
    the sum is finite, log p(h, v; θ) > −∞; so log p(v; θ) is finite, and there is a posterior. For continuous h the
    model's `check` has seen to the factors that they are made of.
    """
    check(model, data, theta)
    value = _height(model, data, theta, q)
    if value == -math.inf:
        raise HalfStepFailed("diverged", "the bound is not finite there")
    return value


def _height(model: LatentVariableModel, data: Any, theta: Parameters, q: Any) -> float:
    """L up to the entropy at a θ that has passed `check`; −inf where it is no number."""
    try:
        value = expected_log_joint(model, data, theta, q)
    except HalfStepFailed:
        return -math.inf
    return value if math.isfinite(value) else -math.inf


def _value(model: LatentVariableModel, data: Any, theta: Parameters, q: Any) -> float:
    """`_usable`, or −inf where θ is not: a step that leads there raises nothing."""
    try:
        return _usable(model, data, theta, q)
    except HalfStepFailed:
        return -math.inf
