"""Inside one M-step: every optimiser of θ along one and the same bound, step by step, with q held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.bound import decompose
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.records import Bound, State
from em_core.trajectory import END_RISE, half_step, start


@dataclass(frozen=True)
class Path:
    """The way of one optimiser: its letter, and at the start and after each of its moves

    moved: how far θ has come, the length of the way back in unconstrained coordinates. rise: of the bound since the
    start. gap: what has opened between log p and the bound.
    """

    letter: str
    moved: tuple[float, ...]
    rise: tuple[float, ...]
    gap: tuple[float, ...]


def paths(experiment: Experiment, most: int) -> tuple[Path, ...]:
    """Of every M-type move that the model has, made again and again from an exact q at the start.

    At most so many times, and not again where it no longer changes the bound; M comes to the maximum at once. None
    where θ has no coordinates to measure a way in.
    """
    model: Any = experiment.model
    first = half_step(experiment, start(experiment).last.after, 1, "E")
    if first.stopped:
        return ()
    try:
        model.to_vector(first.after.theta)
    except HalfStepFailed:
        return ()
    letters = [letter for letter, move in MOVES.items() if move.kind == "M" and move.allowed(model)]
    return tuple(_path(experiment, letter, first.after, most) for letter in letters)


def _path(experiment: Experiment, letter: str, state: State, most: int) -> Path:
    model: Any = experiment.model
    origin, begin = model.to_vector(state.theta), _bound(experiment, state)
    places: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)]
    for count in range(most):
        step = half_step(experiment, state, count + 2, letter)
        if step.stopped:
            break
        state = step.after
        bound = _bound(experiment, state)
        try:
            moved = model.to_vector(state.theta) - origin
        except (HalfStepFailed, ValueError):  # θ has come to a boundary, where it has other coordinates or none
            break
        rise = (bound.elbo or 0.0) - (begin.elbo or 0.0)
        before = places[-1][1]
        places.append((float(np.linalg.norm(moved)), rise, max(bound.gap or 0.0, 0.0)))
        # a minibatch may stand still by chance, and a block of θ where another would not
        settled = letter not in "SC" and abs(rise - before) < END_RISE * max(1.0, abs(begin.elbo or 0.0))
        if letter == "M" or settled:
            break
    moved_, rises, gaps = zip(*places, strict=True)
    return Path(letter, moved_, rises, gaps)


def _bound(experiment: Experiment, state: State) -> Bound:
    return decompose(experiment.model, experiment.data, state)
