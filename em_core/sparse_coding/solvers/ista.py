"""ISTA: a gradient step on the fit, then a shrink towards zero (Daubechies et al. 2004)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from em_core.records import Array
from em_core.sparse_coding.problem import Problem, ProximalStep, proximal_step
from em_core.sparse_coding.solvers.state import SolverState, starting_code


@dataclass(frozen=True, eq=False, kw_only=True)
class State(SolverState):
    step: float


def init(problem: Problem, code: Array | None = None, step: float | None = None) -> State:
    """Start at `code` (K,), by default 0, with a constant `step`, by default 1/‖βWᵀW‖₂."""
    length = 1 / problem.lipschitz if step is None else step
    return State(code=starting_code(problem, code), multiplications=0, step=length)


def parts(problem: Problem, state: State) -> ProximalStep:
    """The step from this state in its two parts: after the gradient, and after the shrink."""
    return proximal_step(problem, state.code, state.step)


def step(problem: Problem, state: State) -> State:
    """Slide down the gradient, then shrink.

    The objective never rises for a step up to 1/‖βWᵀW‖₂, and objective − optimum ≤ ‖h⁰ − h*‖²/(2·step·k)
    (Beck and Teboulle 2009, theorem 3.1). A step beyond 2/‖βWᵀW‖₂ may diverge.
    """
    cost = (2 * problem.n_dimensions + 1) * problem.n_atoms
    moved = parts(problem, state)
    return replace(state, code=moved.shrunk, multiplications=state.multiplications + cost)
