"""The most probable codes of many signals, each solved until its certificate says so.

`batch.encode` solves nearly all; feature-sign search by single atoms, exact in finitely many steps, finishes the rest.
"""

from __future__ import annotations

import numpy as np

from em_core.records import Array
from em_core.sparse_coding.learning.batch import encode
from em_core.sparse_coding.problem import Problem, duality_gap, duality_gaps, objectives
from em_core.sparse_coding.solvers import feature_sign

# iterations before the signals that are left are solved one by one: what is easy takes a third of them
TOGETHER = 500
# steps of feature-sign search for one signal: each lowers its objective
ALONE = 500
# a duality gap below this share of the mean of (β/2)‖v‖² is a solution: some thousand times its rounding
CLOSE = 1e-10


def codes(targets: Array, dictionary: Array, penalty: float, precision: float, start: Array) -> tuple[Array, Array]:
    """Codes (N, K) that are no worse than `start` (N, K), signal by signal, and how far each may be from its optimum.

    targets: v − b, (N, D). The second array holds certificates (N,): objective − optimum is at most that. An atom of
    length 0 stays unused. Raises `InvalidExperiment` where the numbers leave no room for their squares.
    """
    usable = np.flatnonzero((dictionary**2).sum(axis=0) * precision > 1e-90)
    if len(usable) < dictionary.shape[1]:
        found = np.zeros_like(start)
        if len(usable):
            found[:, usable], gaps = codes(targets, dictionary[:, usable], penalty, precision, start[:, usable])
            return found, gaps
        return found, np.zeros(len(targets))
    energy = 0.5 * precision * float((targets**2).sum(axis=1).mean())
    until = CLOSE * energy
    solved = encode(targets, dictionary, penalty, precision, start=start, until_gap=until, most_iterations=TOGETHER)
    result, gaps = solved.codes, solved.duality_gaps
    for row in np.flatnonzero(~(gaps <= until)):
        result[row], gaps[row] = _alone(Problem(targets[row], dictionary, penalty, precision), result[row], until)
    # a start that happens to lie lower still stays: its distance from the optimum is smaller by that much
    before, after = (objectives(targets, dictionary, penalty, precision, each) for each in (start, result))
    keep = before < after
    result[keep] = start[keep]
    gaps[keep] = np.maximum(gaps[keep] - (after - before)[keep], 0.0)
    own = duality_gaps(targets[keep], dictionary, penalty, precision, start[keep])
    gaps[keep] = np.minimum(gaps[keep], own)
    return result, gaps


def _alone(problem: Problem, code: Array, until: float) -> tuple[Array, float]:
    state = feature_sign.init(problem, code)
    best, least = code, duality_gap(problem, code)
    for _ in range(ALONE):
        if least <= until or state.done:
            break
        state = feature_sign.step(problem, state)
        gap = duality_gap(problem, state.code)
        if gap < least:
            best, least = state.code, gap
    return best, least
