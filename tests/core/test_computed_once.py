"""What several terms of the bound are made of is computed once at each θ, whoever asks first; the terms stay apart."""

from __future__ import annotations

import dataclasses
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from em_core import schedule
from em_core import trajectory as run
from em_core.bound import decompose
from em_core.caching import AT_THETA, KEPT
from em_core.kinds import MOVES
from em_core.records import State
from tests.core.cases import CASES

WITH_DENSITY = [case for case in CASES if hasattr(case.model, "family")]
ROUNDS = "E(ME)4"


def looked_at(case, word):
    """A trajectory, with the bound after each half-step taken before the next one is made."""
    experiment = case.experiment(word if "M" in case.moves else "EEEE")
    trajectory = run.start(experiment)
    decompose(experiment.model, experiment.data, trajectory.last.after)
    for letter in schedule.expand(experiment.schedule, MOVES):
        trajectory = run.extend(experiment, trajectory, letter)
        decompose(experiment.model, experiment.data, trajectory.last.after)
    return experiment, trajectory


@pytest.mark.parametrize("case", WITH_DENSITY, ids=str)
def test_a_round_evaluates_the_log_joint_once(case, monkeypatch):
    """Posterior, E[log p(h, v)] before and after M, log p and KL: one evaluation at each θ, where there were eight."""
    counted, kind = [], type(case.model.family)
    density = kind.log_density

    def counting(self, values, theta, *plus):
        counted.append(theta)
        return density(self, values, theta)

    monkeypatch.setattr(kind, "log_density", counting)
    experiment, trajectory = looked_at(case, ROUNDS)
    thetas = {id(step.after.theta) for step in trajectory.half_steps}
    made = counted if experiment.q_at is None else [theta for theta in counted if theta is not experiment.q_at]
    assert len(made) == len(thetas) == (5 if "M" in case.moves else 1)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gap_is_measured_from_the_posterior_that_e_makes_next(case):
    """What KL compares q with after M is the record that becomes q; for a copy of θ another one, as equal."""
    experiment, trajectory = looked_at(case, ROUNDS)
    model, data, (theta, q) = experiment.model, experiment.data, (trajectory.last.after.theta, trajectory.last.after.q)
    assert model.posterior(data, theta) is q
    fresh = model.posterior(data, dict(theta))
    assert fresh is not q
    there = decompose(model, data, State(dict(theta), fresh, theta))
    assert there == decompose(model, data, trajectory.last.after)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_data_keep_few_results_and_take_them_along(case):
    """At most `KEPT` of each function, none of another model's, read-only; with the data they are gone."""
    experiment = case.experiment()
    model, data = experiment.model, experiment.data
    thetas = [case.theta, *({**case.theta} for _ in range(2 * KEPT))]
    for theta in thetas:
        decompose(model, data, State(theta, model.posterior(data, theta), theta))
    kept = {name: entries for name, entries in vars(data).items() if name in AT_THETA}
    assert kept and all(len(entries) == KEPT for entries in kept.values())
    other = dataclasses.replace(model)
    assert model.posterior(data, case.theta) is not other.posterior(data, case.theta)
    gone = weakref.ref(data)
    del data, kept, experiment
    gc.collect()
    assert gone() is None


def test_threads_that_ask_at_once_get_equal_results():
    case = CASES[4]
    thetas = [dict(case.theta) for _ in range(3 * KEPT)]
    expected = case.model.log_evidence(case.data, case.theta)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: case.model.log_evidence(case.data, thetas[n % len(thetas)]), range(2000)))
    assert set(found) == {expected}
