"""A run of MAP inference on the page: what each act does to its steps and frames."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import SOLVERS, optimality_violation
from tests.core.sparse_coding.sparse_cases import L1_SOLVERS
from tests.figures.stage_replay import finite
from ui import limits
from ui.map.run import MapRun
from ui.map.session import MapSession
from ui.map.settings import MapOverrides, MapSettings, for_signal

PATCH = for_signal(MapSettings(), "patch8")


@pytest.fixture
def run():
    return MapRun.of(MapSettings())


def ids(run):
    return [frame["id"] for frame in run.frames()]


def test_opens_at_zero(run):
    (frame,) = run.frames()
    assert len(run) == 1 and frame["value"]["metric.support"] == 0 and frame["inner_at"] is None
    assert frame["next"] == {"label": "Step", "detail": "ISTA", "act": {"act": "advance"}}
    assert run.inner(0) == [] and run.ended is None


def test_advance_is_idempotent(run):
    run.advance(5)
    steps = list(run.steps)
    run.advance(3), run.advance(5)
    assert run.steps == steps and len(run) == 6 and [step.index for step in steps] == list(range(6))


def test_adding_steps_draws_no_old_frame_again(run):
    run.advance(3)
    before = list(run.frames())
    run.advance(7)
    after = run.frames()
    assert all(one is other for one, other in zip(before, after, strict=False)) and len(after) == 8


def test_equal_ids_mean_equal_frames():
    one, other = MapRun.of(MapSettings(), 4), MapRun.of(MapSettings())
    other.advance(4)
    assert ids(one) == ids(other) and one.frames() == other.frames() and len(set(ids(one))) == 5


def test_ids_tell_apart_what_differs():
    chosen = [
        MapSettings(), MapSettings(solver="fista"), MapSettings(penalty=0.8), MapSettings(precision=2.0),
        MapSettings(stride=0.5), MapSettings(angle=60.0),
        MapSettings(overrides=MapOverrides(start={"code": [1.0, 0.0]})),
        MapSettings(solver="fista", restart=True), MapSettings(solver="lca"), MapSettings(solver="lca", dt=0.2),
    ]  # fmt: skip
    assert len({ids(MapRun.of(each, 1))[-1] for each in chosen}) == len(chosen)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("settings", [MapSettings(), MapSettings(signal="toy3")], ids=["two atoms", "three atoms"])
def test_end_comes_to_the_end(settings, solver):
    run = MapRun.of(replace(settings, solver=solver, dt=1.0))
    while run.ended is None:
        run.ahead()
    *before, last = run.frames()
    assert run.ended in last["text"].get("ended", run.ended) and last["next"] is None
    assert all(frame["next"] for frame in before)
    if solver in L1_SOLVERS:
        best = run.steps[-1]
        assert best.duality_gap <= 1e-11 * max(1.0, best.objective)
        # the gap is of second order: the slope is known to its root
        assert optimality_violation(run.experiment.problem, best.state.code) < 1e-4
    length = len(run)
    run.ahead(), run.advance(length + 5)
    assert len(run) == length


def test_ahead_goes_no_further_than_asked():
    run = MapRun.of(replace(PATCH, penalty=0.01))
    run.ahead(23)
    assert len(run) == 24 and run.ended is None
    run.ahead(23)
    assert len(run) == 24


def test_ahead_makes_steps_until_it_is_late_and_stops_at_the_end(run):
    run.ahead(late=lambda: True)
    assert len(run) == 2  # no time, one step
    run.ahead()
    assert run.ended.startswith("Proven")


def test_the_page_holds_so_many_steps(monkeypatch):
    monkeypatch.setattr(limits, "LONGEST", 10)
    run = MapRun.of(PATCH, 50)
    assert len(run) == 11 and "10 steps" in run.ended and run.frames()[-1]["next"] is None


@pytest.mark.parametrize("settings", [MapSettings(penalty=100.0), MapSettings(v1=0.0, v2=0.0)], ids=["λ", "v = 0"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_where_zero_is_the_answer_it_is_the_answer_at_once(settings, solver):
    """λ ≥ λ_max; OMP, which knows no λ, is the exception."""
    run = MapRun.of(replace(settings, solver=solver), 3)
    if solver == "omp" and settings.v1:
        return
    assert not run.steps[-1].state.code.any() and run.ended
    assert len(run) == 1 or solver == "omp"
    (frame, *_) = run.frames()
    assert frame["value"]["metric.gap"] == 0 == frame["value"]["metric.support"]


# --- dragging ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signal", ["toy2", "toy3"])
def test_a_drag_starts_there(signal):
    run = MapRun.of(MapSettings(signal=signal), 3)
    start = run.dragged(2, 1.25, -0.5)
    assert start["code"] == [1.25, -0.5, *run.steps[2].state.code[2:]]
    again = MapRun.of(MapSettings(signal=signal, overrides=MapOverrides(start=start)))
    assert again.steps[0].state.code.tolist() == start["code"]
    handle, _ = again.frames()[0]["handles"]
    assert (handle["x"], handle["y"]) == (1.25, -0.5)


@pytest.mark.parametrize("x, y", [(math.nan, 0.0), (0.0, math.inf), (1e7, 0.0)])
def test_a_drag_to_nowhere_is_refused(run, x, y):
    with pytest.raises(InvalidExperiment, match="a place on the picture"):
        run.dragged(0, x, y)


@pytest.mark.parametrize("solver", SOLVERS)
def test_handles_where_a_start_can_be_chosen(solver):
    """And λ everywhere."""
    found = [
        MapRun.of(chosen, 1).frames()[-1] for chosen in (MapSettings(solver=solver), replace(PATCH, solver=solver))
    ]
    names = [[handle["id"] for handle in frame["handles"]] for frame in found]
    assert names == [[*(["code"] if not SOLVERS[solver].from_zero else []), "setting/penalty"], ["setting/penalty"]]


# --- trouble ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["ista", "fista", "lca"])
def test_divergence_ends_with_a_message_and_finite_frames(solver):
    run = MapRun.of(
        MapSettings(
            solver=solver, stride=2.5, dt=2.5, penalty=0.01, overrides=MapOverrides(start={"code": [2.0, -1.0]})
        )
    )
    while run.ended is None:
        run.ahead()
    assert run.ended == "The run stopped here." and 2 < len(run) < 100
    *before, last = run.frames()
    caption = last["text"]["caption"]
    assert caption.startswith("Stopped: diverged at step") and "safe up to" in caption and last["next"] is None
    inner = [frame for index in range(len(run)) for frame in run.inner(index)]
    for frame in (*before, last, *inner):
        assert finite(json.loads(json.dumps(frame)))
    length = len(run)
    run.advance(length + 3), run.ahead()
    assert len(run) == length


@pytest.mark.parametrize(
    "solver, settings", [("ista", {"step": 1e100}), ("fista", {"step": 1e100}), ("lca", {"dt": 1e100})], ids=str
)
def test_a_step_beyond_the_numbers_stops_and_can_still_be_drawn(solver, settings):
    raw = {
        "model": "sparse_coding",
        "settings": {"solver": solver, "lambda": 0.5, "beta": 1.0, **settings},
        "data": {"signal": [1e45, 1e45], "dictionary": [[1e20, 0.0], [3.0, 1e20]]},
        "steps": 5,
    }
    run = MapRun.of(*MapSettings.of_experiment(raw))
    assert run.ended == "The run stopped here." and len(run) > 1
    last = run.frames()[-1]
    assert last["text"]["caption"].startswith("Stopped: ") and last["next"] is None
    inner = [frame for index in range(len(run)) for frame in run.inner(index)]
    json.dumps([run.frames(), inner], allow_nan=False)
    if "left the range" in last["text"]["caption"]:
        np.testing.assert_array_equal(run.steps[-1].state.code, run.steps[-2].state.code)
        assert last["inner_at"] is None and run.inner(len(run) - 1) == []


def test_json_says_how_many_steps_there_are():
    for steps in (1, 7):
        assert MapRun.of(MapSettings(), steps).json()["steps"] == steps


@pytest.mark.exhaustive
def test_a_dictionary_without_a_path_is_refused_in_one_line():
    """The pictures need the optimum, and rounding lets these atoms of all lengths come and go for ever."""
    data = {"signal": [1e6, 1.0], "dictionary": [[-1.0, 3.0], [0.5, -1e6]]}
    with pytest.raises(InvalidExperiment, match="path over λ can be computed"):
        MapRun.of(MapSettings(overrides=MapOverrides(data)))


def test_a_long_run_is_made_again_in_slices(monkeypatch):
    monkeypatch.setattr(limits, "SLICE", 0)
    session = MapSession.opened({"signal": "spikes", "steps": "30", "cursor": "20"})
    assert len(session.run) == 2 and session.query()["steps"] == "30" and session.query()["cursor"] == "20"
    assert session.run.json()["steps"] == 30
    for n in range(29):
        assert session.run.remaining == 29 - n
        session.act({"act": "rest", "n": n})
    assert session.run.remaining == 0 and session.player.cursor == 20
    assert ids(session.run) == ids(MapRun.of(session.settings, 30))
