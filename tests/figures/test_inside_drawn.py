"""Inside a half-step: beats lie over the frame before it, show the core's numbers, and the last is the half-step."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from em_core.observe.beats import beats_of
from em_core.observe.beats.working import Working
from figures.em.inside import _PICTURES, picture_of, words
from figures.em.inside.ledger import SLOTS
from figures.look import tex
from tests.attack import dealt
from tests.figures.runs import BLOBS, EM, em_run, shown
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model

MODELS = {"gaussian_mixture", "binomial_mixture", "poisson_mixture", "bernoulli_mixture", "regression_mixture"}
MODELS |= {"linkage", "coin_of_unknown_origin"}
NAMES = [
    name for name, settings in EM.items() if settings.model in MODELS and "along" not in name and "gradient" not in name
]
# the two first half-steps of every run are an E and an M
WAYS = (0, 1)


def told(run, at, unit=None):
    """The core's beats of the half-step after frame `at`, and the stage's."""
    chosen, drawn = run.scene.beats(run.moment(at + 1), unit)
    number, beats = beats_of(run.moment(at + 1), unit)
    assert number == chosen and len(beats) == len(drawn) > 0
    return chosen, list(zip(beats, drawn, strict=True))


def data_traces(found):
    return {trace["meta"]: trace for trace in found.figures["data"]["data"]}


@pytest.mark.parametrize(("name", "at"), dealt(product(NAMES, WAYS), 0, of=3))
def test_a_beat_says_what_it_finds(name, at):
    run = em_run(name)
    unit, pairs = told(run, at)
    for number, (beat, drawn) in enumerate(pairs, start=1):
        found = shown(run, at).over(drawn)  # every address is there, and every number finite
        assert found.text["heading.inside"].startswith(f"{number} of {len(pairs)}: ")
        assert len(found.text["caption"]) > 20 and "\n" not in found.text["caption"]
        formula, value = found.text["formula.inside"], found.value["formula.inside"]
        assert (
            formula.count("{") == formula.count("}")
            and "nan" not in formula
            and "inf" not in formula.replace(r"\infty", "")
        )
        entries = np.ravel(
            np.asarray(list(beat.found.values()) if isinstance(beat.found, dict) else beat.found, dtype=float)
        )
        assert math.isfinite(value) and np.any(np.isclose(entries, value, rtol=1e-12, atol=0)), (beat.what, value)
        following = pairs[number][1]["text"]["heading.inside"] if number < len(pairs) else words.coming(0, 0, "")
        assert drawn["next"] == following
        assert {"inside", "data"} <= set(drawn["lit"])


@pytest.mark.parametrize(("name", "at"), dealt(product(NAMES, WAYS), 1, of=3))
def test_the_last_beat_shows_what_the_half_step_comes_to(name, at):
    run = em_run(name)
    _, pairs = told(run, at)
    ended, after = shown(run, at).over(pairs[-1][1]), shown(run, at + 1)
    for slot in ("metric.evidence", "metric.elbo", "metric.gap"):
        assert (ended.text[slot], ended.value[slot]) == (after.text[slot], after.value[slot])
    assert ended.text["note.data"] == after.text["note.data"]
    there = data_traces(after)
    marks = {"followed", "reached", *(meta for meta in there if meta.startswith(("trail", "level", "rest")))}
    for meta, trace in data_traces(ended).items():
        if meta in marks:
            continue
        for attribute in ("x", "y", "z", "text"):
            assert repr(trace.get(attribute)) == repr(there[meta].get(attribute)), (meta, attribute)
        assert repr(trace.get("marker", {}).get("color")) == repr(there[meta].get("marker", {}).get("color")), meta


@pytest.mark.parametrize("name", NAMES)
def test_before_the_end_the_numbers_are_those_of_the_frame_before(name):
    run = em_run(name)
    for at in WAYS:
        for _, drawn in told(run, at)[1][:-1]:
            assert set(drawn["value"]) == {"formula.inside"}
            assert not {"evidence", "elbo", "kl"} & set(drawn["lit"])


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_that_is_asked_for_is_marked(name):
    run = em_run(name)
    last = run.scene.units - 1
    for unit in {0, last}:
        chosen, pairs = told(run, 0, unit)
        assert chosen == unit
        name = shown(run, 0).over(pairs[0][1]).text["unit.inside"]
        assert name == "" if run.scene.units == 1 else re.match(rf"\w+ {unit + 1} of {last + 1}$", name)


def test_a_point_that_is_followed_has_a_ring_and_the_others_step_back():
    run = em_run("old_faithful")
    _, pairs = told(run, 0, 5)
    for beat, drawn in pairs:
        found = shown(run, 0).over(drawn)
        x, y = run.experiment.data.values[5]
        assert found.points("data.followed") == pytest.approx(np.array([[x, y]]))
        assert (found.trace("data.points")["marker"]["opacity"] < 0.5) != beat.of_all
    assert len(shown(run, 0).points("data.followed")) == 0


def test_through_the_point_goes_the_curve_on_which_each_component_is_as_dense():
    run = em_run("old_faithful")
    _, pairs = told(run, 0)
    unit, drawn = pairs[1][0].at["unit"], pairs[1][1]
    point = run.experiment.data.values[unit]
    model, theta = run.experiment.model, run.trajectory[0].after.theta
    found = shown(run, 0).over(drawn)
    for k in range(2):
        level = found.points(f"data.level {k + 1}")
        heights = model.family.log_density(level, theta)[k]
        assert np.ptp(heights) < 1e-4
        assert heights[0] == pytest.approx(model.family.log_density(point[None], theta)[k, 0], abs=1e-4)


def test_the_table_fills_column_by_column_and_lights_the_new_one():
    run = em_run("old_faithful")
    _, pairs = told(run, 0)
    for number, (beat, drawn) in enumerate(pairs[:-1]):
        found = shown(run, 0).over(drawn)
        texts = [found.trace(f"inside.number {slot}") for slot in range(SLOTS)]
        filled = [trace for trace in texts if trace["text"]]
        assert len(filled) == number + 1
        assert [trace["opacity"] == 1 for trace in filled] == [False] * number + [True]
        bars = found.trace(f"inside.bar {number}")["x"]
        value = np.asarray(beat.values["weights"] if beat.what == "data" else beat.found)
        np.testing.assert_allclose(np.array(bars) / max(bars), value / value.max())
        assert len(found.trace("inside.cell")["x"]) == 5 and len(found.trace("inside.shade")["x"]) == 5
    last = shown(run, 0).over(pairs[-1][1])
    assert all(last.trace(f"inside.number {slot}")["opacity"] < 1 for slot in range(SLOTS))


@pytest.mark.parametrize("covariance", ["tied", "diag", "spherical"])
@pytest.mark.parametrize("dimensions", [1, 3])
def test_every_shape_of_covariance_has_its_rows(covariance, dimensions):
    run = EmRun.of(replace(BLOBS, covariance=covariance, dimensions=dimensions, components=3), "EM")
    _, pairs = told(run, 1)
    (drawn,) = (drawn for beat, drawn in pairs if beat.what == "covariances")
    number = shown(run, 1).over(drawn).trace(f"inside.number {SLOTS - 1}")["text"]
    family = run.experiment.model.family
    for text, matrix in zip(number, family.matrices(run.trajectory[2].after.theta), strict=True):
        axes = [run.scene.view.drawn[0]] if dimensions == 1 else sorted(run.scene.view.drawn)
        assert re.split(r"<br>|, |  ", text)[0] == tex.plain(matrix[axes[0], axes[0]])


@pytest.mark.parametrize("word", ["H", "T", "EP", "EC", "ECCC"])
def test_other_moves_that_have_a_working_draw_it(word):
    for model in ("gaussian_mixture", "binomial_mixture", "poisson_mixture"):
        run = EmRun.of(for_model(EmSettings(), model), word)
        if run.trajectory.last.stopped or len(run) <= len(word):
            continue
        at = len(word) - 1
        for _, drawn in told(run, at)[1]:
            shown(run, at).over(drawn)


def test_a_move_without_a_closed_working_says_so():
    run = EmRun.of(EmSettings(), "EG")
    unit, units, beats, why = run.beats(2, None)
    assert beats == [] and why == words.NONE_SHOWN
    assert run.beats(9, None)[2:] == ([], words.NO_STEP)


def test_where_nothing_is_shown_there_is_no_view_and_no_key():
    for settings in (for_model(EmSettings(), "student_t"), EmSettings(broken="unnormalised")):
        run = EmRun.of(settings, "EM")
        scene = run.scene.json
        assert scene["inside"] is None and run.scene.inside is None
        assert "inside" not in [view["id"] for view in scene["views"]]
        assert run.beats(1, None)[2] == []


def test_every_working_has_its_picture_and_every_picture_its_working():
    for name in NAMES:
        run = em_run(name)
        assert picture_of(run.experiment, run.scene.view) is not None
    assert all(issubclass(working, Working) for working in _PICTURES)


@pytest.mark.parametrize("name", NAMES)
def test_traces_that_choose_a_unit_are_there(name):
    run = em_run(name)
    found = shown(run, 0)
    for address, units in run.scene.json["inside"]["chooses"].items():
        figure, trace = address.split("/")
        drawn = found.trace(f"{figure}.{trace}")
        count = run.scene.units if units is None else len(units)
        assert len(drawn.get("y", drawn["x"])) == count
        assert units is None or all(0 <= unit < run.scene.units for unit in units)


@pytest.mark.parametrize(
    "value", [0.0, 1.0, -1e-320, 1e300, -5e-324, math.inf, -math.inf, 123456.0, 9999.7, 12345.0, 0.001, 99.95]
)
def test_any_number_can_be_set(value):
    for text in (tex.tex(value), tex.plain(value), tex.vector([value, value]), tex.vector([[value]])):
        assert text and text.count("{") == text.count("}") and "e+" not in text and "e-" not in text
    assert "e^" in tex.tex_of_log(-1e5) and "sup" in tex.plain_of_log(-1e5)
    assert tex.tex_of_log(-math.inf) == tex.plain_of_log(-math.inf) == "0"
