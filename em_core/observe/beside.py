"""Two θ side by side: components in the same order, and what differs most."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.records import Array, Parameters, frozen

# a number so small, as a share of the largest of its parameter, counts as no larger than that
_SMALL = 0.01
# a shape as the models' help gives it, and the word after it: "(K, D) diag"
_SHAPE = re.compile(r"\(([A-Z, ]+)\)(?: (\w+))?")


@dataclass(frozen=True)
class Difference:
    """One number of θ in two runs. place: counted from 1, () for a parameter that is one number.

    share: how far the two are apart, of the larger of them; 2 at most, where their signs differ.
    """

    name: str
    place: tuple[int, ...]
    own: float
    other: float
    share: float


def differences(model: Any, theta: Parameters, other: Parameters) -> tuple[Difference, ...]:
    """All numbers of θ, those that differ most first; the components of `other` are taken in the nearest order.

    Of a symmetric matrix one half is told.
    """
    other = matched(model, theta, other)
    found = []
    for name, entry in theta.items():
        own, beside = np.asarray(entry), np.asarray(other[name])
        if own.shape != beside.shape:
            continue
        least = _SMALL * max(float(np.abs(own).max(initial=0.0)), float(np.abs(beside).max(initial=0.0)))
        halved = _symmetric(own) and _symmetric(beside)
        for place in np.ndindex(own.shape):
            if halved and place[-2] > place[-1]:
                continue
            a, b = float(own[place]), float(beside[place])
            size = max(abs(a), abs(b), least)
            share = abs(a - b) / size if size > 0 else 0.0
            found.append(Difference(name, tuple(axis + 1 for axis in place), a, b, share))
    return tuple(sorted(found, key=lambda one: -one.share))


def matched(model: Any, theta: Parameters, other: Parameters) -> Parameters:
    """`other` with its components, states or units in the order in which they are nearest to those of `theta`.

    What they are called by makes no difference to log p.
    """
    axes = component_axes(model, other)
    costs = [_costs(theta[name], other[name], own[0]) for name, own in axes.items() if len(own) == 1]
    if not costs:
        return other
    from scipy.optimize import linear_sum_assignment  # late: a quarter of a second that no page needs to open

    _, order = linear_sum_assignment(np.sum(costs, axis=0))
    return reordered(other, axes, order)


def reordered(theta: Parameters, axes: dict[str, tuple[int, ...]], order: Any) -> Parameters:
    """The same with the components in this order."""
    result = dict(theta)
    for name, own in axes.items():
        for axis in own:
            result[name] = np.take(result[name], order, axis=axis)
    return {name: frozen(entry) for name, entry in result.items()}


def component_axes(model: Any, theta: Parameters) -> dict[str, tuple[int, ...]]:
    """Of every parameter that has some, the axes that count components: as the model's own help gives its shape."""
    if model.help.size is None:
        return {}
    letter, said = model.help.size.label.split()[-1], model.settings().values()
    result = {}
    for names, text in model.help["parameters"].items():
        shapes = [
            (shape.strip(",").split(", "), word) for shape, word in re.findall(r"\(([A-Z, ]+)\)(?: (\w+))?", text)
        ]
        for name in names.split(", "):
            fitting = [one for one in shapes if name in theta and len(one[0]) == theta[name].ndim]
            # where several shapes have as many axes, the setting says which it is
            for shape, _ in sorted(fitting, key=lambda one: one[1] not in said)[:1]:
                if letter in shape:
                    result[name] = tuple(axis for axis, own in enumerate(shape) if own == letter)
    return result


def _costs(entry: Array, other: Array, axis: int) -> Array:
    """(K, K) how far each component is from each, in units of the spread of all."""
    own, beside = (np.moveaxis(one, axis, 0).reshape(one.shape[axis], -1) for one in (entry, other))
    both = np.concatenate([own, beside])
    spread = np.ptp(both, axis=0)
    far: Array = np.abs(own[:, None] - beside[None]) / np.where(spread > 0, spread, 1.0)
    return far.mean(axis=2)


def _symmetric(entry: Array) -> bool:
    square = entry.ndim >= 2 and entry.shape[-1] == entry.shape[-2] > 1
    return square and bool(np.allclose(entry, np.swapaxes(entry, -1, -2), rtol=1e-9, atol=0))
