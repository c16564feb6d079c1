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

    norm: `L1`, or `L0` for the one that solves a different problem. from_zero: it accepts no other start.
    may_diverge: its step can be chosen too large.
    """

    title: str
    init: Callable[..., SolverState]
    step: Callable[[Problem, Any], SolverState]
    settings: tuple[str, ...] = ()
    norm: str = "L1"
    from_zero: bool = False
    may_diverge: bool = False


SOLVERS = {
    "ista": Solver("ISTA", ista.init, ista.step, ("step",), may_diverge=True),
    "fista": Solver("FISTA", fista.init, fista.step, ("step", "restart"), may_diverge=True),
    "coordinate_descent": Solver("Coordinate descent", coordinate_descent.init, coordinate_descent.step),
    "homotopy": Solver("Homotopy (LARS)", homotopy.init, homotopy.step, from_zero=True),
    "admm": Solver("ADMM", admm.init, admm.step, ("rho",)),
    "lca": Solver("LCA", lca.init, lca.step, ("dt", "tau"), may_diverge=True),
    "feature_sign": Solver("Feature-sign search", feature_sign.init, feature_sign.step),
    "omp": Solver("OMP (few atoms, no shrinkage)", omp.init, omp.step, ("atoms",), norm="L0", from_zero=True),
}
