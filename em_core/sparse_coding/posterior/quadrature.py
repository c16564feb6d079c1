"""Integrals of exp(−tᵀAt/2 − Σ c_i(t_i + m_i)) over one, two or three numbers t; c_i rises from 0 on both sides of 0.

No term is ever positive, so none cancels another. The first number is integrated in closed form (`kinked`), whatever
the others are. The density of the last that remains is log-concave with one kink: panels go out from its peak, each
twice as long as the one before, until nothing is left; some end at kinks; and every panel is halved until its halves
agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from em_core.records import Array
from em_core.sparse_coding.posterior.kinked import excess, kinked
from em_core.sparse_coding.posterior.rational import Bowl

Indices = NDArray[np.intp]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
# nats below the peak: what lies farther down is less than the last digit
DEPTH = 60.0
# a panel is halved until that changes no integral by more than this share: over two numbers, and over three, where
# the inner integrals' own last digits are in the way
TOLERANCES = {2: 1e-12, 3: 1e-10}
# rounding can make that impossible: then what is left is in the error
MOST_HALVINGS, MOST_PANELS = 40, 2_000
# nats that a panel's end beside the peak may lie below it, and the place taken for the peak
STEEP, LEVEL = 4.0, 0.5
# standard deviations around another number's kink where its integral bends
STRETCH = 9.0


@dataclass(frozen=True, eq=False)
class Moments:
    """B integrals over K numbers: log ∫ (B,), E[t] (B, K), E[t tᵀ] (B, K, K), E[|t + m|] − |m| (B, K).

    depth: (B,), how far E[log of the function] lies below 0. error: (B,), how much the last halving of the panels still
    changed, as a share of the integral or, for a moment, of its own root mean square.
    """

    log_mass: Array
    mean: Array
    second_moment: Array
    excess: Array
    depth: Array
    error: Array


@dataclass(frozen=True, eq=False)
class Shape:
    """The function: A as a sum of squares, and the rates (K,) at which each c_i rises to the left and to the right."""

    bowl: Bowl
    below: Array
    above: Array

    @property
    def before(self) -> Shape:
        """Without the last number."""
        return Shape(self.bowl.before, self.below[:-1], self.above[:-1])

    def cost(self, codes: Array) -> Array:
        """Σ c_i(h_i) for codes (..., K)."""
        total: Array = np.where(codes > 0, self.above * codes, -self.below * codes).sum(axis=-1)
        return total


@dataclass(frozen=True, eq=False)
class Density:
    """The integrand over the last number, the others integrated out. place: m (B, K), one row for each of B."""

    shape: Shape
    place: Array

    @property
    def reach(self) -> float:
        """A length on which the density can change."""
        rate = (self.shape.below[-1] + self.shape.above[-1]) / 2
        return float(1 / (np.sqrt(self.shape.bowl.gram[-1, -1]) + rate))

    def at(self, owner: Indices, x: Array) -> tuple[Array, Array, Moments]:
        """log density of row `owner` at last number x, its slope there, and the moments of the others."""
        shape, bowl = self.shape, self.shape.bowl
        # the others are seen from where their peak has moved to: nothing large is left to cancel
        shift = x[:, None] * bowl.follow[:-1, -1]
        before = self.place[owner, :-1]
        moved = moments(shape.before, before + shift)
        code = x + self.place[owner, -1]
        lost = bowl.sharpness[-1] * x * x / 2 + np.where(code > 0, shape.above[-1] * code, -shape.below[-1] * code)
        rise = np.where(code > 0, -shape.above[-1], shape.below[-1])
        steepness = rise - bowl.sharpness[-1] * x - moved.mean @ bowl.gram[:-1, -1]
        outer = shift[:, :, None] * moved.mean[:, None, :]
        others = Moments(
            moved.log_mass,
            moved.mean + shift,
            moved.second_moment + outer + outer.transpose(0, 2, 1) + shift[:, :, None] * shift[:, None, :],
            moved.excess + excess(shift, before),
            moved.depth + lost,
            moved.error,
        )
        return moved.log_mass - lost, steepness, others

    def log(self, x: Array) -> Array:
        """log density of row 0."""
        return self.at(np.zeros(len(x), dtype=np.intp), x)[0]


@dataclass(frozen=True, eq=False)
class Panels:
    """Pieces of the last number's axis, n of them: the row each belongs to, its ends, its integrals (n, S).

    Integrals are relative to exp(top) of their row; change: what the last halving changed in them.
    """

    owner: Indices
    left: Array
    right: Array
    integrals: Array
    change: Array
    top: Array


def moments(shape: Shape, place: Array) -> Moments:
    """place: m (B, K)."""
    rows, size = place.shape
    if size == 1:
        seen = kinked(float(shape.bowl.sharpness[0]), float(shape.below[0]), float(shape.above[0]), place[:, 0])
        second = seen.second_moment[:, None, None]
        return Moments(seen.log_mass, seen.mean[:, None], second, seen.excess[:, None], seen.depth, np.zeros(rows))
    panels = sections(Density(shape, place))
    total, change = (_by_row(part, panels.owner, rows) for part in (panels.integrals, panels.change))
    mass = total[:, 0]
    mean, second, beyond, rest = np.split(total[:, 1:] / mass[:, None], _columns(size), axis=1)
    left = np.max(change / _scale(total, size), axis=1)
    log_mass, second = panels.top + np.log(mass), second.reshape(rows, size, size)
    return Moments(log_mass, mean, second, beyond, rest[:, 0], rest[:, 1] + left)


def median(density: Density) -> float:
    """The last number's median in row 0."""
    panels = sections(density)
    order = np.argsort(panels.left)
    left, right, mass = panels.left[order], panels.right[order], panels.integrals[order, 0]
    below = np.concatenate([[0.0], np.cumsum(mass)])
    here = int(np.searchsorted(below, below[-1] / 2)) - 1

    def missing(x: float) -> float:
        half = (x - left[here]) / 2
        share = np.exp(density.log(left[here] + half * (1 + NODES)) - panels.top[0]) @ WEIGHTS * half
        return float(below[here] + share - below[-1] / 2)

    # the sum up to the panel's end differs from its own integral by rounding
    if missing(right[here]) <= 0:
        return float(right[here])
    from scipy.optimize import brentq  # late: a quarter of a second that no page needs to open

    return float(brentq(missing, left[here], right[here], xtol=1e-300, rtol=8.9e-16))


def sections(density: Density) -> Panels:
    """Panels that hold each row's whole integral, fine enough."""
    peak, top = _peaks(density)
    owner, left, right = _graded(density, peak, top)
    rows, size = density.place.shape
    whole = _integrals(density, top, owner, left, right)
    scale = _scale(_by_row(whole, owner, rows), size)
    done = []
    for halving in range(1, MOST_HALVINGS + 1):
        middle = (left + right) / 2
        halves = [_integrals(density, top, owner, *ends) for ends in ((left, middle), (middle, right))]
        both = halves[0] + halves[1]
        change = np.abs(both - whole)
        fine = (change <= TOLERANCES[size] * scale[owner]).all(axis=1)
        fine |= halving == MOST_HALVINGS or len(owner) > MOST_PANELS * rows
        done.append((owner[fine], left[fine], right[fine], both[fine], change[fine]))
        if fine.all():
            break
        coarse = ~fine
        owner = np.concatenate([owner[coarse]] * 2)
        left, right = np.concatenate([left[coarse], middle[coarse]]), np.concatenate([middle[coarse], right[coarse]])
        whole = np.concatenate([half[coarse] for half in halves])
    owner, left, right, both, change = (np.concatenate(part) for part in zip(*done, strict=True))
    return Panels(owner, left, right, both, change, top)


def _peaks(density: Density) -> tuple[Array, Array]:
    """Where each row is largest, to within LEVEL nats, and its logarithm there."""
    rows = np.arange(len(density.place))
    low, high = np.full(len(rows), -density.reach), np.full(len(rows), density.reach)
    for end, sign in ((low, -1), (high, 1)):
        wanting = rows
        while len(wanting):
            rises = density.at(wanting, end[wanting])[1] * sign > 0
            wanting = wanting[rises]
            end[wanting] *= 4
    peak = (low + high) / 2
    top = np.empty(len(rows))
    wanting = rows
    while len(wanting):
        level, steepness, _ = density.at(wanting, peak[wanting])
        top[wanting] = level
        length = high[wanting] - low[wanting]
        far = (np.abs(steepness) * length > LEVEL) & (length > 4 * np.spacing(np.abs(peak[wanting])))
        low[wanting] = np.where(steepness > 0, peak[wanting], low[wanting])
        high[wanting] = np.where(steepness > 0, high[wanting], peak[wanting])
        wanting = wanting[far]
        peak[wanting] = (low[wanting] + high[wanting]) / 2
    return peak, top


def _graded(density: Density, peak: Array, top: Array) -> tuple[Indices, Array, Array]:
    """Row, left and right end of panels that go out from the peaks, split at the cuts."""
    rows = np.arange(len(peak))
    parts = []
    for sign in (-1, 1):
        step = np.full(len(rows), density.reach)
        wanting = rows
        while len(wanting):
            drop = top[wanting] - density.at(wanting, peak[wanting] + sign * step[wanting])[0]
            wanting = wanting[(drop > STEEP) & (step[wanting] > 4 * np.spacing(np.abs(peak[wanting])))]
            step[wanting] /= 2
        near, far, wanting = np.zeros(len(rows)), step, rows
        while len(wanting):
            ends = peak[wanting] + sign * near[wanting], peak[wanting] + sign * far[wanting]
            parts.append((wanting, *(ends if sign > 0 else ends[::-1])))
            drop = top[wanting] - density.at(wanting, peak[wanting] + sign * far[wanting])[0]
            wanting = wanting[drop <= DEPTH]
            near[wanting] = far[wanting]
            far[wanting] = 2 * far[wanting]
    owner, left, right = (np.concatenate(part) for part in zip(*parts, strict=True))
    for cut in _cuts(density).T:
        split = (left < cut[owner]) & (cut[owner] < right)
        owner, left, right = (
            np.concatenate([owner, owner[split]]),
            np.concatenate([left, cut[owner[split]]]),
            np.concatenate([np.where(split, cut[owner], right), right[split]]),
        )
    return owner, left, right


def _cuts(density: Density) -> Array:
    """(B, C): where a panel is to end: at the kink, and around the short stretches where the others pass theirs.

    Between its nodes a long panel would miss such a stretch, however often it is halved.
    """
    bowl, kinks = density.shape.bowl, [-density.place[:, -1]]
    for other, follow in enumerate(bowl.follow[:-1, -1]):
        if follow:
            middle = -density.place[:, other] / follow
            half = STRETCH / (abs(follow) * np.sqrt(bowl.gram[other, other]))
            kinks += [middle - half, middle, middle + half]
    return np.column_stack(kinks)


def _integrals(density: Density, top: Array, owner: Indices, left: Array, right: Array) -> Array:
    """(n, S) by 16 Gauss–Legendre nodes each: of the density, and of it times everything in `Moments`."""
    half = (right - left) / 2
    x = (left[:, None] + half[:, None] * (1 + NODES)).ravel()
    rows = np.repeat(owner, len(NODES))
    level, _, others = density.at(rows, x)
    weight = np.exp(level - top[rows]) * np.outer(half, WEIGHTS).ravel()
    mean = np.column_stack([others.mean, x])
    second = np.empty((len(x), mean.shape[1], mean.shape[1]))
    second[:, :-1, :-1] = others.second_moment
    second[:, -1, :] = second[:, :, -1] = x[:, None] * mean
    beyond = np.column_stack([others.excess, excess(x, density.place[rows, -1])])
    values = np.column_stack([np.ones(len(x)), mean, second.reshape(len(x), -1), beyond, others.depth, others.error])
    summed: Array = (weight[:, None] * values).reshape(len(owner), len(NODES), -1).sum(axis=1)
    return summed


def _columns(size: int) -> list[int]:
    """Where E[t tᵀ], the excess and the last two begin among the columns after the mass."""
    return [size, size + size**2, 2 * size + size**2]


def _scale(total: Array, size: int) -> Array:
    """What an integral is compared with: the mass times the root mean squares of what it is an integral of."""
    mass = total[:, 0]
    squares = total[:, 1 + size : 1 + size + size**2].reshape(-1, size, size).diagonal(axis1=1, axis2=2)
    spread = np.sqrt(np.maximum(squares / mass[:, None], 0.0))  # rounding can make them negative
    products = (spread[:, :, None] * spread[:, None, :]).reshape(len(mass), -1)
    one = np.ones((len(mass), 1))
    scale: Array = mass[:, None] * np.column_stack([one, spread, products, spread, one, one])
    return scale


def _by_row(values: Array, owner: Indices, rows: int) -> Array:
    result = np.zeros((rows, values.shape[1]))
    np.add.at(result, owner, values)
    return result
