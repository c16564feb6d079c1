"""Forward and backward recursions over long chains, many blocks of time steps at once.

    α_t = b_t ∘ (Aᵀ α_{t−1}) / c_t,   β_{t−1} = A (b_t ∘ β_t) / c_t,   q(h_t) = α_t ∘ β_t,
    Σ_t q(h_{t−1} = i, h_t = j) = A_ij Σ_t α_{t−1}(i) b_t(j) β_t(j) / c_t

with A = p(j | i), b_t = p(v_t | h_t) and c_t such that α_t sums to 1. Sequences are cut into blocks of equal length,
and all blocks advance together, a matrix product a step. A block does not know what comes in from the one before it:
it begins with equal numbers, and is then repaired from that block's end, until old and new numbers meet, as they soon
do where a chain forgets where it came from. Where they do not, one block after the other is computed, as a plain loop
does. `forward` and `backward` return None where numbers instead of logarithms might lose a state that counts; else
what they find is exact up to the rounding of such a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from em_core.distributions.cuts import EVERY, Layout, layout
from em_core.distributions.relative import Recurring, relative
from em_core.records import Array, sealed

# old and new numbers of a block have met when they differ by no more than this share
_MET = 1e-14
# blocks that need it are repaired together over so many steps at least, then one after the other
_TOGETHER = 600
# numbers below this, of a largest one of about 1, are too close to the end of the floats
_TINY, _SMALLEST = 1e-250, 1e-290
# where no transition is less probable than this, beside the largest, a state of which a time step says less than _TINY
# has a posterior probability below _TINY / _DENSE²: it may be left out there, and all others are safe from underflow
_DENSE = 1e-5


@dataclass(frozen=True, eq=False)
class Forward:
    """What the recursion forwards leaves, in the layout's blocks.

    matrix: (K, K) p(j | i) / exp(`largest`). weights: b, (size, K, blocks), that of a start times its p(h₁),
    relative to a height of each time step, whose logarithms are `peaks`, (T,). alpha: (size, K, blocks), the
    filtered probabilities up to a factor, which is 1 at every EVERY-th step. scales: (size / EVERY, blocks), the sums
    by which they were divided there. room: as large as alpha, for the recursion backwards.
    """

    layout: Layout
    matrix: Array
    largest: float
    weights: Array
    peaks: Array
    alpha: Array
    scales: Array
    room: Array

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which scales are of steps that are there."""
        steps = np.arange(EVERY - 1, self.layout.size, EVERY)
        result = np.ones(self.scales.shape, dtype=bool)
        result[:, self.layout.first] = steps[:, None] >= self.layout.absent
        return result

    @property
    def log_evidence(self) -> float:
        """log p(v), summed over the sequences."""
        n_transitions = int(np.sum(self.layout.lengths - 1))
        inner = np.sum(np.log(self.scales[self.there])) + n_transitions * self.largest
        return float(inner + np.sum(self.peaks))

    @property
    def predictive(self) -> Array:
        """(T,) log p(v_t | v_1, …, v_{t−1})."""
        sums = self.alpha.sum(axis=1)
        found, before = sums.copy(), np.ones(sums.shape)
        found[EVERY - 1 :: EVERY] = self.scales
        before[1:], before[0, 1:] = sums[:-1], sums[-1, :-1]
        for step, blocks in self.layout.starts.items():
            before[step, blocks] = 1.0
        shares = self.layout.joined(np.stack([found, before], axis=1))
        result: Array = np.log(shares[0]) - np.log(shares[1]) + self.peaks + self.largest
        ends = np.cumsum(self.layout.lengths)
        result[ends - self.layout.lengths] -= self.largest
        return result

    @property
    def filtered(self) -> Array:
        """(K, T) log p(h_t | v_1, …, v_t)."""
        alpha = self.layout.joined(self.alpha)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(alpha) - np.log(alpha.sum(axis=0)))


@dataclass(frozen=True, eq=False)
class Backward:
    """What the recursion backwards leaves. beta: (size, K, blocks), p(v_{t+1}, … | h_t) up to a factor for each t.

    gamma: (K, T), q(h_t). counts: (K, K), expected number of steps from i to j.
    """

    layout: Layout
    beta: Array
    gamma: Array
    counts: Array

    @property
    def log_starts(self) -> Array:
        """(K, N) log β at the first time step of each sequence."""
        with np.errstate(divide="ignore"):
            result: Array = np.log(self.beta[self.layout.absent, :, self.layout.first].T)
        return result

    @property
    def log_ahead(self) -> Array:
        """(K, T) log β."""
        with np.errstate(divide="ignore"):
            result: Array = np.log(self.layout.joined(self.beta))
        return result


def forward(
    log_start: Array,
    log_transitions: Array,
    log_density: Array,
    lengths: tuple[int, ...],
    recurring: Recurring | None = None,
) -> Forward | None:
    """The recursion forwards, (K, T) at once; None where only logarithms will do.

    recurring: the densities once more, by value, where values recur.
    """
    largest = float(log_transitions.max())
    if not np.isfinite(largest):
        return None
    matrix = np.exp(log_transitions - largest)
    dense = bool(matrix.min() >= _DENSE)
    if not dense and np.any((matrix < _SMALLEST) & (log_transitions > -np.inf)):
        return None
    cut = layout(lengths, len(log_start))
    shape = cut.size, len(log_start), cut.n_blocks
    room = np.empty((3, *shape))  # one piece of memory, which systems hand out faster than three
    rows = room[1].reshape(len(log_start), -1)
    if isinstance(cut.places, slice):
        rows[:, : cut.places.start] = 0.0
        weights = rows[:, cut.places]
    else:
        rows[...] = 0.0
        weights = np.empty(log_density.shape)
    starts = np.cumsum(cut.lengths) - cut.lengths
    peaks, least = relative(log_start, log_density, starts, weights, recurring)
    if not np.isfinite(peaks).all():
        return None
    if not least >= _TINY:
        small = weights < _TINY
        possible = log_density > -np.inf
        possible[:, starts] &= (log_start > -np.inf)[:, None]
        if not dense and np.any(possible[small]):
            return None
        weights[small] = 0.0
    if not isinstance(cut.places, slice):
        rows[:, cut.places] = weights
    found = _forward(cut, matrix, largest, cut.cut(rows, out=room[0]), peaks, room)
    return found if dense or _sound(found) else None


def backward(found: Forward) -> Backward | None:
    """The recursion backwards after that forwards; None where only logarithms will do."""
    cut, matrix, alpha = found.layout, found.matrix, found.alpha
    beta, weighted = _backward(found)
    if matrix.min() < _DENSE and not _sound_backwards(found, beta, weighted):
        return None
    # within the blocks, and from each to the one that goes on from it
    counts = np.matmul(alpha[:-1], weighted[1:].transpose(0, 2, 1)).sum(axis=0)
    counts += alpha[-1, :, :-1] @ (weighted[0] * cut.inner)[:, 1:].T
    gamma = np.multiply(alpha, beta, out=weighted)
    gamma = cut.joined(gamma)
    gamma /= gamma.sum(axis=0)
    return Backward(cut, sealed(beta), gamma, matrix * counts)


def _forward(cut: Layout, matrix: Array, largest: float, weights: Array, peaks: Array, room: Array) -> Forward:
    n_states = len(matrix)
    alpha, scales = room[1], np.empty((cut.size // EVERY, cut.n_blocks))
    inner = np.append(cut.inner, False)
    turned = np.ascontiguousarray(matrix.T)
    _advance(turned, weights, alpha, scales, np.full((n_states, cut.n_blocks), 1 / n_states), cut.starts, False)

    def repair(blocks: NDArray[np.intp]) -> NDArray[np.intp]:
        """Let these blocks begin where the ones before them end; the blocks that come after an end that changes."""
        old = alpha[-1].copy()
        if 2 * len(blocks) > cut.n_blocks:
            begun = np.zeros(old.shape)
            begun[:, 1:] = old[:, :-1]
            _advance(turned, weights, alpha, scales, begun, cut.starts, True)
        else:
            own, part_alpha, by = (np.ascontiguousarray(part[..., blocks]) for part in (weights, alpha, scales))
            _advance(turned, own, part_alpha, by, old[:, blocks - 1], {}, True)
            alpha[..., blocks], scales[:, blocks] = part_alpha, by
        after = np.flatnonzero(~_met(alpha[-1], old)) + 1
        return after[inner[after]]

    _repair_all(np.flatnonzero(inner), repair, cut.size, forwards=True)
    return Forward(cut, matrix, largest, weights, peaks, alpha, scales, room[2])


def _backward(found: Forward) -> tuple[Array, Array]:
    """β, and b ∘ β / c, each (size, K, blocks)."""
    cut, matrix, weights, alpha, scales = found.layout, found.matrix, found.weights, found.alpha, found.scales
    beta, weighted = np.empty(weights.shape), found.room
    inner = np.append(cut.inner[1:], [False, False])  # which blocks go on in the next one
    _retreat(matrix, weights, beta, weighted, scales, np.ones(alpha[0].shape), False)

    def repair(blocks: NDArray[np.intp]) -> NDArray[np.intp]:
        """Let these blocks end where the next ones begin; the blocks that come before a beginning that changes."""
        old = matrix @ weighted[0]
        ends = np.ones(old.shape)
        ends[:, inner[:-1]] = old[:, 1:][:, inner[:-2]]
        # Σ α β = 1 at all times, so that blocks are comparable
        ends[:, inner[:-1]] /= np.maximum(np.sum(ends * alpha[-1], axis=0)[inner[:-1]], _SMALLEST)
        if 2 * len(blocks) > cut.n_blocks:
            _retreat(matrix, weights, beta, weighted, scales, ends, True)
        else:
            own, part_beta, part_weighted, by = (
                np.ascontiguousarray(part[..., blocks]) for part in (weights, beta, weighted, scales)
            )
            _retreat(matrix, own, part_beta, part_weighted, by, ends[:, blocks], True)
            beta[..., blocks], weighted[..., blocks] = part_beta, part_weighted
        before = np.flatnonzero(~_met(matrix @ weighted[0], old)) - 1
        return before[inner[before]]

    _repair_all(np.flatnonzero(inner), repair, cut.size, forwards=False)
    return beta, weighted


def _repair_all(
    blocks: NDArray[np.intp], repair: Callable[[NDArray[np.intp]], NDArray[np.intp]], size: int, forwards: bool
) -> None:
    """Repair blocks until no end changes: all together for some rounds, then one after the other."""
    for _ in range(2 + _TOGETHER // size):
        if len(blocks) == 0:
            return
        blocks = repair(blocks)
    waiting = set(blocks.tolist())
    while waiting:
        block = min(waiting) if forwards else max(waiting)
        waiting = waiting - {block} | set(repair(np.array([block])).tolist())


@np.errstate(over="ignore", invalid="ignore")
def _advance(
    turned: Array,
    weights: Array,
    alpha: Array,
    scales: Array,
    begun: Array,
    starts: Mapping[int, NDArray[np.intp]],
    known: bool,
) -> None:
    """Fill alpha and scales of blocks that go on from `begun`, (K, blocks); up to where they meet what is `known`."""
    coming, ones = np.empty(begun.shape), np.ones((1, len(turned)))
    for step, (here, weight) in enumerate(zip(alpha, weights, strict=True)):
        np.dot(turned, begun, out=coming)
        if step in starts:
            coming[:, starts[step]] = 1.0
        if step % EVERY != EVERY - 1:
            begun = np.multiply(coming, weight, out=here)
            continue
        coming *= weight
        total = scales[step // EVERY : step // EVERY + 1]
        np.dot(ones, coming, out=total)
        coming /= np.maximum(total, _SMALLEST)
        met = known and _met(coming, here).all()
        here[...] = coming
        if met:
            return
        begun = here


@np.errstate(over="ignore", invalid="ignore")
def _retreat(
    matrix: Array, weights: Array, beta: Array, weighted: Array, scales: Array, ended: Array, known: bool
) -> None:
    """Fill beta and weighted, b ∘ β / c, of blocks that end with `ended`; down to where they meet what is `known`."""
    if known and _met(ended, beta[-1]).all():
        return
    beta[-1] = ended
    for step in range(len(weights) - 1, -1, -1):
        there = np.multiply(beta[step], weights[step], out=weighted[step])
        if step % EVERY == EVERY - 1:
            there /= np.maximum(scales[step // EVERY], _SMALLEST)
        elif known and step % EVERY == 1:
            coming = matrix @ there
            met = _met(coming, beta[step - 1]).all()
            beta[step - 1] = coming
            if met:
                return
            continue
        if step:
            np.dot(matrix, there, out=beta[step - 1])


def _met(new: Array, old: Array) -> NDArray[np.bool_]:
    """(blocks,) whether all states' numbers are equal up to rounding."""
    return np.asarray(np.logical_and.reduce(np.abs(new - old) <= _MET * new, axis=0))


def _sound(found: Forward) -> bool:
    """Whether α is 0 where no path leads, and nowhere else, and nothing came near the end of the floats."""
    alpha, weights = found.alpha, found.weights
    reached = alpha > 0
    if np.min(alpha, where=reached, initial=1.0) < _SMALLEST or found.scales[found.there].min() < _TINY:
        return False
    if np.all(found.matrix > 0):
        open_ = np.ones(reached.shape, dtype=bool)
    else:
        before = np.zeros(reached.shape)
        before[1:], before[0, :, 1:] = reached[:-1], reached[-1, :, :-1]
        open_ = _led(found.matrix.T, before)
        for step, blocks in found.layout.starts.items():
            open_[step, :, blocks] = True
    return bool(np.array_equal(reached, open_ & (weights > 0)))


def _sound_backwards(found: Forward, beta: Array, weighted: Array) -> bool:
    """As `_sound`, of β and of b ∘ β."""
    leads = weighted > 0
    if not np.isfinite(weighted).all() or np.min(weighted, where=leads, initial=1.0) < _SMALLEST:
        return False
    possible = beta > 0
    if np.min(beta, where=possible, initial=1.0) < _SMALLEST:
        return False
    after = np.zeros(leads.shape)
    after[:-1], after[-1, :, :-1] = leads[1:], leads[0, :, 1:]
    expected = _led(found.matrix, after)
    expected[-1, :, np.append(~found.layout.inner[1:], True)] = True
    return bool(np.array_equal(possible, expected) and np.array_equal(leads, possible & (found.weights > 0)))


def _led(matrix: Array, states: Array) -> NDArray[np.bool_]:
    """Whether one of these states, 0 or 1 at [:, i, :], leads to each, where the matrix is not 0."""
    return np.asarray((matrix > 0).astype(float) @ states > 0)
