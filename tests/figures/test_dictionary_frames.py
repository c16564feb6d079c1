"""What the dictionary page draws: atoms, pictures, use and the staircase, number for number those of the core."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.models.dictionary_learning import textbook_objective
from figures.dictionary import atoms, examples, words
from figures.look.encode import grey
from tests.figures.stage_replay import Shown, decode, numbers_in, painted
from ui.dictionary.run import DictionaryRun
from ui.dictionary.settings import DATA, DictionarySettings, for_data

SMALL = {"points": 60}
BARS = replace(DictionarySettings(), **SMALL)
CASES = {
    "bars": BARS,
    "patches": replace(for_data(BARS, "patches"), atoms=20),
    "digits": replace(for_data(BARS, "digits"), second=False),
    "revived": replace(for_data(BARS, "digits"), dead_atoms="revive"),
    "free": replace(BARS, norm_constraint=False),
}
by_case = pytest.mark.parametrize("settings", CASES.values(), ids=CASES)


def made(settings, steps=6):
    run = DictionaryRun.of(settings)
    run.advance(steps)
    return run


def shown(run, at=-1):
    return Shown(run.scene.json, run.frames(), at)


def state(run, at=-1):
    return run.trajectory.half_steps[at].after


def tiles(levels, count, across, side=8, gap=1):
    """(count, side²) pictures of a montage in levels 0 to 255; 0 is where nothing is."""
    picture = np.array(levels).reshape(-1, across * (side + gap) - gap)
    corners = [(n // across * (side + 1), n % across * (side + gap)) for n in range(count)]
    return np.array([picture[top : top + side, left : left + side].ravel() for top, left in corners])


def test_grey_has_a_level_for_nothing():
    packed = grey(np.array([[-1.0, 0.0, 1.0], [np.nan, 5.0, -5.0]]), -1, 1)
    assert decode(packed) == [1, 128, 255, 0, 255, 1] and packed["shape"] == "2, 3"


@by_case
def test_atoms_are_the_columns_of_w(settings):
    run = made(settings)
    dictionary = state(run).theta["dictionary"]
    n_atoms = dictionary.shape[1]
    drawn = tiles(shown(run).trace("atoms", 0)["z"], n_atoms, atoms.across(n_atoms)).astype(float)
    drawn = (drawn - 128) / 127
    for k, atom in enumerate(dictionary.T):
        sign = -1 if atom.sum() < -0.5 * np.abs(atom).sum() else 1
        np.testing.assert_allclose(drawn[k], sign * atom / np.abs(atom).max(), atol=1 / 200)
    across = atoms.across(n_atoms)
    middles = [(n % across * 9 + 3.5, n // across * 9 + 3.5) for n in range(n_atoms)]
    np.testing.assert_array_equal(shown(run).points("atoms", 1), middles)


@by_case
def test_the_second_start_is_drawn_as_its_own_run(settings):
    run = made(settings)
    if not settings.second:
        assert "second" not in run.scene.json["figures"] and run.second is None
        assert not shown(run).trace("timeline", 1)["visible"]
        return
    alone = made(replace(settings, seed=settings.second_seed, second=False))
    assert shown(run).trace("second", 0)["z"] == shown(alone).trace("atoms", 0)["z"]
    for trace in (0, 1):  # the tiles, and the marks on them
        for place, own in ((trace, shown(run).trace("atoms", trace)), (2 + trace, shown(alone).trace("atoms", trace))):
            both = shown(run).trace("pair", place)
            assert (both.get("z"), both.get("marker")) == (own.get("z"), own.get("marker"))
    found = shown(run).points("timeline", 1)
    np.testing.assert_allclose(found, shown(alone).points("timeline", 0), rtol=1e-15)
    higher = found[-1, 1] - shown(run).points("timeline", 0)[-1, 1]
    which = "higher" if higher > 0 else "lower"
    assert f"second start {abs(higher):.1f} nats {which}" in shown(run).text["note.atoms"]


@by_case
def test_the_staircase_is_log_p(settings):
    run = made(settings)
    rows = report(run.experiment, run.trajectory)["half_steps"]
    heights = [row["expected_log_joint"] for row in rows[1:]]
    for figure in ("timeline", "latest"):
        trace = shown(run).trace(figure, 0)
        np.testing.assert_allclose(trace["y"], heights, rtol=1e-14)
        assert trace["x"] == [1, 2, 3, 4, 5, 6] and trace["text"] == list("HMHMHM")
        assert trace["marker"]["symbol"] == ["circle", "square"] * 3
        assert trace["marker"]["color"] == ["$fit", "$text"] * 3
        assert shown(run, 3).points(figure, 2).tolist() == [[3, pytest.approx(heights[2])]]
    misfit, penalty = (np.array(shown(run).trace("terms", k)["y"]) for k in (0, 1))
    constant = run.experiment.model.constant(run.experiment.data, run.experiment.start)
    np.testing.assert_allclose(constant - misfit - penalty, heights, rtol=1e-13)
    assert np.all(np.diff(heights) > 0)


@by_case
def test_numbers_and_equation_are_the_cores(settings):
    run = made(settings)
    model, data = run.experiment.model, run.experiment.data
    for at in range(1, 7):
        theta, q = state(run, at).theta, state(run, at).q
        found = shown(run, at)
        joint = model.expected_log_joint(data, theta, q)
        assert found.value["metric.joint"] == pytest.approx(joint, rel=1e-14)
        assert found.value["metric.codes"] == pytest.approx(np.count_nonzero(q.codes) / len(q.codes))
        assert found.value["metric.atoms"] == int(q.codes.any(axis=0).sum())
        misfit, penalty = model.terms(data, theta, q)
        terms = [float(found.text[f"equation.{name}"].replace("−", "-")) for name in ("joint", "constant")]
        assert terms[0] == pytest.approx(terms[1] - misfit - penalty, abs=2e-3)
        assert found.text["equation.misfit"] == f"{misfit:.3f}" and found.text["equation.penalty"] == f"{penalty:.3f}"
        weight = 2 * model.penalty / model.precision
        assert f"J = {textbook_objective(data, theta, q, weight):.2f} = " in found.text["note.timeline"]
        # M leaves the codes, and with them what they cost
        assert ("penalty" in found.frame["lit"]) == (found.frame["chip"]["label"][0] == "H")


@by_case
def test_pictures_are_built_from_their_codes(settings):
    run = made(settings)
    data, dictionary, codes = run.experiment.data, state(run).theta["dictionary"], state(run).q.codes
    rows = examples.chosen(run.experiment, examples.COUNT)
    found, n = shown(run), len(rows)
    low, high = data.values[rows].min(), data.values[rows].max()
    for trace, pictures in ((0, data.values[rows]), (1, codes[rows] @ dictionary.T + data.offset)):
        drawn = low + (tiles(found.trace("examples", trace)["z"], n, n, gap=2) - 1.0) * (high - low) / 254
        np.testing.assert_allclose(drawn, np.clip(pictures, low, high), atol=(high - low) / 400)
    labels, hovers = (found.trace("examples", 2 + examples.PARTS)[key] for key in ("text", "customdata"))
    montage = tiles(found.trace("atoms", 0)["z"], dictionary.shape[1], atoms.across(dictionary.shape[1]))
    for part in range(examples.PARTS):
        drawn = tiles(found.trace("examples", 2 + part)["z"], n, n, gap=2)
        for column, row in enumerate(rows):
            sizes = np.abs(codes[row]) * np.linalg.norm(dictionary, axis=0)
            k = np.argsort(-sizes, kind="stable")[part]
            place = part * n + column
            if sizes[k] == 0:
                assert labels[place] == " " and not drawn[column].any()
                continue
            np.testing.assert_array_equal(drawn[column], montage[k])
            height = float(hovers[place].split()[2])
            assert abs(height) == pytest.approx(abs(codes[row, k]), rel=1e-2) and f"atom {k + 1}" in hovers[place]
            assert float(labels[place].replace("−", "-")) == pytest.approx(
                height, abs=0.5 if abs(height) > 9.9 else 0.06
            )


@by_case
def test_codes_and_use(settings):
    run = made(settings)
    codes, dictionary = state(run).q.codes, state(run).theta["dictionary"]
    found = shown(run)
    trace = found.trace("codes", 0)
    rows = np.array(trace["y"]) - 1
    levels = np.array(trace["z"]).reshape(len(rows), -1)
    np.testing.assert_array_equal(levels > 0, codes[rows] != 0)
    np.testing.assert_allclose(found.trace("usage", 0)["y"], (codes != 0).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.trace("lengths", 0)["y"], np.linalg.norm(dictionary, axis=0), rtol=1e-6)
    assert found.trace("lengths", 1)["visible"] == settings.norm_constraint
    unused = np.flatnonzero(~codes.any(axis=0))
    assert found.trace("usage", 1)["x"] == (unused + 1).tolist()
    marks = found.trace("atoms", 1)["marker"]
    assert np.flatnonzero(marks["opacity"]).tolist() == unused.tolist()
    assert f"✕ {len(unused)} unused" in found.text["note.atoms"] or not len(unused)


def test_revived_atoms_have_a_star_and_a_sentence():
    run = made(CASES["revived"], 2)
    revived = [int(event.numbers["atom"]) for event in run.trajectory[2].events]
    assert len(revived) > 3
    marks = shown(run).trace("atoms", 1)["marker"]
    assert [k for k, symbol in enumerate(marks["symbol"]) if symbol == "star"] == revived
    assert shown(run).frame["chip"]["label"] == "M★"
    assert f"{len(revived)} unused atoms were replaced" in shown(run).text["caption"]
    assert "only once codes use them" in shown(run).text["caption"]


def test_captions():
    run = made(BARS)
    assert "no codes yet" in shown(run, 0).text["caption"] and "Next, H" in shown(run, 0).text["caption"]
    h, m = shown(run, 3).text["caption"], shown(run, 4).text["caption"]
    assert "most likely code" in h and "certified" in h and "Next, M" in h
    assert "none longer than 1" in m and "rose by" in m
    free = shown(made(CASES["free"])).text["caption"]
    assert "this never ends" in free and "of any length" in free
    swept = shown(made(replace(BARS, m_step="sweep")))
    assert "each atom in turn" in swept.text["caption"] and swept.frame["chip"]["label"] == "C"
    assert {term["slot"] for term in words.EQUATION if "slot" in term} <= set(swept.text)


@by_case
def test_frames_are_strict_json_with_colours_that_exist(settings):
    run = made(settings)
    text = json.dumps([run.scene.json, run.frames()], allow_nan=False)
    assert numbers_in(json.loads(text))
    colors = run.scene.json["colors"]
    for theme in ("light", "dark"):
        assert "$" not in json.dumps(painted([run.scene.json["figures"], run.frames()], colors[theme]))
    figures = run.scene.json["figures"]
    for frame in run.frames():
        for key in (*frame["set"], *frame["append"]):
            figure, trace, *_ = key.split("/")
            assert figure in figures and (not trace.isdigit() or int(trace) < len(figures[figure]["data"])), key


@pytest.mark.parametrize("data", DATA)
def test_equal_ids_mean_equal_frames(data):
    settings = replace(for_data(BARS, data), atoms=9)
    one, other = made(settings, 3), made(settings, 3)
    assert [frame["id"] for frame in one.frames()] == [frame["id"] for frame in other.frames()]
    assert one.frames() == other.frames()
    for change in ({"penalty": 0.7}, {"seed": 9}, {"second_seed": 9}, {"second": False}, {"norm_constraint": False}):
        assert made(replace(settings, **change), 3).frames()[0]["id"] != one.frames()[0]["id"]


def test_the_offset_is_part_of_what_the_codes_build():
    values = np.random.default_rng(0).normal(size=(30, 9)) + 5
    data = {"values": values.tolist(), "offset": [5.0] * 9}
    raw = {"model": "dictionary_learning", "data": data, "schedule": "HM", "settings": {"n_atoms": 4}}
    run = DictionaryRun(Experiment.parse(raw), None, "HM")
    run.advance(2)
    rows = examples.chosen(run.experiment, examples.COUNT)
    built = state(run).q.codes[rows] @ state(run).theta["dictionary"].T + 5
    low, high = values[rows].min(), values[rows].max()
    levels = tiles(shown(run).trace("examples", 1)["z"], len(rows), len(rows), side=3, gap=2)
    np.testing.assert_allclose(low + (levels - 1.0) * (high - low) / 254, built, atol=(high - low) / 400)


def test_columns_that_are_no_square_picture():
    """An opened file may hold any table."""
    values = np.random.default_rng(0).normal(size=(20, 3)).tolist()
    raw = {"model": "dictionary_learning", "data": {"values": values}, "schedule": "HM", "settings": {"n_atoms": 4}}
    run = DictionaryRun(Experiment.parse(raw), None, "HM")
    run.advance(4)
    dictionary = state(run).theta["dictionary"]
    drawn = np.array(shown(run).trace("atoms", 0)["z"]).reshape(-1, 2 * 4 - 1)
    assert drawn.shape[0] == 3 and len(drawn[0]) == 7 and dictionary.shape == (3, 4)
