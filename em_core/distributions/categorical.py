"""Distributions over finitely many hidden values, one per unit: responsibilities."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from em_core.files.errors import HalfStepFailed
from em_core.finite import all_finite
from em_core.records import Array, frozen, sealed

# below this a weight counts as zero in entropy, KL and expected log joint (never in θ)
NEGLIGIBLE = 1e-200
# q of more entries than these keeps its logarithms alone: all else of it is made where it is asked for
MOST_KEPT = 2_000_000
# entries of a table that are gone through at once: what is made of them stays in the processor's cache
AT_ONCE = 32_768
_ALL = slice(None)
# so many numbers, none below the other, are multiplied before the logarithm is taken
_FACTORS, _LEAST_FACTOR = 4, 1e-70


@dataclass(frozen=True, eq=False)
class Categorical:
    """q for N independent units with K hidden values each.

    log_probabilities: (K, N), natural log, each column summing to 1 as probabilities.
    counts: (N,) how many identical units each column stands for. shares: (K, N), the probabilities where they were made
    with their logarithms. They are part of q, because exp of the logarithms may differ from them in the last bit.
    """

    log_probabilities: Array
    counts: Array
    shares: Array | None = None

    @property
    def probabilities(self) -> Array:
        """(K, N), columns summing to 1: the responsibilities."""
        if self.shares is not None:
            return self.shares
        known: Array | None = self.__dict__.get("probabilities")
        return self._keep("probabilities", sealed(np.exp(self.log_probabilities))) if known is None else known

    @property
    def expected_counts(self) -> Array:
        """(K, N): responsibilities times counts, the completed data that an M-step sees."""
        known: Array | None = self.__dict__.get("expected_counts")
        return self._keep("expected_counts", self.weights(_ALL)) if known is None else known

    def weights(self, columns: slice) -> Array:
        """`expected_counts` in some columns, whether all of them are kept or not."""
        known: Array | None = self.__dict__.get("expected_counts")
        if known is not None:
            return known[:, columns]
        shares = self._shares(columns)
        return shares if self._single else sealed(shares * self.counts[columns])

    @property
    def nbytes(self) -> int:
        """What q holds, its counts aside, which are the data's."""
        return self.log_probabilities.nbytes * (2 if self.log_probabilities.size <= MOST_KEPT else 1)

    @cached_property
    def _single(self) -> bool:
        """Whether each column is one unit."""
        return bool((self.counts == 1).all())

    def _shares(self, columns: slice) -> Array:
        """`probabilities` in some columns."""
        if self.log_probabilities.size <= MOST_KEPT:
            return self.probabilities[:, columns]
        return sealed(np.exp(self.log_probabilities[:, columns]))

    def _keep(self, name: str, made: Array) -> Array:
        """As a cached property, of a q with no more than `MOST_KEPT` entries."""
        if self.log_probabilities.size <= MOST_KEPT:
            self.__dict__[name] = made
        return made

    @cached_property
    def entropy(self) -> float:
        """H(q) = −Σ q log q in nats; 0 log 0 = 0."""
        return 0.0 - expectation(self, self.log_probabilities)  # 0 − 0 has no sign: −0 would be shown

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
        shares = self.probabilities[:, columns] if self.log_probabilities.size <= MOST_KEPT else None
        return _made(self.log_probabilities[:, columns], frozen(counts), shares)


class Exponentials:
    """exp of a (K, N) table relative to each column's largest entry: what Σ_k exp and the shares in it are made of.

    log_sums: (N,) log Σ_k exp. possible: whether no column is impossible, with nothing but −inf.
    """

    def __init__(self, logs: Array) -> None:
        largest = np.maximum.reduce(logs, axis=0)
        self.possible = all_finite(largest)
        if not self.possible:
            largest = np.where(np.isfinite(largest), largest, 0.0)
        self._relative = logs - largest
        self._shares = np.exp(self._relative)
        self._totals = np.add.reduce(self._shares, axis=0)
        self._logarithms = np.log(self._totals) if self.possible else logarithms(self._totals)
        self.log_sums = sealed(self._logarithms + largest)

    @property
    def nbytes(self) -> int:
        return 2 * self._relative.nbytes

    def normalized(self, counts: Array) -> Categorical:
        """q in proportion to them, of a table without impossible columns."""
        return _made(self._relative - self._logarithms, counts, self._shares / self._totals)

    def log_evidence(self, counts: Array) -> float:
        """As the function of that name."""
        return _counted(self.log_sums, counts)


def posterior(log_joint: Array, counts: Array) -> Categorical:
    """Exact posterior from log p(v_n, h_n = k), a (K, N) array.

    Raises `HalfStepFailed` where a unit is impossible under every hidden value. A column that stands for no unit says
    nothing, however impossible: its hidden values are then equally probable.
    """
    found = _normalized(log_joint, counts)
    if found is not None:
        return found
    possible = np.isfinite(log_joint.max(axis=0))
    impossible = np.flatnonzero(~possible & (counts > 0))
    if len(impossible):
        raise HalfStepFailed(
            "impossible_data",
            f"point {impossible[0]} has probability zero under every component, so it has no posterior",
            point=float(impossible[0]),
        )
    return cast(Categorical, _normalized(np.where(possible, log_joint, 0.0), counts))


@np.errstate(divide="ignore")
def logarithms(probabilities: Array) -> Array:
    """−∞ of 0: of what explains nothing."""
    return np.asarray(np.log(probabilities))


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
        logs = power * (q.log_probabilities - q.log_probabilities.max(axis=0))
    return cast(Categorical, _normalized(logs, q.counts))


def replaced(q: Categorical, other: Categorical, units: np.ndarray) -> Categorical:
    """`q`, but with the columns of `other`, one for each of these units, in their places."""
    logs, shares = q.log_probabilities.copy(), None
    logs[:, units] = other.log_probabilities
    if logs.size <= MOST_KEPT:
        shares = q.probabilities.copy()
        shares[:, units] = other.probabilities
    return _made(logs, q.counts, shares)


def log_evidence(log_joint: Array, counts: Array) -> float:
    """Σ_n counts_n log Σ_k exp(log_joint[k, n]); −inf where a unit is impossible."""
    return _counted(log_sums(log_joint), counts)


def _counted(evidence: Array, counts: Array) -> float:
    """Σ counts · evidence; a column that stands for no unit adds nothing, even where it is impossible."""
    if len(counts) <= AT_ONCE and math.isfinite(total := float(np.vdot(evidence, counts))):
        return total
    seen = counts > 0
    return float(np.add.reduce(evidence * counts if seen.all() else evidence[seen] * counts[seen]))


def log_evidences(tables: Array, counts: Array) -> Array:
    """(T,) `log_evidence` of each of T tables, (K, T, n).

    Σ_n log s_n = log Π_n s_n with s_n = Σ_k exp(tables[k, ·, n]): some factors at a time, as far as the floats reach;
    beyond, each by its largest entry, as `log_sums`.
    """
    if not (counts > 0).all():
        tables, counts = tables[:, :, counts > 0], counts[counts > 0]
    with np.errstate(over="ignore", under="ignore"):
        sums = np.add.reduce(np.exp(tables), axis=0)
    far = ~((sums.min(axis=1, initial=1.0) > _LEAST_FACTOR) & (sums.max(axis=1, initial=1.0) < 1 / _LEAST_FACTOR))
    if far.any():
        sums[far] = 1.0
    if (counts == 1).all():
        whole = sums.shape[1] // _FACTORS
        products = np.multiply.reduce(sums[:, : whole * _FACTORS].reshape(len(sums), _FACTORS, whole), axis=1)
        result = np.log(products).sum(axis=1) + np.log(sums[:, whole * _FACTORS :]).sum(axis=1)
    else:
        result = np.log(sums) @ counts
    if far.any():
        result[far] = log_sums(tables[:, far].transpose(1, 0, 2)) @ counts
    return np.asarray(result)


def weighted_sums(weights: Sequence[Array], tables: Array) -> Array:
    """(Q, T) `weighted_sum` of each of Q weights, (K, n), and T tables, (K, T, n)."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = [np.matmul(tables, own[:, :, None]).sum(axis=0)[:, 0] for own in weights]
    for own, sums in zip(weights, found, strict=True):
        for place in np.flatnonzero(~np.isfinite(sums)):
            sums[place] = weighted_sum(own, tables[:, place])
    return np.array(found).reshape(len(weights), tables.shape[1])


def log_sums(logs: Array) -> Array:
    """(…, N) log Σ_k exp(logs[…, k, n]) of a (…, K, N) array.

    As m + log Σ_k exp(logs[k, n] − m) with the largest entry m of the column, which neither over- nor underflows.
    """
    result = np.empty((*logs.shape[:-2], logs.shape[-1]))
    for columns in _parts(logs):
        here = logs[..., columns]
        largest = here.max(axis=-2)
        finite = np.isfinite(largest)
        if not finite.all():
            largest = np.where(finite, largest, 0.0)
        relative = here - largest[..., None, :]
        np.exp(relative, out=relative)
        total = relative.sum(axis=-2)
        with np.errstate(divide="ignore"):
            np.log(total, out=total)
        np.add(total, largest, out=result[..., columns])
    return result


def expectation(q: Categorical, log_joint: Array) -> float:
    """E_q of a (K, N) array, summed over units; entries of negligible weight count as zero, even infinite ones."""
    if log_joint.size <= AT_ONCE:
        weights = q.expected_counts
        total = float(np.vdot(weights, log_joint))
        return total if math.isfinite(total) else weighted_sum(weights, log_joint)
    parts = [weighted_sum(q.weights(columns), log_joint[:, columns]) for columns in _parts(log_joint)]
    return float(np.sum(parts))


def weighted_sum(weights: Array, logs: Array) -> float:
    """Σ weights · logs with 0 log 0 = 0: negligible weights count as zero, even where a logarithm is infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        if weights.size <= AT_ONCE:
            total = float(np.vdot(weights, logs))
        elif weights.flags.c_contiguous and logs.flags.c_contiguous:
            flat, other = weights.ravel(), logs.ravel()
            places = range(0, flat.size, AT_ONCE)
            total = float(np.sum([flat[at : at + AT_ONCE] @ other[at : at + AT_ONCE] for at in places]))
        else:
            total = float(np.sum(weights * logs))
    if math.isfinite(total):  # then no logarithm is infinite, and what is negligible has not counted
        return total
    return float(np.sum(np.multiply(weights, logs, out=np.zeros_like(weights), where=weights > NEGLIGIBLE)))


def entropy(q: Categorical) -> float:
    """H(q) = −Σ q log q in nats; 0 log 0 = 0."""
    return q.entropy


def kl(q: Categorical, p: Categorical) -> float:
    """KL(q ‖ p) = Σ q log(q / p) in nats, over all units: as `kl_by_unit`, at once where the table is small."""
    if q is p:
        return 0.0
    if q.log_probabilities.size <= AT_ONCE and math.isfinite(total := _kl_of_few(q, p)):
        return max(total, 0.0)
    return float(np.add.reduce(kl_by_unit(q, p)))


@np.errstate(invalid="ignore")
def _kl_of_few(q: Categorical, p: Categorical) -> float:
    """Σ counts q (e^d − 1 − d) with d = log p − log q; NaN where a d is NaN, or above 30: e^d would lose digits."""
    d = p.log_probabilities - q.log_probabilities
    if not np.maximum.reduce(d, axis=None, initial=0.0) <= 30:
        return math.nan
    terms = np.expm1(d)
    terms -= d
    return float(np.vdot(q.expected_counts, terms))


@np.errstate(invalid="ignore")
def kl_by_unit(q: Categorical, p: Categorical) -> Array:
    """(N,) Σ q log(q / p) of each column times its count, never negative.

    Summed as q (e^d − 1 − d) with d = log p − log q, which adds Σ(p − q) = 0: every term is at least 0, and near
    convergence, where the plain sum loses all digits, the small ones keep theirs: e^d − 1 rounds to a share of d, as d
    itself has been rounded already. Where q is 0 the term is p. A column that stands for no unit adds 0, even where q
    holds possible what p rules out.
    """
    result = np.empty(len(q.counts))
    for columns in _parts(q.log_probabilities):
        d = p.log_probabilities[:, columns] - q.log_probabilities[:, columns]
        np.add.reduce(_terms(q, p, d, columns), axis=0, out=result[columns])
    np.maximum(result, 0.0, out=result)  # e^d − 1 may be off by its last bit, and is all there is of a d below 1e-16
    if not q._single:
        result = q.counts * np.where(q.counts > 0, result, 0.0)
    return result


def _terms(q: Categorical, p: Categorical, d: Array, columns: slice) -> Array:
    """q (e^d − 1 − d), and p where q is 0, in some columns."""
    mass = q._shares(columns)
    if not np.minimum.reduce(d, axis=None, initial=0.0) > -math.inf:  # p is 0 there, or both are
        d = np.where((mass > NEGLIGIBLE) | (d > 0), d, 0.0)
    near = d
    if further := np.maximum.reduce(d, axis=None, initial=0.0) > 1:
        near = np.minimum(d, 1.0)
    terms = np.expm1(near)
    terms -= near
    terms *= mass
    if further:
        # e^d may overflow, and q be 0: there p − q − q d says the same
        far = d > 1
        own, other = mass[far], p._shares(columns)[far]
        terms[far] = np.where(own > NEGLIGIBLE, other - own - own * d[far], other)
    return terms


def blend(q0: Categorical, q1: Categorical, weight: float) -> Categorical:
    """(1 − weight) q0 + weight q1, for weight in [0, 1]."""
    if weight in (0.0, 1.0):
        return q1 if weight else q0
    mixed = np.logaddexp(np.log1p(-weight) + q0.log_probabilities, np.log(weight) + q1.log_probabilities)
    return Categorical(frozen(mixed), q0.counts)


def _normalized(logs: Array, counts: Array) -> Categorical | None:
    """q whose logarithms are these up to a constant of each column; None where a column has no finite largest."""
    relative = np.empty(logs.shape)
    kept = relative.size <= MOST_KEPT
    shares = np.empty_like(relative) if kept else None
    for columns in _parts(relative):
        largest = logs[:, columns].max(axis=0)
        if not np.isfinite(largest).all():
            return None
        # relative to the largest first: the rounding of log p(v_n), large far away, must not reach the sum of q_n
        here = np.subtract(logs[:, columns], largest, out=relative[:, columns])
        own = np.exp(here, out=None if shares is None else shares[:, columns])
        total = own.sum(axis=0)
        if kept:
            own /= total
        here -= np.log(total, out=total)
    return _made(relative, counts, shares)


def _made(logs: Array, counts: Array, shares: Array | None) -> Categorical:
    """q with these logarithms, and what they are the logarithms of, where that is known."""
    return Categorical(sealed(logs), counts, None if shares is None else sealed(shares))


def _parts(table: Array) -> Iterable[slice]:
    """The columns of a (…, K, N) array, some at a time."""
    if table.size <= AT_ONCE:
        return (_ALL,)
    columns = table.shape[-1]
    width = max(AT_ONCE * columns // max(table.size, 1), 1)
    return (slice(begin, begin + width) for begin in range(0, columns, width))
