"""All M-type moves: what they need, repeat, hand out, and where they end."""

from __future__ import annotations

import json

import numpy as np
import pytest

from em_core import trajectory as run
from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from em_core.moves import MAKE
from tests.attack import dealt
from tests.core.cases import INTERIOR
from tests.core.m_moves.shared import BY_NAME, SETTINGS, state
from tests.core.making import RULED_OUT, fields_of
from tests.core.test_immutability import arrays


def test_which_models_make_which_m_type_moves():
    for name, model in MODELS.items():
        letters = {letter for letter in allowed(model) if MOVES[letter].kind == "M"}
        if name == "dictionary_learning":  # no unconstrained coordinates
            assert letters == {"M", "C"}
            continue
        assert letters == set("MGBSANL") | ({"C"} if hasattr(model, "blocks") else set()), name


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_m_type_moves_do_not_ask_for_the_entropy(case):
    """After a point mass over continuous h it is −∞, and the moves must go on: L differs from what they see by it."""

    def refuse(*_):
        raise AssertionError("the entropy was asked for")

    blind = type("Blind", (type(case.model),), {"entropy": refuse, "log_evidence": refuse, "kl": refuse})
    model = blind(**fields_of(case.model))
    rng = np.random.default_rng(0)
    for letter in case.m_moves:
        settings = {**{key: entry.default for key, entry in MOVES[letter].settings.items()}, **SETTINGS.get(letter, {})}
        made = MAKE[letter](model, case.data, state(case), settings, rng)
        assert made.state.q is case.q
        assert all(np.isfinite(entry).all() for entry in made.state.theta.values())


@pytest.mark.parametrize("case", dealt(INTERIOR, 0, of=2), ids=str)
def test_exports_with_carries_and_draws_replay_to_the_last_bit(case):
    letters = [letter for letter in case.m_moves if letter != "M"]
    word = f"E{''.join(letters)}(ESAE{'C2' if 'C' in letters else ''})2N"
    first = report(
        *(lambda experiment: (experiment, run.run(experiment)))(case.experiment(word, moves=SETTINGS, seed=9))
    )
    assert first["outcome"] == "completed"
    text = json.dumps(first, allow_nan=False)
    again = Experiment.parse(json.loads(text)["experiment"])
    assert json.dumps(report(again, run.run(again)), allow_nan=False) == text


@pytest.mark.parametrize("case", INTERIOR, ids=str)
def test_what_the_moves_hand_out_is_read_only(case):
    trajectory = run.run(case.experiment(f"E{case.m_moves}E", moves=SETTINGS))
    assert not any(entry.flags.writeable for entry in arrays(trajectory.half_steps))
    assert not any(entry.flags.writeable for step in trajectory.half_steps for entry in arrays(dict(step.after.carry)))
    part = case.model.minibatch(case.data, case.q, 2, np.random.default_rng(0))
    assert not any(entry.flags.writeable for entry in arrays(part[:2]))


@pytest.mark.parametrize("letter", "GBSANL")
def test_where_the_bound_is_minus_infinity_no_slope_leads_out(letter):
    """θ rules out what q holds possible: an event that says so, not a step of 0 nor advice to take a smaller one."""
    trajectory = run.run(Experiment.parse({**RULED_OUT, "schedule": f"{letter}M"}))
    assert trajectory.last.stopped and trajectory.last.events[0].kind == "boundary"


@pytest.mark.parametrize("letter", "AS")
def test_a_step_that_leaves_the_numbers_stops_with_an_event(letter):
    case = BY_NAME["gaussian_full_2d_k2"]
    trajectory = run.run(case.experiment(f"E{letter}E", moves={letter: {"step": 1e90}}))
    (event,) = trajectory.last.events
    assert event.kind in ("diverged", "singular_covariance") and event.stops and event.numbers["step"] == 1e90
    assert trajectory.last.after is trajectory.last.before


@pytest.mark.parametrize("letter", "GBSANL")
def test_a_slope_that_leaves_the_numbers_is_an_event(letter):
    """A variance near the end of the floats, and a mean that is far away in its units."""
    values = [[1e-140], [-1e-140], [5e-141]]
    theta = {"weights": [1.0], "means": [[1e-60]], "covariances": [[[1e-280]]]}
    raw = {"model": "gaussian_mixture", "data": {"values": values}, "start": theta, "schedule": f"E{letter}"}
    trajectory = run.run(Experiment.parse(raw))
    (event,) = trajectory.last.events
    assert event.kind in ("diverged", "boundary") and event.stops
    assert np.isfinite(list(event.numbers.values())).all()


def climbs(values, word):
    """E[log joint] of a Gaussian mixture after each move of a word that begins with its only E."""
    experiment = Experiment.parse({"model": "gaussian_mixture", "data": {"values": values.tolist()}, "schedule": word})
    trajectory = run.run(experiment)
    assert not trajectory.last.stopped
    states = [step.after for step in trajectory.half_steps[1:]]
    return [experiment.model.expected_log_joint(experiment.data, now.theta, now.q) for now in states]


@pytest.mark.parametrize("unit", [[1e8, 1e-8], [1e-8, 1e-8], [1e-90, 1e-90], [1e49, 1e49]], ids=str)
@pytest.mark.parametrize("letter", "NLB")
def test_coordinates_of_any_size_are_no_trouble(unit, letter):
    """Where L-BFGS's own line search gives up, backtracking takes over."""
    joints = climbs(np.random.default_rng(0).standard_normal((12, 2)) * unit, f"E({letter})3")
    assert joints[1] > joints[0] + 1e-3 and sorted(joints) == joints


def test_l_bfgs_turns_back_where_there_are_no_numbers():
    """At 1e-8 its first step leaves them; a wall to turn back from, not an end, takes it beyond one B."""
    values = np.random.default_rng(0).standard_normal((12, 2)) * 1e-8
    (start, after_l), (_, after_b) = climbs(values, "EL"), climbs(values, "EB")
    assert after_l - start > 1.5 * (after_b - start) > 0
