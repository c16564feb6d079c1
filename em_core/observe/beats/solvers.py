"""A step of a sparse-coding solver, number by number: coefficient by coefficient in turn, or all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from em_core.observe.beats.working import Beat
from em_core.records import Array
from em_core.sparse_coding import Problem, gradient, objective
from em_core.sparse_coding.solvers import coordinate_descent, fista, ista, lca
from em_core.sparse_coding.solvers.state import SolverState

# with so few coefficients a sweep goes through each one number by number; of more, through the one that is followed,
# and as many of the others as follow, those that change most
FEW, MOST = 3, 10


def beats(problem: Problem, solver: str, before: Any, after: SolverState, unit: int) -> list[Beat]:
    """The beats of the step from `before` to `after`; none of a solver whose working is not shown.

    unit: the coefficient that is followed.
    """
    made = _BEATS.get(solver)
    return list(made(problem, before, after, unit)) if made else []


def shown(solver: str) -> bool:
    """Whether the working of this solver is shown."""
    return solver in _BEATS


def chosen(before: SolverState, after: SolverState) -> int:
    """The coefficient that tells most: the one that changes most; where none does, the largest, or what it would be."""
    change = np.abs(after.code - before.code)
    size = getattr(after, "potential", after.code)
    return int(np.argmax(change if change.any() else np.abs(size)))


def _in_turn(problem: Problem, before: coordinate_descent.State, after: Any, unit: int) -> Iterator[Beat]:
    """Coordinate descent."""
    turns = coordinate_descent.turns(problem, before)
    change = np.abs(after.code - before.code)
    few = problem.n_atoms <= FEW
    others = [k for k in np.argsort(-change, kind="stable").tolist() if change[k] and k != unit][:MOST]
    code = before.code
    for turn in turns:
        k = turn.coefficient
        if few or k == unit:
            yield from _one(problem, before, after, code, turn)
        elif k in others:
            cost = {"before": objective(problem, code), "objective": objective(problem, turn.code)}
            values = {**_numbers(problem, turn), **cost, "turn": turn.value, "previous": float(code[k])}
            yield Beat("turn", replace(after, code=turn.code), values, {"unit": k})
        code = turn.code
    if not few:
        changed = int(np.count_nonzero(change))
        stay = int(np.count_nonzero((before.code == 0) & (after.code == 0)))
        seen = len(others) + int(change[unit] > 0)
        cost = {"before": objective(problem, before.code), "sweep": objective(problem, after.code)}
        yield Beat("sweep", after, {**cost, "changed": changed, "zeros": stay, "seen": seen}, {"unit": unit})


def _one(
    problem: Problem, before: coordinate_descent.State, after: Any, code: Array, turn: coordinate_descent.Turn
) -> Iterator[Beat]:
    """One coefficient's turn: what the others leave, how its atom correlates with that, the threshold, the value."""
    k, at = turn.coefficient, {"unit": turn.coefficient}
    others = code.copy()
    others[k] = 0.0
    values: dict[str, Any] = {"previous": float(code[k]), "others": others, **_left(problem, others)}
    here = replace(before, code=code)
    yield Beat("residual", here, values, at)
    numbers = _numbers(problem, turn)
    for what, names in (("pull", ("pull",)), ("shrunk", ("penalty", "shrunk"))):
        values = {**values, **{name: numbers[name] for name in names}}
        yield Beat(what, here, values, at)
    there = replace(after, code=turn.code)
    values = {**values, **numbers}
    yield Beat("value", there, values, at)
    cost = {"before": objective(problem, code), "objective": objective(problem, turn.code)}
    yield Beat("objective", there, {**values, **cost}, at)


def _left(problem: Problem, code: Array) -> dict[str, Any]:
    """What the code leaves of the signal, (D,), and how long that is."""
    left: Array = problem.target - problem.dictionary @ code
    return {"residual": left, "size": float(np.sqrt(left @ left))}


def _numbers(problem: Problem, turn: coordinate_descent.Turn) -> dict[str, float]:
    numbers = {name: float(getattr(turn, name)) for name in ("pull", "curvature", "shrunk", "value")}
    return {**numbers, "penalty": problem.penalty}


def _proximal(problem: Problem, before: Any, after: Any, unit: int) -> Iterator[Beat]:
    """ISTA and FISTA: a gradient step, then the shrink; FISTA begins at a point thrown ahead, and throws the next."""
    at, thrown = {"unit": unit}, isinstance(before, fista.State)
    parts = fista.parts(problem, before) if thrown else ista.parts(problem, before)
    values: dict[str, Any] = {"previous": before.code, "start": parts.start}
    if thrown:
        yield Beat("start", before, values, at)
    values = {**values, **_left(problem, parts.start)}
    yield Beat("residual", before, values, at)
    values = {**values, "slope": parts.slope}
    yield Beat("slope", before, values, at)
    values = {**values, "moved": parts.moved, "step": before.step}
    yield Beat("moved", before, values, at)
    values = {**values, "shrunk": parts.shrunk, "threshold": before.step * problem.penalty}
    there = replace(before, code=parts.shrunk)
    yield Beat("shrunk", there, values, at)
    values = {**values, **_costs(problem, before, after)}
    yield Beat("objective", there if thrown else after, values, at)
    if thrown:
        ahead = fista.throw(before, parts)
        more = {"ahead": ahead.ahead, "weight": ahead.weight, "restarted": ahead.restarted}
        yield Beat("ahead", after, {**values, **more}, at)


def _leaky(problem: Problem, before: lca.State, after: Any, unit: int) -> Iterator[Beat]:
    """LCA: what drives each neuron, its leak, what it and the others add, the potential, and what of it is active."""
    at, parts, scale = {"unit": unit}, lca.parts(problem, before), problem.lipschitz
    drive = -gradient(problem, np.zeros(problem.n_atoms)) / scale
    own = before.code - problem.curvature.diagonal() / scale * before.code
    overlaps = problem.curvature[unit] / scale
    values: dict[str, Any] = {"previous": before.potential, "active": before.code, "overlaps": overlaps}
    # what the solver found is the sum: the last of its terms is what the others leave of it
    terms = {"drive": drive, "leak": -before.potential, "inhibition": parts.rest - drive - own, "own": own}
    for what, found in terms.items():
        values = {**values, what: found}
        yield Beat(what, before, values, at)
    values = {**values, "potential": parts.potential, "share": before.dt / before.tau}
    yield Beat("potential", replace(before, potential=parts.potential), values, at)
    values = {**values, "code": parts.code, "threshold": problem.penalty / scale}
    yield Beat("code", after, values, at)
    yield Beat("objective", after, {**values, **_costs(problem, before, after)}, at)


def _costs(problem: Problem, before: SolverState, after: SolverState) -> dict[str, float]:
    return {"before": objective(problem, before.code), "objective": objective(problem, after.code)}


_BEATS: dict[str, Callable[[Problem, Any, Any, int], Iterator[Beat]]] = {
    "coordinate_descent": _in_turn,
    "ista": _proximal,
    "fista": _proximal,
    "lca": _leaky,
}
