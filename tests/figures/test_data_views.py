"""What each model's data view draws of q and θ: the completed data, number for number."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import numpy as np
import pytest

from em_core.models.incomplete_gaussian import completed
from em_core.models.sigmoid_belief_net import configurations
from figures.em.data_views import VIEWS, data_view
from figures.em.data_views.base import ellipse, montage, segments
from tests.figures.stage_replay import Shown
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, data_options, for_model
from ui.em.settings import EmSettings as Settings


def made(model, data=None, **changes):
    """A run of two rounds; its last E-step made q, its last M-step θ."""
    settings = for_model(Settings(), model)
    run = EmRun.of(replace(settings, data=data or settings.data, **changes), "EMEM")
    last = run.trajectory.last.after
    return run, Shown(run.scene.json, run.frames()), last.q, last.theta, run.experiment.data


def rows(found, trace, height):
    return np.array(found.trace("data", trace)["z"], dtype=float).reshape(height, -1)


def test_every_model_has_a_view_a_name_and_data():
    assert set(VIEWS) == set(MODEL_NAMES)
    assert all(data_options(model) for model in MODEL_NAMES)


@pytest.mark.parametrize("model", VIEWS)
def test_names_of_columns_are_shown_letter_by_letter(model):
    """Neither markup, nor a picture's address, nor a value, nor one of the stage's colours."""
    run, *_ = made(model)
    for number in range(1, 6):
        hostile = tuple(f"$<a href='http://elsewhere'>{k}</a>&amp;%{{x}}" for k in range(number))
        figures = data_view(run.experiment, hostile, (0, 1)).figures()
        drawn = json.dumps(figures)
        assert "<a" not in drawn and "'>" not in drawn and "</a" not in drawn, number
        assert all(html.unescape(text).startswith("$<a") for text in _titles(figures) if "href" in text)


def _titles(figures):
    return [axis["title"]["text"] for figure in figures.values()
            for name, axis in figure["layout"].items() if "axis" in name and "title" in axis]  # fmt: skip


def test_poisson_bars_add_up_to_the_counts_and_split_by_responsibility():
    run, found, q, theta, data = made("poisson_mixture")
    bars = np.array([found.trace("data", k)["y"] for k in range(2)], dtype=float)
    seen = np.bincount(data.values.astype(int), data.counts)
    np.testing.assert_allclose(bars.sum(axis=0), seen[seen > 0], rtol=1e-6)
    np.testing.assert_allclose(bars.sum(axis=1), q.expected_counts.sum(axis=1), rtol=1e-6)
    total = np.array(found.trace("data", run.scene.view.total)["y"], dtype=float)
    # the fitted curve ends beyond the data: what is left out is a small tail
    assert total.sum() == pytest.approx(data.counts.sum(), rel=1e-3)


def test_bernoulli_pictures_are_the_probabilities():
    _, found, q, theta, data = made("bernoulli_mixture")
    picture = rows(found, 0, 8)
    np.testing.assert_allclose(picture[:, 9:17], theta["probabilities"][1].reshape(8, 8), atol=1e-6)
    pictures = rows(found, 2, 44)
    assert np.array_equal(pictures[:8, :8], data.values[0].reshape(8, 8))


def test_regression_lines_are_the_fit():
    _, found, q, theta, data = made("regression_mixture")
    for k in range(2):
        line = found.trace("data", 1 + k)
        intercept, slope = theta["coefficients"][k]
        np.testing.assert_allclose(line["y"], intercept + slope * np.array(line["x"], dtype=float))
        band = np.array(found.trace("data", 3 + k)["y"], dtype=float)
        np.testing.assert_allclose(band[3] - band[0], 2 * np.sqrt(theta["variances"][k]), rtol=1e-5)


def test_blood_groups_split_into_genotypes():
    _, found, q, theta, data = made("abo_blood_groups")
    pure, mixed = (np.array(found.trace("data", trace)["y"], dtype=float) for trace in (0, 1))
    np.testing.assert_allclose(pure + mixed, data.counts[:2])
    np.testing.assert_allclose(np.array([pure, mixed]), q.expected_counts)
    expected = np.array(found.trace("data", 3)["y"], dtype=float)
    assert expected.sum() == pytest.approx(data.counts.sum())


def test_lifetimes_are_completed_by_the_expected_rest():
    _, found, q, theta, data = made("censored_exponential")
    bars = np.array(found.trace("data", 1)["x"], dtype=float).reshape(-1, 3)
    np.testing.assert_allclose(bars[:, 1] - bars[:, 0], float(q.remainder), rtol=1e-5)
    heights = np.array(found.trace("data", 1)["y"], dtype=float).reshape(-1, 3)[:, 0].astype(int)
    ordered = np.sort(data.times)
    np.testing.assert_allclose(bars[:, 0], ordered[heights], rtol=1e-6)
    assert len(bars) == data.n_censored


def test_students_points_are_sized_by_their_weight():
    run, found, q, theta, data = made("student_t", x_axis=1, y_axis=3)
    sizes = np.array(found.trace("data", 0)["marker"]["size"], dtype=float)
    inside = (sizes > 3) & (sizes < 22)
    np.testing.assert_allclose((sizes[inside] / 11) ** 2, q.weights[inside], rtol=5e-3)
    outline = np.column_stack([np.array(found.trace("data", 2)[axis], dtype=float) for axis in "xy"])
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
    filled = np.column_stack([np.array(found.trace("data", 1)[axis], dtype=float) for axis in "xy"])
    np.testing.assert_allclose(filled, completed(table, q)[gaps][:, drawn], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("noise", ["diagonal", "isotropic"])
def test_springs_end_at_the_expected_factors(noise):
    run, found, q, theta, data = made("factor_analysis", noise=noise, components=2, x_axis=2, y_axis=0)
    ends = np.column_stack([np.array(found.trace("data", 2)[axis], dtype=float) for axis in "xy"])
    exact = theta["mean"] + q.means @ theta["loadings"].T
    np.testing.assert_allclose(ends, exact[:, [2, 0]], rtol=1e-5)
    np.testing.assert_allclose(rows(found, 5, 4), theta["loadings"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("data", data_options("hidden_markov"))
def test_ribbons_are_the_state_posteriors_and_the_path_is_viterbis(data):
    run, found, q, theta, sequences = made("hidden_markov", data)
    view = run.scene.view
    ribbons = np.array([found.trace("data", trace)["y"] for trace in view.ribbons], dtype=float)
    np.testing.assert_allclose(ribbons, q.probabilities, atol=1e-6)
    np.testing.assert_allclose(ribbons.sum(axis=0), 1, rtol=1e-5)
    path = np.array(found.trace("data", view.path)["y"])
    assert np.array_equal(path, run.experiment.model.viterbi(sequences, theta))
    np.testing.assert_allclose(rows(found, view.matrix, view.k), theta["transition_matrix"], atol=1e-6)


def test_belief_nets_hidden_units_are_on_as_q_says():
    run, found, q, theta, data = made("sigmoid_belief_net", "bars_binary")
    on = rows(found, 3, 4)
    exact = (configurations(4).T @ q.probabilities)[:, run.scene.view.shown]
    np.testing.assert_allclose(on, exact, atol=1e-6)
    assert rows(found, 0, 4)[0, 0] == pytest.approx(theta["weights"][0, 0], rel=1e-5)


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_what_can_be_dragged_moves_there_and_nothing_else_does(model):
    run, _, _, theta, _ = made(model)
    view = run.scene.view
    for handle in view.handles(theta):
        moved = view.dragged(theta, handle["id"], handle["x"] * 1.01 + 1e-3, handle["y"])
        (again,) = [each for each in view.handles(moved) if each["id"] == handle["id"]]
        assert again["x"] == pytest.approx(handle["x"] * 1.01 + 1e-3)
        assert np.isfinite(run.experiment.model.log_evidence(run.experiment.data, moved))
        others = [each for each in view.handles(moved) if each["id"] != handle["id"]]
        assert others == [each for each in view.handles(theta) if each["id"] != handle["id"]]


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
