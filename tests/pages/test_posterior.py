"""The posterior page's settings and session: experiment files, what each control and act does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding.posterior.ladder import WIDTHS, LadderExperiment
from em_core.sparse_coding.posterior.ladder import run as replay
from tests.attack import exhaustive, ordinary, thinned
from tests.core.any_code import ladders
from tests.pages import Page
from tests.ui.shown import notices
from ui.posterior.run import PosteriorRun
from ui.posterior.session import PosteriorSession
from ui.posterior.settings import UNITS, PosteriorOverrides, PosteriorSettings, for_units
from ui.settings import pack

_FORMS = {"signal": [1.0, 0.1], "dictionary": [[1.0], [0.5]]}
PAGE = Page(
    PosteriorSession,
    ladders(),
    ("reset", "mean", "drag"),
    ({}, {"ladder": {"mean": [1 / 3, -2.0]}}, {"data": _FORMS, "ladder": {"widths": [0.1, 2.0]}}),
    tape={"cursor": "99"},
)

APP = Path(__file__).parents[2] / "ui" / "main.py"
ONE, TWO = PosteriorSettings(), for_units(PosteriorSettings(), "two")
# --- what a link may hold that no control describes ---------------------------------------------------------------

UNFIT = [
    {"ladder": {"mean": [1, 2, 3]}},
    {"ladder": {"widths": []}},
    {"data": {"signal": [1]}},
    {"data": {"signal": [1], "dictionary": [[1, 2, 3]]}},
]


@pytest.mark.parametrize("parts", UNFIT, ids=str)
def test_overrides_that_do_not_fit_end_in_a_ladder(parts):
    session = PosteriorSession.opened({"given": pack(parts)})
    assert len(session.run) > 2 and len(session.messages) == (parts != {"ladder": {"widths": []}})


SIZES = st.sampled_from([0.0, 1e-300, 1e-40, 1e-8, 0.5, 1.0, 3.0, 1e6, 1e20, 1e45, 1e100])
NUMBERS = st.builds(lambda size, sign: sign * size, SIZES, st.sampled_from([-1, 1]))


def ends_in_a_ladder_or_in_one_line(data, units, dimensions):
    def many(length):
        return data.draw(st.lists(NUMBERS, min_size=length, max_size=length))

    part = {"signal": many(dimensions), "dictionary": [many(units) for _ in range(dimensions)]}
    try:
        run = PosteriorRun.of(replace(ONE, overrides=PosteriorOverrides(part, {"mean": many(units)})))
    except InvalidExperiment as error:
        assert "\n" not in str(error)
        return
    json.dumps([run.scene.json, run.frames(), run.inner(2)], allow_nan=False)


@ordinary(3)
@given(st.data(), st.integers(1, 2), st.integers(1, 3))
def test_any_data_in_a_link_end_in_a_ladder_or_in_one_line(data, units, dimensions):
    ends_in_a_ladder_or_in_one_line(data, units, dimensions)


@exhaustive(30)
@given(st.data(), st.integers(1, 2), st.integers(1, 3))
def test_more_data_in_a_link_end_in_a_ladder_or_in_one_line(data, units, dimensions):
    ends_in_a_ladder_or_in_one_line(data, units, dimensions)


# --- experiment files -------------------------------------------------------------------------------------------

FILES = {
    "one": ONE,
    "one, moved": replace(ONE, penalty=0.7, v=-2.5, w=0.35).at([1 / 3]),
    "two": TWO,
    "two, narrower": replace(TWO, angle=135.0, width=0.02, v1=-1.0),
    "odd width": replace(TWO, width=0.37),
    "file": replace(TWO, overrides=PosteriorOverrides({"signal": [1.0], "dictionary": [[1.0, 0.5]], "offset": [0.5]})),
    "widths": replace(ONE, overrides=PosteriorOverrides(ladder={"widths": [0.1, 2.0]})),
    "no widths": replace(ONE, overrides=PosteriorOverrides(ladder={"widths": []})),
}


@pytest.mark.parametrize("chosen", FILES.values(), ids=FILES)
def test_a_saved_ladder_opens_to_the_same_numbers(chosen):
    run = PosteriorRun.of(chosen)
    saved = json.loads(json.dumps(run.json()))
    again = PosteriorRun.of(*PosteriorSettings.of_experiment(saved))
    assert again.json() == saved
    assert [rung.bound for rung in again.ladder.rungs] == [rung.bound for rung in run.ladder.rungs]
    rows = replay(LadderExperiment.parse(saved))["rungs"]  # what the command line prints
    assert [(row["elbo"], row["kl"]) for row in rows] == [(r.bound.elbo, r.bound.kl) for r in run.ladder.rungs]


@pytest.mark.parametrize("name", ["one", "one, moved", "two", "two, narrower", "odd width"])
def test_what_a_slider_can_show_it_shows(name):
    chosen = FILES[name]
    assert PosteriorSettings.of_experiment(PosteriorRun.of(chosen).json()) == (chosen,)


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
        PosteriorSettings.of_experiment({**PosteriorRun.of(ONE).json(), **change})
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
    assert not session.settings.overrides
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


@pytest.mark.parametrize(("units", "end"), thinned([(units, end) for units in UNITS for end in (0, -1)], [("two", 0)]))
def test_every_control_runs(units, end):
    app = AppTest.from_file(str(APP), default_timeout=60).run().switch_page("../pages/posterior.py").run()
    if units != "one":
        app.selectbox[0].set_value(units).run()
    labels = [slider.label for slider in (*app.slider, *app.select_slider)]
    assert ("w: the atom" in labels) == (units == "one") and "First width s of the ladder" in labels
    for number in range(len(app.slider)):
        app.slider[number].set_value((app.slider[number].min, app.slider[number].max)[end]).run()
        assert not app.exception and not notices(app)
    for number in range(len(app.select_slider)):
        app.select_slider[number].set_value(float(app.select_slider[number].options[end])).run()
        assert not app.exception and not notices(app)
