"""What every solver's state holds, so that one loop can drive and race them all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from em_core.files.fields import finite_array
from em_core.records import Array
from em_core.sparse_coding.problem import Problem


@dataclass(frozen=True, eq=False, kw_only=True)
class SolverState:
    """Where a solver stands.

    code: (K,). `multiplications` counts scalar multiplications and divisions since the start, set-up
    included, to leading order in each matrix operation; the step length's ‖βWᵀW‖₂ is taken as known.
    `done` says that further steps change nothing.
    """

    code: Array
    multiplications: int
    done: bool = False


def starting_code(problem: Problem, code: Array | None) -> Array:
    """`code` checked against the dictionary, or zeros: (K,), read-only."""
    zeros = np.zeros(problem.n_atoms)
    return finite_array(zeros if code is None else code, (problem.n_atoms,), "start.code")
