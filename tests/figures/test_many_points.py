"""Very many units: a sample is drawn, the same in every frame, and said; curves and numbers are of all."""

from __future__ import annotations

import base64
import json
from functools import cache

import numpy as np
import pytest

from em_core.caching import footprint
from em_core.files.experiment import Experiment
from em_core.observe.sample import DRAWN, sample
from figures.em.data_views import data_view
from tests.figures.stage_replay import decode
from ui.em.run import EmRun

N = 5_000
_RNG = np.random.default_rng(1)
_PLANE = np.vstack([_RNG.normal(size=(N // 2, 2)), _RNG.normal(size=(N // 2, 2)) + [3.0, 2.0]])
_GAPS = [[None, y] if n % 9 == 0 else [x, y] for n, (x, y) in enumerate(_PLANE.tolist())]
_TIMES = _RNG.exponential(10, size=N)

# model: its data, its settings, the traces with a mark for each unit, and what units are called
MODELS = {
    "gaussian_mixture": ({"values": _PLANE.tolist()}, {"n_components": 2}, ["points"], "points"),
    "student_t": ({"values": _PLANE.tolist()}, {}, ["points"], "points"),
    "factor_analysis": ({"values": _PLANE.tolist()}, {"n_factors": 1}, ["points", "places"], "points"),
    "regression_mixture": (
        {"inputs": np.column_stack([np.ones(N), _PLANE[:, 0]]).tolist(), "targets": _PLANE[:, 1].tolist()},
        {"n_components": 2}, ["points"], "points",
    ),
    "incomplete_gaussian": ({"values": _GAPS}, {}, ["complete", "filled"], "points"),
    "censored_exponential": (
        {"times": _TIMES.clip(0, 12).tolist(), "observed": (_TIMES < 12).tolist()}, {}, ["failed", "alive"], "units",
    ),
    "hidden_markov": (
        {"sequences": [_PLANE[:3_000, 0].tolist(), _PLANE[:2_000, 1].tolist()]},
        {"emission": "gaussian", "n_states": 2}, ["series"], "time steps",
    ),
    "bernoulli_mixture": ({"values": (_PLANE > 1).astype(int).tolist()}, {"n_components": 2}, ["marks"], "rows"),
    "sigmoid_belief_net": ({"values": (_PLANE > 1).astype(int).tolist()}, {"n_hidden": 2}, [], "rows"),
}  # fmt: skip


@cache
def run_of(model):
    data, settings, *_ = MODELS[model]
    raw = {"model": model, "settings": settings, "data": data, "schedule": "E", "seed": 2}
    made = EmRun(Experiment.parse({**raw, "schedule": "EM"}), (), (0, 1))
    made.advance(4)
    return made


def length(value):
    """How many entries an attribute of a frame has."""
    if isinstance(value, dict) and "rgb" in value:
        return len(base64.b64decode(value["rgb"])) // 3
    if isinstance(value, dict) and "each" in value:
        return len(value["each"])
    if isinstance(value, dict) and "columns" in value:
        return sum(map(len, value["columns"]))
    if isinstance(value, dict) and "round" in value:
        return 50 * len(value["round"])
    if isinstance(value, dict):
        return len(base64.b64decode(value["bdata"])) // int(value["dtype"][1])
    return len(value) if isinstance(value, list) else 0


@pytest.mark.parametrize("model", MODELS)
def test_a_sample_is_drawn_and_said(model):
    run, (*_, units) = run_of(model), MODELS[model]
    view = run.scene.view
    most = len(view.sample.rows)
    assert 0 < most <= DRAWN and not view.sample.whole
    marks = sum(length(view.figure[trace].json["x"]) for trace in MODELS[model][2])
    assert marks <= 2 * most
    for frame in run.frames():
        assert f"{most:,} of 5,000 {units} drawn; all are computed on" in frame["text"]["note.data"]
        drawn = [address for address in frame["set"] if address.startswith("data/")]
        assert all(length(frame["set"][address]) <= 8 * DRAWN for address in drawn)
    assert run.scene.scene().views[0].apart


@pytest.mark.parametrize("model", MODELS)
def test_a_click_sends_no_more_than_the_sample(model):
    for frame in run_of(model).frames([3, 4])[3:]:
        assert len(json.dumps(frame)) < 400_000
    assert len(json.dumps(run_of(model).scene.json)) < 600_000


def test_the_sample_is_of_the_data_and_the_same_in_every_frame():
    run = run_of("gaussian_mixture")
    view, points = run.scene.view, run.scene.view.figure["points"].json
    assert np.array_equal(unpacked(points["x"]), _PLANE[view.sample.rows, 0].astype("f4"))
    assert np.array_equal(unpacked(points["y"]), _PLANE[view.sample.rows, 1].astype("f4"))
    assert not any(address in ("data/points/x", "data/points/y") for frame in run.frames() for address in frame["set"])
    again = data_view(run.experiment, (), (0, 1))
    assert again.sample is view.sample


def test_colours_are_those_of_the_points_drawn():
    run = run_of("gaussian_mixture")
    q, rows = run.trajectory[3].after.q, run.scene.view.sample.rows
    symbols = decode(run.frames([3])[3]["set"]["data/points/marker.symbol"])
    assert [symbol == symbols[0] for symbol in symbols] == [
        k == q.probabilities[:, rows[0]].argmax() for k in q.probabilities[:, rows].argmax(axis=0)
    ]


def test_curves_and_numbers_are_of_all():
    """The same run on the points drawn alone has another θ and another log p."""
    run = run_of("gaussian_mixture")
    view, state = run.scene.view, run.trajectory.last.after
    expected = view.parameters(state.theta, state.q)
    assert all(run.frames()[4]["set"][address] == value for address, value in expected.items() if "shape" in address)
    assert run.experiment.data.values.shape == (N, 2) and state.q.probabilities.shape == (2, N)
    plain = run_of("student_t").scene.view.figure["plain"].json
    assert max(unpacked(plain["x"])) > _PLANE[:, 0].mean() + 1.9 * _PLANE[:, 0].std()


def unpacked(value):
    return np.frombuffer(base64.b64decode(value["bdata"]), dtype=f"<{value['dtype']}")


@pytest.mark.parametrize("model", ["gaussian_mixture", "factor_analysis", "regression_mixture", "hidden_markov"])
def test_the_unit_that_is_followed_is_drawn(model):
    run = run_of(model)
    view = run.scene.view
    for index in (3, 4):
        unit, units, beats, why = run.beats(index, None)
        assert beats and not why and units == N
        assert view.sample.holds(unit), "what is followed at first is among those drawn"
        assert run.beats(index, N - 1)[0] == N - 1


@pytest.mark.parametrize("model", ["gaussian_mixture", "factor_analysis", "regression_mixture"])
def test_a_unit_that_the_sample_leaves_out_is_drawn_in_addition(model):
    run = run_of(model)
    view = run.scene.view
    out = next(n for n in range(N) if not view.sample.holds(n))
    for unit, mark in ((out, "circle-open-dot"), (view.sample.numbers[0], "circle-open")):
        for beat in run.beats(4, unit)[2]:
            assert beat["set"]["data/followed/marker.symbol"] == mark
            assert beat["set"]["data/followed/x"] == pytest.approx([_PLANE[unit, 0]])
    (choices,) = view.choices().values()
    assert choices == view.sample.numbers


def test_a_click_takes_out_only_what_is_seen():
    view = run_of("gaussian_mixture").scene.view
    seen = view.sample.numbers[7]
    left = view.removed(*_PLANE[seen].astype("f4").astype(float))
    assert np.array_equal(left, np.delete(_PLANE, seen, axis=0))
    apart = [n for n in range(N) if not view.sample.holds(n)]
    reach = 0.01 * np.ptp(_PLANE, axis=0)
    hidden = next(n for n in apart if (np.abs(view.shown - _PLANE[n]) > reach).any(axis=1).all())
    with pytest.raises(ValueError, match="a point of the data"):
        view.removed(*_PLANE[hidden])


def test_lifetimes_of_the_sample_are_those_that_q_expects():
    run = run_of("censored_exponential")
    view, q = run.scene.view, run.trajectory[3].after.q
    rest = run.frames([3])[3]["set"]["data/rest/x"]
    ends = unpacked(rest)[1::3]
    data = run.experiment.data
    censored = [n for n in view.sample.rows if not data.observed[n]]
    numbered = np.cumsum(data.observed == 0) - 1
    assert sorted(ends) == pytest.approx(sorted(q.means[numbered[censored]]), rel=1e-6)


def test_what_a_view_holds_does_not_grow_with_the_data():
    data = {"values": np.tile(_PLANE, (4, 1)).tolist()}
    raw = {"model": "gaussian_mixture", "settings": {"n_components": 2}, "data": data, "schedule": "EM", "seed": 2}
    view = data_view(Experiment.parse(raw), (), (0, 1))
    assert len(sample(view.data).rows) == DRAWN
    assert footprint(view.figure.json) < 1.2 * footprint(run_of("gaussian_mixture").scene.view.figure.json)
