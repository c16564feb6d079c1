"""Codes of many signals at once: ADMM finds the signs, Newton's method solves for them exactly.

ADMM (`solvers/admm.py`) with x and z for its smooth and sparse copy, u for its price divided by ρ, over-relaxed by α:

    x = (βWᵀW + ρI)⁻¹(βWᵀy + ρ(z − u)),   z = S(αx + (1 − α)z + u, λ/ρ),   u += αx + (1 − α)z_before − z

With eigenvectors V and eigenvalues c of βWᵀW, x = (z − u) − V [c/(c + ρ) Vᵀ(z − u) − 1/(c + ρ) VᵀβWᵀy]: two thin
products for all signals, whatever ρ each of them has. Only signs are taken from here, so single precision will do;
codes and their certificates are in double precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from em_core.records import Array
from em_core.sparse_coding.learning.atoms import Atoms
from em_core.sparse_coding.learning.supports import refined
from em_core.sparse_coding.problem import certificates
from em_core.sparse_coding.solvers.active_set import Indices, Mask

Floats = NDArray[np.floating[Any]]

CHECK_EVERY = 8  # iterations: signs that hold that long are worth solving for exactly
OVER_RELAXATION = 1.8  # Boyd et al. 2011, section 3.4.3: 1.5 to 1.8
FIRST_RHO = 0.1  # as a share of the largest curvature, until there are codes to judge by
BALANCED = 2  # looks at which ρ is set anew: a ρ that goes on changing would keep ADMM from converging
RHO_RANGE = 1e-6, 1e3


class Signs:
    """ADMM in mid-run, for the signals that are left: each in units in which λ_max and the largest curvature are 1."""

    def __init__(self, atoms: Atoms, pulls: Array, penalty: float, codes: Array, slopes: Array, kind: type) -> None:
        """pulls βWᵀy, codes to start from and their correlations βWᵀ(y − Wh): (n, K); kind: of the numbers."""
        directions, curvatures = atoms.spectrum
        size = np.abs(pulls).max(axis=1, keepdims=True)
        self.unit = size / curvatures[0]
        self.directions: Floats = directions.astype(kind)
        self.across = np.ascontiguousarray(self.directions.T)
        self.curvatures = (curvatures / curvatures[0]).astype(kind)
        self.penalty = (penalty / size).astype(kind)
        self.along = (pulls / size @ directions).astype(kind)
        self.sparse = (codes / self.unit).astype(kind)
        # the feasible price nearest to the optimality condition: an optimal code never moves
        self.price = np.clip(slopes / size, -penalty / size, penalty / size).astype(kind)
        self.rho = np.full_like(self.penalty, FIRST_RHO)
        self.balance()

    def balance(self) -> None:
        """ρ = ‖price‖/‖z‖: of all ρ the one with the least bound ρ‖z‖² + ‖price‖²/ρ on the way that ADMM has to go."""
        codes, prices = (np.sqrt((each**2).sum(axis=1, keepdims=True)) for each in (self.sparse, self.price))
        known = (codes > 0) & (prices > 0)
        self.rho = np.where(known, np.clip(prices / np.where(known, codes, 1), *RHO_RANGE), self.rho)
        self.rho = self.rho.astype(self.penalty.dtype)

    def advance(self, iterations: int) -> None:
        alpha, sparse = OVER_RELAXATION, self.sparse
        inverse = alpha / (self.curvatures + self.rho)
        shrink, drive, threshold = -inverse * self.curvatures, inverse * self.along, self.penalty / self.rho
        scaled, work = self.price / self.rho, np.empty_like(sparse)
        for _ in range(iterations):
            np.subtract(sparse, scaled, out=work)
            inner = work @ self.directions
            inner *= shrink
            inner += drive
            np.matmul(inner, self.across, out=work)
            scaled *= 1 - alpha
            sparse += scaled
            sparse += work
            np.clip(sparse, -threshold, threshold, out=scaled)
            sparse -= scaled
        self.price = scaled * self.rho

    @property
    def codes(self) -> Array:
        """The sparse copies, (n, K), in the signals' own units."""
        result: Array = self.sparse * self.unit
        return result

    def keep(self, left: Mask) -> None:
        """Go on with these signals alone."""
        for name in ("unit", "penalty", "along", "sparse", "price", "rho"):
            setattr(self, name, getattr(self, name)[left])


def solve(
    atoms: Atoms, targets: Array, penalty: float, codes: Array, gaps: Array, until: Array, most: int, kind: type
) -> int:
    """Improve `codes` (N, K) and their duality `gaps` (N,) in place until each gap is at most `until` (N,).

    targets: √β(v − b), (N, D). Returns the iterations made, at most `most`; what is not done by then stays as good
    as it got.
    """
    todo = np.flatnonzero(~(gaps <= until))
    if not len(todo):
        return 0
    pulls = targets[todo] @ atoms.scaled
    slopes = pulls - codes[todo] @ atoms.gram
    running = Signs(atoms, pulls, penalty, codes[todo], slopes, kind)
    before: Floats | None = None
    iterations = 0
    while len(todo) and iterations < most:
        running.advance(min(CHECK_EVERY, most - iterations))
        iterations += CHECK_EVERY
        if iterations <= BALANCED * CHECK_EVERY:
            running.balance()
        signs = np.sign(running.sparse)
        if before is not None:
            held = np.flatnonzero((signs == before).all(axis=1))
            rows = todo[held]
            found = refined(atoms, targets[rows], penalty, running.codes[held], until[rows])
            keep_better(codes, gaps, rows, *found)
            left = ~(gaps[todo] <= until[todo])
            if not left.all():
                running.keep(left)
                todo, signs = todo[left], signs[left]
        before = signs
    if len(todo):
        present = running.codes
        residual = targets[todo] - present @ atoms.rows
        own = certificates(residual, residual @ atoms.scaled, penalty, 1.0, present)
        keep_better(codes, gaps, todo, present, own)
    return min(iterations, most)


def keep_better(codes: Array, gaps: Array, rows: Indices, candidates: Array, found: Array) -> None:
    """Write candidates (n, K) and their gaps (n,) into `codes` and `gaps` at `rows` where they are smaller."""
    better = found < gaps[rows]
    codes[rows[better]] = candidates[better]
    gaps[rows[better]] = found[better]
