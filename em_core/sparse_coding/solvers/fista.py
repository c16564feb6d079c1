"""FISTA: ISTA from a point thrown ahead along the last move (Beck and Teboulle 2009)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from em_core.records import Array
from em_core.sparse_coding.problem import Problem, ProximalStep, proximal_step
from em_core.sparse_coding.solvers.state import SolverState, starting_code


@dataclass(frozen=True, eq=False, kw_only=True)
class State(SolverState):
    """`ahead` (K,) is where the next step starts; `momentum` is t_k; `restarted` marks a momentum thrown away."""

    ahead: Array
    momentum: float
    step: float
    restart: bool
    restarted: bool = False


def init(problem: Problem, code: Array | None = None, step: float | None = None, restart: bool = False) -> State:
    """Start at `code` (K,), by default 0, with a constant `step`, by default 1/‖βWᵀW‖₂."""
    length = 1 / problem.lipschitz if step is None else step
    start = starting_code(problem, code)
    return State(code=start, multiplications=0, ahead=start, momentum=1.0, step=length, restart=restart)


@dataclass(frozen=True, eq=False)
class Throw:
    """Where the next step starts: `ahead` = h + weight·(h − the h before), with the momentum that gave the weight."""

    momentum: float
    weight: float
    ahead: Array
    restarted: bool


def parts(problem: Problem, state: State) -> ProximalStep:
    """The step from this state in its two parts, starting from the point thrown ahead."""
    return proximal_step(problem, state.ahead, state.step)


def step(problem: Problem, state: State) -> State:
    """An ISTA step from the point ahead, then throw the next one further along the move.

    objective − optimum ≤ 2‖h⁰ − h*‖²/(step·(k+1)²) for a step up to 1/‖βWᵀW‖₂ (theorem 4.4); not monotone.
    With `restart` the momentum starts anew whenever it points uphill (O'Donoghue and Candès 2015, gradient
    scheme), which keeps the oscillations away.
    """
    moved = parts(problem, state)
    thrown = throw(state, moved)
    cost = (2 * problem.n_dimensions + 2 + state.restart) * problem.n_atoms
    return replace(
        state,
        code=moved.shrunk,
        ahead=thrown.ahead,
        momentum=thrown.momentum,
        restarted=thrown.restarted,
        multiplications=state.multiplications + cost,
    )


def throw(state: State, moved: ProximalStep) -> Throw:
    """Past the end of a step that began at `state`, along the way that the code went."""
    move = moved.shrunk - state.code
    if state.restart and float((moved.start - moved.shrunk) @ move) > 0:
        return Throw(1.0, 0.0, moved.shrunk, True)
    momentum = (1 + math.sqrt(1 + 4 * state.momentum**2)) / 2
    weight = (state.momentum - 1) / momentum
    return Throw(momentum, weight, moved.shrunk + weight * move, False)
