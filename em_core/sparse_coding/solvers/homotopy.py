"""Homotopy: follow the exact solution as λ falls from where it is 0 (LARS with drops).

The solution is piecewise linear in λ (Osborne et al. 2000, Efron et al. 2004). Between two knots support and
signs are fixed; at a knot an atom joins or a coefficient reaches 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.records import Array
from em_core.sparse_coding.problem import Problem, gradient
from em_core.sparse_coding.solvers.active_set import ActiveSet, Mask, combination, factorise, outside_span, response
from em_core.sparse_coding.solvers.state import SolverState, starting_code

# below this a rate, which is of order 1, is rounding
RATE = 1e-12
# relative to λ: slopes this close to it are at it; relative to λ_max: events this close in λ are one event
TIED, SAME = 1e-11, 1e-14
# relative to λ_max: further down everything is explained to rounding, and the last segment goes straight to the end
BOTTOM = 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class State(SolverState):
    """A knot: `code` (K,) is the exact solution at `penalty`, which falls to `target`."""

    penalty: float
    target: float


@dataclass(frozen=True, eq=False)
class Path:
    """The solution for every λ: linear between the knots, 0 above the first.

    penalties: (n,), never rising; codes: (n, K).
    """

    penalties: Array
    codes: Array

    def at(self, penalty: float) -> Array:
        """The solution (K,) at this λ, which must not lie below the last knot."""
        if not penalty >= self.penalties[-1]:
            raise ValueError(f"the path ends at lambda = {self.penalties[-1]:g}, asked for {penalty:g}")
        return self.sample(np.array([penalty]))[0]

    def sample(self, penalties: Array) -> Array:
        """The solutions (m, K) at many λ, (m,), none of them below the last knot."""
        rising = self.penalties[::-1]
        return np.array([np.interp(penalties, rising, column[::-1]) for column in self.codes.T]).T


def init(problem: Problem, code: Array | None = None) -> State:
    """Start at λ_max, where the solution is 0, or at λ if that is larger: then it is done.

    A non-zero `code` is refused: the path has only one beginning.
    """
    start = starting_code(problem, code)
    if start.any():
        raise InvalidExperiment("start.code", start.tolist(), "zeros: homotopy starts where the code is 0")
    return _first_knot(problem, problem.penalty)


def step(problem: Problem, state: State) -> State:
    """Go to the next knot: λ falls until an atom joins, a coefficient reaches 0, or `target` is met.

    At each knot the code satisfies the KKT conditions of its own λ. Several events at one λ are resolved
    together, and an atom in the span of the active ones never joins: its slope moves with theirs.
    """
    if state.done:
        return state
    pull = -gradient(problem, state.code)
    tie = TIED * state.penalty + SAME * problem.lambda_max
    tied = (np.abs(pull) >= state.penalty - tie) | (state.code != 0)
    signs = np.where(state.code != 0, np.sign(state.code), np.sign(pull))
    active, velocity, cost = _velocity(problem, state.code, tied, signs)
    slope = _moves_with(problem, velocity)

    joining = np.full(problem.n_atoms, np.inf)
    for sign in (1.0, -1.0):
        rate = 1 - sign * slope
        may = (rate > RATE) & ~(tied & (signs == sign))
        joining[may] = np.minimum(joining[may], (state.penalty - sign * pull[may]) / rate[may])
    joining[active.atoms] = np.inf
    while (length := joining.min()) < state.penalty - state.target:
        nearest = joining == length
        if outside_span(active, nearest).any():
            break
        joining[nearest] = np.inf

    # each segment is solved afresh, fit − λ·velocity: rounding does not add up along the path, and a
    # coefficient is 0 where its own line says so
    fit = np.zeros_like(velocity)
    fit[active.atoms] = combination(active, problem.target)
    drops = np.flatnonzero(state.code * velocity < 0)
    vanishing = np.minimum(fit[drops] / velocity[drops], state.penalty)
    penalty = float(max(state.penalty - length, vanishing.max(initial=0.0)))
    if penalty <= max(state.target, BOTTOM * problem.lambda_max):
        penalty = state.target
    code = fit - penalty * velocity
    code[code * signs < 0] = 0.0
    code[drops[vanishing >= penalty - SAME * problem.lambda_max]] = 0.0
    size = len(active.atoms)
    cost += 4 * problem.n_dimensions * (problem.n_atoms + size)
    return replace(
        state,
        code=code,
        penalty=penalty,
        done=penalty == state.target,
        multiplications=state.multiplications + cost,
    )


def path(problem: Problem, least: float = 0.0, most_knots: int = 10_000) -> Path:
    """The exact solution for every λ from λ_max down to `least`, 0 included, whatever the problem's own λ.

    Raises `HalfStepFailed` beyond `most_knots`: paths of exponential length exist (Mairal and Yu 2012).
    """
    states = [_first_knot(problem, least)]
    while not states[-1].done:
        if len(states) > most_knots:
            raise HalfStepFailed("long_path", f"the path has more than {most_knots} knots", penalty=states[-1].penalty)
        states.append(step(problem, states[-1]))
    return Path(np.array([s.penalty for s in states]), np.array([s.code for s in states]))


def _first_knot(problem: Problem, target: float) -> State:
    penalty = max(problem.lambda_max, target)
    cost = 2 * problem.n_dimensions * problem.n_atoms
    return State(
        code=np.zeros(problem.n_atoms),
        multiplications=cost,
        done=penalty == target,
        penalty=penalty,
        target=target,
    )


def _moves_with(problem: Problem, velocity: Array) -> Array:
    """βWᵀW·velocity, (K,): how fast each atom's correlation falls."""
    slope: Array = problem.precision * ((problem.dictionary @ velocity) @ problem.dictionary)
    return slope


def _velocity(problem: Problem, code: Array, tied: Mask, signs: Array) -> tuple[ActiveSet, Array, int]:
    """How the code moves as λ falls by 1, which atoms then move, and what it cost to find out.

    The direction minimises ½ dᵀ(βWᵀW)d − signsᵀd over the tied atoms, where one that is still 0 may only move
    along its sign. Without ties the answer is immediate; with them it is Lawson and Hanson's algorithm.
    """
    free = code != 0
    chosen = [int(k) for k in np.flatnonzero(free)]
    active = factorise(problem, chosen)
    velocity = _spread(active, signs)
    refused = np.zeros_like(free)
    cost = active.cost
    while True:
        cost += 2 * problem.n_dimensions * problem.n_atoms
        lag = np.where(outside_span(active, tied & ~refused), 1 - signs * _moves_with(problem, velocity), 0.0)
        entering = int(np.argmax(lag))
        if lag[entering] <= RATE:
            return active, velocity, cost
        chosen.append(entering)
        while True:
            active = factorise(problem, chosen)
            cost += active.cost
            wanted = _spread(active, signs)
            wrong = [k for k in chosen if not free[k] and signs[k] * wanted[k] <= 0]
            if not wrong:
                velocity = wanted
                break
            if entering in wrong:  # its lag was rounding
                refused[entering] = True
            share = min(velocity[k] / (velocity[k] - wanted[k]) if velocity[k] else 0.0 for k in wrong)
            velocity = velocity + share * (wanted - velocity)
            chosen = [k for k in chosen if k not in wrong or signs[k] * velocity[k] > RATE * abs(wanted[k])]
            velocity = np.where(np.isin(np.arange(len(code)), chosen), velocity, 0.0)


def _spread(active: ActiveSet, signs: Array) -> Array:
    velocity = np.zeros(active.problem.n_atoms)
    velocity[active.atoms] = response(active, signs[active.atoms])
    return velocity
