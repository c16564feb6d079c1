"""What is shown while a handle is held: the core's numbers at that θ and the same q, and nothing of it on the tape."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.model import check
from em_core.records import State
from figures.changes import steady
from figures.look import scale
from tests.attack import thinned
from tests.figures.runs import EM, EM_FIRST, em_dealt, em_run
from tests.figures.stage_replay import Shown
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES

# half-steps of tests.figures.runs: the start, an E, an M, the gradient step
PLACES = (0, 1, 2, 6)


def pulled(handle, share=0.37):
    """A place near a handle, as the stage gives it."""
    if handle.get("kind") == "slider":
        return handle["value"] + share * (handle["high"] - handle["value"]) / 4, 0.0
    along = handle.get("along")
    return (
        handle["x"] if along == "y" else handle["x"] * (1 + share / 20) + 1e-3,
        handle["y"] if along == "x" else handle["y"] * (1 + share / 20) + 1e-3,
    )


def handles(run, at):
    return run.frames([at])[at]["handles"]


def begun(run, theta, q_at):
    """The experiment that begins at this θ, as a file says it, and with the q of another."""
    start = {name: entry.tolist() for name, entry in theta.items()}
    if q_at is not None:
        start["q_at"] = {name: entry.tolist() for name, entry in q_at.items()}
    return Experiment.parse({**run.experiment.to_json(), "start": start, "schedule": "E"})


def test_every_model_is_in_the_table():
    assert {case.model for case in EM.values()} == set(MODEL_NAMES)


@pytest.mark.parametrize("name", em_dealt(2))
def test_every_model_has_a_parameter_under_the_hand(name):
    """In the picture of the data, where everybody sees it; and it changes θ into a θ that a run may begin with."""
    run = em_run(name)
    offered = [handle for handle in handles(run, 2) if handle["figure"] == "data"]
    assert offered
    model, data, state = run.experiment.model, run.experiment.data, run.trajectory[2].after
    for handle in offered:
        theta = run.dragged(2, handle["id"], *pulled(handle))
        assert any(not np.array_equal(theta[part], entry) for part, entry in state.theta.items())
        there = begun(run, theta, None)
        check(model, data, there.start)
        terms = decompose(model, data, State(there.start, state.q))
        assert abs(terms.residual) < 1e-9 * max(1.0, abs(terms.log_evidence))


# every second model in every run, at one of the places turn by turn
TURNS = [(PLACES[number // 2 % 4], name) for number, name in enumerate(EM_FIRST) if number % 2]


@pytest.mark.parametrize(("at", "name"), thinned([(at, name) for at in PLACES for name in EM], TURNS))
def test_a_preview_has_the_numbers_of_the_core(name, at):
    run = em_run(name)
    made, tape, moments = run.trajectory, [frame["id"] for frame in run.frames([at])], list(run._moments)
    state = made[at].after
    for handle in handles(run, at)[:3]:
        place = pulled(handle)
        theta = run.scene.view.dragged(state.theta, handle["id"], *place)
        expected = decompose(run.experiment.model, run.experiment.data, State(theta, state.q, state.q_at))
        shown = json.loads(json.dumps(run.preview(at, handle["id"], *place), allow_nan=False))
        numbers = [shown["value"][f"metric.{metric}"] for metric in ("evidence", "elbo", "gap")]
        wanted = [expected.log_evidence, expected.elbo, expected.kl]
        finite = [None if one is None or math.isinf(one) else one for one in wanted]
        assert numbers == pytest.approx(finite, rel=1e-12, abs=1e-12)
        (again,) = [one for one in shown["handles"] if one["id"] == handle["id"]]
        moved = again["value"] if handle.get("kind") else again["x"]
        assert moved == pytest.approx(place[0], rel=1e-9)
    assert run.trajectory is made and run._moments == moments
    assert [frame["id"] for frame in run.frames([at])] == tape


@pytest.mark.parametrize("name", ["old_faithful", "coins", "linkage", "regression_mixture, nitric_oxide"])
def test_a_preview_draws_what_the_run_from_there_begins_with(name):
    """The data's picture, but for what q alone says, and the terms."""
    run = em_run(name)
    handle = handles(run, 2)[0]
    place = pulled(handle)
    held = Shown(run.scene.json, run.frames(), 2).over(run.preview(2, handle["id"], *place))
    after = EmRun(begun(run, run.dragged(2, handle["id"], *place), run.trajectory[2].after.q_at), (), (0, 1))
    fresh = Shown(after.scene.json, after.frames(), 0)
    for figure in ("data", "decomposition"):
        for one, other in zip(held.figures[figure]["data"], fresh.figures[figure]["data"], strict=True):
            if not one["meta"].startswith("trail"):
                for axis in ("x", "y"):
                    _alike(one.get(axis), other.get(axis))


@pytest.mark.parametrize("name", ["old_faithful", "linkage", "poisson_mixture, times_deaths"])
@pytest.mark.parametrize("at", [0, 2, 6])
def test_what_is_held_stands_on_the_timeline_as_the_half_step_that_a_drop_makes(name, at):
    """One tooth more, with the drop's heights; and what is said of the run so far counts it."""
    run = EmRun.of(EM[name], "EMEGEB")
    handle = handles(run, at)[0]
    place = pulled(handle)
    held = Shown(run.scene.json, run.frames(), at).over(run.preview(at, handle["id"], *place))
    run.place(at, run.dragged(at, handle["id"], *place))
    dropped = Shown(run.scene.json, run.frames(), at + 1)
    for trace in ("evidence", "elbo", "here", "names"):
        for axis in "xy":
            _alike(held.trace(f"latest.{trace}")[axis], dropped.trace(f"latest.{trace}")[axis])
    assert held.figures["latest"]["layout"]["xaxis"]["ticktext"][-1] == "by hand"
    assert held.text["heading.timeline"] == dropped.text["heading.timeline"]


def _alike(one, other):
    if one and isinstance(one[0], int | float):
        np.testing.assert_allclose(np.array(one, float), np.array(other, float), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "handle", "place"),
    [
        ("coins", "0", (1.0, 0.0)),
        ("linkage", "value", (0.0, 0.0)),
        ("old_faithful", "0", (1e7, 60.0)),
        ("abo_blood_groups, abo", "allele/1", (1.5, 0.0)),
        ("poisson_mixture, times_deaths", "0", (-1.0, 0.0)),
        ("hidden_markov, casino", "stay/0", (-0.1, 0.0)),
    ],
)
def test_a_place_without_a_bound_is_refused(name, handle, place):
    with pytest.raises(InvalidExperiment):
        em_run(name).preview(2, handle, *place)


def test_what_the_hand_does_not_change_is_not_sent():
    """Neither the colours of the data nor axes that stay: that is what makes it fast."""
    run = em_run("old_faithful")
    handle = handles(run, 2)[0]
    shown = run.preview(2, handle["id"], handle["x"] + 0.3, handle["y"] + 1)
    of_data = [address for address in shown["set"] if address.startswith("data/")]
    assert not [address for address in of_data if "color" in address or "symbol" in address]
    assert {address.split("/")[0] for address in shown["set"]} >= {"data", "course", "decomposition", "latest"}
    assert "data/shape 2/x" not in shown["set"] and "data/shape 1/x" in shown["set"]


def test_axes_stay_under_the_hand_and_leap_elsewhere():
    changed = {"data/xaxis.range": [0.0, 1.0], "course/yaxis2.range": [-3.0, 30.0], "data/points/x": [1]}
    changed |= {"latest/xaxis.range": [-0.1, 3.1]}
    kept = {"course/yaxis2.range": [-16.0, 32.0], "data/points/x": [1], "latest/xaxis.range": [-0.1, 3.1]}
    assert steady(changed, "data") == kept
    for low, high in ((-513.2, -400.0), (0.0, 1e-9), (3.0, 3.0)):
        wider = scale.leap(low, high)
        assert wider[0] <= low and wider[1] >= high and wider[1] - wider[0] <= 2 * (high - low)
    assert scale.leap(2.1, 9.3) == scale.leap(2.9, 9.1) == [2.0, 10.0]


def test_a_share_moves_and_the_whole_stays():
    from em_core.observe import fit

    moved = fit.with_share(np.array([0.2, 0.0, 0.3, 0.5]), 0, 0.6)
    np.testing.assert_allclose(moved, [0.6, 0.0, 0.15, 0.25])
    assert fit.movable(np.array([0.0, 1.0])) == [] and fit.movable(np.array([0.5, 0.0, 0.5])) == [0, 2]


def test_a_line_tilts_about_its_other_end():
    from em_core.observe import fit

    ends = np.array([[1.0, 2.0, 0.5], [1.0, 6.0, 0.5]])
    line = np.array([1.0, -0.5, 3.0])
    heights = ends @ fit.tilted(line, ends, 1, 4.0, [1, 0])
    np.testing.assert_allclose(heights, [ends[0] @ line, 4.0])
    slope_alone = fit.tilted(line, ends, 1, 4.0, [1])
    assert slope_alone[[0, 2]].tolist() == [1.0, 3.0] and ends[1] @ slope_alone == pytest.approx(4.0)
