"""What is learned: bars, edges, atoms without work, and scikit-learn's sweeps."""

from __future__ import annotations

import math
import time
import warnings

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.experiment import Experiment
from tests.attack import thinned
from tests.core.dictionary_learning.shared import BARS, DIGITS, PATCHES, TINY, heights, made, revived


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


@pytest.mark.parametrize("raw", thinned([BARS, PATCHES], [BARS]), ids=["bars", "patches"])
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
