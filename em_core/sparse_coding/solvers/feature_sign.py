"""Feature-sign search: guess the signs, solve exactly, repair the guess (Lee et al. 2007, algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from em_core.records import Array
from em_core.sparse_coding.problem import Problem, gradient, objective
from em_core.sparse_coding.solvers.active_set import (
    ActiveSet,
    combination,
    factorise,
    independent_support,
    outside_span,
    signed_solution,
    slide_to_zero,
)
from em_core.sparse_coding.solvers.state import SolverState, starting_code

# a slope may exceed λ by this much of β‖w‖‖v − b‖: some hundred times its rounding
ROUNDING = 1e-13


@dataclass(frozen=True, eq=False, kw_only=True)
class State(SolverState):
    """`stationary`: the code is the exact solution for its support and signs, so that a new atom may enter."""

    stationary: bool


def init(problem: Problem, code: Array | None = None) -> State:
    """Start at `code` (K,), by default 0."""
    start = starting_code(problem, code)
    stationary = not start.any()
    done = stationary and _next_atom(problem, start) is None
    cost = 3 * problem.dictionary.size if stationary else 0
    return State(code=start, multiplications=cost, done=done, stationary=stationary)


def step(problem: Problem, state: State) -> State:
    """Admit the atom with the steepest slope, solve for the present signs, stop where a sign would change.

    The objective falls with every step, so no set of signs comes back, and the search is done after finitely
    many. An atom in the span of the active ones never joins them: weight moves over to it, Wh unchanged,
    until one of them is gone.
    """
    if state.done:
        return state
    code = independent_support(problem, state.code)
    signs = np.sign(code)
    entering = _next_atom(problem, code) if state.stationary else None
    if entering is not None:
        signs[entering] = -np.sign(gradient(problem, code)[entering])
        active = factorise(problem, np.flatnonzero(code))
        if not outside_span(active, signs != 0)[entering]:
            code = _replace_one(problem, active, code, entering, float(signs[entering]))
            signs = np.sign(code)
    active = factorise(problem, np.flatnonzero(signs))
    solution = signed_solution(active, signs[active.atoms], problem.penalty)
    code, tried = _line_search(problem, code, solution)
    stationary = np.array_equal(code, solution) and np.array_equal(np.sign(code), signs)
    done = stationary and _next_atom(problem, code) is None
    size = len(active.atoms)
    cost = 3 * active.cost + 4 * problem.n_dimensions * size + (8 + tried) * problem.dictionary.size
    return replace(state, code=code, stationary=stationary, done=done, multiplications=state.multiplications + cost)


def _next_atom(problem: Problem, code: Array) -> int | None:
    """The unused atom whose slope most exceeds λ; None when none does."""
    slope = np.abs(gradient(problem, code))
    lengths = np.sqrt((problem.dictionary**2).sum(axis=0))
    scale = problem.precision * lengths * np.linalg.norm(problem.target)
    excess = np.where(code == 0, slope - problem.penalty - ROUNDING * scale, -np.inf)
    best = int(np.argmax(excess))
    return best if excess[best] > 0 else None


def _replace_one(problem: Problem, active: ActiveSet, code: Array, entering: int, sign: float) -> Array:
    """Shift weight from the active atoms to one in their span until one of them is gone; ‖h‖₁ falls."""
    shift = np.zeros_like(code)
    shift[entering] = sign
    shift[active.atoms] = -sign * combination(active, problem.dictionary[:, entering])
    return slide_to_zero(code, shift)


def _line_search(problem: Problem, code: Array, solution: Array) -> tuple[Array, int]:
    """The best of the solution and the points on the way to it where a coefficient changes sign."""
    candidates = []
    for k in np.flatnonzero(code * solution < 0):
        point = code + code[k] / (code[k] - solution[k]) * (solution - code)
        point[k] = 0.0
        candidates.append(point)
    candidates.append(solution)
    costs = [objective(problem, point) for point in candidates]
    return candidates[int(np.argmin(costs))], len(candidates)
