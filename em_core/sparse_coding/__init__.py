"""MAP inference in sparse coding: the most likely code of a signal, step by step."""

from em_core.sparse_coding.posterior import LaplacePosterior, laplace_posterior
from em_core.sparse_coding.problem import (
    Problem,
    ProximalStep,
    duality_gap,
    gradient,
    objective,
    optimality_violation,
    soft_threshold,
)
from em_core.sparse_coding.solvers import SOLVERS, Solver
from em_core.sparse_coding.state import SolverState

__all__ = [
    "SOLVERS",
    "LaplacePosterior",
    "Problem",
    "ProximalStep",
    "Solver",
    "SolverState",
    "duality_gap",
    "gradient",
    "laplace_posterior",
    "objective",
    "optimality_violation",
    "soft_threshold",
]
