"""The table of solvers: what each one is called, which problem it solves and which settings it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from em_core.sparse_coding.problem import Problem
from em_core.sparse_coding.solvers import admm, coordinate_descent, feature_sign, fista, homotopy, ista, lca, omp
from em_core.sparse_coding.solvers.state import SolverState


@dataclass(frozen=True)
class Solver:
    """A pair of functions over frozen states: `init(problem, code, **settings)` and `step(problem, state)`.

    did: what a step did, in a sentence; in braces what it found. norm: `L1`, or `L0` for the one that
    solves a different problem. from_zero: it accepts no other start. descends: unless a setting says otherwise, the
    objective never rises. may_diverge: its step can be chosen too large.
    """

    title: str
    did: str
    init: Callable[..., SolverState]
    step: Callable[[Problem, Any], SolverState]
    settings: tuple[str, ...] = ()
    norm: str = "L1"
    from_zero: bool = False
    descends: bool = False
    may_diverge: bool = False


SOLVERS = {
    "ista": Solver(
        "ISTA",
        "A gradient step on the misfit, then the soft threshold.",
        ista.init,
        ista.step,
        ("step",),
        descends=True,
        may_diverge=True,
    ),
    "fista": Solver(
        "FISTA",
        "A gradient step from a point extrapolated along the last move, then the soft threshold.",
        fista.init,
        fista.step,
        ("step", "restart"),
        may_diverge=True,
    ),
    "coordinate_descent": Solver(
        "Coordinate descent",
        "One sweep: each coefficient in turn was set to its best value, with the others held fixed.",
        coordinate_descent.init,
        coordinate_descent.step,
        descends=True,
    ),
    "homotopy": Solver(
        "Homotopy (LARS)",
        "λ fell to {penalty}, {where}; the code is the exact solution there.",
        homotopy.init,
        homotopy.step,
        from_zero=True,
    ),
    "admm": Solver(
        "ADMM",
        "One ADMM iteration: ridge regression, soft threshold, then a dual update for their difference.",
        admm.init,
        admm.step,
        ("rho",),
    ),
    "lca": Solver(
        "LCA",
        "Time advanced by dt: potentials leak towards their input, and active atoms inhibit each other.",
        lca.init,
        lca.step,
        ("dt", "tau"),
        may_diverge=True,
    ),
    "feature_sign": Solver(
        "Feature-sign search",
        "The code moved towards the exact solution for its current signs: all the way, or to a change of sign where "
        "the objective is lower.",
        feature_sign.init,
        feature_sign.step,
        descends=True,
    ),
    "omp": Solver(
        "OMP (few atoms, no shrinkage)",
        "The atom best aligned with the residual was added, then all chosen atoms were refitted by least squares, "
        "without shrinkage.",
        omp.init,
        omp.step,
        ("atoms",),
        norm="L0",
        from_zero=True,
    ),
}
