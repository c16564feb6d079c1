"""Where EM comes to rest: exact E and full M from a start, round by round, until log p is flat."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed, Unanswered
from em_core.m_steps import MOST_NEWTON_COORDINATES
from em_core.model import check
from em_core.observe.information import EVALUATIONS
from em_core.records import Array, Parameters
from em_core.work import Work

MOST_ROUNDS = 20_000
# the gradient of log p / N at rest, in the coordinates as they are and in those in which a round is a whole step
FLAT = 1e-10
# seconds that all rounds may take, and as many for all second derivatives
LONGEST = 300.0
# rounds after which it is clear how long one takes
_TIMED = 3
# a full M-step that a model searches for ends at slopes of 1e-8: so many steps of Newton's take it to the last digit
_POLISHES = 2
# a round changes θ by its own rounding: units in the last place of a parameter's largest entry
_ROUNDING = 16


def slope(model: Any, data: Any, theta: Parameters) -> Array:
    """The gradient of log p / N: that of L / N at the exact q (Fisher's identity)."""
    gradient: Array = model.gradient(data, theta, model.posterior(data, theta)) / model.n_units(data)
    return gradient


def one_round(model: Any, data: Any, theta: Parameters) -> Parameters:
    """θ after an exact E and a full M. Raises `HalfStepFailed` where there is no such θ."""
    q = model.posterior(data, theta)
    after: Parameters = model.maximize(data, q, theta)
    if hasattr(model, "search"):
        for _ in range(_POLISHES):
            curvature, gradient = model.curvature(data, after, q), model.gradient(data, after, q)
            step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
            after = model.from_vector(model.to_vector(after) - step, after)
    check(model, data, after)
    return after


def rounds_to_rest(model: Any, data: Any, start: Parameters, longest: float = LONGEST) -> Work[list[Parameters]]:
    """θ at the start and after every round of EM, up to where log p is flat: its gradient / N is below 1e-10.

    In the coordinates of `to_vector`, and in units in which the missing information is a number as well, so that the
    data's units do not matter. From there on to where a round changes θ no more than rounding does, at most as many
    rounds again. Where values lie so far from 0 that rounding alone leaves a steeper gradient, that is the rest.
    Yields after every round. Raises `Unanswered` where EM stops, or has not come to rest within 20,000 rounds or
    `longest` seconds.
    """
    thetas, passed, rest, steep = [start], 0.0, math.inf, math.inf
    try:
        size = _size(model, data, start)
        while len(thetas) <= MOST_ROUNDS + 1 and len(thetas) < 2 * rest:
            theta, made, begun = thetas[-1], len(thetas) - 1, time.perf_counter()
            gradient, after = slope(model, data, theta), one_round(model, data, theta)
            if all(_within_rounding(entry, after[name]) for name, entry in theta.items()):
                return thetas
            steep = float(np.linalg.norm(gradient))
            if rest == math.inf and steep < FLAT and _is_whole(model, theta, after, gradient):
                rest = len(thetas)
            thetas.append(after)
            passed += time.perf_counter() - begun
            _check_time(passed, longest, made, size, steep)
            yield
    except HalfStepFailed as failure:
        if rest == math.inf:
            raise Unanswered(f"no optimum: EM stops in round {len(thetas)}: {failure}") from None
    if rest == math.inf:
        raise Unanswered(
            f"no optimum within {MOST_ROUNDS} rounds of EM: the gradient of log p / N is still {steep:.3g}"
        )
    return thetas


def _is_whole(model: Any, theta: Parameters, after: Parameters, gradient: Array) -> bool:
    """Whether the gradient is flat in units in which the complete information is 1: there a round is a whole step."""
    now, then = model.to_vector(theta), model.to_vector(after)
    return now.shape == then.shape and abs(float(gradient @ (then - now))) < FLAT**2


def _within_rounding(entry: Array, after: Array) -> bool:
    largest = float(np.abs(entry).max(initial=0.0))
    return bool(np.all(np.abs(after - entry) <= _ROUNDING * np.spacing(largest)))


@dataclass(frozen=True)
class _Size:
    coordinates: int
    units: float

    def __str__(self) -> str:
        return f"{self.coordinates} coordinates and {self.units:g} units of data"


def _size(model: Any, data: Any, theta: Parameters) -> _Size:
    """Raises `Unanswered` where all second derivatives are too many."""
    size = _Size(len(model.to_vector(theta)), model.n_units(data))
    if size.coordinates > MOST_NEWTON_COORDINATES:
        raise Unanswered(
            f"no rates: they need all second derivatives, and θ has {size.coordinates} coordinates, more than"
            f" {MOST_NEWTON_COORDINATES}"
        )
    return size


def _check_time(passed: float, longest: float, made: int, size: _Size, steep: float) -> None:
    """Raise `Unanswered` where it takes too long, as soon as that shows."""
    if made == _TIMED and passed / made * size.coordinates * EVALUATIONS > longest:
        raise Unanswered(f"no rates: with {size}, second derivatives would take longer than {longest:g} s")
    if passed > longest:
        raise Unanswered(
            f"no optimum within {longest:g} s, which with {size} was time for {made + 1} rounds of EM: the gradient of"
            f" log p / N is still {steep:.3g}"
        )
