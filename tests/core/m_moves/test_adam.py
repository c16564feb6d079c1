"""A: Adam by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from em_core import m_steps
from em_core import trajectory as run
from em_core.kinds import MOVES
from em_core.records import frozen
from tests.core.cases import INTERIOR
from tests.core.m_moves.shared import COINS, SETTINGS, same, state


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_adam_by_hand(case):
    """Kingma and Ba's algorithm 1, upwards, number by number; E in between changes the slope, not the moments."""
    model, (step, beta1, beta2) = case.model, SETTINGS["A"].values()
    trajectory = run.run(case.experiment("EAAEAA", moves=SETTINGS))
    vector = model.to_vector(case.theta)
    m, v, t = np.zeros(len(vector)), np.zeros(len(vector)), 0
    for half_step in trajectory.half_steps[1:]:
        if half_step.move == "A":
            t += 1
            g = model.gradient(case.data, half_step.before.theta, half_step.before.q) / case.n_units
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
            corrected = m / (1 - beta1**t), v / (1 - beta2**t)
            vector = vector + step * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
        found = model.to_vector(half_step.after.theta)
        np.testing.assert_allclose(found, vector, rtol=1e-9, atol=1e-9)
    mean, square, made = trajectory.last.after.carry["A"]
    assert made == 4 and not mean.flags.writeable and not square.flags.writeable
    np.testing.assert_allclose(mean, m, rtol=1e-6, atol=1e-10)


def test_adam_starts_afresh_where_the_number_of_coordinates_changes():
    fresh = m_steps.adam_step(COINS.model, COINS.data, state(COINS), 0.1, 0.9, 0.99).state
    stale = replace(state(COINS), carry={"A": (frozen([1.0, 2.0, 3.0]), frozen([1.0, 1.0, 1.0]), 7), "T": 3})
    again = m_steps.adam_step(COINS.model, COINS.data, stale, 0.1, 0.9, 0.99).state
    assert same(again.theta, fresh.theta) and again.carry["A"][2] == 1 and again.carry["T"] == 3


@pytest.mark.parametrize(
    ("letter", "settings"), [("A", {"step": 2.0}), ("S", {"step": 0.1, "batch": 1})], ids=["A", "S"]
)
def test_a_and_s_promise_nothing_and_can_lower_the_elbo(letter, settings):
    """The two coins: a step of Adam of 2; a single set of tosses, though the full gradient step of 0.1 rises."""
    assert not MOVES[letter].monotone
    changes = []
    for seed in range(8):
        trajectory = run.run(COINS.experiment(f"E{letter}", moves={letter: settings}, seed=seed))
        changes.append(np.diff([COINS.elbo(step.after.theta, step.after.q) for step in trajectory.half_steps[1:]])[0])
    assert min(changes) < -1e-3
    if letter == "S":
        assert max(changes) > 1e-3
