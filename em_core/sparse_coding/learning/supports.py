"""Exact codes once the signs are known, or nearly: Newton's method on the optimality conditions, many signals at once.

On a support A with signs s the most probable code solves βW_AᵀW_A h = βW_Aᵀ(v − b) − λs. Each round solves that from
the present code, h += (βW_AᵀW_A)⁻¹(βW_Aᵀr − λs) with r its residual, looks at the duality gap, and repairs the signs of
the codes that are not done: coefficients that came out with the wrong sign leave, atoms whose correlation is above λ
enter. With the right signs one round is exact up to rounding, and the next one takes most of the rounding away.
"""

from __future__ import annotations

import numpy as np

from em_core.records import Array
from em_core.sparse_coding.learning.atoms import Atoms
from em_core.sparse_coding.problem import certificates

ROUNDS = 3
CHUNK = 64  # signals whose supports, of about one size, are solved together
RIDGE = 1e-13  # relative; duplicated atoms make WᵀW singular on a support


def refined(
    atoms: Atoms, targets: Array, penalty: float, codes: Array, until: Array, rounds: int = ROUNDS
) -> tuple[Array, Array]:
    """Codes (n, K) from these signs on, and their duality gaps (n,): of each signal the best of all rounds.

    targets: √β(v − b), (n, D), codes: (n, K), until: (n,) the gaps at which signals are done. Convergence is not
    certain: signs may come round again.
    """
    best, least = codes.copy(), np.full(len(codes), np.inf)
    todo, signs, present = np.arange(len(codes)), np.sign(codes), codes
    correlation = (targets - present @ atoms.rows) @ atoms.scaled
    for _ in range(rounds):
        present = present + _step(atoms, correlation - penalty * signs, signs)
        residual = targets[todo] - present @ atoms.rows
        correlation = residual @ atoms.scaled
        gaps = certificates(residual, correlation, penalty, 1.0, present)
        better = gaps < least[todo]
        best[todo[better]], least[todo[better]] = present[better], gaps[better]
        left = ~(gaps <= until[todo])
        todo, present, signs, correlation = todo[left], present[left], signs[left], correlation[left]
        if not len(todo):
            break
        wrong = present * signs < 0
        entering = (signs == 0) & (np.abs(correlation) > penalty)
        present = np.where(wrong, 0.0, present)
        signs = np.where(entering, np.sign(correlation), np.where(wrong, 0.0, signs))
        if wrong.any():
            correlation = (targets[todo] - present @ atoms.rows) @ atoms.scaled
    return best, least


def _step(atoms: Atoms, slopes: Array, signs: Array) -> Array:
    """(βW_AᵀW_A)⁻¹ of the slopes (n, K) on each support A, 0 elsewhere."""
    result = np.zeros_like(slopes)
    sizes = np.count_nonzero(signs, axis=1)
    order = np.argsort(sizes, kind="stable")
    gram, n_atoms = atoms.gram.ravel(), atoms.n_atoms
    ridge = RIDGE * float(np.diagonal(atoms.gram).max())
    for rows in np.array_split(order, -(-len(order) // CHUNK)) if len(order) else ():
        width = int(sizes[rows[-1]])
        if not width:
            continue
        # each support's indices first, padded with atoms whose equations are replaced by h = 0
        at, atom = np.nonzero(signs[rows])
        ends = np.cumsum(sizes[rows])
        place = np.arange(len(at)) - np.repeat(ends - sizes[rows], sizes[rows])
        index, used = np.zeros((len(rows), width), dtype=np.intp), np.zeros((len(rows), width))
        index[at, place], used[at, place] = atom, 1.0
        matrices = gram.take(index[:, :, None] * n_atoms + index[:, None, :])
        matrices *= used[:, :, None]
        matrices *= used[:, None, :]
        matrices[:, np.arange(width), np.arange(width)] += np.where(used > 0, ridge, 1.0)
        wanted = np.zeros((len(rows), width, 1))
        wanted[at, place, 0] = slopes[rows[at], atom]
        result[rows[at], atom] = np.linalg.solve(matrices, wanted)[at, place, 0]
    return result
