"""What holds for every data view, and what those of Gaussian mixtures draw; what the others draw is in tests/models."""

from __future__ import annotations

import html
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from em_core.files.experiment import Experiment
from em_core.models import MODELS
from em_core.records import State
from figures.em.data_views import VIEWS, data_view, words
from figures.em.data_views.base import ellipse, segments, turned
from figures.look import palette
from figures.look.montage import montage, sample
from tests.attack import dealt
from tests.figures.runs import EM, GAUSSIAN, WORD, em_run, made, shown
from tests.figures.stage_replay import decode
from tests.figures.test_previews import pulled
from tests.models import TIED
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, data_options


def test_every_model_has_a_view_and_data():
    """Dictionary learning has a page of its own."""
    assert set(VIEWS) == set(MODELS) - {"dictionary_learning"}
    assert sum(len(view.models) for view in set(VIEWS.values())) == len(VIEWS), "two views draw the same model"
    assert all(data_options(model) for model in MODEL_NAMES)


@pytest.mark.parametrize("model", dealt(VIEWS, 1))
def test_names_of_columns_are_shown_letter_by_letter(model):
    """Neither markup, nor a picture's address, nor a value, nor one of the stage's colours."""
    run, *_ = made(model)
    for number in range(1, 6):
        hostile = tuple(f"$<a href='http://elsewhere'>{k}</a>&amp;%{{x}}" for k in range(number))
        figure = data_view(run.experiment, hostile, (0, 1)).figure.json
        drawn = json.dumps(figure)
        assert "<a" not in drawn and "'>" not in drawn and "</a" not in drawn, number
        assert all(html.unescape(text).startswith("$<a") for text in _titles(figure) if "href" in text)


def _titles(figure):
    axes = [part for name, part in figure["layout"].items() if "axis" in name]
    return [axis["title"]["text"] for axis in axes if "title" in axis]


@pytest.mark.parametrize("name", dealt(GAUSSIAN, 1, of=3))
def test_outlines_are_the_components(name):
    run = em_run(name)
    found, view = shown(run), run.scene.view
    theta = run.trajectory.last.after.theta
    matrices = view.family.matrices(theta)
    for k in range(view.k):
        if view.flat:
            x, y = found.points(f"data.shape {k + 1}").T
            variance = matrices[k][0, 0]
            exact = np.exp(-0.5 * (x - theta["means"][k, 0]) ** 2 / variance) / math.sqrt(2 * math.pi * variance)
            np.testing.assert_allclose(y, theta["weights"][k] * exact, rtol=1e-4, atol=1e-7)
            continue
        part = matrices[k][np.ix_(view.drawn, view.drawn)]
        away = found.points(f"data.shape {k + 1}") - theta["means"][k][view.drawn]
        distance = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(part), away))
        np.testing.assert_allclose(distance[:49], 1, rtol=1e-3)
        np.testing.assert_allclose(distance[49:], 2, rtol=1e-3)
        mean = found.points(f"data.badge {k + 1}")[0]
        np.testing.assert_allclose(mean, theta["means"][k][view.drawn])
        assert len(found.points(f"data.trail {k + 1}")) == len(run)


def test_densities_integrate_to_the_weights():
    """Those of components that lie within the picture; a bump narrower than the grid would not."""
    wide = replace(EM["one_dimension"], clusters=2, components=2, separation=6.0, points=300)
    run = EmRun.of(wide, WORD)
    found, view = shown(run), run.scene.view
    weights = run.trajectory.last.after.theta["weights"]
    areas = [np.trapezoid(*found.points(f"data.shape {k + 1}").T[::-1]) for k in range(view.k)]
    np.testing.assert_allclose(areas, weights, atol=0.02)
    assert np.trapezoid(*found.points("data.sum").T[::-1]) == pytest.approx(1, abs=0.02)
    steps = found.points("data.histogram")
    assert np.trapezoid(*steps.T[::-1]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", dealt(GAUSSIAN, 1, of=3))
def test_points_wear_the_mixture_of_their_components_colours(name):
    run = em_run(name)
    found = shown(run)
    q = run.trajectory.last.after.q.probabilities
    colors = np.array([palette.rgb(k) for k in range(len(q))])
    drawn = [
        [int(part) for part in re.findall(r"\d+", color)] for color in found.trace("data.points")["marker"]["color"]
    ]
    np.testing.assert_allclose(drawn, q.T @ colors, atol=0.51)
    assert found.trace("data.points")["marker"]["symbol"] == [palette.symbol(k) for k in q.argmax(axis=0)]


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 0, of=2))
def test_what_can_be_dragged_moves_there_and_nothing_else_does(model):
    run, _, _, theta, _ = made(model)
    view, now = run.scene.view, run.moment(len(run) - 1)
    for handle in view.handles(now):
        x, y = pulled(handle.json())
        moved = view.dragged(theta, handle.id, x, y)
        there = view.handles(replace(now, step=replace(now.step, after=State(moved))))
        (again,) = [each for each in there if each.id == handle.id]
        assert (getattr(again, "value", None) or again.x) == pytest.approx(x)
        if handle.json().get("along") == "y":
            assert again.y == pytest.approx(y)
        assert np.isfinite(run.experiment.model.log_evidence(run.experiment.data, moved))
        others, before = ([each for each in some if each.id != handle.id] for some in (there, view.handles(now)))
        if model not in TIED:
            assert all(_same(one, other) for one, other in zip(others, before, strict=True))


def _same(one, other):
    """The same handle at the same place, up to rounding."""
    return all(value == pytest.approx(getattr(other, name)) for name, value in vars(one).items() if value is not None)


def test_an_ellipse_is_sent_as_three_numbers_for_each_outline():
    covariance = np.array([[2.0, 0.7], [0.7, 0.5]])
    for along in ellipse(np.array([1.0, -2.0]), covariance, 1.0, 2.0):
        sent = turned(along)
        assert np.shape(sent["round"]) == (2, 3)
        np.testing.assert_allclose(decode(sent), along, atol=1e-14, equal_nan=True)


def test_an_ellipse_is_as_far_everywhere():
    covariance = np.array([[2.0, 0.7], [0.7, 0.5]])
    x, y = ellipse(np.array([1.0, -2.0]), covariance, 1.0, 3.0)
    away = np.column_stack([x - 1, y + 2])
    distance = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away))
    np.testing.assert_allclose(distance[:49], 1)
    np.testing.assert_allclose(distance[50:99], 3)


def test_a_montage_holds_every_tile_once():
    tiles = np.arange(5 * 6.0).reshape(5, 6)
    picture = montage(tiles, (2, 3), across=2)
    assert sorted(picture[np.isfinite(picture)]) == sorted(tiles.ravel())
    assert np.array_equal(picture[3:5, 4:7], tiles[3].reshape(2, 3))


@pytest.mark.parametrize("word", ["", "E", "EM", "EMEMEM"])
@pytest.mark.parametrize("model", ["abo_blood_groups", "linkage", "coin_of_unknown_origin"])
def test_no_line_covers_a_number(word, model):
    _, found, *_ = made(model, word=word)
    high = found.figures["data"]["layout"]["yaxis"]["range"][1]
    lines = found.points("data.expected")[::2, 1]
    numbers = found.points("data.numbers")[:, 1]
    texts = found.trace("data.numbers")["text"]
    tall = [0.07 * high * (1 + text.count("<br>")) for text in texts]
    apart = [(line <= foot) or (line >= foot + size) for line, foot, size in zip(lines, numbers, tall, strict=True)]
    assert all(apart)


def test_a_sample_begins_spread_over_the_table_and_repeats_no_row():
    assert sorted(sample(7, 20)) == list(range(7))
    rows = sample(1000, 100)
    assert len(set(rows.tolist())) == 100 and 0 in rows and 999 in rows
    for first in (10, 30):
        assert np.diff(sorted([0, *rows[:first], 999])).max() < 2.7 * 1000 / first


@pytest.mark.parametrize("model", ["bernoulli_mixture", "sigmoid_belief_net"])
@pytest.mark.parametrize("width", [2, 3, 16, 64])
def test_blocks_of_pictures_say_how_large_what_they_hold_is(model, width):
    """By it the stage places them: all that is drawn lies within, whether rows are images or strips."""
    values = np.random.default_rng(0).integers(0, 2, (150, width)).tolist()
    view = data_view(Experiment.parse({"model": model, "data": {"values": values}, "schedule": "E"}), (), (0, 1))
    assert view.flat == (width < 16)
    layout, blocks = view.figure.layout, view.figure.layout["meta"]["blocks"]
    for name, suffix, ends in (("head", "", {"height", "width"}), ("rows", "2", {"height", "width", "bands"})):
        block = blocks[name]
        assert block["axes"] == [f"xaxis{suffix}", f"yaxis{suffix}"] and ends <= set(block)
        (left, right), (bottom, top) = (layout[axis]["range"] for axis in block["axes"])
        assert right - left == pytest.approx(block["width"])
        assert bottom - top == pytest.approx(block["height"] * block.get("bands", 1))
        for trace in view.figure:
            if trace.json.get("xaxis", "x") == f"x{suffix}" and trace.json["type"] == "scatter":
                x, y = trace.json["x"], trace.json["y"]
                assert all(left <= place <= right for place in x) and all(top <= place <= bottom for place in y)
    assert blocks["rows"]["bands"] * view.across >= len(view.shown) > (blocks["rows"]["bands"] - 1) * view.across


def test_segments_are_separate_lines():
    x, y = segments(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([2.0, 3.0]), np.array([4.0, 5.0]))
    assert np.isnan(x[[2, 5]]).all() and x[[0, 1, 3, 4]].tolist() == [0, 2, 1, 3] and y[[0, 1]].tolist() == [0, 4]


def test_one_missing_entry_is_singular():
    assert words.missing(1) == "1 entry is missing" and words.missing(44) == "44 entries are missing"
