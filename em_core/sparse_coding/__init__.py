"""Sparse coding: the most probable code of a signal, step by step, and the posterior that it is the peak of."""

from em_core.sparse_coding.learning.batch import encode
from em_core.sparse_coding.posterior.exact import Posterior, exact_posterior, log_joint, most_likely_code
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ, best_gaussian
from em_core.sparse_coding.posterior.laplace import LaplacePosterior, laplace_posterior
from em_core.sparse_coding.problem import (
    Problem,
    ProximalStep,
    duality_gap,
    duality_gaps,
    gradient,
    objective,
    objectives,
    optimality_violation,
    soft_threshold,
)
from em_core.sparse_coding.solvers import SOLVERS, Solver
from em_core.sparse_coding.solvers.state import SolverState

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
    "duality_gaps",
    "encode",
    "exact_posterior",
    "gradient",
    "laplace_posterior",
    "log_joint",
    "most_likely_code",
    "objective",
    "objectives",
    "optimality_violation",
    "soft_threshold",
]
