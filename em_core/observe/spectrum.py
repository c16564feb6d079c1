"""Where EM came to rest, and the missing information there: the eigenvalues that say how fast it came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed, Unanswered
from em_core.observe.boundary import freedom, moving
from em_core.observe.information import information
from em_core.observe.rest import slope
from em_core.records import Array, Parameters, frozen
from em_core.work import Work

# an eigenvalue this close to 1 is one: log p is flat along its direction, or rises more slowly than a parabola
_ONE = 1e-6
# a coordinate in which there is still so far to go is on its way to infinity
_STRIDE = 1e-4
# complete information below this share of the largest, each coordinate in its own units, is none
_NOTHING = 1e-12
# along a flat direction log p stays as it is also so many standard deviations of one unit away, where a few steps of
# Newton's in all other directions lead back to a slope of 0
_AWAY, _STEPS, _LEVEL = 0.05, 20, 1e-8


@dataclass(frozen=True, eq=False)
class Spectrum:
    """theta: the optimum. eigenvalues: of I − I_complete⁻¹ I_observed there, largest first.

    They are those of the Jacobian of the EM map. free: (d, f) orthonormal directions in θ's coordinates, all that is
    not held. axes: (m, d), takes a change of these coordinates to one number for each eigenvalue, in units in which the
    complete information per unit is 1. left_out: names of the parameters that are held at a boundary, and of those
    along which log p does not change.
    """

    theta: Parameters
    eigenvalues: Array
    free: Array
    axes: Array
    left_out: tuple[str, ...]


def spectrum(model: Any, data: Any, thetas: Sequence[Parameters]) -> Work[Spectrum]:
    """Where EM came to rest, of the θ after each of its rounds. Raises `Unanswered` where that is no optimum."""
    try:
        return (yield from _spectrum(model, data, thetas))
    except HalfStepFailed as failure:
        raise Unanswered(f"no rates: around the optimum {failure}") from None


def _spectrum(model: Any, data: Any, thetas: Sequence[Parameters]) -> Work[Spectrum]:
    before, theta = thetas[max(0, len(thetas) - 2)], thetas[-1]
    vector, free = model.to_vector(theta), freedom(model, data, before, theta)
    if not free.basis.shape[1]:
        raise Unanswered(f"no rates: every parameter is held where it is ({', '.join(free.held) or 'fixed'})")
    found = yield from information(model, data, theta, free.basis)
    # a step of Newton's in each coordinate by itself: at rest there is none left, nor where log p is flat to rounding
    strides = _STRIDE * (np.abs(free.basis.T) @ np.maximum(1.0, np.abs(vector)))
    away = ~(np.abs(free.basis.T @ slope(model, data, theta)) <= strides * np.diag(found.complete))
    if away.any():
        raise Unanswered(
            f"no optimum: {_listed(moving(model, vector, theta, free.basis @ away))} grow beyond all bounds, and log p"
            " rises less and less"
        )
    whitening = _whitening(found.complete)
    eigenvalues, turned = np.linalg.eigh(whitening.T @ found.missing @ whitening)
    # columns are changes of the coordinates with complete information 1 and missing information λ
    directions = free.basis @ whitening @ turned
    order = np.argsort(-eigenvalues)
    eigenvalues, directions = eigenvalues[order], directions[:, order]
    if eigenvalues.max(initial=0.0) > 1 + _ONE:
        raise Unanswered(
            "no optimum: EM comes to rest at a saddle point, where log p rises to both sides along a direction in"
            f" {_listed(moving(model, vector, theta, directions[:, 0]))}; another start leads away from it"
        )
    flat = eigenvalues > 1 - _ONE
    steep = directions[:, ~flat], eigenvalues[~flat]
    for direction in directions[:, flat].T:
        if not _is_flat(model, data, theta, direction, *steep):
            raise Unanswered(
                "no rates: r = 1, all information is missing along a direction in"
                f" {_listed(moving(model, vector, theta, direction))}, so EM closes in more slowly than at any rate"
            )
    idle = _idle(found.complete, free.basis)
    left_out = (*free.held, *_flat_names(model, vector, theta, np.hstack([idle, directions[:, flat]])))
    optimum = _polished(model, data, theta, *steep)
    axes = steep[0].T @ free.basis @ found.complete @ free.basis.T
    return Spectrum(optimum, frozen(np.maximum(steep[1], 0.0)), free.basis, frozen(axes), left_out)


def _whitening(complete: Array) -> Array:
    """(f, m): columns for which the complete information is the identity; those without any are left out."""
    scale, sizes, axes = _axes(complete)
    some = sizes > _NOTHING
    result: Array = scale[:, None] * axes[:, some] / np.sqrt(sizes[some])
    return result


def _idle(complete: Array, basis: Array) -> Array:
    """(d, ·): directions about which even the complete data say nothing."""
    scale, sizes, axes = _axes(complete)
    result: Array = basis @ (scale[:, None] * axes[:, sizes <= _NOTHING])
    return result


def _axes(complete: Array) -> tuple[Array, Array, Array]:
    """Scales that give each coordinate the complete information 1, and the eigenvalues and axes in these."""
    own = np.diag(complete)
    scale = 1 / np.sqrt(np.where(own > 0, own, 1.0))
    sizes, axes = np.linalg.eigh(complete * np.outer(scale, scale))
    return scale, sizes, axes


def _newton(gradient: Array, directions: Array, eigenvalues: Array) -> Array:
    """Newton's step on log p along these directions: their observed information is 1 − λ."""
    result: Array = directions @ ((directions.T @ gradient) / (1 - eigenvalues))
    return result


@np.errstate(all="ignore")  # as a step too far overflows: it is not taken
def _polished(model: Any, data: Any, theta: Parameters, directions: Array, eigenvalues: Array) -> Parameters:
    """θ after one more step of Newton's, where that leaves log p flatter: the error of EM's last round is gone."""
    gradient = slope(model, data, theta)
    moved = model.from_vector(model.to_vector(theta) + _newton(gradient, directions, eigenvalues), theta)
    flatter = np.linalg.norm(directions.T @ slope(model, data, moved)) < np.linalg.norm(directions.T @ gradient)
    return moved if flatter else theta


@np.errstate(all="ignore")
def _is_flat(model: Any, data: Any, theta: Parameters, direction: Array, directions: Array, eigenvalues: Array) -> bool:
    """Whether log p keeps its height some way along a direction, once all others have come to rest again."""
    vector = model.to_vector(theta) + _AWAY * direction
    for _ in range(_STEPS):
        gradient = slope(model, data, model.from_vector(vector, theta))
        if not np.all(np.isfinite(gradient)):
            return False
        vector = vector + _newton(gradient, directions, eigenvalues)
    return math.hypot(direction @ gradient, float(np.linalg.norm(directions.T @ gradient))) < _LEVEL


def _flat_names(model: Any, vector: Array, theta: Parameters, flat: Array) -> list[str]:
    counts: dict[str, int] = {}
    for direction in flat.T:
        names = _listed(moving(model, vector, theta, direction))
        counts[names] = counts.get(names, 0) + 1
    return [f"{names}: {n} flat direction{'s' if n > 1 else ''}" for names, n in counts.items()]


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "parameters"
