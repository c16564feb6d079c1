"""Distributions over paths of finitely many hidden states: q of a hidden Markov model, a Markov chain per sequence.

A path's distribution is held as what its factors are made of, q(h₁) and

    q(h_t = j | h_{t−1} = i) = M_ij w_t(j) / Σ_j′ M_ij′ w_t(j′)

with few matrices M and a weight for each state and time step; the factors themselves, K² a time step, are made a part
at a time where they are asked for. Each term of the bound is a sum over them, weighted by their marginals. The
sequences are laid end to end: arrays over time have T columns, the total length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from em_core.distributions import blocked, categorical, recursions
from em_core.distributions.blocked import Backward
from em_core.distributions.categorical import NEGLIGIBLE, Categorical
from em_core.distributions.recursions import spans
from em_core.distributions.relative import Recurring
from em_core.files.errors import HalfStepFailed
from em_core.records import Array, frozen, sealed

# numbers of a part of the factors that is made at once
_PART = 200_000


class Weights(Protocol):
    """What knows the weights of every time step, up to a factor for each."""

    @property
    def logs(self) -> Array:
        """(K, T) log w_t(j). At the first step of a sequence nothing depends on them."""


@dataclass(frozen=True, eq=False)
class Held:
    """Weights as they are."""

    logs: Array


@dataclass(frozen=True, eq=False)
class Smoothed:
    """p(v_t, v_{t+1}, … | h_t), from densities, (K, T), and messages that stay numbers until they are asked for."""

    log_density: Array
    messages: Backward

    @property
    def logs(self) -> Array:
        return self.log_density + self.messages.log_ahead


@dataclass(frozen=True, eq=False)
class Chains:
    """q for N independent sequences over K states.

    initial: q(h₁), one column a sequence. probabilities: (K, T), the marginals q(h_t). log_matrices: (M, K, K), from
    row to column; matrix_of: (T,), which of them leads to each time step.
    """

    initial: Categorical
    probabilities: Array
    lengths: tuple[int, ...]
    log_matrices: Array
    matrix_of: NDArray[np.intp]
    weights: Weights
    counted: Array | None = None

    def part(self, sequences: NDArray[np.intp]) -> Chains:
        """q of these sequences, in order."""
        times = within(sequences, self.lengths)
        return Chains(
            Categorical(frozen(self.initial.log_probabilities[:, sequences]), frozen(self.initial.counts[sequences])),
            frozen(self.probabilities[:, times]),
            tuple(self.lengths[n] for n in sequences),
            self.log_matrices,
            sealed(self.matrix_of[times]),
            Held(frozen(self.weights.logs[:, times])),
        )

    @property
    def expected_counts(self) -> Array:
        """(K, T): the completed data that the emissions' fit sees."""
        return self.probabilities

    @cached_property
    def transition_counts(self) -> Array:
        """(K, K): expected number of steps from state i to state j, over all sequences."""
        if self.counted is not None:
            return self.counted
        total = np.zeros(self.log_matrices.shape[1:])
        for _, factors in self.factors():
            total += factors.expected_counts.reshape(len(total), -1, len(total)).sum(axis=1).T
        return frozen(total)

    @cached_property
    def start_counts(self) -> Array:
        """(K,): expected number of sequences that start in each state."""
        return frozen(self.initial.probabilities.sum(axis=1))

    @cached_property
    def entropy(self) -> float:
        """H(q) = H(q(h₁)) + Σ_t E[H(q(h_t | h_{t−1}))] in nats: the chain rule."""
        return categorical.entropy(self.initial) + sum(categorical.entropy(factors) for _, factors in self.factors())

    def pair(self, time: int) -> Array:
        """(K, K): q(h_{time−1} = i, h_time = j), for a time step that has one before it."""
        factors = self._factors(np.array([time]), self.weights.logs)
        return frozen(factors.expected_counts.T)

    def factors(self) -> Iterator[tuple[NDArray[np.intp], Categorical]]:
        """q(h_t | h_{t−1} = i), part by part: the time steps t, and a column for each t and i, in this order.

        The counts of the columns are the marginals q(h_{t−1} = i).
        """
        times, logs = _with_previous(self.lengths), self.weights.logs
        size = max(1, _PART // len(self.probabilities) ** 2)
        for begin in range(0, len(times), size):
            part = times[begin : begin + size]
            yield part, self._factors(part, logs)

    def _factors(self, times: NDArray[np.intp], log_weights: Array) -> Categorical:
        # (j, step, i): from state i to state j
        logs = self.log_matrices[self.matrix_of[times]].transpose(2, 0, 1) + log_weights[:, times][:, :, None]
        visits = self.probabilities[:, times - 1].T
        return Categorical(sealed(_normalized(logs).reshape(len(logs), -1)), frozen(visits.ravel()))


def posterior(
    log_start: Array,
    log_transitions: Array,
    log_density: Array,
    lengths: tuple[int, ...],
    recurring: Recurring | None = None,
) -> Chains:
    """The exact q from log p(h₁), (K,), log p(j | i), (K, K), and log p(v_t | h_t), (K, T), all of which it holds.

    recurring: as for `blocked.forward`. Raises `HalfStepFailed` for a sequence that is impossible under every path.
    """
    forward = blocked.forward(log_start, log_transitions, log_density, lengths, recurring)
    backward = None if forward is None else blocked.backward(forward)
    if backward is None:
        return _from_logarithms(log_start, log_transitions, log_density, lengths)
    weights, starts = Smoothed(log_density, backward), _starts(lengths)
    initial = Categorical(
        sealed(_normalized(log_start[:, None] + log_density[:, starts] + backward.log_starts)),
        frozen(np.ones(len(lengths))),
    )
    gamma, counts = backward.gamma, backward.counts
    gamma[:, starts] = initial.probabilities
    same = np.zeros(gamma.shape[1], dtype=np.intp)
    return Chains(initial, sealed(gamma), lengths, sealed(log_transitions[None]), sealed(same), weights, sealed(counts))


def _from_logarithms(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> Chains:
    """`posterior` step by step. Messages run backwards, in logarithms, each relative to its largest; the marginals then
    run forwards through q(h_t | h_{t−1})."""
    weights = recursions.backward(log_transitions, log_density, lengths)[0] + log_density
    log_initial = log_start[:, None] + weights[:, _starts(lengths)]
    for n, largest in enumerate(log_initial.max(axis=0)):
        _require_possible(n, largest)
    initial = Categorical(sealed(_normalized(log_initial)), frozen(np.ones(len(lengths))))
    probabilities = recursions.marginals(initial.probabilities, log_transitions, weights, lengths)
    same = np.zeros(weights.shape[1], dtype=np.intp)
    return Chains(
        initial, sealed(probabilities), lengths, frozen(log_transitions[None]), sealed(same), Held(sealed(weights))
    )


def log_evidence(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> float:
    """log p(v), summed over the sequences, by the forward recursion; −inf where one is impossible."""
    found = blocked.forward(log_start, log_transitions, log_density, lengths)
    if found is None:
        return recursions.log_evidence(log_start, log_transitions, log_density, lengths)
    return found.log_evidence


def predictive(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> Array:
    """(T,) log p(v_t | v_1, …, v_{t−1}) of each time step; they sum to log p(v). −inf from an impossible one on."""
    found = blocked.forward(log_start, log_transitions, log_density, lengths)
    if found is None:
        return recursions.forward(log_start, log_transitions, log_density, lengths)[1]
    return found.predictive


def messages(
    log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]
) -> tuple[Array, Array, Array, Array]:
    """What both recursions find at every time step, as `recursions.forward` and `recursions.backward` return it."""
    forward = blocked.forward(log_start, log_transitions, log_density, lengths)
    backward = None if forward is None else blocked.backward(forward)
    if forward is None or backward is None:
        found = recursions.forward(log_start, log_transitions, log_density, lengths)
        return *found, *recursions.backward(log_transitions, log_density, lengths)
    ahead = backward.log_ahead
    ahead -= ahead.max(axis=0)
    later, scales = _with_previous(lengths), np.zeros(ahead.shape[1])
    weights = ahead[:, later] + log_density[:, later]
    largest = weights.max(axis=0)
    # of the state that has the most
    scales[later - 1] = largest + np.log((np.exp(log_transitions) @ np.exp(weights - largest)).max(axis=0))
    return forward.filtered, forward.predictive, ahead, scales


def viterbi(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> np.ndarray:
    """The most probable path of each sequence, (T,) states from 0; of equal ones, the lowest states at their end.

    Raises `HalfStepFailed` for a sequence that is impossible under every path.
    """
    path = np.empty(sum(lengths), dtype=int)
    for n, (begin, end) in enumerate(spans(lengths)):
        best = log_start + log_density[:, begin]
        origins = []
        for t in range(begin + 1, end):
            through = best[:, None] + log_transitions
            origins.append(through.argmax(axis=0))
            best = through.max(axis=0) + log_density[:, t]
        state = int(best.argmax())
        _require_possible(n, best[state])
        path[end - 1] = state
        for t in range(end - 1, begin, -1):
            state = int(origins[t - begin - 1][state])
            path[t - 1] = state
    return path


def along(path: np.ndarray, n_states: int, lengths: tuple[int, ...]) -> Chains:
    """All mass on one path, (T,) states from 0: every state, also one that the path avoids, leads to its next."""
    here = np.arange(n_states)[:, None] == path
    logs = frozen(np.where(here, 0.0, -np.inf))
    initial = Categorical(frozen(logs[:, _starts(lengths)]), frozen(np.ones(len(lengths))))
    same = sealed(np.zeros(len(path), dtype=np.intp))
    return Chains(initial, frozen(here), lengths, frozen(np.zeros((1, n_states, n_states))), same, Held(logs))


def replaced(q: Chains, other: Chains, sequences: np.ndarray) -> Chains:
    """`q`, but with the chains of `other`, one for each of these sequences, in their places."""
    times = within(sequences, q.lengths)
    probabilities, log_weights, matrix_of = q.probabilities.copy(), q.weights.logs.copy(), q.matrix_of.copy()
    probabilities[:, times], log_weights[:, times] = other.probabilities, other.weights.logs
    matrix_of[times] = other.matrix_of + len(q.log_matrices)
    used, matrix_of = np.unique(matrix_of, return_inverse=True)
    return Chains(
        categorical.replaced(q.initial, other.initial, sequences),
        sealed(probabilities),
        q.lengths,
        frozen(np.concatenate([q.log_matrices, other.log_matrices])[used]),
        sealed(matrix_of),
        Held(sealed(log_weights)),
    )


def entropy(q: Chains) -> float:
    """H(q) in nats."""
    return q.entropy


def kl(q: Chains, p: Chains) -> float:
    """KL(q ‖ p) over all sequences."""
    return float(np.add.reduce(kl_by_unit(q, p))) if q is not p else 0.0


def kl_by_unit(q: Chains, p: Chains) -> Array:
    """(N,) KL of each sequence's first state + Σ_t E_q[KL(q(h_t | h_{t−1}) ‖ p(h_t | h_{t−1}))], never negative."""
    first = categorical.kl_by_unit(q.initial, p.initial)
    sequences = np.repeat(np.arange(len(first)), q.lengths)
    later = np.zeros(len(first))
    for (times, ours), (_, theirs) in zip(q.factors(), p.factors(), strict=True):
        reached = ours.counts > NEGLIGIBLE  # from a state that q never visits nothing is conditioned
        if reached.all():
            steps = categorical.kl_by_unit(ours, theirs)
        else:
            steps = categorical.kl_by_unit(_columns(ours, reached), _columns(theirs, reached))
        columns = np.repeat(sequences[times], len(q.probabilities))
        later += np.bincount(columns[reached], weights=steps, minlength=len(first))
    return first + later


def blend(q0: Chains, q1: Chains, weight: float) -> Chains:
    """The chain whose pairs (h_{t−1}, h_t) are distributed as in (1 − weight) q0 + weight q1, weight in [0, 1].

    It has a matrix of its own for every time step.
    """
    if weight in (0.0, 1.0):
        return q1 if weight else q0
    n_states = len(q0.probabilities)
    matrices = [np.zeros((1, n_states, n_states))]
    for (_, one), (_, other) in zip(q0.factors(), q1.factors(), strict=True):
        pairs = []
        for share, factors in ((1 - weight, one), (weight, other)):
            visits = factors.counts
            logs = np.log(visits, out=np.full_like(visits, -np.inf), where=visits > 0)
            pairs.append(np.log(share) + logs + factors.log_probabilities)
        mixed = np.logaddexp(*pairs).reshape(n_states, -1, n_states)
        matrices.append(_normalized(mixed).transpose(1, 2, 0))
    matrix_of = np.zeros(sum(q0.lengths), dtype=np.intp)
    later = _with_previous(q0.lengths)
    matrix_of[later] = 1 + np.arange(len(later))
    return Chains(
        categorical.blend(q0.initial, q1.initial, weight),
        frozen((1 - weight) * q0.probabilities + weight * q1.probabilities),
        q0.lengths,
        frozen(np.concatenate(matrices)),
        sealed(matrix_of),
        Held(frozen(np.zeros(q0.probabilities.shape))),
    )


def _normalized(logs: Array) -> Array:
    """Logarithms whose exponentials sum to 1 along the first axis; −inf throughout where all are."""
    largest = np.maximum.reduce(logs, axis=0, initial=-np.inf)
    relative = logs - np.where(largest > -np.inf, largest, 0.0)
    total = np.add.reduce(np.exp(relative), axis=0)
    return relative - np.log(total, out=np.zeros_like(total), where=total > 0)


def within(sequences: NDArray[np.intp], lengths: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which of sum(lengths) columns, laid end to end, belong to these sequences."""
    return np.repeat(np.isin(np.arange(len(lengths)), sequences), lengths)


def _require_possible(sequence: int, log_probability: float) -> None:
    if not np.isfinite(log_probability):
        raise HalfStepFailed(
            "impossible_data",
            f"sequence {sequence + 1} has probability zero under every path, so it has no posterior",
            sequence=float(sequence),
        )


def _columns(entry: Categorical, chosen: np.ndarray) -> Categorical:
    return Categorical(frozen(entry.log_probabilities[:, chosen]), frozen(entry.counts[chosen]))


def _starts(lengths: tuple[int, ...]) -> np.ndarray:
    return np.cumsum((0, *lengths[:-1]))


def _with_previous(lengths: tuple[int, ...]) -> np.ndarray:
    """The time steps that have one before them in the same sequence."""
    later = np.ones(sum(lengths), dtype=bool)
    later[_starts(lengths)] = False
    return np.flatnonzero(later)
