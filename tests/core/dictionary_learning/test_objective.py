"""The objective of dictionary learning: its definition, its symmetries, where it has no bound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.kinds import MOVES
from em_core.models.dictionary_learning import DictionaryLearning, PointCodes, textbook_objective, textbook_weight
from em_core.schedule import plan
from tests.core.dictionary_learning.shared import BARS, SMALL_BARS, TINY, free, heights, made


def test_the_joint_is_that_of_its_definition():
    experiment, trajectory = made(TINY)
    theta, q = trajectory.last.after.theta, trajectory.last.after.q
    total = 0.0
    for v, h in zip(experiment.data.values, q.codes, strict=True):
        total += sum(math.log(0.4 / 2) - 0.4 * abs(entry) for entry in h)
        for x, mean in zip(v, theta["dictionary"] @ h + [0.1, -0.2, 0.3], strict=True):
            total += 0.5 * math.log(1.5 / (2 * math.pi)) - 0.75 * (x - mean) ** 2
    assert experiment.model.expected_log_joint(experiment.data, theta, q) == pytest.approx(total, rel=1e-12)
    row = report(experiment, trajectory)["half_steps"][-1]
    assert row["objective"] == pytest.approx(-total, rel=1e-12) and row["codes"] == q.codes.tolist()


@pytest.mark.parametrize("penalty", [0.3, 2.0])
def test_the_textbooks_objective_is_the_models_up_to_scale_and_a_constant(penalty):
    """−log p(v, h; W) = λ J + c for β = 2λ, b = 0: the same c for any codes and dictionary; J has weight 1 then."""
    raw = {**TINY, "settings": {"lambda": penalty, "beta": 2 * penalty}, "data": {"values": TINY["data"]["values"]}}
    experiment = Experiment.parse(raw)
    model, data = experiment.model, experiment.data
    assert textbook_weight(model.settings()) == 1
    rng = np.random.default_rng(3)
    constants = []
    for _ in range(5):
        theta = {"dictionary": rng.normal(size=(3, 4))}
        q = PointCodes(rng.normal(size=(30, 4)), np.zeros(30))
        by_hand = np.abs(q.codes).sum() + ((data.values - q.codes @ theta["dictionary"].T) ** 2).sum()
        assert textbook_objective(data, theta, q) == pytest.approx(by_hand, rel=1e-12)
        constants.append(-model.expected_log_joint(data, theta, q) - penalty * by_hand)
    np.testing.assert_allclose(constants, -model.constant(data, theta), rtol=1e-11)
    other = Experiment.parse(TINY)  # any λ and β: the weight is 2λ/β, the scale β/2
    scaled = 0.75 * textbook_objective(other.data, theta, q, textbook_weight(other.model.settings()))
    joint = other.model.expected_log_joint(other.data, theta, q)
    assert -joint + other.model.constant(other.data, theta) == pytest.approx(scaled, rel=1e-12)


def test_convex_in_codes_and_in_the_dictionary_but_not_in_both():
    experiment = Experiment.parse({**TINY, "data": {"values": [[1.0]]}})
    model, data = DictionaryLearning(0.1, 1.0, False), experiment.data

    def cost(w, h):
        return -model.expected_log_joint(
            data, {"dictionary": np.array([[w]])}, PointCodes(np.array([[h]]), np.zeros(1))
        )

    rng = np.random.default_rng(0)
    for a, b, c in rng.normal(size=(200, 3)):
        assert cost(a, (b + c) / 2) <= (cost(a, b) + cost(a, c)) / 2 + 1e-12
        assert cost((b + c) / 2, a) <= (cost(b, a) + cost(c, a)) / 2 + 1e-12
    # (w, h) and (−w, −h) say the same; half-way between they say nothing
    assert cost(1, 1) == cost(-1, -1) < cost(0, 0) - 0.3


def test_two_starts_two_results():
    """Both have converged, and neither moves any more: the objective has several valleys."""
    raw = {**SMALL_BARS, "settings": {"lambda": 1.0, "n_atoms": 8}}
    finals = []
    for seed in (0, 1, 2, 3):
        experiment = Experiment.parse({**raw, "seed": seed})
        trajectory = run.run_to_end(experiment, run.start(experiment), plan("HM", MOVES), most=2000)
        assert run.converged(experiment, trajectory, plan("HM", MOVES))
        finals.append(heights(experiment, trajectory)[-1])
    assert max(finals) - min(finals) > 1


def test_longer_atoms_and_shorter_codes_say_the_same_and_cost_less():
    experiment, trajectory = made(TINY, settings={**TINY["settings"], "norm_constraint": False})
    model, data, state = experiment.model, experiment.data, trajectory.last.after
    longer = {"dictionary": 3 * state.theta["dictionary"]}
    shorter = PointCodes(state.q.codes / 3, state.q.duality_gaps)
    (misfit, penalty), (same, less) = (model.terms(data, *pair) for pair in ((state.theta, state.q), (longer, shorter)))
    assert same == pytest.approx(misfit, rel=1e-12) and less == pytest.approx(penalty / 3, rel=1e-12)


def test_without_the_constraint_the_objective_falls_for_ever():
    experiment, trajectory = made(free(BARS), schedule="(HM)150")
    values = heights(experiment, trajectory)
    steps = trajectory.half_steps
    after = [steps[2 * n].after for n in (100, 125, 150)]
    lengths = [np.linalg.norm(state.theta["dictionary"], axis=0).mean() for state in after]
    sizes = [np.abs(state.q.codes).sum() for state in after]
    rebuilt = [state.q.codes @ state.theta["dictionary"].T for state in after]
    assert lengths[0] > 5 and np.all(np.diff(lengths) > 0.2)  # from 1 at the start, and on
    assert np.all(np.diff(sizes) < -5) and np.all(np.diff(values[199::50]) > 5)
    for before, later in zip(rebuilt, rebuilt[1:], strict=False):
        assert np.linalg.norm(later - before) < 0.05 * np.linalg.norm(before)
    held = heights(*made(BARS, schedule="(HM)150"))
    assert held[-1] - held[200] < 1e-3 < values[-1] - values[200]
