"""Settings, their form in the address and their form as experiment file."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from em_core.families.gaussian import COVARIANCES
from em_core.files.errors import InvalidExperiment
from em_core.files.report import report
from em_core.moves import MOVES
from em_core.trajectory import run
from ui.em.run import EmRun
from ui.em.settings import LIMITS, MODEL_NAMES, NOISES, STARTS, Settings, data_options, for_model, from_query, to_query

quick = settings(max_examples=60, deadline=None)


def limited(name):
    limit = LIMITS[name]
    if isinstance(getattr(Settings(), name), int):
        return st.integers(int(limit.low), int(limit.high))
    # the address holds 12 digits
    return st.floats(limit.low, limit.high).map(lambda value: float(f"{value:.12g}"))


@st.composite
def any_settings(draw):
    model = draw(st.sampled_from(list(MODEL_NAMES)))
    own = {name: draw(limited(name)) for name in LIMITS}
    own |= {
        "model": model,
        "data": draw(st.sampled_from(list(data_options(model)))),
        "covariance": draw(st.sampled_from(list(COVARIANCES))),
        "noise": draw(st.sampled_from(list(NOISES))),
        "start": draw(st.sampled_from(list(STARTS))),
        "plan": draw(st.sampled_from(["EM", "E G5", "EG", "HM", "E(PM)", "(TM)20(EM)", "(EM)3"])),
        "fixed": draw(st.booleans()),
        "compare": draw(st.booleans()),
        "standardize": draw(st.booleans()),
        "given": draw(st.sampled_from([None, {"start": {"weights": [0.25, 0.75], "means": [[1 / 3], [2.0]]}}])),
    }
    return Settings(**own)


@quick
@given(any_settings(), st.text(alphabet="".join(MOVES), max_size=30), st.data())
def test_address_and_settings_are_inverse(wanted, moves, data):
    cursor = data.draw(st.integers(0, len(moves)))
    query = to_query(wanted, moves, cursor)
    assert all(isinstance(value, str) for value in query.values())
    found, tape, place, messages = from_query(query)
    assert (found, tape, place or 0, messages) == (wanted, moves, cursor, [])


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_every_field_reaches_the_address(field):
    """Only what differs from the defaults is written; each field by itself comes back."""
    other = {
        "model": "linkage", "data": "blobs", "covariance": "diag", "start": "published", "plan": "(TM)20(EM)",
        "fixed": True, "compare": True,
        "standardize": True, "given": {"start": {"theta": 0.5}}, "step": 0.125, "separation": 4.5,
        "noise": "isotropic", "degrees": 2.5, "imbalance": 0.25, "outliers": 0.05, "cooling": 0.5,
    }  # fmt: skip
    value = other.get(field, getattr(Settings(), field) if field not in LIMITS else int(LIMITS[field].high))
    changed = for_model(Settings(), value) if field == "model" else replace(Settings(), **{field: value})
    query = to_query(changed, "", 0)
    assert field in query and (field == "model" or len(query) == 1)
    assert from_query(query)[0] == changed


def test_the_defaults_are_an_empty_address():
    assert to_query(Settings(), "", 0) == {}


NAMES = [*(field.name for field in fields(Settings)), "schedule", "cursor", "other"]


@quick
@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40), max_size=6))
def test_no_address_raises(query):
    settings, moves, cursor, messages = from_query(query)
    assert isinstance(settings, Settings) and (cursor is None or 0 <= cursor <= len(moves))
    for message in messages:
        assert message.startswith("Link: ") and message.isprintable() and len(message) < 400


NONSENSE = {
    "model": "hidden_markow", "data": "irises", "components": "99", "covariance": "round", "points": "5",
    "separation": "nan", "clusters": "0", "dimensions": "2.5", "data_seed": "-1", "start": "here", "seed": "1e3",
    "plan": "E)M", "fixed": "2", "compare": "EM", "since": "-1",
    "first_step": "0", "stochastic_step": "-1", "adam_step": "x", "batch": "0",
    "iterations": "1.5", "blocks": "none", "temperature": "0", "cooling": "2",
    "noise": "loud", "degrees": "0", "imbalance": "1", "outliers": "-0.1", "step": "nan",
    "standardize": "maybe", "x_axis": "x", "y_axis": "-1",
    "given": "nonsense", "schedule": "EXM", "cursor": "7",
}  # fmt: skip


@pytest.mark.parametrize("name, value", NONSENSE.items())
def test_nonsense_is_named_and_the_default_stands(name, value):
    found, moves, cursor, (message,) = from_query({name: value})
    assert found == Settings() and moves == "" and cursor is None
    assert name in message and value in message and "expected" in message


def test_every_part_may_be_nonsense_at_once():
    found, _, _, messages = from_query(NONSENSE)
    assert found == Settings() and len(messages) == len(NONSENSE)


def packed(text):
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,  # deeper than the parser goes
        '{"start": "' + "x" * 30_000_000 + '"}',  # 30 kB that unfold into 30 MB
        "[1, 2]",
        '{"settings": 5}',
        '{"moves": [1]}',
        '{"start": 3}',
        '{"model": {}}',
        '{"start": {"theta": ' + "9" * 10_000 + "}}",
    ],
    ids=["deep", "bomb", "list", "settings", "moves", "start", "foreign", "huge number"],
)
def test_a_given_that_this_app_did_not_write(text):
    found, _, _, (message,) = from_query({"given": packed(text)})
    assert found == Settings() and message.startswith("Link: given: ") and len(message) < 300


def test_a_model_brings_data_and_start_that_suit_it():
    for model in MODEL_NAMES:
        found = for_model(Settings(components=7, given={"data": {}}), model)
        assert found.data in data_options(model) and found.given is None
        EmRun.of(found)


RUNS = {
    "old_faithful": Settings(),
    "blobs": Settings(data="blobs", dimensions=3, components=4, covariance="tied", standardize=True, step=0.3),
    "coins": for_model(Settings(), "binomial_mixture"),
    "linkage": for_model(Settings(), "linkage"),
}
RUNS |= {
    f"{model}, {data}": replace(for_model(Settings(), model), data=data)
    for model in MODEL_NAMES
    for data in data_options(model)
    if model not in ("gaussian_mixture", "binomial_mixture", "linkage")
}


@pytest.mark.parametrize("chosen", RUNS.values(), ids=RUNS)
def test_a_link_opens_to_the_same_numbers(chosen):
    here = EmRun.of(chosen, "EMEGEB")
    settings, moves, cursor, messages = from_query(to_query(chosen, here.moves, 3))
    there = EmRun.of(settings, moves)
    assert (settings, cursor, messages) == (chosen, 3, [])
    one, other = (report(each.experiment, each.trajectory) for each in (here, there))
    assert one == other
    assert [frame["id"] for frame in here.frames()] == [frame["id"] for frame in there.frames()]


@pytest.mark.parametrize("chosen", RUNS.values(), ids=RUNS)
def test_a_saved_run_opens_to_the_same_numbers(chosen):
    saved = json.loads(json.dumps(EmRun.of(chosen, "EMEGEB").json()))
    opened, moves = Settings.of_experiment(saved)
    assert moves == "EMEGEB"
    again = EmRun.of(opened, moves)
    for size in ("n_components", "n_factors", "n_states", "n_hidden"):  # the start says how many
        saved["settings"].pop(size, None)
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
        Settings.of_experiment(raw)


def test_a_file_with_more_components_than_the_page_has_is_refused():
    start = {"weights": [0.1] * 10, "probabilities": [0.05 + k / 11 for k in range(10)]}
    raw = {"model": "binomial_mixture", "data": {"dataset": "two_coins"}, "settings": {"trials": 10}, "start": start}
    with pytest.raises(InvalidExperiment, match="components: 10"):
        Settings.of_experiment({**raw, "schedule": "EM"})
