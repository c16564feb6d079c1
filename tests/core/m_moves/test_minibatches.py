"""S: minibatches without bias, and with A the settings of their steps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from em_core import m_steps
from em_core import trajectory as run
from em_core.distributions import chains, minibatch
from em_core.kinds import allowed
from em_core.models.observations import Observations
from em_core.records import State, frozen
from tests.attack import dealt
from tests.core.cases import INTERIOR
from tests.core.m_moves.shared import BY_NAME, SETTINGS, Chosen, n_drawable, same, slope, state
from tests.core.test_immutability import arrays


@pytest.mark.parametrize("case", dealt(INTERIOR, 0, of=2), ids=str)
def test_the_mean_slope_of_all_minibatches_is_the_slope(case):
    """E[slope of a minibatch] = slope of L / N, exactly, by visiting every set of units that can be drawn."""
    n_units = n_drawable(case)
    sizes = {size for size in (1, 2, n_units - 1) if 0 < size < n_units and math.comb(n_units, size) <= 600}
    assert sizes or n_units == 1
    for size in sizes:
        slopes = [
            m_steps.minibatch_slope(case.model, case.data, state(case), size, Chosen(units))[0]
            for units in itertools.combinations(range(n_units), size)
        ]
        scale = np.mean(np.abs(slopes), axis=0).max(initial=1.0)
        whole = slope(case, case.theta) / case.n_units
        np.testing.assert_allclose(np.mean(slopes, axis=0), whole, rtol=0, atol=1e-12 * scale)
        if len(slopes[0]) and size < n_units - 1 and n_units > 3:
            assert np.ptp(slopes, axis=0).max() > 1e-3 * scale  # they do differ


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_minibatches_of_any_q_have_no_bias(case):
    """Points, tempered, factorised and partly renewed q: each unit keeps its own."""
    for letter in (letter for letter in "HPTV" if letter in allowed(case.model)):
        q = run.run(case.experiment(letter, moves={"P": {"blocks": 3}})).last.after.q
        now = State(case.theta, q)
        slopes = [
            m_steps.minibatch_slope(case.model, case.data, now, 1, Chosen([unit]))[0]
            for unit in range(n_drawable(case))
        ]
        scale = np.mean(np.abs(slopes), axis=0).max(initial=1.0)
        whole = slope(case, case.theta, q) / case.n_units
        np.testing.assert_allclose(np.mean(slopes, axis=0), whole, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_minibatch_and_the_rest_make_up_the_whole(case):
    """Slopes, entropies and expected log joints are sums over units; multinomial coefficients are not."""
    model, n_units = case.model, n_drawable(case)
    units = np.arange(n_units)
    chosen = np.random.default_rng(2).permutation(units)[: max(1, n_units // 3)]
    rest = np.setdiff1d(units, chosen)
    if not len(rest):
        return
    parts = [model.minibatch(case.data, case.q, len(part), Chosen(part)) for part in (chosen, rest)]
    assert sum(draw.share for _, _, draw in parts) == pytest.approx(1, rel=1e-15)
    assert sum(model.n_units(data) for data, _, _ in parts) == case.n_units
    totals = [model.gradient(data, case.theta, q) for data, q, _ in parts]
    np.testing.assert_allclose(sum(totals), slope(case, case.theta), rtol=1e-12, atol=1e-11)
    assert sum(model.entropy(q) for _, q, _ in parts) == pytest.approx(model.entropy(case.q), rel=1e-13, abs=1e-13)
    joints = [model.expected_log_joint(data, case.theta, q) - getattr(data, "log_ways", 0.0) for data, q, _ in parts]
    whole = model.expected_log_joint(case.data, case.theta, case.q) - getattr(case.data, "log_ways", 0.0)
    assert sum(joints) == pytest.approx(whole, rel=1e-12)
    for data, q, _ in parts:  # a minibatch is data, and its q belongs to it
        posterior = model.posterior(data, case.q_at)
        assert model.kl(q, posterior) == pytest.approx(0, abs=1e-10 * case.n_units)
        if case.raw["model"] != "abo_blood_groups":  # its posterior leaves groups without people open
            for own, expected in zip(told(q), told(posterior), strict=True):
                np.testing.assert_allclose(own, expected, rtol=1e-10, atol=1e-12)


def told(q):
    """What q says; chains may hold it in several forms."""
    if hasattr(q, "transition_counts"):
        return [q.probabilities, q.start_counts, q.transition_counts]
    return arrays(q)


def test_a_row_with_a_frequency_is_that_many_rows():
    """Drawn by the same numbers, a frequency table and the counts it stands for give the same units."""
    case = BY_NAME["poisson_mixture_frequencies"]
    model, table = case.model, case.data
    repeated = Observations.single(frozen(np.repeat(table.values, table.counts.astype(int))))
    q = model.posterior(repeated, case.q_at)
    rng = np.random.default_rng(4)
    for _ in range(50):
        chosen = Chosen(rng.choice(len(repeated.values), 11, replace=False))
        few, few_q, draw = model.minibatch(table, case.q, 11, chosen)
        many, many_q, same_draw = model.minibatch(repeated, q, 11, chosen)
        assert draw.share == same_draw.share == 11 / 83 and draw.size == same_draw.size == 11
        np.testing.assert_array_equal(np.repeat(few.values, few.counts.astype(int)), many.values)
        slopes = [model.gradient(*entry) for entry in ((few, case.theta, few_q), (many, case.theta, many_q))]
        np.testing.assert_allclose(*slopes, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["linkage_197_animals", "abo_blood_groups_521_people"])
def test_counts_in_cells_are_drawn_animal_by_animal(name):
    case = BY_NAME[name]
    members = np.repeat(np.arange(4), case.data.counts.astype(int))
    units = np.random.default_rng(1).choice(len(members), 30, replace=False)
    data, q, draw = case.model.minibatch(case.data, case.q, 30, Chosen(units))
    np.testing.assert_array_equal(data.counts, np.bincount(members[units], minlength=4))
    np.testing.assert_array_equal(q.counts, data.counts[: len(q.counts)])
    np.testing.assert_array_equal(q.probabilities, case.q.probabilities)
    assert draw.share == 30 / len(members)


def test_a_minibatch_of_a_hidden_markov_model_is_whole_sequences():
    case = BY_NAME["hidden_markov_poisson_three_states"]
    data, q, draw = case.model.minibatch(case.data, case.q, 2, Chosen([2, 0]))
    assert (data.values.tolist(), data.lengths, draw.share) == ([1, 0, 4, 9, 12, 5], (5, 1), 2 / 3)
    expected = case.model.posterior(data, case.q_at)
    assert q.lengths == (5, 1)
    np.testing.assert_allclose(q.probabilities, expected.probabilities, rtol=1e-13)
    np.testing.assert_allclose(q.transition_counts, expected.transition_counts, rtol=1e-13)
    assert chains.kl(q, expected) < 1e-13
    single = case.experiment("E(S)2", data={"sequences": [[1, 0, 4, 9, 12]]}, moves={"S": {"step": 0.03, "batch": 1}})
    full = case.experiment("E(G)2", data={"sequences": [[1, 0, 4, 9, 12]]}, moves={"G": {"step": 0.03}})
    assert same(run.run(single).last.after.theta, run.run(full).last.after.theta)


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_a_batch_of_all_units_makes_s_the_gradient_step_exactly(case):
    word, step = "(EX2)3", {"step": 0.02}
    batch = n_drawable(case)
    stochastic = run.run(case.experiment(word.replace("X", "S"), moves={"S": {**step, "batch": batch}}))
    full = run.run(case.experiment(word.replace("X", "G"), moves={"G": step}))
    for one, other in zip(stochastic.half_steps, full.half_steps, strict=True):
        assert same(one.after.theta, other.after.theta)
    if batch > 1 and case.model.to_vector(case.theta).size:
        fewer = run.run(case.experiment("ES", moves={"S": {**step, "batch": batch - 1}}))
        exact = BY_NAME["censored_exponential_all_failed"]
        assert not same(fewer.last.after.theta, full[2].after.theta) or case is exact


def test_units_are_drawn_without_replacement_and_every_set_is_equally_likely():
    rng = np.random.default_rng(0)
    draws = [tuple(minibatch.draw_rows(5, 2, rng).rows) for _ in range(6000)]
    found = [draws.count(pair) for pair in itertools.combinations(range(5), 2)]
    assert sum(found) == 6000  # always two different rows
    assert sum((count - 600) ** 2 / 600 for count in found) < 30  # chi-square of 9 degrees of freedom: p = 4e-4


def test_rows_may_stand_for_any_number_of_units():
    """Hypergeometric counts by their mean and variance, also where SciPy's and NumPy's own samplers give up."""
    for counts in ([5.0, 3.0, 2.0], [1e12, 3e12, 1.0]):
        rng = np.random.default_rng(3)
        total, size = sum(counts), 6
        draws = np.array([minibatch.draw(frozen(counts), size, rng).counts for _ in range(4000)])
        assert (draws.sum(axis=1) == size).all() and (draws <= counts).all()
        shares = np.array(counts) / total
        variances = size * shares * (1 - shares) * (total - size) / (total - 1)
        assert np.all(np.abs(draws.mean(axis=0) - size * shares) <= 5 * np.sqrt(variances / 4000) + 1e-9)
        assert np.all(np.abs(draws.var(axis=0) - variances) <= 0.15 * variances + 1e-9)
    everything = minibatch.draw(frozen([2.0, 0.0, 1.0]), 3, rng)
    assert everything.everything and everything.counts.tolist() == [2, 0, 1]


def test_s_draws_from_seed_and_number_and_repeats():
    raw = dict(moves=SETTINGS, seed=5)
    case = BY_NAME["gaussian_full_2d_k2"]
    experiment = case.experiment("(ES2)4", **raw)
    whole = run.run(experiment)
    for cut in range(1, len(whole)):  # stepping back and forward
        again = run.extend(experiment, whole.upto(cut - 1), whole[cut].move)
        assert same(again.last.after.theta, whole[cut].after.theta)
    other = run.run(case.experiment("(ES2)4", moves=SETTINGS, seed=6))
    assert not same(other[2].after.theta, whole[2].after.theta)
    rng = np.random.default_rng([5, 2])
    expected = m_steps.stochastic_step(experiment.model, experiment.data, whole[1].after, 0.03, 3, rng)
    assert same(expected.state.theta, whole[2].after.theta)
