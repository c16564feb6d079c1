"""What each model's data view draws of q and θ: the completed data, number for number."""

from __future__ import annotations

import html
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from em_core.models import MODELS
from em_core.models.incomplete_gaussian import completed
from em_core.models.sigmoid_belief_net import configurations
from em_core.records import State
from figures.em.data_views import VIEWS, data_view, words
from figures.em.data_views.base import ellipse, segments
from figures.look import palette
from figures.look.montage import montage
from tests.core.cases import reference
from tests.figures.runs import COINS, EM, GAUSSIAN, LINKAGE, WORD, em_run, shown
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, EmSettings, data_options, for_model


def made(model, data=None, **changes):
    """A run of two rounds; its last E-step made q, its last M-step θ."""
    settings = for_model(EmSettings(), model)
    run = EmRun.of(replace(settings, data=data or settings.data, **changes), "EMEM")
    last = run.trajectory.last.after
    return run, shown(run), last.q, last.theta, run.experiment.data


def rows(found, trace, height):
    return np.array(found.trace(f"data.{trace}")["z"], dtype=float).reshape(height, -1)


def test_every_model_has_a_view_and_data():
    """Dictionary learning has a page of its own."""
    assert set(VIEWS) == set(MODELS) - {"dictionary_learning"}
    assert all(data_options(model) for model in MODEL_NAMES)


@pytest.mark.parametrize("model", VIEWS)
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


@pytest.mark.parametrize("name", GAUSSIAN)
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


@pytest.mark.parametrize("name", GAUSSIAN)
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


def test_coins_show_the_published_counts():
    """Do and Batzoglou's figure 1b: 21.3 heads and 8.6 tails for coin A, 11.7 and 8.4 for coin B."""
    published = reference("p02")["expected"]["published"]
    run = EmRun.of(COINS, "E")
    found = shown(run)
    counts = published["expected_counts_iter0"]
    drawn = [found.trace(f"data.{name}")["y"][0] for name in ("heads 1", "heads 2", "tails 1", "tails 2")]
    expected = [counts[name] for name in ("A_heads", "B_heads", "A_tails", "B_tails")]
    np.testing.assert_allclose(drawn, expected, atol=0.051)
    np.testing.assert_allclose(found.trace("data.share 1")["x"], published["resp_A_iter0"], atol=0.0051)
    np.testing.assert_allclose(np.add(*(found.trace(f"data.share {k}")["x"] for k in (1, 2))), 1)
    run = EmRun.of(COINS, "EM")
    places = [shown(run).trace(f"data.badge {k}")["x"][0] for k in (1, 2)]
    np.testing.assert_allclose(places, reference("p02")["expected"]["sequences"][0]["theta"][1], rtol=1e-12)


def test_linkage_splits_the_first_cell():
    run = EmRun.of(LINKAGE, "EM")
    found, q = shown(run, 1), run.trajectory[1].after.q
    theta = float(run.trajectory[1].after.theta["theta"])
    hidden = 125 * (theta / 4) / (0.5 + theta / 4)
    assert found.trace("data.rest")["y"] == pytest.approx([hidden]) == [float(q.expected_counts[1, 0])]
    assert found.trace("data.half")["y"][0] + found.trace("data.rest")["y"][0] == pytest.approx(125)
    assert sum(found.trace("data.expected")["y"]) == pytest.approx(197)


def test_poisson_bars_add_up_to_the_counts_and_split_by_responsibility():
    run, found, q, theta, data = made("poisson_mixture")
    bars = np.array([found.trace(f"data.share {k}")["y"] for k in (1, 2)], dtype=float)
    seen = np.bincount(data.values.astype(int), data.counts)
    np.testing.assert_allclose(bars.sum(axis=0), seen[seen > 0], rtol=1e-6)
    np.testing.assert_allclose(bars.sum(axis=1), q.expected_counts.sum(axis=1), rtol=1e-6)
    total = np.array(found.trace("data.total")["y"], dtype=float)
    # the fitted curve ends beyond the data: what is left out is a small tail
    assert total.sum() == pytest.approx(data.counts.sum(), rel=1e-3)


def test_bernoulli_pictures_are_the_probabilities():
    _, found, q, theta, data = made("bernoulli_mixture")
    picture = rows(found, "means", 8)
    np.testing.assert_allclose(picture[:, 9:17], theta["probabilities"][1].reshape(8, 8), atol=1e-6)
    pictures = rows(found, "rows", 44)
    assert np.array_equal(pictures[:8, :8], data.values[0].reshape(8, 8))


def test_regression_lines_are_the_fit():
    _, found, q, theta, data = made("regression_mixture")
    for k in range(2):
        line = found.trace(f"data.line {k + 1}")
        intercept, slope = theta["coefficients"][k]
        np.testing.assert_allclose(line["y"], intercept + slope * np.array(line["x"], dtype=float))
        band = np.array(found.trace(f"data.band {k + 1}")["y"], dtype=float)
        np.testing.assert_allclose(band[3] - band[0], 2 * np.sqrt(theta["variances"][k]), rtol=1e-5)


def test_blood_groups_split_into_genotypes():
    _, found, q, theta, data = made("abo_blood_groups")
    pure, mixed = (np.array(found.trace(f"data.{trace}")["y"], dtype=float) for trace in ("pure", "mixed"))
    np.testing.assert_allclose(pure + mixed, data.counts[:2])
    np.testing.assert_allclose(np.array([pure, mixed]), q.expected_counts)
    expected = np.array(found.trace("data.expected")["y"], dtype=float)
    assert expected.sum() == pytest.approx(data.counts.sum())


def test_lifetimes_are_completed_by_the_expected_rest():
    _, found, q, theta, data = made("censored_exponential")
    bars = np.array(found.trace("data.rest")["x"], dtype=float).reshape(-1, 3)
    np.testing.assert_allclose(bars[:, 1] - bars[:, 0], float(q.remainder), rtol=1e-5)
    heights = np.array(found.trace("data.rest")["y"], dtype=float).reshape(-1, 3)[:, 0].astype(int)
    ordered = np.sort(data.times)
    np.testing.assert_allclose(bars[:, 0], ordered[heights], rtol=1e-6)
    assert len(bars) == data.n_censored


def test_students_points_are_sized_by_their_weight():
    run, found, q, theta, data = made("student_t", x_axis=1, y_axis=3)
    sizes = np.array(found.trace("data.points")["marker"]["size"], dtype=float)
    inside = (sizes > 3) & (sizes < 22)
    np.testing.assert_allclose((sizes[inside] / 11) ** 2, q.weights[inside], rtol=5e-3)
    outline = np.column_stack([np.array(found.trace("data.scale")[axis], dtype=float) for axis in "xy"])
    scale = theta["scale_matrix"][np.ix_([1, 3], [1, 3])]
    away = outline - theta["location"][[1, 3]]
    distance = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(scale), away))
    np.testing.assert_allclose(distance[:49], 1, rtol=1e-3)
    np.testing.assert_allclose(distance[50:], 2, rtol=1e-3)


@pytest.mark.parametrize("data", data_options("incomplete_gaussian"))
def test_missing_values_stand_at_their_conditional_means(data):
    run, found, q, theta, table = made("incomplete_gaussian", data)
    drawn = run.scene.view.drawn
    gaps = np.isnan(table.values[:, drawn]).any(axis=1)
    filled = np.column_stack([np.array(found.trace("data.filled")[axis], dtype=float) for axis in "xy"])
    np.testing.assert_allclose(filled, completed(table, q)[gaps][:, drawn], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("noise", ["diagonal", "isotropic"])
def test_springs_end_at_the_expected_factors(noise):
    run, found, q, theta, data = made("factor_analysis", noise=noise, components=2, x_axis=2, y_axis=0)
    ends = np.column_stack([np.array(found.trace("data.places")[axis], dtype=float) for axis in "xy"])
    exact = theta["mean"] + q.means @ theta["loadings"].T
    np.testing.assert_allclose(ends, exact[:, [2, 0]], rtol=1e-5)
    np.testing.assert_allclose(rows(found, "loadings", 4), theta["loadings"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("data", data_options("hidden_markov"))
def test_ribbons_are_the_state_posteriors_and_the_path_is_viterbis(data):
    run, found, q, theta, sequences = made("hidden_markov", data)
    view = run.scene.view
    ribbons = np.array([found.trace(f"data.ribbon {k + 1}")["y"] for k in range(view.k)], dtype=float)
    np.testing.assert_allclose(ribbons, q.probabilities, atol=1e-6)
    np.testing.assert_allclose(ribbons.sum(axis=0), 1, rtol=1e-5)
    path = np.array(found.trace("data.path")["y"])
    assert np.array_equal(path, run.experiment.model.viterbi(sequences, theta))
    np.testing.assert_allclose(rows(found, "transitions", view.k), theta["transition_matrix"], atol=1e-6)


def test_belief_nets_hidden_units_are_on_as_q_says():
    run, found, q, theta, data = made("sigmoid_belief_net", "bars_binary")
    on = rows(found, "hidden", 4)
    exact = (configurations(4).T @ q.probabilities)[:, run.scene.view.shown]
    np.testing.assert_allclose(on, exact, atol=1e-6)
    assert rows(found, "weights", 4)[0, 0] == pytest.approx(theta["weights"][0, 0], rel=1e-5)


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_what_can_be_dragged_moves_there_and_nothing_else_does(model):
    run, _, _, theta, _ = made(model)
    view, now = run.scene.view, run.moment(len(run) - 1)
    for handle in view.handles(now):
        moved = view.dragged(theta, handle.id, handle.x * 1.01 + 1e-3, handle.y)
        there = view.handles(replace(now, step=replace(now.step, after=State(moved))))
        (again,) = [each for each in there if each.id == handle.id]
        assert again.x == pytest.approx(handle.x * 1.01 + 1e-3)
        assert np.isfinite(run.experiment.model.log_evidence(run.experiment.data, moved))
        others = [each for each in there if each.id != handle.id]
        assert others == [each for each in view.handles(now) if each.id != handle.id]


def test_the_handle_of_theta_stands_on_log_p():
    run = em_run("linkage")
    for index, frame in enumerate(run.frames()):
        (handle,) = frame["handles"]
        theta = run.trajectory[index].after.theta
        height = run.experiment.model.log_evidence(run.experiment.data, theta)
        assert (handle["x"], handle["y"]) == (float(theta["theta"]), height)


def test_an_ellipse_is_as_far_everywhere():
    covariance = np.array([[2.0, 0.7], [0.7, 0.5]])
    x, y = ellipse(np.array([1.0, -2.0]), covariance, 1.0, 3.0)
    away = np.column_stack([x - 1, y + 2])
    distance = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away))
    np.testing.assert_allclose(distance[:49], 1)
    np.testing.assert_allclose(distance[50:], 3)


def test_a_montage_holds_every_tile_once():
    tiles = np.arange(5 * 6.0).reshape(5, 6)
    picture = montage(tiles, (2, 3), across=2)
    assert sorted(picture[np.isfinite(picture)]) == sorted(tiles.ravel())
    assert np.array_equal(picture[3:5, 4:7], tiles[3].reshape(2, 3))


def test_segments_are_separate_lines():
    x, y = segments(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([2.0, 3.0]), np.array([4.0, 5.0]))
    assert np.isnan(x[[2, 5]]).all() and x[[0, 1, 3, 4]].tolist() == [0, 2, 1, 3] and y[[0, 1]].tolist() == [0, 4]


def test_one_missing_entry_is_singular():
    assert words.missing(1) == "1 entry is missing" and words.missing(44) == "44 entries are missing"
