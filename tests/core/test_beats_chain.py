"""Inside the half-steps of a hidden Markov model: every number against the core's own, and against plain arithmetic."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from em_core.observe.beats import beats_of
from tests.core.beaten import beats, moments, only


def random_chain(seed, lengths=(6, 9, 1), n_states=3, emission="categorical", schedule="EM"):
    rng = np.random.default_rng([14, seed])
    values = {
        "categorical": lambda n: rng.integers(0, 4, n).tolist(),
        "gaussian": lambda n: rng.normal(0, 2, n).tolist(),
        "poisson": lambda n: rng.poisson(4, n).tolist(),
    }[emission]
    emissions = {
        "categorical": lambda: {"probabilities": rng.dirichlet(np.ones(4), n_states).tolist()},
        "gaussian": lambda: {
            "means": rng.normal(0, 2, n_states).tolist(),
            "variances": rng.uniform(0.5, 3, n_states).tolist(),
        },
        "poisson": lambda: {"rates": rng.uniform(1, 8, n_states).tolist()},
    }[emission]
    return {
        "model": "hidden_markov",
        "settings": {"emission": emission},
        "data": {"sequences": [values(length) for length in lengths]},
        "start": {
            "start_probabilities": rng.dirichlet(np.ones(n_states)).tolist(),
            "transition_matrix": rng.dirichlet(np.ones(n_states), n_states).tolist(),
            **emissions(),
        },
        "schedule": schedule,
    }


def joint(theta, density, path):
    """p(h, v) of one path, term by term."""
    result = theta["start_probabilities"][path[0]] * density[path[0], 0]
    for t in range(1, len(path)):
        result *= theta["transition_matrix"][path[t - 1], path[t]] * density[path[t], t]
    return result


EMISSIONS = ["categorical", "gaussian", "poisson"]


@pytest.mark.parametrize("emission", EMISSIONS)
@pytest.mark.parametrize("seed", range(3))
def test_alpha_beta_gamma_are_sums_over_all_paths(seed, emission):
    """Of every unit of the data, also of a sequence of length 1."""
    raw = random_chain(seed, emission=emission)
    there = moments(raw)[1]
    experiment, theta = there.experiment, there.step.before.theta
    density = np.exp(experiment.model.family.log_density(experiment.data.values, theta))
    ends = np.cumsum(experiment.data.lengths)
    for unit in range(len(experiment.data.values)):
        chosen, found = beats_of(there, unit)
        assert chosen == unit
        sequence = int(np.searchsorted(ends, unit, side="right"))
        begin, end = ends[sequence] - experiment.data.lengths[sequence], ends[sequence]
        own, paths = density[:, begin:end], list(itertools.product(range(3), repeat=min(end - begin, 6)))
        columns = found[0].values["columns"]
        assert found[0].values["times"].tolist() == (columns - begin + 1).tolist() and unit in columns
        alpha, beta, gamma = (only(found, what) if what == "gamma" else last(found, what) for what in WHATS)
        for column, t in enumerate(columns - begin):
            for k in range(3):
                if end - begin <= 6:
                    through = [path for path in paths if path[t] == k]
                    upto = {path[: t + 1] for path in through}
                    expected = sum(joint(theta, own[:, : t + 1], path) for path in upto)
                    assert alpha.values["alpha"][k, column] == pytest.approx(expected, rel=1e-12)
                    whole = sum(joint(theta, own, path) for path in through)
                    assert expected * beta.values["beta"][k, column] == pytest.approx(whole, rel=1e-12)
                product = alpha.values["alpha"][k, column] * beta.values["beta"][k, column]
                share = product / only(found, "evidence").found
                assert gamma.found[k, column] == pytest.approx(share, rel=1e-10)
        np.testing.assert_array_equal(gamma.found, there.step.after.q.probabilities[:, columns])
        np.testing.assert_allclose(gamma.found.sum(axis=0), 1, rtol=1e-12)


WHATS = ("alpha", "beta", "gamma")


def last(found, what):
    """The last beat that finds this: all is filled."""
    return [each for each in found if each.what == what][-1]


@pytest.mark.parametrize("seed", range(4))
def test_each_cell_is_made_of_what_is_lit(seed):
    """Forward from the column before, backward from the one after: also where that column is not in view."""
    there, unit, found = beats(random_chain(seed, lengths=(40, 12)), 1)
    theta = there.step.before.theta
    density = np.exp(there.experiment.model.family.log_density(there.experiment.data.values, theta))
    columns = found[0].values["columns"]
    followed = found[0].values["followed"]
    assert columns[followed] == unit and len(columns) <= 5
    cells = {"alpha": [], "beta": []}
    for beat in found:
        if beat.what not in cells:
            continue
        column, cell = beat.values["column"], beat.values["cell"]
        filled, source = beat.found[:, column], beat.values["from"]
        if beat.what == "alpha":
            ahead = theta["start_probabilities"] if source is None else source @ theta["transition_matrix"]
            expected = ahead * density[:, columns[column]]
        else:
            expected = np.ones(3) if source is None else theta["transition_matrix"] @ source
        there_yet = np.isfinite(filled)
        np.testing.assert_allclose(filled[there_yet], expected[there_yet], rtol=1e-12)
        np.testing.assert_allclose(np.exp(beat.values[f"log_{beat.what}"]), beat.found, rtol=1e-12)
        # those of the column that come later are still empty
        assert there_yet.tolist() == [cell is None or k <= cell for k in range(3)]
        assert cell is None or (column == followed and there_yet[cell] and beat.at["component"] == cell)
        cells[beat.what].append((column, cell))
    for what, order in (("alpha", range(len(columns))), ("beta", range(len(columns))[::-1])):
        wanted = [(c, k) for c in order for k in (range(3) if c == followed else [None])]
        assert cells[what] == wanted


@pytest.mark.parametrize("emission", EMISSIONS)
def test_the_cores_own_messages_are_told(emission):
    """α from the running sums that log p is made of, and log p itself."""
    there, _, found = beats(random_chain(5, lengths=(30, 4), emission=emission), 1, 17)
    model, data, theta = there.experiment.model, there.experiment.data, there.step.before.theta
    shares = model.evidence_by_unit(data, theta)
    evidence = only(found, "evidence")
    assert evidence.values["log_evidence"] == pytest.approx(shares[:30].sum(), rel=1e-13)
    alpha, columns = last(found, "alpha").values["log_alpha"], found[0].values["columns"]
    sums = np.logaddexp.reduce(alpha, axis=0)
    np.testing.assert_allclose(sums, np.cumsum(shares[:30])[columns], rtol=1e-12)
    future = only(found, "future")
    np.testing.assert_allclose(future.values["filtered"].sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(future.found, only(found, "gamma").found - future.values["filtered"], atol=1e-12)
    assert np.abs(future.found).max() > 1e-3
    # at its end a sequence has no future
    np.testing.assert_allclose(future.found[:, -1], 0, atol=1e-12)
    assert found[-1].found == there.bound.elbo and found[-1].state is there.step.after


def test_numbers_underflow_where_logarithms_do_not():
    """1,200 rolls: α is 0 as a number from some step on, and its logarithm as exact as that of the first."""
    raw = random_chain(7, lengths=(1200,), n_states=2)
    there, _, found = beats(raw, 1, 1199)
    evidence, alpha = only(found, "evidence"), last(found, "alpha")
    assert evidence.found == 0 and np.all(alpha.found[:, -1] == 0) and np.all(alpha.found[:, 0] > 0)
    assert evidence.values["log_evidence"] == pytest.approx(there.bound.log_evidence, rel=1e-12)
    logs = np.cumsum(there.experiment.model.evidence_by_unit(there.experiment.data, there.step.before.theta))
    single, double = evidence.values["lost_single"], evidence.values["lost"]
    with np.errstate(under="ignore"):
        assert np.float32(np.exp(logs[single - 5])) > 0 == np.float32(np.exp(logs[single + 5]))
        assert np.exp(logs[double - 5]) > 0 == np.exp(logs[double + 5])
    assert only(beats(random_chain(1), 1)[2], "evidence").values["lost"] is None
    np.testing.assert_allclose(only(found, "gamma").found.sum(axis=0), 1, rtol=1e-12)


@pytest.mark.parametrize("emission", EMISSIONS)
@pytest.mark.parametrize("unit", [0, 5, 8, 14, 15])
def test_pairs_add_up_to_the_new_transition_matrix(emission, unit):
    there, _, found = beats(random_chain(3, emission=emission), 2, unit)
    q, theta, after = there.step.after.q, there.step.before.theta, there.step.after.theta
    data = there.experiment.data
    density = np.exp(there.experiment.model.family.log_density(data.values, theta))
    pairs = [beat for beat in found if beat.what == "pairs"]
    assert len(pairs) == (unit != 15)
    for beat in pairs:
        step = found[0].values["columns"][1]
        assert unit in (step - 1, step)
        # q of the pair, from its two marginals and nothing else of the core's
        np.testing.assert_allclose(beat.found.sum(axis=1), q.probabilities[:, step - 1], rtol=1e-10)
        np.testing.assert_allclose(beat.found.sum(axis=0), q.probabilities[:, step], rtol=1e-10)
    counts = only(found, "transition_counts").found
    ends = np.cumsum(data.lengths)
    total = np.zeros((3, 3))
    for t in range(len(data.values) - 1):
        if t + 1 not in ends:
            ahead = theta["transition_matrix"] * (density[:, t + 1] * beta(theta, density, t + 1, ends))
            total += q.probabilities[:, t, None] * ahead / ahead.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(counts, total, rtol=1e-10)
    matrix = only(found, "transition_matrix").found
    np.testing.assert_allclose(matrix, counts / counts.sum(axis=1, keepdims=True), rtol=1e-13)
    assert only(found, "counts").found == pytest.approx(q.probabilities.sum(axis=1))
    for name, value in after.items():
        assert np.array_equal(only(found, name).found, value), name
    before_bound = found[-2].state.theta
    assert all(np.array_equal(before_bound[name], after[name]) for name in after)
    assert found[-1].found == there.bound.elbo


def beta(theta, density, t, ends):
    """p(v_{t+1}, … | h_t) by plain recursion."""
    if t + 1 in ends:
        return np.ones(len(density))
    return theta["transition_matrix"] @ (density[:, t + 1] * beta(theta, density, t + 1, ends))


def test_conditional_maximisation_shows_its_block_alone():
    found = [beats(random_chain(2, schedule="E C3"), index)[2] for index in (2, 3, 4)]
    names = [[beat.what for beat in each] for each in found]
    assert names[0] == ["gamma", "start_probabilities", "bound"]
    assert names[1] == ["gamma", "pairs", "transition_counts", "transition_matrix", "bound"]
    assert names[2] == ["gamma", "counts", "probabilities", "bound"]


def test_a_half_step_has_few_enough_beats_for_a_lecture():
    wide = random_chain(4, lengths=(60,), n_states=20)
    for raw in (random_chain(4), random_chain(4, lengths=(200,)), wide):
        assert all(3 < len(beats(raw, index)[2]) <= 30 for index in (1, 2))
    assert beats(random_chain(4, schedule="EG"), 2)[2] == []
