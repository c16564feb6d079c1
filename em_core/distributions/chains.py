"""Distributions over paths of finitely many hidden states: q of a hidden Markov model, a Markov chain per sequence.

A path's distribution is held as the logarithms of its factors, q(h₁) and q(h_{t+1} | h_t), so that each term of the
bound is a sum over these factors, with weights that come from their marginals. The sequences are laid end to end:
arrays over time have T columns, the total length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from em_core.distributions import categorical
from em_core.distributions.categorical import NEGLIGIBLE, Categorical
from em_core.files.errors import HalfStepFailed
from em_core.records import Array, frozen


@dataclass(frozen=True, eq=False)
class Chains:
    """q for N independent sequences over K states.

    initial: q(h₁), one column a sequence. transitions: q(h_{t+1} | h_t = i), one column for each pair of a time step
    that has a next one and a state i, in this order; its counts are the marginals q(h_t = i).
    probabilities: (K, T), the marginals q(h_t).
    """

    initial: Categorical
    transitions: Categorical
    probabilities: Array
    lengths: tuple[int, ...]

    def part(self, sequences: NDArray[np.intp]) -> Chains:
        """q of these sequences, in order."""
        n_states = len(self.probabilities)
        steps = within(sequences, tuple(length - 1 for length in self.lengths))
        pairs = np.repeat(steps, n_states)
        return Chains(
            _columns(self.initial, within(sequences, (1,) * len(self.lengths))),
            _columns(self.transitions, pairs),
            frozen(self.probabilities[:, within(sequences, self.lengths)]),
            tuple(self.lengths[n] for n in sequences),
        )

    @property
    def expected_counts(self) -> Array:
        """(K, T): the completed data that the emissions' fit sees."""
        return self.probabilities

    @cached_property
    def transition_counts(self) -> Array:
        """(K, K): expected number of steps from state i to state j, over all sequences."""
        return frozen(self.pairs.sum(axis=1).T)

    @property
    def pairs(self) -> Array:
        """(K, steps, K): q(h_t = i, h_{t+1} = j) at [j, step, i], for every time step that has a next one."""
        n_states = len(self.probabilities)
        return self.transitions.expected_counts.reshape(n_states, -1, n_states)

    @cached_property
    def start_counts(self) -> Array:
        """(K,): expected number of sequences that start in each state."""
        return frozen(self.initial.probabilities.sum(axis=1))


def posterior(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> Chains:
    """The exact q from log p(h₁), (K,), log p(j | i), (K, K), and log p(v_t | h_t), (K, T).

    Messages run backwards, in logarithms, each relative to its largest; the marginals then run forwards through
    q(h_{t+1} | h_t). Raises `HalfStepFailed` for a sequence that is impossible under every path.
    """
    messages = backward(log_transitions, log_density, lengths)[0] + log_density
    first, following = _starts(lengths), _with_previous(lengths)
    log_initial = log_start[:, None] + messages[:, first]
    for n, largest in enumerate(log_initial.max(axis=0)):
        _require_possible(n, largest)
    # (j, step, i): from state i to state j
    joint = log_transitions.T[:, None, :] + messages[:, following][:, :, None]
    return _chains(_normalized(log_initial), _normalized(joint), lengths)


def log_evidence(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> float:
    """log p(v), summed over the sequences, by the forward recursion; −inf where one is impossible."""
    scales = []
    for begin, end in _spans(lengths):
        alpha = log_start + log_density[:, begin]
        for t in range(begin + 1, end):
            scale = alpha.max()
            if scale == -np.inf:
                return -math.inf
            scales.append(float(scale))
            alpha = np.logaddexp.reduce((alpha - scale)[:, None] + log_transitions, axis=0) + log_density[:, t]
        scales.append(float(np.logaddexp.reduce(alpha)))
    return math.fsum(scales)


def backward(log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> tuple[Array, Array]:
    """(K, T) log p(v_{t+1}, …, v_end | h_t) relative to the largest of each t, and (T,) what each step took out for it.

    The sum of the latter from t on is what is to be added; both are 0 at the end of a sequence.
    """
    ahead, scales = np.zeros(log_density.shape), np.zeros(sum(lengths))
    for begin, end in _spans(lengths):
        for t in range(end - 2, begin - 1, -1):
            rest = np.logaddexp.reduce(log_transitions + (ahead[:, t + 1] + log_density[:, t + 1]), axis=1)
            scales[t] = rest.max()
            # relative to the largest: the size of log p(v), large for long sequences, would cost the small digits
            ahead[:, t] = rest - scales[t] if scales[t] > -np.inf else -np.inf
    return ahead, scales


def predictive(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> Array:
    """(T,) log p(v_t | v_1, …, v_{t−1}) of each time step; they sum to log p(v). −inf from an impossible one on."""
    return forward(log_start, log_transitions, log_density, lengths)[1]


def forward(
    log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]
) -> tuple[Array, Array]:
    """(K, T) log p(h_t | v_1, …, v_t), and (T,) as `predictive`; −inf from an impossible time step on."""
    filtered, result = np.full(log_density.shape, -np.inf), np.full(sum(lengths), -np.inf)
    for begin, end in _spans(lengths):
        ahead = log_start
        for t in range(begin, end):
            alpha = ahead + log_density[:, t]
            result[t] = np.logaddexp.reduce(alpha)
            if result[t] == -np.inf:
                break
            filtered[:, t] = alpha - result[t]
            ahead = np.logaddexp.reduce(filtered[:, t, None] + log_transitions, axis=0)
    return filtered, result


def viterbi(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> np.ndarray:
    """The most probable path of each sequence, (T,) states from 0; of equal ones, the lowest states at their end.

    Raises `HalfStepFailed` for a sequence that is impossible under every path.
    """
    path = np.empty(sum(lengths), dtype=int)
    for n, (begin, end) in enumerate(_spans(lengths)):
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
    here = np.where(np.arange(n_states)[:, None] == path, 0.0, -np.inf)
    following = here[:, _with_previous(lengths)]
    return _chains(here[:, _starts(lengths)], np.repeat(following[:, :, None], n_states, axis=2), lengths)


def replaced(q: Chains, other: Chains, sequences: np.ndarray) -> Chains:
    """`q`, but with the chains of `other`, one for each of these sequences, in their places."""
    columns, times = within(sequences, _column_counts(q)), within(sequences, q.lengths)
    visits, probabilities = q.transitions.counts.copy(), q.probabilities.copy()
    visits[columns] = other.transitions.counts
    probabilities[:, times] = other.probabilities
    steps = categorical.replaced(q.transitions, other.transitions, columns)
    return Chains(
        categorical.replaced(q.initial, other.initial, sequences),
        Categorical(steps.log_probabilities, frozen(visits)),
        frozen(probabilities),
        q.lengths,
    )


def entropy(q: Chains) -> float:
    """H(q) = H(q(h₁)) + Σ_t E[H(q(h_{t+1} | h_t))]: the chain rule."""
    return categorical.entropy(q.initial) + categorical.entropy(q.transitions)


def kl(q: Chains, p: Chains) -> float:
    """KL(q ‖ p) over all sequences."""
    return float(np.sum(kl_by_unit(q, p)))


def kl_by_unit(q: Chains, p: Chains) -> Array:
    """(N,) KL of each sequence's first state + Σ_t E_q[KL(q(h_{t+1} | h_t) ‖ p(h_{t+1} | h_t))], never negative."""
    reached = q.transitions.counts > NEGLIGIBLE  # from a state that q never visits nothing is conditioned
    first = categorical.kl_by_unit(q.initial, p.initial)
    steps = categorical.kl_by_unit(_columns(q.transitions, reached), _columns(p.transitions, reached))
    sequences = np.repeat(np.arange(len(first)), _column_counts(q))
    return first + np.bincount(sequences[reached], weights=steps, minlength=len(first))


def blend(q0: Chains, q1: Chains, weight: float) -> Chains:
    """The chain whose pairs (h_t, h_{t+1}) are distributed as in (1 − weight) q0 + weight q1, weight in [0, 1]."""
    if weight in (0.0, 1.0):
        return q1 if weight else q0
    initial = categorical.blend(q0.initial, q1.initial, weight)
    pairs = []
    for share, q in ((1 - weight, q0), (weight, q1)):
        visits = q.transitions.counts
        logs = np.log(visits, out=np.full_like(visits, -np.inf), where=visits > 0)
        pairs.append(np.log(share) + logs + q.transitions.log_probabilities)
    n_states = len(q0.probabilities)
    mixed = np.logaddexp(*pairs).reshape(n_states, -1, n_states)
    return _chains(initial.log_probabilities, _normalized(mixed), q0.lengths)


def _chains(log_initial: Array, log_conditionals: Array, lengths: tuple[int, ...]) -> Chains:
    """Chains from (K, N) and from (j, step, i); the marginals follow from both."""
    n_states, n_sequences = log_initial.shape
    initial = Categorical(frozen(log_initial), frozen(np.ones(n_sequences)))
    conditionals = np.exp(log_conditionals).transpose(1, 0, 2)
    marginals = np.empty((sum(lengths), n_states))
    step = 0
    for n, (begin, end) in enumerate(_spans(lengths)):
        marginals[begin] = initial.probabilities[:, n]
        for t in range(begin + 1, end):
            marginals[t] = conditionals[step] @ marginals[t - 1]
            step += 1
    visits = marginals[_with_previous(lengths) - 1]
    transitions = Categorical(frozen(log_conditionals.reshape(n_states, -1)), frozen(visits.ravel()))
    return Chains(initial, transitions, frozen(marginals.T), lengths)


def _normalized(logs: Array) -> Array:
    """Logarithms whose exponentials sum to 1 along the first axis; −inf throughout where all are."""
    largest = logs.max(axis=0, initial=-np.inf)
    relative = logs - np.where(largest > -np.inf, largest, 0.0)
    total = np.exp(relative).sum(axis=0)
    return relative - np.log(total, out=np.zeros_like(total), where=total > 0)


def within(sequences: NDArray[np.intp], lengths: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which of sum(lengths) columns, laid end to end, belong to these sequences."""
    return np.repeat(np.isin(np.arange(len(lengths)), sequences), lengths)


def _column_counts(q: Chains) -> tuple[int, ...]:
    """How many columns of `transitions` each sequence has."""
    return tuple((length - 1) * len(q.probabilities) for length in q.lengths)


def _require_possible(sequence: int, log_probability: float) -> None:
    if not np.isfinite(log_probability):
        raise HalfStepFailed(
            "impossible_data",
            f"sequence {sequence + 1} has probability zero under every path, so it has no posterior",
            sequence=float(sequence),
        )


def _columns(entry: Categorical, chosen: np.ndarray) -> Categorical:
    return Categorical(frozen(entry.log_probabilities[:, chosen]), frozen(entry.counts[chosen]))


def _spans(lengths: tuple[int, ...]) -> list[tuple[int, int]]:
    ends = np.cumsum(lengths).tolist()
    return [(end - length, end) for end, length in zip(ends, lengths, strict=True)]


def _starts(lengths: tuple[int, ...]) -> np.ndarray:
    return np.array([begin for begin, _ in _spans(lengths)])


def _with_previous(lengths: tuple[int, ...]) -> np.ndarray:
    """The time steps that have one before them in the same sequence."""
    return np.delete(np.arange(sum(lengths)), _starts(lengths))
