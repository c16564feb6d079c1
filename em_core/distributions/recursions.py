"""Recursions over the time steps of chains, one after the other and in logarithms: for any numbers, however small.

Sequences are laid end to end, arrays over time have T columns. `blocked` is faster where numbers will do.
"""

from __future__ import annotations

import math

import numpy as np

from em_core.records import Array


def spans(lengths: tuple[int, ...]) -> list[tuple[int, int]]:
    """Where each sequence begins and ends."""
    ends = np.cumsum(lengths).tolist()
    return [(end - length, end) for end, length in zip(ends, lengths, strict=True)]


def log_evidence(log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]) -> float:
    """log p(v), summed over the sequences, by the forward recursion; −inf where one is impossible."""
    scales = []
    for begin, end in spans(lengths):
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
    for begin, end in spans(lengths):
        for t in range(end - 2, begin - 1, -1):
            rest = np.logaddexp.reduce(log_transitions + (ahead[:, t + 1] + log_density[:, t + 1]), axis=1)
            scales[t] = rest.max()
            # relative to the largest: the size of log p(v), large for long sequences, would cost the small digits
            ahead[:, t] = rest - scales[t] if scales[t] > -np.inf else -np.inf
    return ahead, scales


def forward(
    log_start: Array, log_transitions: Array, log_density: Array, lengths: tuple[int, ...]
) -> tuple[Array, Array]:
    """(K, T) log p(h_t | v_1, …, v_t), and (T,) as `predictive`; −inf from an impossible time step on."""
    filtered, result = np.full(log_density.shape, -np.inf), np.full(sum(lengths), -np.inf)
    for begin, end in spans(lengths):
        ahead = log_start
        for t in range(begin, end):
            alpha = ahead + log_density[:, t]
            result[t] = np.logaddexp.reduce(alpha)
            if result[t] == -np.inf:
                break
            filtered[:, t] = alpha - result[t]
            ahead = np.logaddexp.reduce(filtered[:, t, None] + log_transitions, axis=0)
    return filtered, result


def marginals(initial: Array, log_transitions: Array, log_weights: Array, lengths: tuple[int, ...]) -> Array:
    """(K, T) q(h_t) from q(h₁), (K, N), and q(h_t = j | h_{t−1} = i) ∝ p(j | i) · weight of j at t."""
    result = np.empty(log_weights.shape)
    for n, (begin, end) in enumerate(spans(lengths)):
        result[:, begin] = initial[:, n]
        for t in range(begin + 1, end):
            logs = log_transitions.T + log_weights[:, t, None]
            largest = logs.max(axis=0)
            factors = np.exp(logs - np.where(largest > -np.inf, largest, 0.0))
            total = factors.sum(axis=0)
            result[:, t] = factors @ np.divide(result[:, t - 1], total, out=np.zeros_like(total), where=total > 0)
    return result
