"""log p and bounds on a straight line through θ: up the gradient of L, along one coordinate, or drawn at random.

The line is straight in unconstrained coordinates, and so long that L falls by some nats towards both ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.bound import heights, theta_at
from em_core.files.errors import HalfStepFailed
from em_core.model import check
from em_core.observe.reach import reach
from em_core.records import Array, Parameters, State, Trajectory, frozen

KINDS = GRADIENT, COORDINATE, RANDOM = "gradient", "coordinate", "random"
# what stands in for the gradient of L where it is 0: that of log p; where that is 0 too, the way from the start
EVIDENCE, WAY = "evidence", "way"
# what the coordinate in question, or each of them, is: an entry of θ itself, its logarithm, its log-odds, or another
# unconstrained coordinate
ITSELF, LOG, LOG_ODDS, UNCONSTRAINED = "itself", "log", "log-odds", "unconstrained"
# why there is no line
BOUNDARY, GONE, AT_REST, NOWHERE = "boundary", "gone", "at rest", "nowhere"

# places on the line, θ among them, and so many on either side of it at least
_POINTS, _FEWEST = 35, 5
# the shorter side is no smaller part of the longer one, as far as the bound exists
_SHORTEST = 0.2
# bounds of so many earlier q are drawn
_EARLIER = 4
# of the gap to the last other bound so many nats count for how far one looks
_CLOSED = 30.0
# a gradient per unit is one that a full M-step leaves; below the second, rounding
_FLAT, _ROUNDED = 1e-6, 1e-11
# the part of the shorter side over which log p is compared to have its slope
_STEP = 2e-3
# a θ whose coordinates are so far from the line, as a share of their size, lies beside it
_BESIDE = 1e-9


@dataclass(frozen=True)
class Direction:
    """kind: up the gradient, along one coordinate, at random. coordinate: its name, one of `coordinates`."""

    kind: str
    coordinate: str = ""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Axis:
    """The straight line through θ in unconstrained coordinates. unit: its direction, of length 1.

    instead: what it follows where the gradient of L is 0, `EVIDENCE` or `WAY`; "" where it is what was asked for.
    """

    model: Any
    theta: Parameters
    origin: Array
    unit: Array
    instead: str = ""

    def at(self, place: float) -> Parameters | None:
        """θ so far along; None where it leaves the numbers."""
        return self.theta if place == 0 else theta_at(self.model, self.origin + place * self.unit, self.theta)

    def place(self, theta: Parameters) -> float | None:
        """Where on the line another θ stands; None where it lies beside it."""
        try:
            there = self.model.to_vector(theta)
        except HalfStepFailed:
            return None
        if there.shape != self.origin.shape:
            return None
        way = there - self.origin
        along = float(way @ self.unit)
        size = np.abs([self.origin, there]).max(initial=1.0)
        return along if np.abs(way - along * self.unit).max() <= _BESIDE * size else None


@dataclass(frozen=True, eq=False)
class Line:
    """log p and L(q, ·) at `places` of an axis; number `here` of them is θ itself, at 0. NaN where θ is not usable.

    pointed: q is a point in continuous h, and the complete-data objective stands in L's place. earlier: the bounds of
    earlier q, the oldest first, each with the number of the half-step that made it. depth: how far L falls at the ends,
    about. slope, evidence_slope: of L and of log p at θ, the latter NaN beside a θ that is not usable. touch: where on
    the line, and how high, L touches log p. scale: what `places` count, one of the four above.
    """

    direction: Direction
    axis: Axis
    pointed: bool
    places: Array
    here: int
    log_evidence: Array
    elbo: Array
    earlier: tuple[tuple[int, Array], ...]
    depth: float
    slope: float
    evidence_slope: float
    scale: str
    touch: tuple[float, float] | None

    @property
    def touches_here(self) -> bool:
        """Whether q is the posterior at θ."""
        return self.touch is not None and self.touch[0] == 0


def coordinates(model: Any, theta: Parameters) -> tuple[str, ...]:
    """What the unconstrained coordinates at θ are called: by the first entry of θ that rises with each.

    So each is named after its own entry: of several probabilities the one whose log-ratio it is, of a covariance the
    one at its place in the Cholesky factor. Raises `HalfStepFailed` where θ lies on a boundary.
    """
    vector = model.to_vector(theta)
    here = model.from_vector(vector, theta)
    names = []
    for number, value in enumerate(vector):
        risen = vector.copy()
        risen[number] += 1e-3 * max(1.0, abs(float(value)))
        found = _rising(here, model.from_vector(risen, theta))
        names.append(_named(here, *found) if found else f"coordinate {number + 1}")
    return tuple(names)


def _rising(here: Parameters, there: Parameters) -> tuple[str, int] | None:
    """The first entry of θ that is larger there: its parameter, and its place among that one's entries."""
    for name, entry in here.items():
        if len(places := np.flatnonzero(there[name] > entry)):
            return name, int(places[0])
    return None


def _named(theta: Parameters, name: str, place: int) -> str:
    shape = theta[name].shape
    numbers = ", ".join(str(number + 1) for number in np.unravel_index(place, shape)) if shape else ""
    return f"{name.replace('_', ' ')} {numbers}".rstrip()


def _scale(axis: Axis, direction: Direction) -> str:
    """What a place on the line counts, as θ itself shows it on its way along."""
    near = axis.at(1e-3 * max(1.0, float(np.abs(axis.origin).max(initial=0.0))))
    if near is None:
        return UNCONSTRAINED
    if direction.kind != COORDINATE:
        straight = all(_straight(axis, name) for name in axis.theta)
        return ITSELF if straight else UNCONSTRAINED
    # from coordinates and back θ may differ by rounding
    here = theta_at(axis.model, axis.origin, axis.theta)
    found = None if here is None else _rising(here, near)
    if found is None:
        return UNCONSTRAINED
    name, place = found
    value = float(axis.theta[name].flat[place])
    # beyond 1, where the entry is no probability
    first = max(0.5, -math.log(value)) if value > 0 else 0.5
    ways: dict[str, Callable[[float], float]] = {
        ITSELF: lambda step: value + step,
        LOG: lambda step: value * math.exp(step),
        LOG_ODDS: lambda step: value / (value + (1 - value) * math.exp(-step)),
    }
    steps = first, 2 * first
    reached = [axis.at(step) for step in steps]
    for scale, way in ways.items():
        if all(
            there is not None and math.isclose(there[name].flat[place] - value, way(step) - value, rel_tol=1e-6)
            for step, there in zip(steps, reached, strict=True)
        ):
            return scale
    return UNCONSTRAINED


def _straight(axis: Axis, name: str) -> bool:
    """Whether a parameter goes along a straight line as well."""
    one, two = axis.at(1.0), axis.at(2.0)
    if one is None or two is None:
        return False
    here = axis.theta[name]
    return bool(np.allclose(two[name] - here, 2 * (one[name] - here), rtol=1e-9, atol=1e-9))


@np.errstate(all="ignore")  # far along anything may happen
def look(
    model: Any, data: Any, state: State, trajectory: Trajectory, index: int, direction: Direction
) -> Line | str | None:
    """The line at a state, or why there is none; None without a q. Earlier q are those up to half-step `index`."""
    if state.q is None:
        return None
    try:
        gradient = model.gradient(data, state.theta, state.q)
        axis = _axis(model, data, state, direction, gradient, trajectory[0].after.theta)
    except HalfStepFailed:
        return BOUNDARY
    if isinstance(axis, str):
        return axis
    return _along(data, state, direction, axis, float(gradient @ axis.unit), list(_earlier(trajectory, index, state.q)))


def _axis(model: Any, data: Any, state: State, direction: Direction, gradient: Array, start: Parameters) -> Axis | str:
    theta = state.theta
    origin = frozen(model.to_vector(theta))
    if not len(origin):
        return BOUNDARY
    if direction.kind == RANDOM:
        drawn = np.random.default_rng(direction.seed).standard_normal(len(origin))
        return Axis(model, theta, origin, frozen(drawn / np.linalg.norm(drawn)))
    if direction.kind == COORDINATE:
        names = coordinates(model, theta)
        if direction.coordinate not in names:
            return GONE
        return Axis(model, theta, origin, frozen(np.arange(len(origin)) == names.index(direction.coordinate)))
    length, units = float(np.linalg.norm(gradient)), model.n_units(data)
    instead = ""
    if length <= _FLAT * units and state.q_at is not theta:
        # Fisher's identity: log p has the gradient of the bound that touches it here
        gradient, instead = model.gradient(data, theta, model.posterior(data, theta)), EVIDENCE
        length = float(np.linalg.norm(gradient))
    if length <= _ROUNDED * units:
        gradient, instead = _way(model, start, origin), WAY
        length = float(np.linalg.norm(gradient))
    return Axis(model, theta, origin, frozen(gradient / length), instead) if length > 0 else AT_REST


def _way(model: Any, start: Parameters, origin: Array) -> Array:
    """From the start to here; 0 where that is no way in these coordinates."""
    try:
        begin = model.to_vector(start)
    except HalfStepFailed:
        return np.zeros(1)
    return origin - begin if begin.shape == origin.shape else np.zeros(1)


def _along(
    data: Any, state: State, direction: Direction, axis: Axis, slope: float, earlier: list[tuple[int, Any]]
) -> Line | str:
    model, q = axis.model, state.q
    joint = _over(axis, data, lambda theta: model.expected_log_joint(data, theta, q))
    evidence = _over(axis, data, lambda theta: model.log_evidence(data, theta))
    entropy, begin, level = model.entropy(q), joint(0.0), evidence(0.0)
    if not (math.isfinite(begin) and math.isfinite(level)):
        return NOWHERE
    pointed = entropy == -math.inf
    # an objective and a bound cannot be held against each other
    others = [
        (number, other, own) for number, other in earlier if ((own := model.entropy(other)) == -math.inf) == pointed
    ]
    least = 0.0
    if not pointed:
        # so that the gap is in the picture, and the one that this q has closed if that can be
        before = [level - model.expected_log_joint(data, state.theta, other) - own for _, other, own in others[-1:]]
        least = max(level - begin - entropy, *(min(each, _CLOSED) for each in before), 0.0) / 2
    back, forth, depth = reach(lambda place: joint(place) - begin, slope, least)
    if back < _SHORTEST * forth and math.isfinite(joint(-_SHORTEST * forth)):
        back = _SHORTEST * forth
    if forth < _SHORTEST * back and math.isfinite(joint(_SHORTEST * back)):
        forth = _SHORTEST * back
    here = min(max(round((_POINTS - 1) * back / (back + forth)), _FEWEST), _POINTS - 1 - _FEWEST)
    places = np.concatenate([np.linspace(-back, 0, here + 1), np.linspace(0, forth, _POINTS - here)[1:]])
    qs = [q, *(other for _, other, _ in others)]
    known, joints = heights(model, data, qs, [axis.at(place) for place in places.tolist()])
    if not pointed:
        joints += np.array([entropy, *(own for _, _, own in others)])[:, None]
    step = _STEP * min(back, forth)
    near, far = (evidence(size) - evidence(-size) for size in (step, 2 * step))
    bounds = [frozen(curve) for curve in joints]
    return Line(
        direction,
        axis,
        pointed,
        frozen(places),
        here,
        frozen(known),
        bounds[0],
        tuple((number, curve) for (number, _, _), curve in zip(others, bounds[1:], strict=True)),
        depth,
        slope,
        (8 * near - far) / (12 * step),
        _scale(axis, direction),
        None if pointed or state.q_at is None else _touch(axis, state.q_at, evidence),
    )


def _over(axis: Axis, data: Any, value: Callable[[Parameters], float]) -> Callable[[float], float]:
    """A function of θ as one of the place on the line; NaN where θ is not usable."""

    def at(place: float) -> float:
        theta = axis.at(place)
        if theta is None:
            return math.nan
        try:
            check(axis.model, data, theta)
            return value(theta)
        except HalfStepFailed:
            return math.nan

    return at


def _touch(axis: Axis, q_at: Parameters, evidence: Callable[[float], float]) -> tuple[float, float] | None:
    """Where the bound of the q that is the posterior at `q_at` touches log p, if that is on the line."""
    place = axis.place(q_at)
    return None if place is None else (place, evidence(place))


def _earlier(trajectory: Trajectory, index: int, q: Any) -> Iterator[tuple[int, Any]]:
    """The last few other q, the oldest first, each with the half-step that made it; 0 is the start."""
    found: list[tuple[int, Any]] = []
    for step in reversed(trajectory.half_steps[: index + 1]):
        own, before = step.after.q, step.before.q
        if own is None or len(found) == _EARLIER:
            break
        if own is not q and (step.index == 0 or own is not before):
            found.append((step.index, own))
    yield from reversed(found)
