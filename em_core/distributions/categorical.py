"""Distributions over finitely many hidden values, one per unit: responsibilities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from em_core.files.errors import HalfStepFailed
from em_core.records import Array, frozen

# below this a weight counts as zero in entropy, KL and expected log joint (never in θ)
NEGLIGIBLE = 1e-200


@dataclass(frozen=True, eq=False)
class Categorical:
    """q for N independent units with K hidden values each.

    log_probabilities: (K, N), natural log, each column summing to 1 as probabilities.
    counts: (N,) how many identical units each column stands for.
    """

    log_probabilities: Array
    counts: Array

    @cached_property
    def probabilities(self) -> Array:
        """(K, N), columns summing to 1: the responsibilities."""
        return frozen(np.exp(self.log_probabilities))

    @cached_property
    def expected_counts(self) -> Array:
        """(K, N): responsibilities times counts, the completed data that an M-step sees."""
        return frozen(self.probabilities * self.counts)

    @cached_property
    def totals(self) -> Array:
        """(K,): expected number of units with each hidden value."""
        return frozen(self.expected_counts.sum(axis=1))

    def sums(self, values: Array) -> Array:
        """(K, D): the expected sum of `values`, (N, D), over the units with each hidden value.

        The last one is kept, for the moves that ask for many θ: this is then nearly all that a gradient costs.
        """
        of, result = self.__dict__.get("_sums", (None, None))
        if of is not values:
            result = frozen(self.expected_counts @ values)
            self.__dict__["_sums"] = (values, result)  # where cached properties are kept, too
        return result

    def part(self, columns: NDArray[np.intp], counts: Array) -> Categorical:
        """q of these columns, that stand for `counts` units each, (columns,)."""
        return Categorical(frozen(self.log_probabilities[:, columns]), frozen(counts))


def posterior(log_joint: Array, counts: Array) -> Categorical:
    """Exact posterior from log p(v_n, h_n = k), a (K, N) array.

    Raises `HalfStepFailed` where a unit is impossible under every hidden value. A column that stands for no unit says
    nothing, however impossible: its hidden values are then equally probable.
    """
    ruled_out = ~np.isfinite(log_joint.max(axis=0))
    impossible = np.flatnonzero(ruled_out & (counts > 0))
    if len(impossible):
        raise HalfStepFailed(
            "impossible_data",
            f"point {impossible[0]} has probability zero under every component, so it has no posterior",
            point=float(impossible[0]),
        )
    if ruled_out.any():
        log_joint = np.where(ruled_out, 0.0, log_joint)
    return _normalized(log_joint, counts)


def two_valued(share: float, counts: Array) -> Categorical:
    """q with a probability of `share`, from 0 to 1, for the second of two hidden values, in one column."""
    with np.errstate(divide="ignore"):
        return Categorical(frozen([[np.log1p(-share)], [np.log(share)]]), counts)


def alike(log_probabilities: Array, counts: Array) -> Categorical:
    """The same distribution over K hidden values, (K,), for every unit."""
    return Categorical(frozen(np.tile(log_probabilities[:, None], len(counts))), counts)


def mode(q: Categorical) -> Categorical:
    """All mass on the most probable hidden value of each unit; of equal ones, on the first."""
    places = np.arange(len(q.log_probabilities))[:, None]
    here = places == q.log_probabilities.argmax(axis=0)
    return Categorical(frozen(np.where(here, 0.0, -np.inf)), q.counts)


def tempered(q: Categorical, power: float) -> Categorical:
    """q^power, normalised, for power > 0; what has probability 0 keeps it."""
    with np.errstate(over="ignore"):  # a power beyond the floats is a probability of 0
        return _normalized(power * (q.log_probabilities - q.log_probabilities.max(axis=0)), q.counts)


def replaced(q: Categorical, other: Categorical, units: np.ndarray) -> Categorical:
    """`q`, but with the columns of `other`, one for each of these units, in their places."""
    logs = q.log_probabilities.copy()
    logs[:, units] = other.log_probabilities
    return Categorical(frozen(logs), q.counts)


def log_evidence(log_joint: Array, counts: Array) -> float:
    """Σ_n counts_n log Σ_k exp(log_joint[k, n]); −inf where a unit is impossible."""
    evidence = np.logaddexp.reduce(log_joint, axis=0)
    return float(np.sum(evidence[counts > 0] * counts[counts > 0]))


def expectation(q: Categorical, log_joint: Array) -> float:
    """E_q of a (K, N) array, summed over units; entries of negligible weight count as zero, even infinite ones."""
    return weighted_sum(q.expected_counts, log_joint)


def weighted_sum(weights: Array, logs: Array) -> float:
    """Σ weights · logs with 0 log 0 = 0: negligible weights count as zero, even where a logarithm is infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(np.sum(weights * logs))
    if math.isfinite(total):  # then no logarithm is infinite, and what is negligible has not counted
        return total
    return float(np.sum(np.multiply(weights, logs, out=np.zeros_like(weights), where=weights > NEGLIGIBLE)))


def entropy(q: Categorical) -> float:
    """H(q) = −Σ q log q in nats; 0 log 0 = 0."""
    return 0.0 - expectation(q, q.log_probabilities)  # 0 − 0 has no sign: −0 would be shown


def kl(q: Categorical, p: Categorical) -> float:
    """KL(q ‖ p) = Σ q log(q / p) in nats, over all units."""
    return float(np.sum(kl_by_unit(q, p)))


def kl_by_unit(q: Categorical, p: Categorical) -> Array:
    """(N,) Σ q log(q / p) of each column times its count, never negative.

    Summed as q (e^d − 1 − d) with d = log p − log q, which adds Σ(p − q) = 0: every term is at least 0, and near
    convergence, where the plain sum loses all digits, the small ones keep theirs. Where q is 0 the term is p. A
    column that stands for no unit adds 0, even where q holds possible what p rules out.
    """
    mass = q.probabilities
    counted = mass > NEGLIGIBLE
    with np.errstate(invalid="ignore"):
        d = np.where(counted, p.log_probabilities - q.log_probabilities, 0.0)
    # e^d − 1 − d overflows where p is far above q: there p − q − q d says the same
    moderate = np.minimum(d, 1.0)
    terms = np.where(d <= 1.0, mass * _exponential_remainder(moderate), p.probabilities - mass - mass * d)
    of_one = np.sum(np.where(counted, terms, p.probabilities), axis=0)
    return q.counts * np.where(q.counts > 0, of_one, 0.0)


def blend(q0: Categorical, q1: Categorical, weight: float) -> Categorical:
    """(1 − weight) q0 + weight q1, for weight in [0, 1]."""
    if weight in (0.0, 1.0):
        return q1 if weight else q0
    mixed = np.logaddexp(np.log1p(-weight) + q0.log_probabilities, np.log(weight) + q1.log_probabilities)
    return Categorical(frozen(mixed), q0.counts)


def _normalized(logs: Array, counts: Array) -> Categorical:
    # relative to the largest first: the rounding of log p(v_n), large far away, must not reach the sum of q_n
    relative = logs - logs.max(axis=0)
    return Categorical(frozen(relative - np.log(np.exp(relative).sum(axis=0))), counts)


def _exponential_remainder(d: Array) -> Array:
    """e^d − 1 − d without cancellation: by its series where |d| is small."""
    small = np.abs(d) < 0.1
    near = np.where(small, d, 0.0)
    series = np.ones_like(d)
    for n in range(14, 2, -1):  # Horner: d²/2 (1 + d/3 (1 + d/4 (…))); what is left out is below 1e-16 of it
        series = 1.0 + near / n * series
    series *= near**2 / 2
    far = np.where(small, 0.0, d)
    return np.where(small, series, np.expm1(far) - far)
