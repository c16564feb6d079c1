"""The posterior page's settings and session: address, experiment files, what each control and act does."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding.posterior.ladder import WIDTHS, LadderExperiment
from em_core.sparse_coding.posterior.ladder import run as replay
from tests.ui.shown import notices
from tests.ui.test_settings import packed
from ui.posterior.run import PosteriorRun
from ui.posterior.session import PosteriorSession
from ui.posterior.settings import LIMITS, UNITS, PosteriorSettings, for_units, from_query, of_experiment, to_query

APP = Path(__file__).parents[2] / "ui" / "main.py"
ONE, TWO = PosteriorSettings(), for_units(PosteriorSettings(), "two")
quick = settings(max_examples=60, deadline=None)
GIVEN = [
    None,
    {"ladder": {"mean": [1 / 3, -2.0]}},
    {"data": {"signal": [1.0, 0.1], "dictionary": [[1.0], [0.5]]}, "ladder": {"widths": [0.1, 2.0]}},
]


def limited(name):
    # the address holds 12 digits
    return st.floats(LIMITS[name].low, LIMITS[name].high).map(lambda value: float(f"{value:.12g}"))


@st.composite
def any_settings(draw):
    own = {name: draw(limited(name)) for name in LIMITS}
    chosen = for_units(PosteriorSettings(), draw(st.sampled_from(list(UNITS))))
    return replace(chosen, **own, given=draw(st.sampled_from(GIVEN)))


# --- address ----------------------------------------------------------------------------------------------------


@quick
@given(any_settings(), st.integers(0, 12))
def test_address_and_settings_are_inverse(wanted, cursor):
    query = to_query(wanted, cursor)
    assert all(isinstance(value, str) for value in query.values())
    assert from_query(query) == (wanted, []) and int(query.get("cursor", 0)) == cursor


def test_the_defaults_are_an_empty_address():
    assert to_query(ONE, 0) == {} and to_query(TWO, 0) == {"units": "two"}


@pytest.mark.parametrize("field", [field.name for field in fields(PosteriorSettings)])
def test_every_field_reaches_the_address(field):
    other = {"units": "two", "given": {"ladder": {"mean": [0.5]}}}
    value = other[field] if field in other else LIMITS[field].high
    changed = TWO if field == "units" else replace(ONE, **{field: value})
    query = to_query(changed, 0)
    assert list(query) == [field] and from_query(query) == (changed, [])


NAMES = [*(field.name for field in fields(PosteriorSettings)), "cursor", "other"]
WORDS = st.one_of(st.text(max_size=40), st.sampled_from(["1e999", "-1", "nan", "٣", "9" * 5000, "two", "0.5"]))


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=6))
def test_no_address_raises(query):
    session = PosteriorSession.opened(query)
    assert isinstance(session.settings, PosteriorSettings) and 0 <= session.player.cursor < len(session.run)
    for message in session.messages:
        assert message.startswith("Link: ") and message.isprintable() and len(message) < 400


NONSENSE = {
    "units": "three", "penalty": "-1", "precision": "0", "v": "nan", "w": "0", "v1": "4", "v2": "x", "angle": "0",
    "width": "0", "given": "abc", "cursor": "99",
}  # fmt: skip


@pytest.mark.parametrize("name, value", NONSENSE.items())
def test_nonsense_is_named_and_the_default_stands(name, value):
    session = PosteriorSession.opened({name: value})
    (message,) = session.messages
    assert session.settings == ONE and session.player.cursor == 0
    assert name in message and value in message and "expected" in message


@pytest.mark.parametrize("text", ["[1]", '{"data": 3}', '{"model": {}}', "[" * 100_000], ids=lambda text: text[:12])
def test_a_given_that_this_app_did_not_write(text):
    found, (message,) = from_query({"given": packed(text)})
    assert found == ONE and message.startswith("Link: given: ") and len(message) < 300


UNFIT = [
    {"ladder": {"mean": [1, 2, 3]}},
    {"ladder": {"widths": []}},
    {"data": {"signal": [1]}},
    {"data": {"signal": [1], "dictionary": [[1, 2, 3]]}},
]


@pytest.mark.parametrize("given", UNFIT, ids=str)
def test_a_given_that_does_not_fit_ends_in_a_ladder(given):
    session = PosteriorSession.opened({"given": packed(json.dumps(given))})
    assert len(session.run) > 2 and len(session.messages) == (given != {"ladder": {"widths": []}})


SIZES = st.sampled_from([0.0, 1e-300, 1e-40, 1e-8, 0.5, 1.0, 3.0, 1e6, 1e20, 1e45, 1e100])
NUMBERS = st.builds(lambda size, sign: sign * size, SIZES, st.sampled_from([-1, 1]))


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(1, 2), st.integers(1, 3))
def test_any_data_in_a_link_end_in_a_ladder_or_in_one_line(data, units, dimensions):
    def many(length):
        return data.draw(st.lists(NUMBERS, min_size=length, max_size=length))

    part = {"signal": many(dimensions), "dictionary": [many(units) for _ in range(dimensions)]}
    try:
        run = PosteriorRun.of(replace(ONE, given={"data": part, "ladder": {"mean": many(units)}}))
    except InvalidExperiment as error:
        assert "\n" not in str(error)
        return
    json.dumps([run.scene.json, run.frames(), run.inner(2)], allow_nan=False)


# --- experiment files -------------------------------------------------------------------------------------------

FILES = {
    "one": ONE,
    "one, moved": replace(ONE, penalty=0.7, v=-2.5, w=0.35).at([1 / 3]),
    "two": TWO,
    "two, narrower": replace(TWO, angle=135.0, width=0.02, v1=-1.0),
    "odd width": replace(TWO, width=0.37),
    "file": replace(TWO, given={"data": {"signal": [1.0], "dictionary": [[1.0, 0.5]], "offset": [0.5]}}),
    "widths": replace(ONE, given={"ladder": {"widths": [0.1, 2.0]}}),
    "no widths": replace(ONE, given={"ladder": {"widths": []}}),
}


@pytest.mark.parametrize("chosen", FILES.values(), ids=FILES)
def test_a_saved_ladder_opens_to_the_same_numbers(chosen):
    run = PosteriorRun.of(chosen)
    saved = json.loads(json.dumps(run.json()))
    again = PosteriorRun.of(of_experiment(saved))
    assert again.json() == saved
    assert [rung.bound for rung in again.ladder.rungs] == [rung.bound for rung in run.ladder.rungs]
    rows = replay(LadderExperiment.parse(saved))["rungs"]  # what the command line prints
    assert [(row["elbo"], row["kl"]) for row in rows] == [(r.bound.elbo, r.bound.kl) for r in run.ladder.rungs]


@pytest.mark.parametrize("name", ["one", "one, moved", "two", "two, narrower", "odd width"])
def test_what_a_slider_can_show_it_shows(name):
    chosen = FILES[name]
    assert of_experiment(PosteriorRun.of(chosen).json()) == chosen


@pytest.mark.parametrize(
    "change, field",
    [
        ({"settings": {"lambda": 1e5, "beta": 1.0}}, "settings.lambda"),
        ({"settings": {"lambda": 1.0, "beta": 1e-5}}, "settings.beta"),
        ({"data": {"signal": [1.0], "dictionary": [[1.0, 2.0, 3.0]]}, "ladder": {}}, "data.dictionary"),
        ({"model": "sparse_coding"}, "model"),
        ({"ladder": {"widths": [-1]}}, "ladder.widths[0]"),
    ],
    ids=str,
)
def test_a_file_that_the_page_cannot_show(change, field):
    with pytest.raises(InvalidExperiment) as caught:
        of_experiment({**PosteriorRun.of(ONE).json(), **change})
    assert caught.value.field == field


# --- session ----------------------------------------------------------------------------------------------------


def kinds(session):
    return [rung.kind for rung in session.run.ladder.rungs]


def test_narrower_ones_follow_the_readers_width():
    session = PosteriorSession.opened({"cursor": "6"})
    session.change(width=0.05)
    assert session.run.experiment.widths == (0.05, 0.03, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
    assert session.player.cursor == 2  # the rung of that width
    assert PosteriorRun.of(ONE).experiment.widths == WIDTHS


def test_lambda_leaves_the_reader_on_the_rung():
    session = PosteriorSession.opened({"cursor": "3"})
    session.change(penalty=0.5)
    assert session.player.cursor == 3 and session.run.experiment.problem.penalty == 0.5
    last = PosteriorSession.opened({"cursor": "11"})
    last.change(width=0.1), last.player.go(len(last.run) - 1)
    last.change(v=2.0)
    assert kinds(last)[last.player.cursor] == "dirac"


@pytest.mark.parametrize("units, place", [("one", [0.7]), ("two", [0.7, -0.3])])
def test_a_drag_moves_mu_and_a_tool_brings_it_back(units, place):
    session = PosteriorSession.opened({"units": units, "cursor": "4"})
    session.own({"act": "drag", "handle": "mean", "x": 0.7, "y": -0.3}, 4)
    assert session.run.experiment.mean.tolist() == place and session.player.cursor == 4
    session.change(penalty=0.9)  # μ stays where the reader put it
    assert session.run.experiment.mean.tolist() == place
    session.own({"act": "mean"}, 4)
    assert session.run.experiment.mean.tolist() == session.run.ladder.background.posterior.mean.tolist()
    session.own({"act": "reset"}, 4)
    assert session.settings.given is None
    assert session.run.experiment.mean.tolist() == session.run.ladder.background.posterior.mode.tolist()
    other = "one" if units == "two" else "two"
    session.change(units=other)  # keeps the λ that the reader chose; one untouched becomes what suits
    assert session.settings == replace(for_units(ONE, other), penalty=0.9)
    assert for_units(for_units(ONE, "two"), "one") == ONE and for_units(ONE, "two").penalty != ONE.penalty


@pytest.mark.parametrize("x", [float("nan"), float("inf"), 1e7])
def test_a_drag_to_nowhere_is_refused_and_everything_stays(x):
    session = PosteriorSession.opened({"cursor": "4"})
    before = session.settings
    session.act({"act": "drag", "handle": "mean", "x": x, "y": 0.0, "n": 1})
    assert session.settings == before and "a place on the picture" in session.messages[0]


def test_the_controls_rule_over_a_file():
    session = PosteriorSession.opened({})
    session.open(PosteriorRun.of(FILES["file"]).json())
    assert session.settings.imported
    session.change(penalty=2.0)
    assert session.settings.imported
    session.change(angle=70.0)
    assert not session.settings.imported and session.run.experiment.problem.n_dimensions == 2
    session.open(PosteriorRun.of(FILES["widths"]).json())
    session.change(width=0.3)
    assert session.run.experiment.widths[:2] == (0.3, 0.1)


# --- the page without a browser ---------------------------------------------------------------------------------


@pytest.mark.parametrize("units", UNITS)
def test_every_control_runs(units):
    app = AppTest.from_file(str(APP), default_timeout=60).run().switch_page("../pages/posterior.py").run()
    if units != "one":
        app.selectbox[0].set_value(units).run()
    labels = [slider.label for slider in (*app.slider, *app.select_slider)]
    assert ("w: the atom" in labels) == (units == "one") and "First width s of the ladder" in labels
    for number in range(len(app.slider)):
        for value in (app.slider[number].min, app.slider[number].max):
            app.slider[number].set_value(value).run()
            assert not app.exception and not notices(app)
    for number in range(len(app.select_slider)):
        for value in (app.select_slider[number].options[0], app.select_slider[number].options[-1]):
            app.select_slider[number].set_value(float(value)).run()
            assert not app.exception and not notices(app)
