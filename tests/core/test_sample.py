"""Which units of very many are drawn: a fair sample, chosen once, that a change of one unit leaves as it was."""

from __future__ import annotations

import numpy as np
import pytest

from em_core.files.experiment import Experiment
from em_core.models.hidden_markov import Sequences
from em_core.models.observations import Observations
from em_core.observe.sample import DRAWN, MOST, sample
from em_core.records import frozen


def table(values):
    return Observations.single(frozen(values))


def drawn(values, latest=0):
    return sample(table(values), latest)


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(0).normal(size=(20_000, 2))


@pytest.mark.parametrize("count", [1, 2, MOST])
def test_few_are_all_drawn(count):
    found = drawn(np.arange(2.0 * count).reshape(count, 2))
    assert found.whole and found.numbers is None and np.array_equal(found.rows, np.arange(count))


def test_of_many_so_many_are_drawn_each_once(values):
    found = drawn(values)
    assert not found.whole and len(set(found.numbers)) == len(found.rows) == DRAWN and found.of == 20_000
    assert found.numbers == sorted(found.numbers) and found.numbers[0] >= 0 and found.numbers[-1] < found.of


def test_equal_data_have_one_sample_and_a_table_keeps_it(values):
    data = table(values)
    assert sample(data) is sample(data, 5) and sample(data).latest == 0
    assert np.array_equal(sample(data).rows, drawn(values.copy()).rows)


@pytest.mark.parametrize("kind", ["as they come", "sorted", "rounded", "one value twice in three"])
def test_the_sample_is_fair(values, kind):
    """Means and shares of the units drawn are those of all, as those of 2,000 fair draws would be."""
    seen = {"sorted": np.sort(values, axis=0), "rounded": values.round(1)}.get(kind, values.copy())
    if kind == "one value twice in three":
        seen[np.arange(len(seen)) % 3 > 0] = 7.0
    part = seen[drawn(seen).rows]
    error = seen.std(axis=0) / np.sqrt(DRAWN)
    assert np.all(np.abs(part.mean(axis=0) - seen.mean(axis=0)) < 4 * error)
    quarters = np.bincount(drawn(seen).rows * 4 // len(seen), minlength=4)
    assert np.all(np.abs(quarters - DRAWN / 4) < 4 * np.sqrt(DRAWN * 3 / 16))


@pytest.mark.parametrize("place", [0, 9_999, 19_999])
def test_the_others_stay_when_one_is_taken_out_or_put_in(values, place):
    before = values[drawn(values).rows]
    fewer = np.delete(values, place, axis=0)
    more = np.vstack([values, [0.125, 0.25]])
    for seen in (fewer, more):
        after = seen[drawn(seen).rows]
        assert len({*map(tuple, before)} & {*map(tuple, after)}) >= DRAWN - 1


@pytest.mark.parametrize("latest", [1, 30, DRAWN, 10 * DRAWN])
def test_the_latest_are_drawn_in_any_case(values, latest):
    found = drawn(values, latest)
    kept = min(latest, DRAWN)
    assert len(found.rows) == DRAWN and found.latest == kept
    assert set(range(20_000 - kept, 20_000)) <= set(found.numbers)


def test_of_a_chain_the_first_steps_are_drawn():
    chain = Sequences(frozen(np.arange(9_000.0)), (4_000, 5_000))
    assert np.array_equal(sample(chain).rows, np.arange(DRAWN))


def test_what_is_shown_of_the_units_drawn_is_the_models(values):
    raw = {"model": "gaussian_mixture", "data": {"values": values.tolist()}, "schedule": "E"}
    experiment = Experiment.parse(raw)
    model, data, theta = experiment.model, experiment.data, experiment.start
    found, q = sample(data), model.posterior(data, theta)
    assert np.array_equal(found.probabilities(q), q.probabilities[:, found.rows])
    assert found.holds(found.numbers[3]) and not found.holds(next(n for n in range(9_999) if n not in found.numbers))
