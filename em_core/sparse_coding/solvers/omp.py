"""Orthogonal matching pursuit: greedy choice of atoms, each time a least-squares fit (Pati et al. 1993).

A different problem: few atoms (‖h‖₀), no shrinkage. λ plays no part in its steps; objective and duality gap are still
those of the L1 problem, so that its codes can be compared with the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.records import Array
from em_core.sparse_coding.problem import Problem
from em_core.sparse_coding.solvers.active_set import combination, factorise
from em_core.sparse_coding.solvers.state import SolverState, starting_code

# a residual this small, relative to the signal, is rounding: nothing is left to explain
EXPLAINED = 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class State(SolverState):
    """`chosen` lists the atoms in the order of their choice; at most `atoms` of them."""

    chosen: tuple[int, ...]
    atoms: int


def init(problem: Problem, code: Array | None = None, atoms: int | None = None) -> State:
    """Start with no atom; `atoms` is how many may be chosen, by default min(D, K).

    A non-zero `code` is refused: the pursuit always starts from nothing.
    """
    start = starting_code(problem, code)
    if start.any():
        raise InvalidExperiment("start.code", start.tolist(), "zeros: OMP starts with no atoms")
    most = min(problem.dictionary.shape) if atoms is None else atoms
    cost = 3 * problem.dictionary.size if most else 0
    state = State(code=start, multiplications=cost, chosen=(), atoms=most)
    return replace(state, done=most == 0 or _best_atom(problem, state) is None)


def step(problem: Problem, state: State) -> State:
    """Take the atom that points most along the residual, then fit all chosen ones by least squares.

    The residual is orthogonal to every chosen atom afterwards and never grows. Done after `atoms` atoms, or
    when the residual is rounding (1e-12 of the signal), or when the rest lies in the span of the chosen.
    """
    best = None if state.done else _best_atom(problem, state)
    if best is None:
        return replace(state, done=True)
    chosen = (*state.chosen, best)
    active = factorise(problem, chosen)
    code = np.zeros(problem.n_atoms)
    code[active.atoms] = combination(active, problem.target)
    full = len(chosen) == state.atoms
    # the search for the best atom, and unless this was the last one, for the next
    cost = active.cost + problem.n_dimensions * len(chosen) + (3 if full else 6) * problem.dictionary.size
    after = replace(state, code=code, chosen=chosen, multiplications=state.multiplications + cost)
    return replace(after, done=full or _best_atom(problem, after) is None)


def _best_atom(problem: Problem, state: State) -> int | None:
    residual = problem.target - problem.dictionary @ state.code
    if np.linalg.norm(residual) <= EXPLAINED * np.linalg.norm(problem.target):
        return None
    cosines = np.abs(residual @ problem.dictionary) / np.sqrt((problem.dictionary**2).sum(axis=0))
    best = int(np.argmax(cosines))
    # the residual is orthogonal to the chosen atoms, so neither they nor any atom in their span passes
    return best if cosines[best] > EXPLAINED * np.linalg.norm(problem.target) else None
