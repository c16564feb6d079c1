"""Minibatches: units drawn at random without replacement, for stochastic gradient steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from em_core.records import Array, frozen


@dataclass(frozen=True, eq=False)
class Draw:
    """counts: (N,) how many units of each row were drawn; size: in all; share: of all units, 1 where none was left."""

    counts: Array
    size: int
    share: float

    @property
    def everything(self) -> bool:
        return self.share == 1.0

    @property
    def rows(self) -> NDArray[np.intp]:
        """The rows with a unit in the draw, in order."""
        return np.flatnonzero(self.counts)


def draw(counts: Array, size: int, rng: np.random.Generator) -> Draw:
    """`size` units out of rows that stand for `counts` units each, (N,); all of them where there are no more.

    Every set of `size` units is equally likely, just as if each unit had a row of its own. Units are numbered, never
    listed, so that a row may stand for 1e12 of them.
    """
    ends = np.cumsum(counts)
    total = int(ends[-1])
    if size >= total:
        return Draw(counts, total, 1.0)
    units = rng.choice(total, size, replace=False, shuffle=False)
    drawn = np.bincount(np.searchsorted(ends, units, side="right"), minlength=len(counts))
    return Draw(frozen(drawn), size, size / total)


def draw_rows(n_rows: int, size: int, rng: np.random.Generator) -> Draw:
    """`size` of `n_rows` rows that are one unit each."""
    return draw(frozen(np.ones(n_rows)), size, rng)
