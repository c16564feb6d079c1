"""Data that ship with the program, and the generator."""

from __future__ import annotations

import numpy as np
import pytest

from em_core import datasets, trajectory
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.fields import Fields
from em_core.files.report import report
from em_core.kinds import allowed
from em_core.models import MODELS
from tests.attack import thinned
from tests.core.making import reference

CATALOGUE = datasets.catalogue()


@pytest.mark.parametrize("dataset", CATALOGUE, ids=lambda dataset: dataset.name)
def test_every_data_set_says_where_it_comes_from(dataset):
    assert all(len(text) > 10 for text in (dataset.title, dataset.source)) and len(dataset.licence) >= 3
    assert any(character.isdigit() for character in dataset.source)  # a year, a page
    assert dataset.models and set(dataset.models) <= set(MODELS) | {"sparse_coding"}
    assert all(dataset.columns) and dataset.fields
    for values in dataset.fields.values():
        numbers = np.array(list(values.values()) if isinstance(values, dict) else values, dtype=float)
        gaps = np.isnan(numbers)  # a missing entry
        assert np.isfinite(numbers[~gaps]).all() and (not gaps.any() or dataset.models == ("incomplete_gaussian",))


@pytest.mark.parametrize("seed", thinned([0, 1, 2], [0]))
@pytest.mark.parametrize(
    ("dataset", "model"),
    [(dataset, model) for dataset in CATALOGUE for model in dataset.models if model in MODELS],
    ids=lambda entry: entry if isinstance(entry, str) else entry.name,
)
def test_every_data_set_runs_with_every_model_it_lists(dataset, model, seed):
    raw = {"model": model, "settings": dict(dataset.settings), "data": {"dataset": dataset.name}, "seed": seed}
    starts = [None, *([dict(dataset.start)] if getattr(dataset, "start", None) else [])]
    word = "(EM)10" if "E" in allowed(MODELS[model]) else "(HM)10"
    for start in starts:
        experiment = Experiment.parse({**raw, "start": start, "schedule": word})
        result = report(experiment, trajectory.run(experiment))
        assert result["outcome"] == "completed", result["message"]


def test_the_shipped_numbers_are_the_published_ones():
    loaded = {dataset.name: dataset.fields for dataset in CATALOGUE}
    assert loaded["linkage"]["counts"] == reference("p01")["data"]["counts"]
    assert loaded["two_coins"]["successes"] == reference("p02")["data"]["heads"]
    assert loaded["old_faithful"]["values"] == reference("p04")["data"]["X"]
    assert len(loaded["old_faithful"]["values"]) == 272
    assert loaded["abo"]["counts"] == {group: reference("p03")["data"][f"n{group}"] for group in ("A", "B", "AB", "O")}
    times = reference("p05")["data"]
    assert [loaded["times_deaths"][key] for key in ("counts", "frequencies")] == [times["x"], times["freq"]]
    engine = reference("p09_regmix")["data"]
    assert [loaded["nitric_oxide"][key] for key in ("inputs", "targets")] == [engine["X"], engine["y"]]
    assert loaded["stackloss"]["values"] == reference("p09b")["data"]["X"]
    patients = reference("p09c")["data"]
    assert [loaded["remission"][key] for key in ("times", "observed")] == [patients["time"], patients["event"]]
    air = np.array(loaded["air_quality"]["values"], dtype=float)
    assert air.shape == (153, 4) and np.isnan(air).sum(axis=0).tolist() == [37, 7, 0, 0]
    np.testing.assert_allclose(np.nanmean(air, axis=0), [42.129310, 185.931507, 9.957516, 77.882353], atol=1e-6)  # R
    digits = np.array(loaded["digits_binary"]["values"])
    assert digits.shape == (198, 64) and set(digits.ravel()) == {0.0, 1.0}


@pytest.mark.parametrize("name", ["nile", "../old_faithful", "", None, 3])
def test_only_names_of_the_catalogue_are_opened(name):
    with pytest.raises(ValueError, match=r"^data\.dataset: "):
        Experiment.parse({"model": "gaussian_mixture", "data": {"dataset": name}, "schedule": "E"})


# ---- blobs -------------------------------------------------------------------------------------------------
def test_the_same_arguments_give_the_same_points():
    first, again = (datasets.blobs(50, 3.0, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, datasets.blobs(50, 3.0, seed=5))
    assert first.shape == (50, 2)


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 5])
@pytest.mark.parametrize("n_dimensions", [1, 2, 4])
def test_separation_moves_the_clusters_apart_and_nothing_else(n_clusters, n_dimensions):
    """Points at separation s are s · centre + noise: neighbouring centres lie at distance 1 per unit of separation."""
    at = [datasets.blobs(60, s, 3, n_clusters, n_dimensions) for s in (0.0, 1.0, 10.0)]
    np.testing.assert_allclose(at[2] - at[0], 10 * (at[1] - at[0]), rtol=1e-10, atol=1e-12)
    centres = np.unique((at[1] - at[0]).round(9), axis=0)
    assert len(centres) == n_clusters
    np.testing.assert_allclose(centres.mean(axis=0), 0, atol=1e-8)
    if n_clusters > 1:
        distances = np.linalg.norm(centres[:, None] - centres[None], axis=2)
        nearest = np.where(distances > 1e-6, distances, np.inf).min(axis=1)
        np.testing.assert_allclose(nearest, 1, rtol=1e-6)


def test_clusters_have_unit_average_variance_and_even_sizes():
    n_points, n_clusters = 30_000, 3
    noise = datasets.blobs(n_points, 0.0, 1, n_clusters, 2)
    shifts = (datasets.blobs(n_points, 1.0, 1, n_clusters, 2) - noise).round(6)
    centres, members, sizes = np.unique(shifts, axis=0, return_inverse=True, return_counts=True)
    assert sizes.tolist() == [n_points // n_clusters] * n_clusters
    for k in range(len(centres)):
        assert noise[members.ravel() == k].var(axis=0).mean() == pytest.approx(1, rel=0.03)


def test_imbalance_shrinks_every_next_cluster():
    far = datasets.blobs(700, 1e4, seed=2, n_clusters=3, n_dimensions=1, imbalance=0.5)
    sizes = np.histogram(far, bins=[-np.inf, -5e3, 5e3, np.inf])[0]
    assert sizes.tolist() == [400, 200, 100]


def test_outliers_leave_the_other_points_where_they_are():
    clean, dirty = (datasets.blobs(200, 3.0, seed=2, outliers=share) for share in (0.0, 0.1))
    moved = np.any(clean != dirty, axis=1)
    assert moved.sum() == 20
    assert np.abs(dirty).max() > np.abs(clean).max()


def test_points_times_dimensions_are_bounded(monkeypatch):
    """Refused before anything is made, with what is valid for so many dimensions."""
    monkeypatch.setattr(datasets, "blobs", lambda *arguments: arguments)
    wide = {"generator": "blobs", "n_dimensions": 64}
    most = datasets.MOST_NUMBERS // 64
    assert datasets.resolve(Fields({**wide, "n_points": most}, "data"), "gaussian_mixture")["values"][0] == most
    with pytest.raises(
        InvalidExperiment, match="data.n_points: .* is not valid; expected at most 1,562,500 points of 64"
    ):
        datasets.resolve(Fields({**wide, "n_points": most + 1}, "data"), "gaussian_mixture")


def test_the_largest_blobs_fit_in_memory():
    """Cluster by cluster: not one matrix a point."""
    assert datasets.blobs(20_000, 3.0, 0, 50, 64).shape == (20_000, 64)
