"""Codes for many signals with one dictionary, each with its duality gap.

ADMM on all signals at once with one cached inverse finds each support; an exact solution on that support then
replaces ADMM's slow last digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from em_core.files.fields import finite_array
from em_core.records import Array
from em_core.sparse_coding.problem import Problem, duality_gaps, objectives, soft_threshold
from em_core.sparse_coding.solvers.active_set import Indices

CHECK_EVERY = 8  # ADMM iterations: a sign pattern that holds that long is worth solving exactly
OVER_RELAXATION = 1.8  # Boyd et al. 2011, section 3.4.3: 1.5 to 1.8
CHUNK = 128  # signals whose supports are solved together
RIDGE = 1e-13  # relative; duplicated atoms make WᵀW singular on a support


@dataclass(frozen=True, eq=False)
class Codes:
    """codes: (N, K); objectives and duality_gaps: (N,), objective − optimum ≤ its duality gap; ADMM iterations used."""

    codes: Array
    objectives: Array
    duality_gaps: Array
    iterations: int


def encode(
    signals: Array,
    dictionary: Array,
    penalty: float,
    precision: float = 1.0,
    offset: Array | None = None,
    *,
    start: Array | None = None,
    until_gap: float = 1e-6,
    most_iterations: int = 5000,
) -> Codes:
    """The most probable code of every signal.

    signals: (N, D), dictionary: (D, K), start: (N, K), by default zeros. A signal is done when its duality gap is at
    most `until_gap` (absolute); after `most_iterations` the rest come back as they are, with their true duality gaps.
    Raises `InvalidExperiment` as `Problem` does.
    """
    values = finite_array(signals, ("N", "D"), "data.values")
    problem = Problem(values[0], dictionary, penalty, precision, offset)
    targets = values - np.asarray(problem.offset)
    shape = (len(values), problem.n_atoms)
    sparse = finite_array(np.zeros(shape) if start is None else start, shape, "start.codes").copy()
    rho = problem.lipschitz / 10
    inverse = np.linalg.inv(problem.curvature + rho * np.eye(problem.n_atoms))
    pulls = problem.precision * targets @ problem.dictionary

    codes, gaps = sparse.copy(), _gaps(problem, targets, sparse)
    todo = np.flatnonzero(~(gaps <= until_gap))
    sparse, pull, disagreement = sparse[todo], pulls[todo], np.zeros((len(todo), shape[1]))
    iterations = 0
    while len(todo) and iterations < most_iterations:
        pattern = np.sign(sparse)
        for _ in range(min(CHECK_EVERY, most_iterations - iterations)):
            smooth = (pull + rho * (sparse - disagreement)) @ inverse
            disagreement += OVER_RELAXATION * smooth + (1 - OVER_RELAXATION) * sparse
            sparse = soft_threshold(disagreement, problem.penalty / rho)
            disagreement -= sparse
            iterations += 1
        held = (np.sign(sparse) == pattern).all(axis=1)
        _keep_better(problem, targets, codes, gaps, todo, sparse)
        _keep_better(problem, targets, codes, gaps, todo[held], _polished(problem, pull[held], pattern[held]))
        left = ~(gaps[todo] <= until_gap)
        todo, sparse, pull, disagreement = todo[left], sparse[left], pull[left], disagreement[left]
    costs = objectives(targets, problem.dictionary, problem.penalty, problem.precision, codes)
    return Codes(codes, costs, gaps, iterations)


def _gaps(problem: Problem, targets: Array, codes: Array) -> Array:
    return duality_gaps(targets, problem.dictionary, problem.penalty, problem.precision, codes)


def _keep_better(problem: Problem, targets: Array, codes: Array, gaps: Array, rows: Indices, candidates: Array) -> None:
    """Write candidates (n, K) into `codes` and `gaps` at `rows` where their duality gap is smaller."""
    found = _gaps(problem, targets[rows], candidates)
    better = found < gaps[rows]
    codes[rows[better]] = candidates[better]
    gaps[rows[better]] = found[better]


def _polished(problem: Problem, pulls: Array, signs: Array) -> Array:
    """The stationary codes (n, K) on these supports with these signs: βW_AᵀW_A h = βW_Aᵀ(v − b) − λ signs."""
    codes = np.zeros_like(signs)
    sizes = np.count_nonzero(signs, axis=1)
    order = np.argsort(sizes)
    ridge = RIDGE * problem.lipschitz
    for rows in np.array_split(order, max(1, -(-len(order) // CHUNK))):
        width = int(sizes[rows].max(initial=0))
        if not width:
            continue
        # each support's indices first, padded with atoms whose equations are replaced by h = 0
        index = np.argsort(signs[rows] == 0, axis=1, kind="stable")[:, :width]
        used = np.take_along_axis(signs[rows], index, axis=1) != 0
        gram = problem.curvature[index[:, :, None], index[:, None, :]] * (used[:, :, None] & used[:, None, :])
        damped = gram + np.where(used, ridge, 1.0)[:, :, None] * np.eye(width)
        wanted = np.take_along_axis(pulls[rows] - problem.penalty * signs[rows], index, axis=1) * used
        solution = np.linalg.solve(damped, wanted[..., None])
        # one refinement takes the ridge's error out again
        solution += np.linalg.solve(damped, wanted[..., None] - gram @ solution)
        found = np.zeros((len(rows), signs.shape[1]))
        np.put_along_axis(found, index, solution[..., 0] * used, axis=1)
        codes[rows] = found
    return codes
