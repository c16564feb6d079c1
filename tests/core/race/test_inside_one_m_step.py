"""Every optimiser along one bound: each way is that of the moves themselves, and none comes higher than M."""

from __future__ import annotations

import numpy as np
import pytest

from em_core import trajectory
from em_core.bound import decompose
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.observe.inside import paths
from tests.attack import dealt
from tests.core.race.shared import BY_NAME, STARTS, WITHOUT_COORDINATES

MODELS = [name for name in STARTS if name != "dictionary_learning"]
SETTINGS = {"G": {"step": 0.05}, "S": {"step": 0.05, "batch": 4}}


@pytest.mark.parametrize("model", MODELS)
def test_a_way_is_that_of_the_moves_after_one_e_step(model):
    experiment = Experiment.parse({**STARTS[model], "schedule": "E", "moves": SETTINGS})
    found = {path.letter: path for path in paths(experiment, 4)}
    own = experiment.model
    assert set(found) == {letter for letter, move in MOVES.items() if move.kind == "M" and move.allowed(own)}
    for letter, path in found.items():
        count = len(path.moved) - 1
        assert (count == 1) if letter == "M" else (1 <= count <= 4)
        word = f"E{letter}{count}"
        run = trajectory.run(Experiment.parse({**STARTS[model], "schedule": word, "moves": SETTINGS}))
        bounds = [decompose(own, experiment.data, step.after) for step in run.half_steps[1:]]
        origin = own.to_vector(run[1].after.theta)
        moved = [np.linalg.norm(own.to_vector(step.after.theta) - origin) for step in run.half_steps[1:]]
        np.testing.assert_allclose(path.moved, moved, rtol=1e-12)
        np.testing.assert_allclose(path.rise, [bound.elbo - bounds[0].elbo for bound in bounds], rtol=1e-12)
        np.testing.assert_allclose(path.gap[1:], [max(bound.gap, 0) for bound in bounds[1:]], rtol=1e-12)


@pytest.mark.parametrize("model", dealt(MODELS, 1, of=2))
def test_no_way_leads_higher_than_the_full_m_step(model):
    found = paths(Experiment.parse({**STARTS[model], "schedule": "E", "moves": SETTINGS}), 40)
    top = next(path.rise[-1] for path in found if path.letter == "M")
    assert top > 0 and all(max(path.rise) <= top + 1e-6 * max(1, top) for path in found)
    assert all(gap >= 0 for path in found for gap in path.gap) and all(path.gap[0] == 0 for path in found)


def test_newton_comes_to_the_same_place_as_m():
    found = {path.letter: path for path in paths(BY_NAME["gaussian_full_2d_k2"].experiment(), 30)}
    for letter in "NLC":
        assert found[letter].rise[-1] == pytest.approx(found["M"].rise[-1], rel=1e-6)
        assert found[letter].gap[-1] == pytest.approx(found["M"].gap[-1], rel=1e-3)


def test_a_way_ends_where_a_move_fails_and_there_is_none_without_coordinates():
    assert paths(WITHOUT_COORDINATES.experiment(), 5) == ()
    far = BY_NAME["gaussian_full_2d_k2"].experiment(moves={"G": {"step": 1e4}})
    found = {path.letter: path for path in paths(far, 5)}
    assert len(found["G"].moved) < 6 and len(found["A"].moved) == 6
