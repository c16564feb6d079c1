"""Coordinate descent: each coefficient in turn goes to its best value, the others held fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from em_core.records import Array
from em_core.sparse_coding.problem import Problem, gradient
from em_core.sparse_coding.solvers.state import SolverState, starting_code


@dataclass(frozen=True, eq=False, kw_only=True)
class State(SolverState):
    pass


class Turn(NamedTuple):
    """What a sweep finds when it is one coefficient's turn.

    pull: βw_kᵀ(v − b − Wh) with h_k left out; curvature: β‖w_k‖²; shrunk: S(pull, λ); value: shrunk / curvature, the
    best h_k. code: (K,) with it.
    """

    coefficient: int
    pull: float
    curvature: float
    shrunk: float
    value: float
    code: Array


def init(problem: Problem, code: Array | None = None) -> State:
    """Start at `code` (K,), by default 0. Set-up forms βWᵀW."""
    gram = problem.n_dimensions * problem.n_atoms * (problem.n_atoms + 1) // 2
    return State(code=starting_code(problem, code), multiplications=gram)


def step(problem: Problem, state: State) -> State:
    """One sweep over all coefficients in order. The objective never rises."""
    *_, last = _sweep(problem, state.code)
    code = last.code
    changed = int(np.count_nonzero(code != state.code))
    # the slope once, a division for each coefficient, a column of βWᵀW for each that changed
    cost = (2 * problem.n_dimensions + 3 + changed) * problem.n_atoms
    return replace(state, code=code, multiplications=state.multiplications + cost)


def coordinates(problem: Problem, state: State) -> Array:
    """The sub-frames of the next sweep, (K, K): row k is the code after coefficient k has been set."""
    return np.array([turn.code.copy() for turn in _sweep(problem, state.code)])


def turns(problem: Problem, state: State) -> list[Turn]:
    """The next sweep, coefficient by coefficient."""
    return [turn._replace(code=turn.code.copy()) for turn in _sweep(problem, state.code)]


def _sweep(problem: Problem, start: Array) -> Iterator[Turn]:
    """Set h_k = S(c_k h_k − slope_k, λ)/c_k in turn, c = diag βWᵀW (Friedman et al. 2007).

    The code of all turns is one array, changed in place.
    """
    code = start.copy()
    # afresh each sweep: within a sweep the slope follows the changes, and its rounding must not add up
    slope = gradient(problem, code)
    penalty = problem.penalty
    for k, curvature in enumerate(np.diagonal(problem.curvature).tolist()):
        pull = curvature * code[k] - slope[k]
        shrunk = pull - min(max(pull, -penalty), penalty)
        value = shrunk / curvature
        change = value - code[k]
        if change != 0:
            slope += change * problem.curvature[k]
            code[k] = value
        yield Turn(k, pull, curvature, shrunk, value, code)
