"""Codes for many signals with one dictionary, each with its duality gap.

Few signals are solved one by one; of many, ADMM finds the signs of all together (`together.py`), and those that it
leaves are solved one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from em_core.files.fields import finite_array
from em_core.records import Array
from em_core.sparse_coding.learning import alone, together
from em_core.sparse_coding.learning.atoms import Atoms
from em_core.sparse_coding.learning.supports import refined
from em_core.sparse_coding.problem import certificates, objectives, positive

FEW = 4  # signals that are solved one by one from the beginning
BLOCK = 1024  # signals that are solved together: their tables stay in the cache
ROUGH = 160  # ADMM iterations in single precision
ALONE = 500  # systems solved for one signal


@dataclass(frozen=True, eq=False)
class Codes:
    """codes: (N, K); objectives and duality_gaps: (N,), objective − optimum ≤ its duality gap.

    iterations: of ADMM, and systems solved, for the signal that took most.
    """

    codes: Array
    objectives: Array
    duality_gaps: Array
    iterations: int


def encode(
    signals: Array,
    dictionary: Array | Atoms,
    penalty: float,
    precision: float = 1.0,
    offset: Array | None = None,
    *,
    start: Array | None = None,
    until_gap: float | Array = 1e-6,
    most_iterations: int = 5000,
) -> Codes:
    """The most probable code of every signal.

    signals: (N, D), dictionary: (D, K), start: (N, K), by default zeros. `Atoms` in place of a dictionary, with a
    precision of their own, keep what need not be computed at every call. A signal is done when its duality gap is at
    most `until_gap` (absolute; one number or (N,)); after `most_iterations` the rest come back as they are, with their
    true duality gaps. Raises `InvalidExperiment` as `Problem` does.
    """
    atoms = dictionary if isinstance(dictionary, Atoms) else Atoms(dictionary, precision)
    penalty = positive(penalty, "settings.lambda")
    targets = atoms.targets(signals, offset)
    shape = (len(targets), atoms.n_atoms)
    codes = np.zeros(shape) if start is None else finite_array(start, shape, "start.codes").copy()
    until = np.broadcast_to(np.asarray(until_gap, dtype=float), (len(targets),))
    gaps = np.empty(len(targets))
    costs = np.empty(len(targets))
    iterations = 0
    for first in range(0, len(targets), BLOCK):
        rows = slice(first, first + BLOCK)
        solve = _Solve(atoms, targets[rows], penalty, codes[rows], gaps[rows], until[rows], most_iterations)
        iterations = max(iterations, solve.run())
        costs[rows] = objectives(targets[rows], atoms.scaled, penalty, 1.0, codes[rows])
    return Codes(codes, costs, gaps, iterations)


@dataclass(eq=False)
class _Solve:
    """A block of signals: `codes` and `gaps` are improved in place."""

    atoms: Atoms
    targets: Array
    penalty: float
    codes: Array
    gaps: Array
    until: Array
    most: int

    def run(self) -> int:
        self._look()
        if not self.left.size or self.most == 0:
            return 0
        if len(self.codes) <= FEW:
            return max(self._alone(self.most), self._together(self.most, np.float64))
        rows = self.left
        warm = rows[self.codes[rows].any(axis=1)]
        if len(warm):
            found = refined(self.atoms, self.targets[warm], self.penalty, self.codes[warm], self.until[warm])
            together.keep_better(self.codes, self.gaps, warm, *found)
        made = self._together(min(self.most, ROUGH), np.float32)
        if self.most > made:
            solved = self._alone(self.most - made)
            made += max(solved, self._together(self.most - made, np.float64))
        return made

    @property
    def left(self) -> np.ndarray:
        return np.flatnonzero(~(self.gaps <= self.until))

    def _look(self) -> None:
        """The gaps of the codes as they stand; where λ is at least λ_max, the code is 0."""
        nothing = np.abs(self.targets @ self.atoms.scaled).max(axis=1) <= self.penalty
        self.codes[nothing] = 0.0
        residual = self.targets - self.codes @ self.atoms.rows
        correlation = residual @ self.atoms.scaled
        self.gaps[:] = certificates(residual, correlation, self.penalty, 1.0, self.codes)

    def _together(self, most: int, kind: type) -> int:
        return together.solve(
            self.atoms, self.targets, self.penalty, self.codes, self.gaps, self.until, most, kind
        )  # fmt: skip

    def _alone(self, most: int) -> int:
        longest = 0
        for n in self.left:
            code, gap, solved = alone.search(
                self.atoms, self.targets[n], self.penalty, self.codes[n], float(self.until[n]), min(most, ALONE)
            )
            longest = max(longest, solved)
            if gap < self.gaps[n]:
                self.codes[n], self.gaps[n] = code, gap
        return longest
