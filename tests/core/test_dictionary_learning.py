"""Dictionary learning: what (HM)n promises, what M and H solve, what lengths do to the objective, what is learned."""

from __future__ import annotations

import copy
import json
import math
import time
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from em_core import trajectory as run
from em_core.bound import decompose
from em_core.datasets import images, photograph
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.report import as_csv, finite, report
from em_core.models.dictionary_learning import DictionaryLearning, PointCodes, textbook_objective, textbook_weight
from em_core.moves import MOVES, allowed
from em_core.schedule import plan
from em_core.sparse_coding import Problem, duality_gap, objective
from em_core.sparse_coding.learning import certified, dictionary_update
from em_core.sparse_coding.problem import duality_gaps, objectives
from em_core.sparse_coding.solvers import homotopy
from tests.core.test_fuzz import ODD, numbers, places, rescaled

BARS = {
    "model": "dictionary_learning",
    "settings": {"lambda": 0.5, "n_atoms": 16},
    "data": {"generator": "bars", "side": 8, "n_points": 500, "probability": 0.125, "seed": 1},
    "schedule": "(HM)30",
    "seed": 0,
}
SMALL_BARS = {**BARS, "data": {"generator": "bars", "side": 4, "n_points": 80, "seed": 2}}
PATCHES = {
    "model": "dictionary_learning",
    "settings": {"lambda": 1.0, "n_atoms": 64},
    "data": {"generator": "patches", "n_points": 500, "seed": 1},
    "schedule": "(HM)30",
    "seed": 2,
}
DIGITS = {
    "model": "dictionary_learning",
    "settings": {"lambda": 1.0, "beta": 0.0625, "n_atoms": 36},
    "data": {"dataset": "digits"},
    "schedule": "(HM)8",
    "seed": 3,
}
RNG = np.random.default_rng(5)
TINY = {
    "model": "dictionary_learning",
    "settings": {"lambda": 0.4, "beta": 1.5, "n_atoms": 5},
    "data": {"values": RNG.normal(size=(30, 3)).round(3).tolist(), "offset": [0.1, -0.2, 0.3]},
    "schedule": "(HM)6",
    "seed": 4,
}


def free(raw):
    return {**raw, "settings": {**raw["settings"], "norm_constraint": False}}


def revived(raw):
    return {**raw, "settings": {**raw["settings"], "dead_atoms": "revive"}}


CASES = {
    "tiny": TINY,
    "tiny, free": free(TINY),
    "more atoms than points": {**TINY, "settings": {**TINY["settings"], "n_atoms": 40, "lambda": 0.05}},
    "bars": {**SMALL_BARS, "schedule": "(HM)10"},
    "bars, free": {**free(SMALL_BARS), "schedule": "(HM)10"},
    "digits": DIGITS,
    "digits, revived": revived(DIGITS),
    "digits, free, revived": free(revived(DIGITS)),
    "patches, sweeps": {**PATCHES, "schedule": "(HC)10"},
    "patches, whitened": {**PATCHES, "data": {**PATCHES["data"], "preparation": "whitened"}, "schedule": "(HM)5"},
}
by_case = pytest.mark.parametrize("raw", CASES.values(), ids=CASES)


def made(raw, **changes):
    experiment = Experiment.parse({**raw, **changes})
    trajectory = run.run(experiment)
    assert not trajectory.last.stopped, trajectory.last.events
    return experiment, trajectory


def heights(experiment, trajectory):
    """log p(v, h; W) after every half-step that has codes."""
    return [
        experiment.model.expected_log_joint(experiment.data, step.after.theta, step.after.q)
        for step in trajectory.half_steps[1:]
    ]


# --- the promises -----------------------------------------------------------------------------------------------


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
        assert q.gaps.min() >= 0 and q.gaps.max() <= 1.0001e-10 * energy
        for n in range(0, len(targets), max(1, len(targets) // 6)):
            problem = Problem(targets[n], dictionary, model.penalty, model.precision)
            assert duality_gap(problem, q.codes[n]) <= 1e-6 * energy
            best = objective(problem, homotopy.path(problem, model.penalty, most_knots=5000).at(model.penalty))
            assert -1e-9 * energy <= objective(problem, q.codes[n]) - best <= q.gaps[n] + 1e-12 * energy


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
    start = best + 3e-3 * (best != 0) * rng.normal(size=best.shape)
    monkeypatch.setattr(certified, "CLOSE", 0.01)
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


@pytest.mark.parametrize("seed", range(6))
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


# --- the objective ----------------------------------------------------------------------------------------------


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
    shorter = PointCodes(state.q.codes / 3, state.q.gaps)
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


# --- what is learned --------------------------------------------------------------------------------------------


def likeness(dictionary, side):
    """|cos| between every bar and its nearest atom, (2 side,)."""
    shapes = [np.kron(np.eye(side)[k], np.ones(side)) for k in range(side)]
    shapes += [np.kron(np.ones(side), np.eye(side)[k]) for k in range(side)]
    atoms = dictionary / np.linalg.norm(dictionary, axis=0)
    return np.abs(np.array(shapes) @ atoms / math.sqrt(side)).max(axis=1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_atoms_of_bars_come_out_as_bars(seed):
    experiment, trajectory = made(BARS, seed=seed)
    assert likeness(experiment.start["dictionary"], 8).max() < 0.6
    found = likeness(trajectory.last.after.theta["dictionary"], 8)
    assert len(found) == 16 and found.min() > 0.97


def oriented(atom, side=8):
    """0 to 1: how much an atom's slopes share one direction (its structure tensor)."""
    down, across = np.gradient(atom.reshape(side, side))
    tensor = np.array([[(a * b).sum() for b in (down, across)] for a in (down, across)])
    low, high = np.linalg.eigvalsh(tensor)
    return (high - low) / (high + low)


def test_the_atoms_of_photographs_are_edges():
    experiment, trajectory = made(PATCHES)
    before, after = (
        np.median([oriented(atom) for atom in theta["dictionary"].T])
        for theta in (experiment.start, trajectory.last.after.theta)
    )
    assert before < 0.2 and after > 0.5


def test_thirty_rounds_take_a_few_seconds():
    """500 patches, 64 dimensions, 64 atoms: 0.9 s of processor time here."""
    experiment = Experiment.parse(PATCHES)
    begun = time.process_time()
    run.run(experiment)
    assert time.process_time() - begun < 8


# --- unused atoms -----------------------------------------------------------------------------------------------


def test_revived_atoms_change_nothing_yet_and_help_later():
    kept, renewed = (made(raw, schedule="(HM)12") for raw in (DIGITS, revived(DIGITS)))
    experiment, trajectory = renewed
    model, data = experiment.model, experiment.data
    events = [(step, event) for step in trajectory.half_steps for event in step.events]
    assert events and all(event.kind == "revived_atom" and not event.stops for _, event in events)
    assert not any(step.events for step in kept[1].half_steps)
    for step, event in events:
        k, n = int(event.numbers["atom"]), int(event.numbers["point"])
        assert step.move == "M" and not step.after.q.codes[:, k].any() and event.numbers["change"] == 0
        atom = step.after.theta["dictionary"][:, k]
        np.testing.assert_allclose(atom, data.targets[n] / np.linalg.norm(data.targets[n]), rtol=1e-12)
        plain = model.maximize(data, step.before.q, step.before.theta)
        assert model.expected_log_joint(data, step.after.theta, step.after.q) == pytest.approx(
            model.expected_log_joint(data, plain, step.after.q), rel=1e-14
        )
    first, event = events[0]
    assert trajectory[first.index + 1].after.q.codes[:, int(event.numbers["atom"])].any()  # used at once
    unused = [int((~trajectory.last.after.q.codes.any(axis=0)).sum()) for _, trajectory in (kept, renewed)]
    assert unused[0] >= 3 and unused[1] == 0
    assert heights(*renewed)[-1] > heights(*kept)[-1] + 10


def test_revived_points_are_the_worst_explained_and_no_two_alike():
    values = [[1.0, 0.0], [5.0, 0.0], [0.0, 3.0], [4.9, 0.0], [0.0, 0.0]]
    raw = {**TINY, "settings": {"lambda": 1.0, "dead_atoms": "revive"}, "data": {"values": values}}
    start = {"dictionary": [[0.01, 0.02, 0.01], [0.01, 0.01, 0.02]]}
    _, trajectory = made({**raw, "start": start, "schedule": "HM"})
    assert [event.numbers["point"] for event in trajectory.last.events] == [1, 2]
    np.testing.assert_array_equal(trajectory.last.after.theta["dictionary"], [[1, 0, 0.01], [0, 1, 0.02]])
    quiet = {**raw, "settings": {**raw["settings"], "lambda": 100.0}}  # no atom would be used: nothing to revive
    _, trajectory = made({**quiet, "start": start, "schedule": "HM"})
    assert not trajectory.last.events and trajectory.last.after.theta["dictionary"][0, 0] == 0.01


# --- beside scikit-learn ----------------------------------------------------------------------------------------


def reference(values, start, penalty, rounds):
    """scikit-learn's ½‖V − HW‖² + α‖H‖₁ after every round it makes: codes, then one sweep over the atoms."""
    from sklearn.decomposition import dict_learning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that it has not converged
        _, _, errors = dict_learning(
            values, start.shape[1], alpha=penalty, max_iter=rounds, tol=0, method="cd",
            dict_init=start.T.copy(), code_init=np.zeros((len(values), start.shape[1])),
        )  # fmt: skip
    return errors


@pytest.mark.parametrize("raw", [BARS, PATCHES], ids=["bars", "patches"])
def test_sweeps_are_those_of_scikit_learn_and_full_m_steps_end_no_worse(raw):
    """(HC)n is its algorithm, round by round. A full M is no worse than a sweep from the same codes; nor is its end."""
    rounds = 30
    experiment, swept = made(raw, schedule=f"(HC){rounds}")
    model, data = experiment.model, experiment.data
    errors = reference(data.values, experiment.start["dictionary"], model.penalty, rounds)
    mine, full = (
        [sum(model.terms(data, step.after.theta, step.after.q)) for step in trajectory.half_steps[2::2]]
        for trajectory in (swept, made(raw)[1])
    )
    # it ends where its cost rises, if only by rounding: then no round has anything left to gain
    assert len(errors) == rounds or np.allclose(mine[len(errors) - 1 :], errors[-1], rtol=1e-7)
    np.testing.assert_allclose(mine[: len(errors)], errors, rtol=1e-7)
    assert full[0] < errors[0] and full[-1] <= errors[-1] * (1 + 1e-6)


# --- files, reports, bad input ----------------------------------------------------------------------------------


def through_text(value):
    return json.loads(json.dumps(finite(value), allow_nan=False))


@by_case
def test_what_is_exported_replays_to_the_last_bit(raw):
    experiment, trajectory = made(raw)
    first = through_text(report(experiment, trajectory))
    again = Experiment.parse(first["experiment"])
    assert through_text(report(again, run.run(again))) == first


def test_the_report():
    rows = through_text(report(*made(TINY, schedule="HMHC")))["half_steps"]
    assert [row["move"] for row in rows] == [None, "H", "M", "H", "C"]
    nothing = ("log_evidence", "gap", "kl")
    assert all(row[key] is None for row in rows for key in nothing)
    assert all(rows[0][key] is None for key in ("elbo", "entropy", "objective", "codes", "expected_log_joint"))
    for row in rows[1:]:
        assert row["elbo"] == row["entropy"] == "-Infinity" and row["objective"] == -row["expected_log_joint"]
        assert np.shape(row["codes"]) == (30, 5) and np.shape(row["parameters"]["dictionary"]) == (3, 5)
    head, *lines = as_csv(finite(report(*made(TINY, schedule="HM")))).splitlines()
    assert "codes[29][4]" in head and "codes," not in head and len(lines) == 3
    assert len({line.count(",") for line in (head, *lines)}) == 1


def test_its_moves():
    assert allowed(DictionaryLearning) == "HMC"
    experiment, trajectory = made(TINY)
    bound = decompose(experiment.model, experiment.data, trajectory.last.after)
    assert (bound.log_evidence, bound.gap, bound.kl, bound.residual) == (None, None, None, None)
    assert bound.elbo == bound.entropy == -math.inf
    bound = decompose(experiment.model, experiment.data, trajectory[0].after)
    assert (bound.log_evidence, bound.elbo, bound.gap) == (None, None, None)


def test_to_the_end():
    experiment = Experiment.parse({**SMALL_BARS, "schedule": "H"})
    trajectory = run.run_to_end(experiment, run.start(experiment), plan("HM", MOVES))
    values = heights(experiment, trajectory)
    assert 20 < len(trajectory) < 500 and trajectory.moves == "HM" * (len(values) // 2)
    assert values[-1] - values[-3] < 1e-9 * abs(values[-1]) <= values[-3] - values[-5]


@pytest.mark.parametrize("raw", [PATCHES, DIGITS, BARS], ids=["patches", "digits", "bars"])
def test_the_start_depends_on_the_seed_and_stepping_back_repeats(raw):
    starts = [Experiment.parse({**raw, "seed": seed}).start["dictionary"] for seed in (1, 1, 2)]
    assert np.array_equal(starts[0], starts[1]) and not np.array_equal(starts[0], starts[2])
    np.testing.assert_allclose(np.linalg.norm(starts[0], axis=0), 1, rtol=1e-14)
    experiment, trajectory = made(revived(raw), schedule="(HM)3")
    again = trajectory.upto(3)
    for letter in "MHM":
        again = run.extend(experiment, again, letter)
    assert np.array_equal(again.last.after.theta["dictionary"], trajectory.last.after.theta["dictionary"])


BAD = [
    (TINY, "settings", {"lambda": 0}, "settings.lambda"),
    (TINY, "settings", {"beta": -1}, "settings.beta"),
    (TINY, "settings", {"norm_constraint": "yes"}, "settings.norm_constraint"),
    (TINY, "settings", {"n_atoms": 0}, "settings.n_atoms"),
    (TINY, "settings", {"dead_atoms": "bury"}, "settings.dead_atoms"),
    (TINY, "settings", {"sparsity": 1}, "settings.sparsity"),
    (TINY, "data", {"values": [[1.0, 2.0]], "offset": [1.0]}, "data.offset"),
    (TINY, "data", {"values": [[1.0, 1e90]]}, "data.values"),
    (TINY, "data", {"values": []}, "data.values"),
    (TINY, "data", {"dataset": "photograph"}, "data.dataset"),
    (TINY, "data", {"generator": "blobs"}, "data.generator"),
    (TINY, "data", {"generator": "bars", "probability": 1.5}, "data.probability"),
    (TINY, "data", {"generator": "bars", "side": 40}, "data.side"),
    (TINY, "data", {"generator": "patches", "n_points": 100_000}, "data.n_points"),
    (TINY, "data", {"generator": "patches", "preparation": "raw"}, "data.preparation"),
    (TINY, "start", {"dictionary": [[1.0], [0.0]]}, "start.dictionary"),
    (TINY, "start", {"dictionary": np.eye(3).tolist()}, "start.dictionary"),  # n_atoms says 5
    (TINY, "start", {"dictionary": [[1.0, 0, 0, 0, 1]] * 3}, "start.dictionary, column 0"),
    (free(TINY), "start", {"dictionary": [[1.0, 0, 1, 1, 1]] * 3}, "start.dictionary, column 1"),
    (TINY, "start", {"dictionary": [[0.1] * 5] * 3, "codes": [[0]]}, "start.codes"),
    (TINY, "start", {"dictionary": [[0.1] * 5] * 3, "q_at": {"dictionary": [[0.1] * 5] * 3}}, "start.q_at"),
    *((TINY, "schedule", word, "schedule") for word in ("EM", "HG", "HB", "M", "HT", "VM", "HN")),
]


@pytest.mark.parametrize(("base", "key", "value", "field"), BAD)
def test_bad_input_names_the_field(base, key, value, field):
    with pytest.raises(InvalidExperiment) as caught:
        Experiment.parse({**copy.deepcopy(base), key: value})
    assert str(caught.value).startswith(f"{field}: ") and str(caught.value).isprintable()


def test_bars_and_patches():
    pictures = images.bars(4000, 8, 0.125, 0.0, 3).reshape(-1, 8, 8)
    assert set(pictures.ravel()) == {0.0, 1.0}
    rows = pictures.all(axis=2)
    assert rows.mean() == pytest.approx(0.125, abs=0.01)
    assert np.array_equal(pictures > 0, rows[:, :, None] | pictures.all(axis=1)[:, None, :])
    plain, white = (
        Experiment.parse({**PATCHES, "data": {**PATCHES["data"], "preparation": name}}).data.values
        for name in ("centred", "whitened")
    )
    for values in (plain, white):
        np.testing.assert_allclose(values.mean(axis=1), 0, atol=1e-12)
        assert values.std() == pytest.approx(1) and values.shape == (500, 64)
    # whitened: neighbours are less alike, and low frequencies no longer outweigh the middle ones
    squares = [values.reshape(-1, 8, 8) for values in (plain, white)]
    alike = [np.corrcoef(each[:, :, :-1].ravel(), each[:, :, 1:].ravel())[0, 1] for each in squares]
    assert alike[0] > 0.65 > 0.5 > alike[1]
    image = photograph()
    power = [np.abs(np.fft.fft2(each)) ** 2 for each in (image, images.whitened(image))]
    raw, evened = (each[1:5, 1:5].mean() / each[12:20, 12:20].mean() for each in power)
    assert raw > 100 > 10 > evened


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_experiment_gives_numbers_an_event_or_one_line(data):
    raw = copy.deepcopy(data.draw(st.sampled_from([TINY, free(TINY), revived({**TINY, "schedule": "(HC)4"})])))
    raw["data"]["values"] = raw["data"]["values"][:4]
    raw["start"] = {"dictionary": np.random.default_rng(1).uniform(-0.5, 0.5, (3, 5)).round(2).tolist()}
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([path for path in places(raw) if path]))
        holder = raw
        for key in path[:-1]:
            holder = holder[key]
        factor = data.draw(st.sampled_from([None, 1e-300, 1e-90, 1e-20, 1e-9, 0.0, -1.0, 1e9, 1e20, 1e24, 1e60]))
        holder[path[-1]] = copy.deepcopy(data.draw(ODD)) if factor is None else rescaled(holder[path[-1]], factor)
    try:
        experiment = Experiment.parse(raw)
    except InvalidExperiment as error:
        assert str(error).isprintable()
        return
    result = report(experiment, run.run(experiment))
    assert all(math.isfinite(number) for step in result["half_steps"] for number in numbers(step["parameters"]))
    assert not any(math.isnan(number) for number in numbers(result))
    json.loads(json.dumps(finite(result), allow_nan=False))
