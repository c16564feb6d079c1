"""What the active-set solvers share: exact solutions on a few atoms, and who lies in whose span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from em_core.files.errors import HalfStepFailed
from em_core.records import Array
from em_core.sparse_coding.problem import Problem

Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

# an atom whose part outside the span is this small, relative to its length, lies in the span
IN_SPAN = 1e-11


@dataclass(frozen=True, eq=False)
class ActiveSet:
    """n atoms with the factorisation W_A = QR. atoms: (n,) indices, q: (D, min(D, n)), r: (min(D, n), n)."""

    problem: Problem
    atoms: Indices
    q: Array
    r: Array

    @property
    def cost(self) -> int:
        """Multiplications that the factorisation took, to leading order."""
        return int(self.problem.n_dimensions * len(self.atoms) ** 2)


def factorise(problem: Problem, atoms: Sequence[int] | Indices) -> ActiveSet:
    """The active set of these atoms; solving on it takes independent ones."""
    chosen = np.asarray(atoms, dtype=np.intp)
    if not len(chosen):
        return ActiveSet(problem, chosen, np.zeros((problem.n_dimensions, 0)), np.zeros((0, 0)))
    q, r = qr(problem.dictionary[:, chosen], mode="economic", check_finite=False)
    return ActiveSet(problem, chosen, q, r)


def outside_span(active: ActiveSet, among: Mask) -> Mask:
    """Which of the atoms in the mask `among` (K,) do not lie in the span of the active ones, (K,)."""
    asked = np.setdiff1d(np.flatnonzero(among), active.atoms)
    atoms = active.problem.dictionary[:, asked]
    rest = atoms - active.q @ (active.q.T @ atoms)
    mask = np.zeros(len(among), dtype=bool)
    mask[asked] = (rest**2).sum(axis=0) > IN_SPAN**2 * (atoms**2).sum(axis=0)
    return mask


def first_dependent(active: ActiveSet) -> int | None:
    """The position of the first atom that lies in the span of those before it; None if all are independent."""
    # r's diagonal holds what each atom adds to the span of those before it
    lengths = np.sqrt((active.r**2).sum(axis=0))
    added = np.zeros_like(lengths)
    diagonal = np.abs(np.diagonal(active.r))
    added[: len(diagonal)] = diagonal
    dependent = np.flatnonzero(added <= IN_SPAN * lengths)
    return int(dependent[0]) if len(dependent) else None


def combination(active: ActiveSet, vector: Array) -> Array:
    """Least-squares coefficients (n,) of a vector (D,) in the active atoms."""
    if not len(active.atoms):
        return np.zeros(0)
    coefficients: Array = solve_triangular(active.r, active.q.T @ vector, check_finite=False)
    return coefficients


def response(active: ActiveSet, signs: Array) -> Array:
    """How fast the active coefficients grow as λ falls with these signs: (βW_AᵀW_A)⁻¹ signs, (n,)."""
    if not len(active.atoms):
        return np.zeros(0)
    half = solve_triangular(active.r, signs, trans="T", check_finite=False)
    rate: Array = solve_triangular(active.r, half, check_finite=False) / active.problem.precision
    return rate


def signed_solution(active: ActiveSet, signs: Array, penalty: float) -> Array:
    """The full code (K,) that minimises (β/2)‖v − b − W_A h‖² + λ·signsᵀh over the active coefficients."""
    code = np.zeros(active.problem.n_atoms)
    fit = combination(active, active.problem.target)
    code[active.atoms] = fit - penalty * response(active, signs)
    return code


def slide_to_zero(code: Array, direction: Array) -> Array:
    """Move along `direction` (K,) until the first coefficient that shrinks is exactly 0.

    Raises `HalfStepFailed` where none does: among atoms of very different lengths rounding may leave none.
    """
    shrinking = np.flatnonzero(code * direction < 0)
    if not len(shrinking):
        message = "the atoms differ so much in length that rounding decides which of them help"
        raise HalfStepFailed("rounding", message)
    lengths = -code[shrinking] / direction[shrinking]
    first = int(np.argmin(lengths))
    moved: Array = code + lengths[first] * direction
    moved[shrinking[first]] = 0.0
    return moved


def independent_support(problem: Problem, code: Array) -> Array:
    """A code (K,) with the same Wh on independent atoms and no larger ‖h‖₁.

    While one atom lies in the span of others, shift weight between them without changing Wh, in the
    direction in which ‖h‖₁ does not grow, until one coefficient is gone.
    """
    while True:
        support = np.flatnonzero(code)
        place = first_dependent(factorise(problem, support))
        if place is None:
            return code
        extra, others = support[place], factorise(problem, support[:place])
        shift = np.zeros_like(code)
        shift[extra] = 1.0
        shift[others.atoms] = -combination(others, problem.dictionary[:, extra])
        growth = float(np.sign(code) @ shift)
        if growth > 0 or (growth == 0 and code[extra] > 0):
            shift = -shift
        code = slide_to_zero(code, shift)
