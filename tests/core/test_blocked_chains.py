"""Recursions in blocks: the same numbers as one step after the other, and as every path, wherever they give any."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.distributions import blocked, chains, cuts, recursions, relative


def oracle(log_start, log_transitions, log_density, lengths):
    """log p, q(h_t) and Σ q(h_{t−1} = i, h_t = j), step by step in logarithms, the pairs one by one."""
    marginals, total, evidence, begin = [], np.zeros(log_transitions.shape), 0.0, 0
    for length in lengths:
        density = log_density[:, begin : begin + length]
        alpha, beta = [log_start + density[:, 0]], [np.zeros(len(log_start))]
        for t in range(1, length):
            alpha.append(np.logaddexp.reduce(alpha[-1][:, None] + log_transitions, axis=0) + density[:, t])
            beta.append(np.logaddexp.reduce(log_transitions + density[:, length - t] + beta[-1], axis=1))
        log_p = np.logaddexp.reduce(alpha[-1])
        beta.reverse()
        # log p once more at each time step: its rounding, large for long sequences, then cancels
        marginals += [np.exp(a + b - np.logaddexp.reduce(a + b)) for a, b in zip(alpha, beta, strict=True)]
        for t in range(1, length):
            pairs = alpha[t - 1][:, None] + log_transitions + density[:, t] + beta[t]
            total += np.exp(pairs - np.logaddexp.reduce(pairs, axis=None))
        evidence, begin = evidence + log_p, begin + length
    return evidence, np.transpose(marginals), total


def chain(kind, n_states, length, rng):
    """log p(h₁), log p(j | i), log p(v_t | h_t) of a chain of this kind."""
    matrix = rng.dirichlet(np.ones(n_states), n_states)
    start = rng.dirichlet(np.ones(n_states))
    spread = 1.0
    if kind == "periodic":
        matrix, start = np.roll(np.eye(n_states), 1, axis=1), np.eye(n_states)[0]
    elif kind == "nearly periodic":
        matrix = 0.999 * np.roll(np.eye(n_states), 1, axis=1) + 0.001 / n_states
    elif kind == "sticky":
        matrix, spread = (1 - 1e-5) * np.eye(n_states) + 1e-5 / n_states, 1e-3
    elif kind == "left to right":
        matrix, start = 0.97 * np.eye(n_states) + 0.03 * np.eye(n_states, k=1), np.eye(n_states)[0]
        matrix[-1, -1], spread = 1.0, 0.1
    elif kind == "absorbing":
        matrix[-1] = np.eye(n_states)[-1]
        spread = 0.05
    elif kind == "rare":
        matrix = np.where(np.eye(n_states) > 0, 1.0, 1e-40)
    elif kind == "far":
        spread = 500.0
    elif kind == "far and sparse":
        matrix, spread = np.roll(0.5 * np.eye(n_states), 1, axis=1) + 0.5 * np.eye(n_states), 500.0
    elif kind == "zeros":
        matrix = np.where(rng.random(matrix.shape) < 0.4, 0.0, matrix) + 0.1 * np.roll(np.eye(n_states), 1, axis=1)
    elif kind == "rare and far":
        matrix, start = np.where(np.eye(n_states) > 0, 1.0, 8e-126), np.full(n_states, 1 / n_states)
    density = -spread * rng.exponential(1.0, (n_states, length))
    if kind == "rare and far":  # staying where a step says 4e-251 is as probable as leaving and returning
        density[0], density[1:] = 0.0, -576.5
        density[0, 5::16], density[1:, 5::16] = -576.5, 0.0
    if kind == "zeros":
        density[0, ::7] = -np.inf
    with np.errstate(divide="ignore"):
        return np.log(start), np.log(matrix / matrix.sum(axis=1, keepdims=True)), density


KINDS = [
    *("plain", "periodic", "nearly periodic", "sticky", "left to right", "absorbing"),
    *("rare", "far", "far and sparse", "rare and far", "zeros"),
]


@pytest.mark.parametrize("lengths", [(700,), (1,), (9, 16, 300, 1, 2, 33, 16), (3,) * 40], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_blocks_find_what_single_steps_find(kind, lengths, monkeypatch):
    """log p, marginals, pairs, and each time step's share; chains that mix, and that do not, with 2 and 5 states."""
    monkeypatch.setattr(cuts, "_CALLS", 400)  # so that also short sequences are cut
    monkeypatch.setattr(blocked, "_TOGETHER", 30)  # and few rounds repair all blocks together
    for n_states in (2, 5):
        given = chain(kind, n_states, sum(lengths), np.random.default_rng(7))
        evidence, marginals, pairs = oracle(*given, lengths)
        q = chains.posterior(*given, lengths)
        assert chains.log_evidence(*given, lengths) == pytest.approx(evidence, rel=1e-12)
        assert chains.predictive(*given, lengths).sum() == pytest.approx(evidence, rel=1e-12)
        np.testing.assert_allclose(q.probabilities, marginals, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(q.transition_counts, pairs, rtol=1e-9, atol=1e-9)
        # the factors that are made part by part say the same as the counts that come with the recursion
        remade = sum(
            factors.expected_counts.reshape(n_states, -1, n_states).sum(axis=1).T for _, factors in q.factors()
        )
        np.testing.assert_allclose(remade + np.zeros(pairs.shape), q.transition_counts, rtol=1e-9, atol=1e-10)
        for time in np.flatnonzero(np.arange(sum(lengths)) % 97 == 1):
            if sum(lengths[:1]) > time:
                np.testing.assert_allclose(q.pair(time).sum(axis=0), marginals[:, time], atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_messages_in_blocks_are_those_of_single_steps(kind, monkeypatch):
    monkeypatch.setattr(cuts, "_CALLS", 400)
    lengths = (200, 1, 35)
    given = chain(kind, 3, sum(lengths), np.random.default_rng(3))
    filtered, predicted, ahead, scales = chains.messages(*given, lengths)
    expected = recursions.forward(*given, lengths)
    np.testing.assert_allclose(np.exp(filtered), np.exp(expected[0]), atol=1e-11)
    np.testing.assert_allclose(predicted, expected[1], rtol=1e-10, atol=1e-10)
    expected = recursions.backward(*given[1:], lengths)
    np.testing.assert_allclose(np.exp(ahead), np.exp(expected[0]), atol=1e-11)
    np.testing.assert_allclose(scales, expected[1], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", ["plain", "periodic", "sticky", "zeros"])
def test_numbers_are_used_where_they_will_do(kind):
    assert blocked.forward(*chain(kind, 3, 500, np.random.default_rng(1)), (500,)) is not None


@pytest.mark.parametrize("kind", ["far and sparse", "rare and far"])
def test_logarithms_are_used_where_a_number_would_be_lost(kind):
    given = chain(kind, 3, 500, np.random.default_rng(1))
    assert blocked.forward(*given, (500,)) is None
    assert np.isfinite(chains.log_evidence(*given, (500,)))


def test_a_series_of_many_steps_keeps_no_table_of_pairs():
    """q of T steps holds a handful of arrays of K · T numbers, though K is large."""
    given = chain("plain", 30, 2000, np.random.default_rng(2))
    q = chains.posterior(*given, (2000,))
    held = [q.probabilities, q.initial.log_probabilities, q.log_matrices, q.matrix_of, q.weights.messages.beta]
    assert sum(array.nbytes for array in held) < 5 * 30 * 2000 * 8


def test_a_long_series_costs_logarithms_no_digits(monkeypatch):
    """5,000 steps with equal rows, step by step: each q(h_t) is its own, whatever log p(v) amounts to."""
    monkeypatch.setattr(blocked, "forward", lambda *_: None)
    weights, density = np.log([0.3, 0.7]), -3.0 * np.random.default_rng(8).exponential(1.0, (2, 5000))
    q = chains.posterior(weights, np.array([weights, weights]), density, (5000,))
    joint = weights[:, None] + density
    np.testing.assert_allclose(q.probabilities, np.exp(joint - np.logaddexp(*joint)), rtol=3e-13)


def test_a_value_that_no_state_shows_hides_no_small_weight():
    with np.errstate(divide="ignore"):
        table = np.log([[0.5, 0.5, 0.0], [1e-260, 1.0, 0.0]])
    symbols, out = np.array([1, 0, 1, 1]), np.empty((2, 4))
    heights, least = relative.relative(np.zeros(2), table[:, symbols], [0], out, relative.Recurring(table, symbols))
    np.testing.assert_allclose(out, np.exp(table[:, symbols] - heights), rtol=1e-12)
    assert least == out.min() < 1e-259


@pytest.mark.parametrize("lengths", [(700,), (9, 300, 1, 2, 33)], ids=str)
def test_where_symbols_recur_their_densities_are_taken_once(lengths):
    """The same q as from a density for each time step, with symbols that a state never shows, or none does."""
    rng = np.random.default_rng(4)
    start, transitions, _ = chain("plain", 3, 1, rng)
    with np.errstate(divide="ignore"):
        table = np.log([[0.5, 0.5, 0.0, 0.0], [0.2, 0.3, 0.5, 0.0], [0.1, 0.8, 0.1, 0.0]])
    symbols = rng.integers(0, 3, sum(lengths))
    given = start, transitions, table[:, symbols]
    recurring = relative.Recurring(table, symbols)
    found, plain = chains.posterior(*given, lengths, recurring), chains.posterior(*given, lengths)
    np.testing.assert_allclose(found.probabilities, plain.probabilities, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(found.transition_counts, plain.transition_counts, rtol=1e-12)
    evidence = blocked.forward(*given, lengths, recurring).log_evidence
    assert evidence == pytest.approx(oracle(*given, lengths)[0], rel=1e-12)
