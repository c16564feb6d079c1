"""How long chains are cut into blocks of time steps that advance together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from em_core.records import Array, sealed

# α is made to sum to 1 after so many steps; blocks have a multiple of it
EVERY = 8
# the Python calls of one step take as long as so many multiplications, those around a round as long as so many steps;
# blocks meet within about so many steps
_CALLS, _AROUND, _MEETING = 16_000, 20, 80
# steps of a block that are tried
_SIZES = EVERY * np.unique(np.round(2 * 1.25 ** np.arange(60)).astype(int))


@dataclass(frozen=True, eq=False)
class Layout:
    """How sequences, end to end, are cut into blocks of `size` steps: time t of block n is at [t, :, n].

    A sequence ends where its last block ends; its first block may begin with steps that are not there, of weight 0.
    first: (N,) each sequence's first block; absent: (N,) how many steps of it are not there.
    """

    lengths: NDArray[np.intp]
    size: int
    first: NDArray[np.intp]
    absent: NDArray[np.intp]
    n_blocks: int

    @cached_property
    def places(self) -> slice | NDArray[np.intp]:
        """(T,) where each time step is when blocks stand one after the other."""
        if len(self.lengths) == 1:
            return slice(int(self.absent[0]), self.n_blocks * self.size)
        ends = np.cumsum(self.lengths)
        shift = self.first * self.size + self.absent - (ends - self.lengths)
        return np.repeat(shift, self.lengths) + np.arange(ends[-1])

    @cached_property
    def inner(self) -> NDArray[np.bool_]:
        """Which blocks go on from the one before them."""
        result = np.ones(self.n_blocks, dtype=bool)
        result[self.first] = False
        return result

    @cached_property
    def starts(self) -> dict[int, NDArray[np.intp]]:
        """The blocks in which a sequence starts, by the step at which it does."""
        return {step: self.first[self.absent == step] for step in set(self.absent.tolist())}

    def cut(self, rows: Array, out: Array) -> Array:
        """(K, blocks · size), blocks one after the other, -> (size, K, blocks)."""
        for k, row in enumerate(rows):  # one by one stays in the cache, all at once does not
            out[:, k] = row.reshape(self.n_blocks, self.size).T
        return out

    def joined(self, blocks: Array) -> Array:
        """(size, K, blocks) -> (K, T)."""
        rows = np.ascontiguousarray(blocks.transpose(1, 2, 0)).reshape(blocks.shape[1], -1)
        result: Array = rows[:, self.places]
        return result


def layout(lengths: tuple[int, ...], n_states: int) -> Layout:
    """Blocks of the size with the least expected work: a step costs its calls and its cells, and some are repaired."""
    sequences = np.array(lengths)
    whole = -(-int(sequences.max()) // EVERY) * EVERY
    numbers = Counter(lengths)
    kinds = np.array(list(numbers))
    sizes = np.append(_SIZES[whole > _SIZES], whole)
    cells = sizes * (-(-kinds // sizes[:, None]) @ list(numbers.values()))
    repaired = np.where(sizes < whole, _MEETING / sizes, 0.0)
    work = (1 + repaired) * ((sizes + _AROUND) * _CALLS + n_states * (n_states + 8) * cells)
    size = int(sizes[np.argmin(work)])
    counts = -(-sequences // size)
    first = np.cumsum(counts) - counts
    return Layout(sealed(sequences), size, sealed(first), sealed(counts * size - sequences), int(counts.sum()))
