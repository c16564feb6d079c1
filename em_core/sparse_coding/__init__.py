"""Sparse coding: the most likely code of a signal, step by step, and the posterior that it is the peak of."""

from em_core.sparse_coding.exact_posterior import Posterior, exact_posterior, log_joint, most_likely_code
from em_core.sparse_coding.gaussian_q import GaussianQ, best_gaussian
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
    "GaussianQ",
    "LaplacePosterior",
    "Posterior",
    "Problem",
    "ProximalStep",
    "Solver",
    "SolverState",
    "best_gaussian",
    "duality_gap",
    "exact_posterior",
    "gradient",
    "laplace_posterior",
    "log_joint",
    "most_likely_code",
    "objective",
    "optimality_violation",
    "soft_threshold",
]
