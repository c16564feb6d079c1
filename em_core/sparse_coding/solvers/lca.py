"""LCA: a leaky neuron for each atom; active neurons inhibit those that explain the same (Rozell et al. 2008)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from em_core.records import Array
from em_core.sparse_coding.problem import Problem, gradient, soft_threshold
from em_core.sparse_coding.solvers.state import SolverState, starting_code

# time step and time constant where none are given
DT, TAU = 0.1, 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class State(SolverState):
    """`potential` (K,) is the membrane potential u; `code` the activation a = S(u, λ/‖βWᵀW‖₂)."""

    potential: Array
    dt: float
    tau: float


def init(problem: Problem, code: Array | None = None, dt: float = DT, tau: float = TAU) -> State:
    """Start with the potentials whose activation is `code` (K,), by default 0. Only dt/τ matters."""
    start = starting_code(problem, code)
    potential = start + np.sign(start) * _threshold(problem)
    return State(code=start, multiplications=0, potential=potential, dt=dt, tau=tau)


@dataclass(frozen=True, eq=False)
class Parts:
    """One step of time, (K,) each. rest: drive − (βWᵀW/L − I)a, at which the potentials are pulled."""

    rest: Array
    potential: Array
    code: Array


def parts(problem: Problem, state: State) -> Parts:
    """The step from this state: what the potentials are pulled to, where they go, what of them is active."""
    rest = state.code - gradient(problem, state.code) / problem.lipschitz
    potential = state.potential + state.dt / state.tau * (rest - state.potential)
    return Parts(rest, potential, soft_threshold(potential, _threshold(problem)))


def step(problem: Problem, state: State) -> State:
    """Let time dt pass: τ·du/dt = drive − u − (βWᵀW/L − I)a, by Euler's method, with L = ‖βWᵀW‖₂.

    These are Rozell's dynamics on the objective divided by L, so that dt = τ makes each step ISTA's with step
    1/L. Converges for dt ≤ τ; beyond 2τ it may diverge.
    """
    moved = parts(problem, state)
    cost = (2 * problem.n_dimensions + 2) * problem.n_atoms
    return replace(
        state,
        code=moved.code,
        potential=moved.potential,
        multiplications=state.multiplications + cost,
    )


def _threshold(problem: Problem) -> float:
    return problem.penalty / problem.lipschitz
