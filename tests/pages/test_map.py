"""The MAP page's settings: experiment files, and what belongs to each signal."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import SOLVERS
from em_core.sparse_coding.experiment import SparseCodingExperiment
from em_core.sparse_coding.experiment import run as replay
from figures.map.signal import Signal
from tests.core.any_code import codings
from tests.pages import Page
from ui.map.run import MapRun
from ui.map.session import MapSession
from ui.map.settings import JUST_LEARNED, SIGNALS, MapOverrides, MapSettings, for_signal

_FORMS = {"signal": [1.0, 0.1], "dictionary": [[1.0], [0.5]]}
PAGE = Page(
    MapSession,
    codings(),
    ("reset", "random", "drag"),
    ({}, {"start": {"code": [1 / 3, -2.0]}}, {"data": _FORMS, "settings": {"step": 0.1}}),
    tape={"steps": "1001", "cursor": "7"},
    often=2,
)


def code_of(settings):
    """The experiment without what may differ in the last bit."""
    return SparseCodingExperiment.parse(settings.experiment(3)).to_json()


# --- experiment files -------------------------------------------------------------------------------------------

FILES = {
    "toy": MapSettings(),
    "dragged": MapSettings(overrides=MapOverrides(start={"code": [1 / 3, -0.7]})),
    "short steps": MapSettings(stride=0.35),
    "restarts": replace(for_signal(MapSettings(), "patch8"), solver="fista", restart=True, penalty=0.3),
    "lca": replace(for_signal(MapSettings(), "digit"), solver="lca", dt=0.25, precision=4.0),
    "omp": replace(for_signal(MapSettings(), "spikes"), solver="omp", atoms=3),
    "omp, all atoms": MapSettings(solver="omp"),
    "homotopy": replace(for_signal(MapSettings(), "patch8"), solver="homotopy"),
    "admm": MapSettings(signal="toy3", solver="admm", angle=35.0),
}


@pytest.mark.parametrize("chosen", FILES.values(), ids=FILES)
def test_a_saved_run_opens_to_the_same_numbers(chosen):
    run = MapRun.of(chosen, 6)
    saved = json.loads(json.dumps(run.json()))
    opened, steps = MapSettings.of_experiment(saved)
    again = MapRun.of(opened, steps)
    assert again.json() == saved
    assert [(s.objective, s.duality_gap) for s in again.steps] == [(s.objective, s.duality_gap) for s in run.steps]
    rows = replay(SparseCodingExperiment.parse(saved))["steps"]  # what the command line prints
    assert [(row["objective"], row["duality_gap"]) for row in rows] == [(s.objective, s.duality_gap) for s in run.steps]


@pytest.mark.parametrize("chosen", FILES.values(), ids=FILES)
def test_a_saved_run_brings_its_controls_along(chosen):
    """What a slider can show, it shows: not a default that the file overrules."""
    opened, _ = MapSettings.of_experiment(MapRun.of(chosen, 2).json())
    used = SOLVERS[chosen.solver].settings
    shown = {"step": "stride", "restart": "restart", "dt": "dt"}
    for name in used:
        if name in shown:
            assert getattr(opened, shown[name]) == getattr(chosen, shown[name])
        if name == "atoms":
            assert opened.experiment(1)["settings"]["atoms"] == opened.atoms
    if used in ((), ("step",), ("step", "restart"), ("dt", "tau")):
        assert opened.overrides.settings is None


@pytest.mark.parametrize("solver", ["ista", "fista"])
def test_another_precision_brings_its_own_safe_step(solver):
    """A step that was safe for β = 1 diverges for β = 10."""
    opened, _ = MapSettings.of_experiment(MapRun.of(MapSettings(solver=solver), 3).json())
    assert MapRun.of(replace(opened, precision=10.0), 30).ended != "The run stopped here."


@pytest.mark.parametrize(
    "settings, kept",
    [
        ({"solver": "ista", "step": 0.001}, {"step": 0.001}),
        ({"solver": "lca", "dt": 3.0, "tau": 4.0}, {"dt": 3.0, "tau": 4.0}),
        ({"solver": "admm", "rho": 7.0}, {"rho": 7.0}),
        ({"solver": "omp", "atoms": 0}, {"atoms": 0}),
    ],
    ids=str,
)
def test_what_no_control_can_show_is_kept_as_it_is(settings, kept):
    raw = {**MapRun.of(MapSettings(), 2).json(), "settings": {"lambda": 0.5, "beta": 1.0, **settings}}
    opened, steps = MapSettings.of_experiment(raw)
    assert opened.overrides.settings.items() >= kept.items()
    assert MapRun.of(opened, steps).experiment.to_json()["settings"].items() >= kept.items()


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("lambda", 1e4, "settings.lambda: 10000"),
        ("beta", 1e-3, "settings.beta: 0.001"),
        ("beta", 0, "settings.beta: 0"),
    ],
)
def test_a_file_that_no_control_can_show_is_refused(name, value, said):
    raw = MapRun.of(MapSettings(), 1).json()
    with pytest.raises(InvalidExperiment, match=said):
        MapSettings.of_experiment({**raw, "settings": {**raw["settings"], name: value}})


@pytest.mark.parametrize(
    "raw", [None, [], {}, {"model": "linkage"}, {"model": "sparse_coding", "settings": 3}], ids=str
)
def test_other_files_are_refused(raw):
    with pytest.raises(InvalidExperiment):
        MapSettings.of_experiment(raw)


# --- what belongs to a signal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_signal_with_every_dictionary_makes_an_experiment(signal):
    chosen = for_signal(MapSettings(penalty=9.0, overrides=MapOverrides(start={"code": [1 / 3, -2.0]})), signal)
    assert not chosen.overrides
    for dictionary in chosen.fitting() or ["learned"]:
        experiment = SparseCodingExperiment.parse(replace(chosen, dictionary=dictionary).experiment(1))
        problem = experiment.problem
        np.testing.assert_allclose(np.linalg.norm(problem.dictionary, axis=0), 1, rtol=1e-12)
        # λ is neither so large that nothing happens nor so small that everything is used
        assert 0.02 < problem.penalty / problem.lambda_max < 0.9
        if chosen.shown().kind == "image":
            assert np.prod(chosen.shown().shape) == problem.n_dimensions


@pytest.mark.parametrize("signal", SIGNALS)
def test_another_signal_gives_the_dictionary_just_learned_up(signal):
    learned = for_signal(MapSettings(), "patch8").with_learned(np.eye(64))
    chosen = for_signal(learned, signal)
    assert not chosen.overrides and chosen.dictionary != JUST_LEARNED
    chosen.experiment(1)


@pytest.mark.parametrize("signal", ["patch8", "digit", "spikes"])
def test_each_number_is_another_signal(signal):
    chosen = for_signal(MapSettings(), signal)
    several = [replace(chosen, number=number).experiment(1)["data"]["signal"] for number in (0, 1, 199)]
    assert len({tuple(values) for values in several}) == 3


@pytest.mark.parametrize("angle", [5, 50, 175])
def test_the_angle_between_the_toys_first_atoms(angle):
    for signal in ("toy2", "toy3"):
        first, second, *_ = np.array(MapSettings(signal=signal, angle=float(angle))._data()["dictionary"]).T
        assert np.degrees(np.arccos(first @ second)) == pytest.approx(angle)


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_readers_own_dictionary_keeps_the_picture_of_the_signal(signal):
    """64 samples of a spike train stay a curve, 64 pixels an image."""
    chosen = for_signal(MapSettings(), signal)
    size = len(chosen._data()["signal"])
    own = chosen.with_dictionary(np.eye(size)[:, : size // 2 + 1])
    assert own.shown() == chosen.shown() and own.imported
    assert own._data()["signal"] == own.experiment(1)["data"]["signal"]


@pytest.mark.parametrize(
    "size, kind",
    [
        (2, Signal("plane")),
        (9, Signal("curve")),
        (16, Signal("image", (4, 4))),
        (60, Signal("curve")),
        (1, Signal("curve")),
    ],
    ids=str,
)
def test_a_signal_from_a_file_is_shown_as_what_its_size_allows(size, kind):
    raw = {"model": "sparse_coding", "settings": {"solver": "ista", "lambda": 0.1, "beta": 1.0},
           "data": {"signal": [1.0] * size, "dictionary": np.eye(size).tolist()}, "steps": 2}  # fmt: skip
    assert MapSettings.of_experiment(raw)[0].shown() == kind


def test_experiment_keeps_to_what_the_dictionary_allows():
    assert MapSettings(solver="omp", atoms=64).experiment(1)["settings"]["atoms"] == 2
    # homotopy and OMP begin at 0, whatever was dragged
    dragged = MapSettings(overrides=MapOverrides(start={"code": [1.0, 1.0]}))
    for solver in ("homotopy", "omp"):
        assert "start" not in replace(dragged, solver=solver).experiment(1)
    assert dragged.without("start") == MapSettings()
    assert code_of(dragged)["start"] == {"code": [1.0, 1.0]}
