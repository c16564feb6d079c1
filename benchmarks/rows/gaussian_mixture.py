"""Gaussian mixtures beside scikit-learn: an E and an M half-step from one θ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
from sklearn.mixture import GaussianMixture as Peer
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

import em_core
from benchmarks.row import Measured, Row, agree, peak, timed
from em_core.bound import decompose
from em_core.models.observations import Observations
from em_core.records import Trajectory, frozen

SIZES = ((100_000, 3, 2), (100_000, 10, 2), (100_000, 10, 16), (20_000, 32, 64))


class HalfSteps(Row):
    """E and M of one shape of covariances."""

    peer = "scikit-learn"
    compared = "Half-steps E and M through `extend`, beside `_e_step` and `_m_step`, from one θ; the new means agree."
    shape: ClassVar[str]
    sizes = SIZES[0], SIZES[2]

    def measure(self, smoke: bool) -> Iterator[Measured]:
        for n, k, d in [(600, 3, 2)] if smoke else self.sizes:
            ours, theirs = sides(self.shape, n, k, d)
            found = agreement(self.shape, n, ours, theirs)
            yield Measured(f"{self.shape}, N = {n:,}, K = {k}, D = {d}", *timed(ours, theirs), found)


class FullRow(HalfSteps):
    name = "gmm"
    title = "Gaussian mixture, full covariances: E and M"
    shape = "full"
    sizes = SIZES


class DiagonalRow(HalfSteps):
    name = "gmm-diag"
    title = "Gaussian mixture, diagonal covariances: E and M"
    shape = "diag"


class SphericalRow(HalfSteps):
    name = "gmm-spherical"
    title = "Gaussian mixture, spherical covariances: E and M"
    shape = "spherical"


class MemoryRow(Row):
    name = "gmm-memory"
    title = "Gaussian mixture, full covariances: memory of E and M"
    peer = "scikit-learn"
    compared = (
        "The most that is held beyond the data during half-steps E and M, the terms of the bound after each included, "
        "beside `_e_step` and `_m_step` without them."
    )
    unit = "MB"

    def measure(self, smoke: bool) -> Iterator[Measured]:
        n, k, d = (2_000, 3, 2) if smoke else (1_000_000, 10, 2)
        ours, theirs = sides("full", n, k, d)

        def with_bounds():
            return ours(decomposed=True)

        most = peak(with_bounds), peak(theirs)
        yield Measured(f"N = {n:,}, K = {k}, D = {d}", *most, agreement("full", n, ours, theirs), most)


class GrowthRow(Row):
    name = "gmm-growth"
    title = "Gaussian mixture, full covariances: growth of E and M with N"
    peer = "scikit-learn"
    compared = FullRow.compared

    def measure(self, smoke: bool) -> Iterator[Measured]:
        for n in (1_000, 2_000) if smoke else (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
            ours, theirs = sides("full", n, 3, 2)
            found = agreement("full", n, ours, theirs)
            spent = timed(ours, theirs, 7 if n < 1_000_000 else 1)
            yield Measured(f"N = {n:,}, K = 3, D = 2", *spent, found, (peak(ours), peak(theirs)), n=n)


def agreement(shape: str, n: int, ours: Callable[[], np.ndarray], theirs: Callable[[], np.ndarray]) -> float:
    """How far the new means are apart, relative to the largest."""
    expected = theirs()
    difference = np.abs(ours() - expected).max() / np.abs(expected).max()
    return agree(float(difference), 1e-10, f"{shape}, {n} points")


def sides(shape: str, n: int, k: int, d: int) -> tuple[Callable[..., np.ndarray], Callable[[], np.ndarray]]:
    """E and M from one θ, ours and the peer's, each to the new means."""
    values, means = data(n, k, d)
    variances = 0.5 * values.var(axis=0)
    covariances = {
        "full": np.tile(np.diag(variances), (k, 1, 1)),
        "diag": np.tile(variances, (k, 1)),
        "spherical": np.full(k, variances.mean()),
    }[shape]
    start = {"weights": np.full(k, 1 / k), "means": means, "covariances": covariances}
    few = em_core.Experiment.parse(
        {
            "model": "gaussian_mixture",
            "settings": {"covariance": shape, "n_components": k},
            "data": {"values": values[: 20 * k].tolist()},
            "start": {name: entry.tolist() for name, entry in start.items()},
            "schedule": "EM",
        }
    )
    # millions of numbers need not go through a file's form
    experiment = dataclasses.replace(few, data=Observations.single(frozen(values)))
    first = em_core.start(experiment)
    peer = Peer(k, covariance_type=shape, reg_covar=0.0)

    def ours(decomposed: bool = False) -> np.ndarray:
        # the same θ as a new record: what is kept of the last one must not be found
        state = dataclasses.replace(first.last.after, theta=dict(first.last.after.theta))
        trajectory = Trajectory((dataclasses.replace(first.last, before=state, after=state),))
        for letter in "EM":
            trajectory = em_core.extend(experiment, trajectory, letter)
            if decomposed:
                decompose(experiment.model, experiment.data, trajectory.last.after)
        return trajectory.last.after.theta["means"]

    def theirs() -> np.ndarray:
        peer.weights_, peer.means_, peer.covariances_ = start["weights"], means, covariances
        peer.precisions_cholesky_ = _compute_precision_cholesky(covariances, shape)
        _, log_responsibilities = peer._e_step(values)
        peer._m_step(values, log_responsibilities)
        return peer.means_

    return ours, theirs


def data(n: int, k: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, D) points from k Gaussians, and means to start from."""
    rng = np.random.default_rng(0)
    means = 3 * rng.normal(size=(k, d))
    mix = rng.normal(size=(k, d, d)) / np.sqrt(d) + 0.5 * np.eye(d)
    label = rng.integers(k, size=n)
    noise, values = rng.normal(size=(n, d)), np.empty((n, d))
    for component in range(k):
        here = label == component
        values[here] = noise[here] @ mix[component].T + means[component]
    return values, means + 0.5 * rng.normal(size=means.shape)
