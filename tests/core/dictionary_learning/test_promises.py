"""(HM)n never lowers log p(v, h; W); H is certified, M satisfies its conditions."""

from __future__ import annotations

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.experiment import Experiment
from em_core.models.dictionary_learning import DictionaryLearning, PointCodes
from em_core.sparse_coding import Problem, duality_gap, objective
from em_core.sparse_coding.learning import certified, dictionary_update
from em_core.sparse_coding.problem import duality_gaps, objectives
from em_core.sparse_coding.solvers import homotopy
from tests.attack import thinned
from tests.core.dictionary_learning.shared import TINY, by_case, heights, made


@by_case
def test_hm_never_lowers_the_joint(raw):
    """Coordinate ascent: each half-step is the best it can be over its own side."""
    values = heights(*made(raw))
    falls = [before - after for before, after in zip(values, values[1:], strict=False)]
    assert max(falls) <= 1e-12 * max(map(abs, values)), max(falls)
    assert values[-1] > values[0]


@by_case
def test_every_code_is_certified(raw):
    """No code's objective lies above its optimum by more than its gap, and the gaps are small."""
    experiment, trajectory = made(raw)
    model, targets = experiment.model, experiment.data.targets
    energy = 0.5 * model.precision * float((targets**2).sum(axis=1).mean())
    for step in trajectory.half_steps[1::2][-2:]:
        dictionary, q = step.after.theta["dictionary"], step.after.q
        assert q.duality_gaps.min() >= 0 and q.duality_gaps.max() <= 1.0001e-10 * energy
        for n in range(0, len(targets), max(1, len(targets) // 6)):
            problem = Problem(targets[n], dictionary, model.penalty, model.precision)
            assert duality_gap(problem, q.codes[n]) <= 1e-6 * energy
            best = objective(problem, homotopy.path(problem, model.penalty, most_knots=5000).at(model.penalty))
            assert -1e-9 * energy <= objective(problem, q.codes[n]) - best <= q.duality_gaps[n] + 1e-12 * energy


@by_case
def test_m_satisfies_its_optimality_conditions(raw):
    """With multipliers μ_k ≥ 0 for ‖w_k‖ ≤ 1: the slope is −μ_k w_k, and μ_k = 0 for atoms within the ball."""
    experiment, trajectory = made({**raw, "schedule": raw["schedule"].replace("C", "M")})
    model, data = experiment.model, experiment.data
    flat = 1e-8 * model.n_units(data)
    for step in trajectory.half_steps[2::2]:
        dictionary, codes = np.array(step.after.theta["dictionary"]), step.after.q.codes
        dead = [int(event.numbers["atom"]) for event in step.events]
        dictionary = np.delete(dictionary, dead, axis=1)
        codes = np.delete(codes, dead, axis=1)
        slope = model.precision * (dictionary @ (codes.T @ codes) - data.targets.T @ codes)
        if not model.norm_constraint:
            assert np.linalg.norm(slope) <= 1e-9 * model.precision * np.abs(codes).sum() * np.abs(data.targets).max()
            continue
        lengths = np.linalg.norm(dictionary, axis=0)
        assert lengths.max() <= 1 + 1e-12
        edge = lengths >= 1 - 1e-9
        multipliers = -(slope * dictionary).sum(axis=0)[edge]
        assert multipliers.min(initial=0) >= -flat
        left = slope.copy()
        left[:, edge] += dictionary[:, edge] * multipliers
        assert np.linalg.norm(left) <= 1.01 * flat


def test_a_better_start_is_kept_with_an_honest_certificate(monkeypatch):
    """Solved to a loose gap, a code may cost more than its start, whose own certificate is worse."""
    rng = np.random.default_rng(2)
    targets, dictionary = rng.normal(size=(1000, 12)), rng.normal(size=(12, 20))
    best, _ = certified.codes(targets, dictionary, 0.5, 1.0, np.zeros((1000, 20)))
    start = best + 1e-2 * (best != 0) * rng.normal(size=best.shape)
    monkeypatch.setattr(certified, "CLOSE", 0.03)
    found, gaps = certified.codes(targets, dictionary, 0.5, 1.0, start)
    cost, before, least = (objectives(targets, dictionary, 0.5, 1.0, codes) for codes in (found, start, best))
    assert np.all(cost <= before) and np.all(gaps >= 0)
    kept = (found == start).all(axis=1) & (duality_gaps(targets, dictionary, 0.5, 1.0, start) > gaps)
    assert kept.sum() > 3  # the guard was needed
    assert np.all(cost - least <= gaps + 1e-12)


def test_atoms_within_the_ball_are_free():
    """Long codes want short atoms: there the constraint says nothing, and M is least squares."""
    rng = np.random.default_rng(4)
    codes, targets = rng.normal(size=(50, 4)) * [9, 9, 9, 0.1], rng.normal(size=(50, 6))
    start = np.eye(6)[:, :4]
    sums = codes.T @ codes, targets.T @ codes
    found, *_ = dictionary_update.within_unit_length(start, *sums, 1e-9)
    lengths = np.linalg.norm(found, axis=0)
    assert lengths[:3].max() < 0.5 and lengths[3] == pytest.approx(1, abs=1e-12)
    assert np.linalg.norm(dictionary_update.projected_gradient(found, *sums)) <= 1e-9
    rest = dictionary_update.least_squares(start[:, :3], codes[:, :3], targets - np.outer(codes[:, 3], found[:, 3]))
    np.testing.assert_allclose(found[:, :3], rest, atol=1e-10)
    alone = dictionary_update.sweep(start[:, :1], sums[0][:1, :1], sums[1][:, :1], constrained=True)
    np.testing.assert_allclose(alone, dictionary_update.least_squares(start[:, :1], codes[:, :1], targets), rtol=1e-12)


def test_only_what_points_out_of_the_ball_is_held_back():
    """One atom of length 1 whose best place is 0.5, or 1.5: it may shorten, and may not lengthen."""
    one = np.ones((1, 1))
    assert dictionary_update.projected_gradient(one, one, 0.5 * one) == -0.5
    assert dictionary_update.projected_gradient(one, one, 1.5 * one) == 0


def test_m_beats_every_feasible_perturbation():
    experiment, trajectory = made(TINY, schedule="HM")
    model, data, state = experiment.model, experiment.data, trajectory.last.after
    best = model.expected_log_joint(data, state.theta, state.q)
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1e-2, 1e-1, 1.0):
        for _ in range(20):
            other = state.theta["dictionary"] + scale * rng.normal(size=(3, 5))
            other /= np.maximum(np.linalg.norm(other, axis=0), 1)
            assert model.expected_log_joint(data, {"dictionary": other}, state.q) < best


@pytest.mark.parametrize("constrained", [True, False])
def test_unused_atoms_stay(constrained):
    codes = np.array([[1.0, 0.0, 0.5], [0.5, 0.0, -1.0], [0.2, 0.0, 0.1]])
    model = DictionaryLearning(norm_constraint=constrained)
    experiment = Experiment.parse({**TINY, "data": {"values": [[1.0, 2.0], [0.5, -1.0], [0.0, 0.3]]}})
    theta = {"dictionary": np.array([[0.6, 0.1, 0.0], [0.8, 0.2, 1.0]])}
    for letter in (model.maximize, lambda *given: model.maximize_block(*given, ("dictionary",))):
        after = letter(experiment.data, PointCodes(codes, np.zeros(3)), theta)["dictionary"]
        assert np.array_equal(after[:, 1], [0.1, 0.2]) and not np.array_equal(after[:, 0], [0.6, 0.8])


def test_without_the_constraint_the_shortest_of_several_solutions():
    """Two atoms with the same codes share what one would do alone."""
    codes = np.array([[1.0, 1.0], [2.0, 2.0]])
    targets = np.array([[2.0, 0.0], [4.0, 2.0]])
    found = dictionary_update.least_squares(np.ones((2, 2)), codes, targets)
    single = dictionary_update.least_squares(np.ones((2, 1)), codes[:, :1], targets)
    np.testing.assert_allclose(found, np.hstack([single, single]) / 2, rtol=1e-12)


def test_newton_finds_what_the_sweeps_find(monkeypatch):
    """Codes that are all but parallel: sweeps need thousands."""
    rng = np.random.default_rng(1)
    codes = rng.normal(size=(60, 1)) + 0.1 * rng.normal(size=(60, 8))
    targets = codes @ rng.normal(size=(8, 6)) + rng.normal(size=(60, 6))
    start = rng.normal(size=(6, 8))
    start /= np.linalg.norm(start, axis=0)
    sums = codes.T @ codes, targets.T @ codes
    quick, *_ = dictionary_update.within_unit_length(start, *sums, 1e-8)
    monkeypatch.setattr(dictionary_update, "_newton", lambda *given: None)
    monkeypatch.setattr(dictionary_update, "MOST_SWEEPS", 200_000)
    slow, *_ = dictionary_update.within_unit_length(start, *sums, 1e-8)
    np.testing.assert_allclose(quick, slow, atol=1e-6)
    for found in (quick, slow):
        assert np.linalg.norm(dictionary_update.projected_gradient(found, *sums)) <= 1e-8


@pytest.mark.parametrize("seed", thinned(range(6), [0, 3]))
def test_the_best_dictionary_for_fewer_points_than_atoms(seed):
    """βHᵀH is singular: many dictionaries are best, and the projected gradient still comes to 0."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(4, 4))
    raw = {"model": "dictionary_learning", "settings": {"lambda": 0.02, "beta": 1, "n_atoms": 14}, "seed": seed}
    experiment = Experiment.parse({**raw, "data": {"values": values.tolist()}, "schedule": "(HM)40"})
    for step in run.run(experiment).half_steps:
        if step.move == "M":
            dictionary, codes = step.after.theta["dictionary"], step.after.q.codes
            left = dictionary_update.projected_gradient(dictionary, codes.T @ codes, values.T @ codes)
            assert np.linalg.norm(left) <= 1e-8 * len(values)
