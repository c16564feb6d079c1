"""Parameters that EM has taken to a boundary, where a probability is 0 or 1: they are held there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import null_space

from em_core.files.errors import HalfStepFailed
from em_core.observe.information import own_information
from em_core.records import Array, Parameters, frozen

Place = tuple[str, tuple[int, ...]]

# an entry closer to 0 or 1 than this is on its way there if a round still takes a thousandth off, or if the floats end
_CLOSE = 1e-6
_SHRINKING = 1 - 1e-3
_END = {0.0: 1e-200, 1.0: 4 * np.finfo(float).eps}
# what such an entry would be if it counted
_RESTORED = 0.5
# coordinates whose information hangs on it have less than this share of what they would have then
_NOTHING = 1e-5
# a small step in a coordinate, and what changes an entry more than the rounding of the parameter's largest
_STEP, _ROUNDING = 1e-4, 64 * np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Freedom:
    """basis: (d, f), columns that span the directions in coordinates that are not held. held: names of what is."""

    basis: Array
    held: tuple[str, ...]


def freedom(model: Any, data: Any, before: Parameters, theta: Parameters) -> Freedom:
    """What may move at θ, where EM came to rest; before: θ a round earlier.

    Held are probabilities and rates that are 0 or 1, or shrink towards it round by round, and whatever matters only
    where these are more than 0: the mean of a component that has no points.
    """
    vector = model.to_vector(theta)
    places = [place for place in _places(theta) if _approaches(place, before, theta)]
    nearing = [place for place in places if _bounded(model, theta, place)]
    edge = [place for place in _at_edge(theta) if _bounded(model, theta, place, _RESTORED)]
    towards = [model.to_vector(_with(theta, place, _RESTORED)) - vector for place in nearing]
    idle = _idle(model, data, theta, nearing) if nearing else []
    fixed = np.array([*towards, *np.eye(len(vector))[idle]]).reshape(len(towards) + len(idle), len(vector))
    basis = _complement(fixed)
    gone = {*nearing, *edge, *(place for i in idle for place in _moved(model, vector, theta, np.eye(len(vector))[i]))}
    still = set(_places(theta)) - {place for column in basis.T for place in _moved(model, vector, theta, column)}
    return Freedom(frozen(basis), tuple(_named(theta, gone, still)))


def _complement(fixed: Array) -> Array:
    """(d, f) columns that span what is orthogonal to the rows; coordinates that these leave alone stay as they are."""
    touched = np.any(fixed != 0, axis=0)
    if not touched.any():
        return np.eye(len(touched))
    turned = np.zeros((len(touched), np.count_nonzero(touched) - np.linalg.matrix_rank(fixed[:, touched])))
    turned[touched] = null_space(fixed[:, touched])
    return np.hstack([turned, np.eye(len(touched))[:, ~touched]])


def moving(model: Any, vector: Array, theta: Parameters, direction: Array) -> list[str]:
    """The parameters that a direction in coordinates changes."""
    return list(dict.fromkeys(name for name, _ in _moved(model, vector, theta, direction)))


def _places(theta: Parameters) -> Iterator[Place]:
    for name, entry in theta.items():
        for index in np.ndindex(entry.shape):
            yield name, index


def _entry(theta: Parameters, place: Place) -> float:
    return float(theta[place[0]][place[1]])


def _with(theta: Parameters, place: Place, value: float) -> Parameters:
    changed = np.array(theta[place[0]])
    changed[place[1]] = value
    return {**theta, place[0]: frozen(changed)}


def _at_edge(theta: Parameters) -> list[Place]:
    return [place for place in _places(theta) if _entry(theta, place) in (0.0, 1.0)]


def _approaches(place: Place, before: Parameters, theta: Parameters) -> bool:
    for edge, end in _END.items():
        now, then = (abs(edge - _entry(there, place)) for there in (theta, before))
        if 0 < now < _CLOSE and (now < end or now < _SHRINKING * then):
            return True
    return False


@np.errstate(all="ignore")
def _bounded(model: Any, theta: Parameters, place: Place, value: float = 0.0) -> bool:
    """Whether an entry has no coordinate where it is 0: `value` is 0 for one that is not, any other for one that is."""
    try:
        return len(model.to_vector(_with(theta, place, value))) != len(model.to_vector(theta))
    except HalfStepFailed as failure:
        return failure.kind == "boundary"


def _idle(model: Any, data: Any, theta: Parameters, nearing: list[Place]) -> list[int]:
    """Coordinates that tell nothing at θ, but would if the entries close to a boundary counted."""
    restored = theta
    for place in nearing:
        restored = _with(restored, place, _RESTORED)
    # the scale of a row of probabilities is not in its coordinates
    restored = model.from_vector(model.to_vector(restored), restored)
    now, then = (own_information(model, data, there) for there in (theta, restored))
    return [int(i) for i in np.flatnonzero(now < _NOTHING * then)]


def _moved(model: Any, vector: Array, theta: Parameters, direction: Array) -> list[Place]:
    """The entries that a small step in this direction changes."""
    step = _STEP * np.maximum(1.0, np.abs(vector)) * direction / np.abs(direction).max()
    there, back = (model.from_vector(vector + sign * step, theta) for sign in (1, -1))
    return [
        (name, index)
        for name, entry in theta.items()
        for index, change in np.ndenumerate(np.abs(there[name] - back[name]))
        if change > _ROUNDING * np.abs(entry).max()
    ]


def _named(theta: Parameters, gone: set[Place], still: set[Place]) -> Iterator[str]:
    """Names such as `weights[1]`: the shortest that take in all that is gone, and nothing that moves."""

    def walk(name: str, index: tuple[int, ...], shape: tuple[int, ...]) -> Iterator[str]:
        places = [(name, (*index, *rest)) for rest in np.ndindex(shape)]
        if not gone.intersection(places):
            return
        if still.issuperset(places):
            yield name + "".join(f"[{i}]" for i in index)
            return
        for i in range(shape[0] if shape else 0):
            yield from walk(name, (*index, i), shape[1:])

    for name, entry in theta.items():
        yield from walk(name, (), entry.shape)
