"""Every move of every model, drawn: finite numbers, a sentence, and the faces that some moves bring along."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import pytest

from em_core.bound import decompose, gap_by_block, slopes
from em_core.e_steps import unit_blocks
from em_core.kinds import MOVES, allowed
from em_core.m_steps import minibatch_slope
from em_core.models import MODELS
from em_core.trajectory import draws
from tests.attack import dealt
from tests.figures.runs import shown
from tests.figures.stage_replay import finite
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, EmSettings, for_model

made = {}


def word(model):
    """Every move that the model can make, E-type and M-type in turn, then once more from an exact q."""
    letters = allowed(MODELS[model])
    first = [letter for letter in letters if MOVES[letter].kind == "E"]
    second = [letter for letter in letters if MOVES[letter].kind == "M"]
    pairs = [f"{e}{m}" for e, m in zip(first * 3, second, strict=False)]
    return "E" + "".join(pairs) + "E" + "".join(f"E{m}" for m in second)


@pytest.fixture(scope="module", params=dealt(MODEL_NAMES, 1, of=7))
def run(request):
    model = request.param
    if model not in made:
        plan = word(model)
        # small steps: large ones may leave the numbers, and end the run
        steps = {"step": 0.01, "stochastic_step": 0.01, "adam_step": 0.01}
        settings = EmSettings(**{**vars(for_model(EmSettings(), model)), **steps, "plan": plan})
        made[model] = EmRun.of(settings, plan)
        made[model].frames()
    return made[model]


def bounds(run):
    return [decompose(run.experiment.model, run.experiment.data, step.after) for step in run.trajectory.half_steps]


def test_the_whole_word_is_made_and_drawn(run):
    assert run.moves == run.plan.moves
    for index, frame in enumerate(run.frames()):
        assert finite(frame)
        assert frame["text"]["caption"] and "nan" not in frame["text"]["caption"]
        shown(run, index)


def test_along_the_m_step_everything_is_finite(run):
    for index in (2, 4, len(run) - 1):
        for frame in run.inner(index):
            assert finite(frame)


def test_a_point_shows_its_objective_in_place_of_the_bar(run):
    for index, bound in enumerate(bounds(run)):
        text = shown(run, index).text
        if bound.elbo is not None and bound.elbo == -math.inf:
            assert text["metric.elbo"] == "−∞" and text["metric.gap"] == "∞"
            assert run.frames()[index]["value"]["metric.elbo"] is None
            assert run.frames()[index]["append"]["timeline/objective/y"] == [bound.expected_log_joint]
        else:
            assert run.frames()[index]["append"]["timeline/objective/y"] == [None]


def test_the_two_gradients_are_equal_where_q_is_the_posterior(run):
    experiment = run.experiment
    compared = 0
    for step in run.trajectory.half_steps:
        if step.move == "E":
            found = slopes(experiment.model, experiment.data, step.after)
            scale = max(1.0, float(np.abs(found.elbo).max(initial=0)))
            np.testing.assert_allclose(found.log_evidence, found.elbo, rtol=0, atol=2e-6 * scale)
            compared += len(found.places)
    assert compared


def test_each_slope_names_the_parameters_that_its_coordinate_moves(run):
    """And the picture names them from left to right, with a divider between each and the next."""
    experiment, index = run.experiment, 1
    state = run.trajectory[index].after
    if state.q is None:
        return
    model, found = experiment.model, slopes(experiment.model, experiment.data, state)
    assert len(found.parameters) == len(found.places)
    vector = model.to_vector(state.theta)
    for place, names in zip(found.places, found.parameters, strict=True):
        moved = vector.copy()
        moved[place] += 1e-3
        here, there = (model.from_vector(end, state.theta) for end in (vector, moved))
        assert {name for name in here if not np.array_equal(here[name], there[name])} == set(names.split(", "))
    drawn = run.frames()[index]["set"]
    groups = [name for name, _ in groupby(found.parameters)]
    assert drawn["slopes/xaxis.title.text"] == " │ ".join(groups).replace("_", " ")
    assert len(drawn.get("slopes/shapes", [])) == len(groups) - 1


def test_the_minibatchs_gradient_is_that_of_the_step_to_come(run):
    """And before a move that is not S there is none."""
    experiment = run.experiment
    for index, step in enumerate(run.trajectory.half_steps[:-1]):
        if "S" not in run.moves[max(index - 1, 0) : index + 2]:  # nor anywhere near
            continue
        now = run.moment(index)
        if now.next_move != "S" or now.slopes is None:
            assert now.batch_slope is None
            continue
        batch = int(experiment.moves["S"]["batch"])
        slope, _ = minibatch_slope(experiment.model, experiment.data, step.after, batch, draws(experiment, index + 1))
        exact = slope[now.slopes.places]
        np.testing.assert_allclose(now.batch_slope, exact, rtol=0, atol=1e-9 * max(1.0, float(np.abs(exact).max())))


def test_the_gap_by_block_adds_up(run):
    experiment = run.experiment
    if not MOVES["P"].allowed(experiment.model):
        assert "blocks" not in run.scene.json["figures"]
        return
    blocks = unit_blocks(experiment.model.n_hidden_units(experiment.data), 4)
    for step, bound in zip(run.trajectory.half_steps, bounds(run), strict=True):
        gaps = gap_by_block(experiment.model, experiment.data, step.after, blocks)
        assert gaps.sum() == pytest.approx(bound.kl, rel=1e-12, abs=1e-12)
        if step.move == "P":
            done = step.before.carry.get("P", 0) % len(blocks)
            assert gaps[done] <= 1e-10


def test_the_floor_of_mean_field_is_below_the_gap(run):
    for index, step in enumerate(run.trajectory.half_steps):
        floor = run._moments[index].floor
        made_by = run._moments[index].q_move
        assert (floor is not None) == (made_by == "V")
        if floor is not None:
            kl = decompose(run.experiment.model, run.experiment.data, step.after).kl
            assert 0 <= floor <= kl * (1 + 1e-9)


def test_the_floor_is_where_further_sweeps_end(run):
    """At the θ where q was last swept: the same as making V again and again."""
    experiment = run.experiment
    for index, step in enumerate(run.trajectory.half_steps):
        if step.move != "V":
            continue
        q = step.after.q
        for _ in range(300):
            q = experiment.model.mean_field(experiment.data, step.after.theta, q)
        reached = experiment.model.kl(q, experiment.model.posterior(experiment.data, step.after.theta))
        assert run._moments[index].floor == pytest.approx(reached, rel=1e-5, abs=1e-9)
