"""The EM page's settings: experiment files, links to a run, and what belongs to each model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from em_core import datasets
from em_core.files.errors import InvalidExperiment
from em_core.files.report import report
from em_core.kinds import MOVES
from em_core.trajectory import run
from tests.attack import thinned
from tests.core.any_experiment import experiments
from tests.pages import Page
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import MODEL_NAMES, SIZES, EmOverrides, EmSettings, data_options, for_model

_DATA = (*(entry.name for entry in datasets.catalogue()), *datasets.GENERATORS)
PAGE = Page(
    EmSession,
    experiments(),
    ("move", "reset", "random", "drag", "put", "take"),
    ({}, {"start": {"weights": [0.25, 0.75], "means": [[1 / 3], [2.0]]}}),
    "".join(MOVES),
    {"schedule": "EXM", "since": "-1", "hand": "abc", "cursor": "7"},
    {"data": _DATA},
    often=4,
)


def test_a_model_brings_data_and_start_that_suit_it():
    for model in MODEL_NAMES:
        found = for_model(EmSettings(components=7, overrides=EmOverrides(data={})), model)
        assert found.data in data_options(model) and not found.overrides
        EmRun.of(found)


RUNS = {
    "old_faithful": EmSettings(),
    "blobs": EmSettings(data="blobs", dimensions=3, components=4, covariance="tied", standardize=True, step=0.3),
    "coins": for_model(EmSettings(), "binomial_mixture"),
    "linkage": for_model(EmSettings(), "linkage"),
}
RUNS |= {
    f"{model}, {data}": replace(for_model(EmSettings(), model), data=data)
    for model in MODEL_NAMES
    for data in data_options(model)
    if model not in ("gaussian_mixture", "binomial_mixture", "linkage")
}


# one of each model; the other data with -m exhaustive
FIRST = {chosen.model: name for name, chosen in reversed(RUNS.items())}.values()
by_run = pytest.mark.parametrize("name", thinned(RUNS, {*FIRST, "blobs"}))


@pytest.mark.parametrize("name", thinned(RUNS, {*list(FIRST)[::3], "blobs"}))
def test_a_link_opens_to_the_same_numbers(name):
    chosen = RUNS[name]
    here = EmRun.of(chosen, "EMEGEB")
    session = EmSession.opened({**chosen.query(), **here.query(3)})
    there = session.run
    assert (session.settings, session.player.cursor, session.messages) == (chosen, 3, [])
    one, other = (report(each.experiment, each.trajectory) for each in (here, there))
    assert one == other
    assert [frame["id"] for frame in here.frames()] == [frame["id"] for frame in there.frames()]


@by_run
def test_a_saved_run_opens_to_the_same_numbers(name):
    chosen = RUNS[name]
    saved = json.loads(json.dumps(EmRun.of(chosen, "EMEGEB").json()))
    opened, moves, *rest = EmSettings.of_experiment(saved)
    assert moves == "EMEGEB" and rest == [0, []]
    again = EmRun.of(opened, moves)
    if chosen.model in SIZES:  # the start says how many
        saved["settings"].pop(SIZES[chosen.model].setting, None)
    assert again.json() == saved
    one, other = (report(each.experiment, each.trajectory)["half_steps"] for each in (EmRun.of(chosen, moves), again))
    assert one == other


def test_a_saved_run_replays_on_the_command_line():
    """`report` is what the command line prints."""
    from em_core.files.experiment import Experiment

    here = EmRun.of(RUNS["blobs"], "EMEM")
    experiment = Experiment.parse(json.loads(json.dumps(here.json())))
    there = report(experiment, run(experiment))["half_steps"]
    assert there == report(here.experiment, here.trajectory)["half_steps"]


@pytest.mark.parametrize("field, value", [("seed", 2**60), ("moves", {"G": {"step": 50.0}})])
def test_a_file_that_no_control_can_show_is_refused(field, value):
    raw = {**EmRun.of(RUNS["linkage"]).json(), field: value}
    with pytest.raises(InvalidExperiment, match="on this page"):
        EmSettings.of_experiment(raw)


def test_a_file_with_more_components_than_the_page_has_is_refused():
    start = {"weights": [0.1] * 10, "probabilities": [0.05 + k / 11 for k in range(10)]}
    raw = {"model": "binomial_mixture", "data": {"dataset": "two_coins"}, "settings": {"trials": 10}, "start": start}
    with pytest.raises(InvalidExperiment, match="components: 10"):
        EmSettings.of_experiment({**raw, "schedule": "EM"})
