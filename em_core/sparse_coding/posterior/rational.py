"""The mode and the shape of a posterior of few units, in rational arithmetic: every number is rounded once, at the end.

Numbers in double precision are rational. Where the atoms depend on each other, or nearly, what tells one code from
another is smaller than the rounding of the residual that it would be computed from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product

import numpy as np

from em_core.records import Array


@dataclass(frozen=True, eq=False)
class Optimum:
    """The most probable code: `code` + `rest` is it to twice the digits. cost: what it costs, the objective there.

    With s the slope of the log likelihood there, λ|h_i| − s_i h_i is 0 at the mode and never negative: from 0 it rises
    at rate below_i = λ + s_i to the left and above_i = λ − s_i to the right. All (K,).
    """

    code: Array
    rest: Array
    below: Array
    above: Array
    cost: float


@dataclass(frozen=True, eq=False)
class Bowl:
    """hᵀβWᵀWh as a sum of squares, the numbers h_k in an order: sharpness_k times the square of what h_k leaves.

    follow: (K, K), column k says how far the minimum over the numbers before k moves for each unit that number k moves;
    sharpness: (K,), of number k where those before it follow, 0 where its atom depends on theirs; gram: (K, K).
    """

    follow: Array
    sharpness: Array
    gram: Array

    @property
    def before(self) -> Bowl:
        """Without the last number."""
        return Bowl(self.follow[:-1, :-1], self.sharpness[:-1], self.gram[:-1, :-1])


@dataclass(frozen=True, eq=False)
class Exact:
    """A problem with few atoms in rational numbers. target v − b: (D,), dictionary: (D, K)."""

    target: Array
    dictionary: Array
    penalty: float
    precision: float

    @cached_property
    def gram(self) -> list[list[Fraction]]:
        """βWᵀW."""
        return [[self._product(one, other) for other in self._atoms] for one in self._atoms]

    @cached_property
    def pull(self) -> list[Fraction]:
        """βWᵀ(v − b)."""
        return [self._product(atom, self._target) for atom in self._atoms]

    def optimum(self) -> Optimum:
        """The code that meets the conditions of optimality; the one of fewest atoms if there are several."""
        penalty = Fraction(self.penalty)
        for signs in sorted(product((0, 1, -1), repeat=self.dictionary.shape[1]), key=np.count_nonzero):
            on = [i for i, sign in enumerate(signs) if sign]
            found = _solve([[self.gram[i][j] for j in on] for i in on], [self.pull[i] - penalty * signs[i] for i in on])
            code = [Fraction(0)] * len(signs)
            for i, value in zip(on, found, strict=True):
                code[i] = value
            slope = [pull - _dot(row, code) for pull, row in zip(self.pull, self.gram, strict=True)]
            if (
                all(value * signs[i] > 0 for i, value in zip(on, found, strict=True))
                and max(map(abs, slope)) <= penalty
            ):
                break
        # h is optimal: hᵀ(βWᵀ(v − b) − βWᵀWh) = λ‖h‖₁
        cost = self._target_squared - _dot(self.pull, code) + penalty * sum(map(abs, code))
        rounded = [float(value) for value in code]
        return Optimum(
            code=np.array(rounded),
            rest=np.array([float(value - Fraction(near)) for value, near in zip(code, rounded, strict=True)]),
            below=np.array([float(penalty + value) for value in slope]),
            above=np.array([float(penalty - value) for value in slope]),
            cost=float(cost / 2),
        )

    def cost(self, code: Array) -> float:
        """The objective at a finite code (K,), rounded once; ∞ beyond the floats.

        Far from 0 the residual is smaller than the rounding of Wh: v = 10¹⁴ and noise of 10⁻³ would lose every digit.
        """
        exact = [Fraction(value) for value in code.tolist()]
        steepness = [_dot(row, exact) - 2 * pull for row, pull in zip(self.gram, self.pull, strict=True)]
        penalty = Fraction(self.penalty) * sum(map(abs, exact))
        try:
            return float((self._target_squared + _dot(steepness, exact)) / 2 + penalty)
        except OverflowError:
            return math.inf

    def bowl(self, order: Sequence[int]) -> Bowl:
        size = len(order)
        follow, sharpness = np.zeros((size, size)), np.zeros(size)
        gram = [[self.gram[i][j] for j in order] for i in order]
        for k in range(size):
            coupling = [gram[i][k] for i in range(k)]
            found = _solve([row[:k] for row in gram[:k]], coupling)
            follow[:k, k] = [-float(value) for value in found]
            sharpness[k] = float(gram[k][k] - _dot(coupling, found))
        return Bowl(follow, sharpness, np.array([[float(value) for value in row] for row in gram]))

    @cached_property
    def _target_squared(self) -> Fraction:
        return self._product(self._target, self._target)

    @cached_property
    def _atoms(self) -> list[tuple[list[int], int]]:
        return [_whole(atom) for atom in self.dictionary.T]

    @cached_property
    def _target(self) -> tuple[list[int], int]:
        return _whole(self.target)

    def _product(self, one: tuple[list[int], int], other: tuple[list[int], int]) -> Fraction:
        total = sum(a * b for a, b in zip(one[0], other[0], strict=True))
        return Fraction(self.precision) * Fraction(total, one[1] * other[1])


def _whole(values: Array) -> tuple[list[int], int]:
    """Whole numbers and the power of two that they are to be divided by: sums of their products are fast."""
    parts = [float(value).as_integer_ratio() for value in values]
    common = max(below for _, below in parts)
    return [above * (common // below) for above, below in parts], common


def _dot(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(one, other, strict=True)), Fraction(0))


def _solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Solution for a positive semidefinite matrix; 0 for what depends on what comes before it."""
    if not right:
        return []
    (pivot, *row), *below = matrix
    share = [line[0] / pivot if pivot else Fraction(0) for line in below]
    smaller = [
        [a - part * b for a, b in zip(line[1:], row, strict=True)] for part, line in zip(share, below, strict=True)
    ]
    later = _solve(smaller, [value - part * right[0] for part, value in zip(share, right[1:], strict=True)])
    return [(right[0] - _dot(row, later)) / pivot if pivot else Fraction(0), *later]
