"""Four theorems of EM, held to the numbers of one half-step: each as a light that is on or off, with its number.

They judge the terms as they are reported, each of which comes from its own definition, and so catch a program that is
wrong. Slopes are looked at in units in which the information of each coordinate, with q known, is 1 for each unit of
the data: so neither the data's scale nor their number matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.records import Array, Bound, HalfStep, Parameters, Trajectory

# relative to the largest term, or to 1 nat: sums over many units round to 1e-14 of it
IDENTITY = 1e-11
MONOTONE = 1e-12
# slopes per unit, where M leaves 1e-12 in closed form and 1e-8 by search; where data lie 1e8 deviations from 0, 1e-7
STATIONARY = 1e-6
# and where differences of log p come close to a slope: what a mistake leaves is a thousand times as much
SLOPE = 1e-6
# coordinates whose slopes are put to scale, the steepest; and units that scales and the slope of log p are told by
_STEEPEST, _MOST_UNITS = 4, 1000
# widths of differences: in a coordinate of which nothing is known, and along a line
_FIRST, _WIDEST, _LEVELS = 1e-4, 1 / 32, 16
# two θ are apart where they differ by this share; and the share by which rounding moves a coordinate
_APART, _ROUNDING = 1e-6, 4 * float(np.finfo(float).eps)
# where there are no coordinates, or no number
_NOWHERE = (HalfStepFailed, InvalidExperiment, np.linalg.LinAlgError)


@dataclass(frozen=True)
class Check:
    """Whether a theorem holds at a half-step, and the number that says so: 0 where nothing is amiss."""

    holds: bool
    number: float


@dataclass(frozen=True)
class Checks:
    """Each None where it does not apply.

    identity: the residual log p − ELBO − KL, relative to the largest term. monotone: how far the ELBO fell, relative
    likewise, in a move that promises not to lower it. touching: where q is the exact posterior at θ, the larger of
    log p − ELBO, relative likewise, and of the difference between their slopes along a line, per unit. stationary:
    after a full M, the steepest slope that is left in the ELBO, per unit.
    """

    identity: Check | None = None
    monotone: Check | None = None
    touching: Check | None = None
    stationary: Check | None = None

    def to_json(self) -> dict[str, dict[str, bool | float] | None]:
        return {name: None if check is None else dict(vars(check)) for name, check in vars(self).items()}


def checks(experiment: Experiment, step: HalfStep, bound: Bound, before: Bound | None, swept: bool) -> Checks:
    """All four of a half-step. bound, before: the terms after it and after the one before, as reported.

    swept: whether the q that it began with was made by mean field.
    """
    model, data = experiment.model, experiment.data
    made = step.letter is not None and not step.stopped
    with np.errstate(all="ignore"):
        return Checks(
            identity(bound),
            monotone(bound, before, step.after.q is step.before.q)
            if made and before and _promises(step, swept)
            else None,
            _touching(model, data, step, bound),
            _stationary(model, data, step) if made and step.letter == "M" else None,
        )


def identity(bound: Bound) -> Check | None:
    """log p = ELBO + KL; None where a term is missing, or both ELBO and KL are infinite."""
    if bound.residual is None:
        return None
    return _check(abs(bound.residual), _size(bound), IDENTITY)


def monotone(bound: Bound, before: Bound, held: bool = True) -> Check | None:
    """The ELBO did not fall; where it is −∞, as q is a point in continuous h, log p(v, h) did not. None without a q.

    held: whether q stayed; else from one −∞ to another nothing can be told.
    """
    was, now = before.elbo, bound.elbo
    if was is None or now is None:
        return None
    if was == now == -math.inf:
        if not held:
            return None
        was, now = before.expected_log_joint or 0.0, bound.expected_log_joint or 0.0
    if was == now or was == -math.inf:
        return Check(True, 0.0)
    return _check(max(0.0, was - now), max(_size(bound), _size(before)), MONOTONE)


def _promises(step: HalfStep, swept: bool) -> bool:
    """Whether this move never lowers the ELBO. A sweep of mean field promises it of a q that factorises."""
    move = MOVES[step.letter or ""]
    return move.monotone and (swept or not move.proviso)


def factorised(trajectory: Trajectory, index: int) -> bool:
    """Whether the q that half-step `index` began with was made by mean field, and so factorises."""
    earlier = (trajectory[i] for i in range(index - 1, -1, -1))
    letter = next((other.letter for other in earlier if other.after.q is not other.before.q), None)
    return letter is not None and bool(MOVES[letter].proviso)


def _touching(model: Any, data: Any, step: HalfStep, bound: Bound) -> Check | None:
    """Value and slope; None where q is not the posterior at θ. The slope of log p is that of its own values."""
    state = step.after
    if state.q_at is not state.theta or bound.gap is None:
        return None
    value = _check(abs(bound.gap), _size(bound), IDENTITY)
    slope = _slopes_apart(model, data, state.theta, state.q, step.index)
    return value if slope is None else Check(value.holds and slope <= SLOPE, max(value.number, slope))


def _slopes_apart(model: Any, data: Any, theta: Parameters, q: Any, index: int) -> float | None:
    """How much the slopes of L(q, ·) and log p differ on the way to another θ, drawn at random, per unit.

    On a few hundred units where there are more: the slopes are sums over the units, and so is what is claimed of them.
    None where θ has no coordinates, or differences of log p do not settle.
    """
    part, own_q, n_units = _some(model, data, q)
    rng = np.random.default_rng([index, 0, 2])
    try:
        vector = model.to_vector(theta)
        way = _way(model, part, theta, vector, rng)
        of_elbo = float(model.gradient(part, theta, own_q) @ way)
        of_evidence, error = _slope(
            lambda place: model.log_evidence(part, model.from_vector(place, theta)), vector, way, SLOPE * n_units, rng
        )
    except _NOWHERE:
        return None
    return abs(of_elbo - of_evidence) / n_units if error <= SLOPE * n_units and math.isfinite(of_elbo) else None


def _way(model: Any, data: Any, theta: Parameters, vector: Array, rng: np.random.Generator) -> Array:
    """From θ towards a random start for these units, as far away as parameters of such data are from each other."""
    size = model.help.size
    # of as many components as θ has, whatever the file's settings say of a start that it does not need
    like = replace(model, **{size.setting: theta[size.parameter].shape[-1]}) if size else model
    try:
        other = model.to_vector(like.random_start(data, rng))
    except _NOWHERE:
        other = np.empty(0)
    if other.shape == vector.shape and np.isfinite(other).all():
        way: Array = other - vector
        if np.any(np.abs(way) > _APART * np.abs(vector)):
            return way
    # a probability is 0 in one of them and not in the other, or there is only one start
    return 0.1 * np.maximum(1.0, np.abs(vector)) * rng.standard_normal(vector.shape)


def _stationary(model: Any, data: Any, step: HalfStep) -> Check | None:
    """The slopes of the expected log joint in coordinates, without what leads across a boundary; None without them."""
    theta, q = step.after.theta, step.after.q
    if hasattr(model, "projected_gradient"):
        slope, size = model.projected_gradient(data, theta, q)
        return _check(float(np.abs(slope).max(initial=0.0)), max(1.0, size) * model.n_units(data), STATIONARY)
    if not hasattr(model, "gradient"):
        return None
    try:
        slope, n_units = model.gradient(data, theta, q), model.n_units(data)
        if hasattr(model, "search"):
            # what a search promises, it promises of the coordinates as they are
            return _check(float(np.abs(slope).max(initial=0.0)), n_units, STATIONARY)
        slopes = np.abs(slope) / n_units
        places = np.argsort(-slopes, kind="stable")[:_STEEPEST]
        part, own_q, few = _some(model, data, q)
        own = slope if part is data else model.gradient(part, theta, own_q)
        number = float((slopes[places] * _scales(model, part, theta, own_q, own / few, places)).max(initial=0.0))
        if number > STATIONARY and part is not data:
            # a few units may know nothing of a small component
            number = float((slopes[places] * _scales(model, data, theta, q, slope / n_units, places)).max(initial=0.0))
    except _NOWHERE:
        return None
    return Check(number <= STATIONARY, number)


def _some(model: Any, data: Any, q: Any) -> tuple[Any, Any, float]:
    """A few hundred units, always the same, with their q and their number; all where there are no more."""
    if not hasattr(model, "minibatch"):
        return data, q, model.n_units(data)
    part, own_q, _ = model.minibatch(data, q, _MOST_UNITS, np.random.default_rng(0))
    return part, own_q, model.n_units(part)


def _scales(model: Any, data: Any, theta: Parameters, q: Any, slope: Array, places: np.ndarray) -> Array:
    """Of these coordinates 1 / √(information per unit), with q known; 1 where it cannot be had, or is none.

    A step of this size changes a unit's log p(h, v) by about ½. slope: that per unit at θ.
    """
    vector, n_units = model.to_vector(theta), model.n_units(data)
    scales = np.ones(len(places))
    for i, place in enumerate(places):
        width = _FIRST * max(1.0, abs(float(vector[place])))
        for end in (width, -width):
            moved = vector.copy()
            moved[place] += end
            try:
                there = model.gradient(data, model.from_vector(moved, theta), q)
            except _NOWHERE:
                continue
            if there.shape == slope.shape:
                information = (slope - there / n_units)[place] / end
                if math.isfinite(information) and information > 0:
                    scales[i] = 1 / math.sqrt(information)
                    break
    return scales


def _slope(
    function: Callable[[Array], float], place: Array, way: Array, enough: float, rng: np.random.Generator
) -> tuple[float, float]:
    """The slope of a function at a place along a way, and its error by its own estimate, infinite where it has none.

    Central differences of falling width, extrapolated to width 0 (Ridders, 1982), until they agree to a hundredth of
    what is `enough`. Far from 0 a coordinate's own rounding sets a limit: it is told by a place that differs by it.
    """
    best, least, row, noise = math.nan, math.inf, [math.nan], math.inf
    for level in range(_LEVELS):
        width = _WIDEST / 2**level
        end = place + width * way
        try:
            above, below = function(end), function(place - width * way)
            if not math.isfinite(noise):
                rounded = function(end * (1 + _ROUNDING * rng.choice([-1.0, 1.0], len(end))))
                noise = abs(rounded - above) + _ROUNDING * abs(above)
        except _NOWHERE:
            above = below = math.nan
        before, row = row, [(above - below) / (2 * width)]
        for order, coarser in enumerate(before[:3], 1):
            row.append(row[-1] + (row[-1] - coarser) / (4.0**order - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - coarser), noise / width)
            if error < least:
                best, least = row[-1], error
        if least <= 0.01 * enough or noise / width > enough:
            break
    return best, least


def _size(bound: Bound) -> float:
    """The largest term, in size, and at least 1 nat: what rounding is relative to."""
    terms = (bound.log_evidence, bound.expected_log_joint, bound.entropy, bound.kl)
    return max(1.0, *(abs(term) for term in terms if term is not None and math.isfinite(term)), 1.0)


def _check(amiss: float, size: float, tolerance: float) -> Check:
    number = amiss / size
    return Check(number <= tolerance, number)
