"""Experiment files: what they accept, what they refuse, and that they replay."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
from sparse_cases import CASES, L1_SOLVERS

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import SOLVERS, objective
from em_core.sparse_coding.experiment import SparseCodingExperiment, iterates, run

SIGNAL, DICTIONARY = [1.0, -0.5], [[1.0, 0.6, 0.0], [0.0, 0.8, 1.0]]


def form(solver="ista", **changes):
    """An experiment file; a dotted name reaches into it, None takes a key away."""
    raw = {
        "model": "sparse_coding",
        "settings": {"solver": solver, "lambda": 0.1, "beta": 2.0},
        "data": {"signal": SIGNAL, "dictionary": DICTIONARY},
        "steps": 20,
    }
    raw = copy.deepcopy(raw)
    for name, value in changes.items():
        *groups, key = name.split("__")
        place = raw
        for group in groups:
            place = place.setdefault(group, {})
        if value is None:
            place.pop(key)
        else:
            place[key] = value
    return raw


def result(raw):
    return run(SparseCodingExperiment.parse(raw))


def test_the_example_of_the_design():
    raw = {
        "model": "sparse_coding", "settings": {"solver": "fista", "lambda": 1.0, "beta": 1.0},
        "data": {"signal": [0.1], "dictionary": [[1.0]]}, "start": {"code": [0.0]}, "steps": 100, "until_gap": 1e-12,
    }  # fmt: skip
    out = result(raw)
    assert out["outcome"] == "completed" and out["message"] == ""
    assert out["steps"] == [
        {"index": 0, "objective": 0.005000000000000001, "duality_gap": 0.0, "support_size": 0, "code": [0.0]}
    ]


@pytest.mark.parametrize("solver", list(SOLVERS))
def test_the_output_replays_to_the_same_numbers(solver):
    out = result(form(solver, data__offset=[0.1, 0.2]))
    text = json.dumps(out, allow_nan=False)
    again = result(json.loads(text)["experiment"])
    assert json.dumps(again) == text
    assert list(out) == ["experiment", "steps", "outcome", "message"]
    assert list(out["steps"][0]) == ["index", "objective", "duality_gap", "support_size", "code"]
    assert [row["index"] for row in out["steps"]] == list(range(len(out["steps"])))
    assert all(row["support_size"] == sum(x != 0 for x in row["code"]) for row in out["steps"])


@pytest.mark.parametrize("solver", ["ista", "fista", "coordinate_descent", "admm", "lca"])
def test_exactly_the_steps_asked_for(solver):
    for steps in (0, 1, 7):
        assert len(result(form(solver, steps=steps))["steps"]) == steps + 1


@pytest.mark.parametrize("solver", L1_SOLVERS)
def test_until_gap_ends_at_the_first_code_that_meets_it(solver):
    out = result(form(solver, steps=100_000, until_gap=1e-12))
    gaps = [row["duality_gap"] for row in out["steps"]]
    assert gaps[-1] <= 1e-12 < min(gaps[:-1])
    assert out["outcome"] == "completed"


@pytest.mark.parametrize("solver", ["homotopy", "feature_sign", "omp"])
def test_finite_solvers_complete_early(solver):
    out = result(form(solver, steps=1000))
    assert out["outcome"] == "completed" and len(out["steps"]) < 10


def test_defaults_are_those_of_the_solvers():
    problem = SparseCodingExperiment.parse(form()).problem
    settings = {name: result(form(name, steps=0))["experiment"]["settings"] for name in SOLVERS}
    assert settings["ista"]["step"] == settings["fista"]["step"] == 1 / problem.lipschitz
    assert settings["fista"]["restart"] is False
    assert settings["admm"]["rho"] == problem.lipschitz / 10
    assert (settings["lca"]["dt"], settings["lca"]["tau"]) == (0.1, 1.0)
    assert settings["omp"]["atoms"] == 2
    for name, solver in SOLVERS.items():
        bare = solver.init(problem)
        assert all(getattr(bare, option) == settings[name][option] for option in solver.settings)


@pytest.mark.parametrize("solver", ["ista", "fista"])
@pytest.mark.parametrize("step", [3.0, 1e3, 1e80])
def test_a_step_too_large_stops_with_finite_numbers(solver, step):
    out = result(form(solver, settings__step=step, steps=2000))
    assert out["outcome"] == "stopped"
    assert out["message"].startswith("diverged at step") and "safe up to" in out["message"]
    # at once, not only when the range of double precision is used up
    assert len(out["steps"]) < 20
    json.dumps(out, allow_nan=False)
    assert all(math.isfinite(row["objective"]) and math.isfinite(row["duality_gap"]) for row in out["steps"])


def test_a_step_out_of_the_range_of_double_precision_stops_before_it():
    raw = form(data__signal=[1e45], data__dictionary=[[1e5]], settings__step=1e100)
    out = result(raw)
    assert out["outcome"] == "stopped"
    assert out["message"].startswith("step 1 left the range of double precision; step is 1e+100, safe up to")
    assert [row["code"] for row in out["steps"]] == [[0.0]]
    json.dumps(out, allow_nan=False)


def test_lca_in_too_long_a_step_stops():
    out = result(form("lca", settings__dt=50.0, steps=2000))
    assert out["outcome"] == "stopped" and "dt/tau" in out["message"]
    json.dumps(out, allow_nan=False)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("name", ["ista", "fista"])
def test_safe_steps_never_rise_above_the_start(case, name):
    """Why a rise above the start is called divergence."""
    problem = case.problem
    start = 3 * np.random.default_rng(5).normal(size=problem.n_atoms)
    experiment = SparseCodingExperiment(problem, name, {}, start, 300)
    costs = iterates(experiment).objectives
    assert costs[0] == objective(problem, start)
    assert max(costs) <= costs[0] * (1 + 1e-12)


REFUSED = [
    (dict(model="lasso"), "model"),
    (dict(model=None), "model"),
    (dict(settings=None), "settings"),
    (dict(settings__solver="lars"), "settings.solver"),
    (dict(settings__solver=None), "settings.solver"),
    (dict(settings__lambda=0), "settings.lambda"),
    (dict(settings__lambda=-1), "settings.lambda"),
    (dict(settings__lambda=None), "settings.lambda"),
    (dict(settings__lambda=float("nan")), "settings.lambda"),
    (dict(settings__beta="1"), "settings.beta"),
    (dict(settings__beta=0.0), "settings.beta"),
    (dict(settings__beta=None), "settings.beta"),
    (dict(settings__step=0), "settings.step"),
    (dict(settings__step=float("inf")), "settings.step"),
    (dict(settings__rho=1.0), "settings.rho"),
    (dict(settings__restart=True), "settings.restart"),
    (dict(settings__dt=1.0), "settings.dt"),
    (dict(settings__colour="red"), "settings.colour"),
    (dict(settings__solver="fista", settings__restart=1), "settings.restart"),
    (dict(settings__solver="admm", settings__rho=0), "settings.rho"),
    (dict(settings__solver="admm", settings__step=0.1), "settings.step"),
    (dict(settings__solver="lca", settings__tau=-1), "settings.tau"),
    (dict(settings__solver="lca", settings__step=0.1), "settings.step"),
    (dict(settings__solver="omp", settings__atoms=3), "settings.atoms"),
    (dict(settings__solver="omp", settings__atoms=1.5), "settings.atoms"),
    (dict(settings__solver="homotopy", settings__step=1.0), "settings.step"),
    (dict(settings__solver="coordinate_descent", settings__step=1.0), "settings.step"),
    (dict(settings__solver="feature_sign", settings__rho=1.0), "settings.rho"),
    (dict(data=None), "data"),
    (dict(data__signal=None), "data.signal"),
    (dict(data__signal=[1.0, 2.0, 3.0]), "data.dictionary"),
    (dict(data__signal=[1.0, "x"]), "data.signal[1]"),
    (dict(data__dictionary=[[1.0, 0.0], [0.0, 0.0]]), "data.dictionary, column 1"),
    (dict(data__dictionary=[[1.0, float("nan")], [0.0, 0.0]]), "data.dictionary[0][1]"),
    (dict(data__dictionary=[1.0, 2.0]), "data.dictionary"),
    (dict(data__offset=[0.0]), "data.offset"),
    (dict(data__values=[0.0]), "data.values"),
    (dict(start__code=[0.0, 0.0]), "start.code"),
    (dict(start__code=[0.0, 0.0, float("inf")]), "start.code[2]"),
    (dict(start__code=[0.0, 0.0, 1e200]), "start.code[2]"),
    (dict(start__h=[0.0]), "start.h"),
    (dict(settings__solver="homotopy", start__code=[1.0, 0.0, 0.0]), "start.code"),
    (dict(settings__solver="omp", start__code=[1.0, 0.0, 0.0]), "start.code"),
    (dict(steps=-1), "steps"),
    (dict(steps=100_001), "steps"),
    (dict(steps=1.5), "steps"),
    (dict(steps=True), "steps"),
    (dict(until_gap=0), "until_gap"),
    (dict(until_gap=-1e-9), "until_gap"),
    (dict(until_gap="small"), "until_gap"),
    (dict(schedule="EM"), "schedule"),
    (dict(seed=0), "seed"),
]


@pytest.mark.parametrize("changes, field", REFUSED, ids=lambda x: str(x))
def test_bad_experiments_name_the_field(changes, field):
    with pytest.raises(InvalidExperiment) as caught:
        SparseCodingExperiment.parse(form(**changes))
    assert caught.value.field == field
    assert "expected" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_not_an_object(raw):
    with pytest.raises(InvalidExperiment):
        SparseCodingExperiment.parse(raw)


@pytest.mark.parametrize(
    ("signal", "dictionary", "reason"),
    [
        ([1e-40, 1e45], [[-1e20, 1e6, 3.0], [-3.0, 1.0, -1e-8]], "rounding decides which of them help"),
        ([-0.5, 0.0], [[1e-40, 1e20, -3.0], [1e20, -1e45, -1e6]], "dependent up to rounding"),
    ],
)
def test_atoms_of_all_lengths_end_a_search_in_one_line(signal, dictionary, reason):
    """Not in an exception: what was found before the step that cannot be made stays."""
    raw = {
        "model": "sparse_coding",
        "settings": {"solver": "feature_sign", "lambda": 1.0, "beta": 1.0},
        "data": {"signal": signal, "dictionary": dictionary},
        "steps": 12,
    }
    result = run(SparseCodingExperiment.parse(raw))
    assert result["outcome"] == "stopped" and reason in result["message"] and len(result["steps"]) >= 1
