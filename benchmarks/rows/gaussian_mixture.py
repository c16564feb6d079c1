"""Gaussian mixtures beside scikit-learn: an E and an M half-step from one θ."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from sklearn.mixture import GaussianMixture as Peer
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

import em_core
from benchmarks.row import Measured, Row, agree, timed
from em_core.records import Trajectory

SIZES = ((100_000, 3, 2), (100_000, 10, 2), (100_000, 10, 16), (20_000, 32, 64))


class FullRow(Row):
    name = "gmm"
    title = "Gaussian mixture, full covariances: E and M"
    peer = "scikit-learn"
    compared = "Half-steps E and M through `extend`, beside `_e_step` and `_m_step`, from one θ; the new means agree."

    def measure(self, smoke: bool) -> Iterator[Measured]:
        for size in [(600, 3, 2)] if smoke else SIZES:
            yield half_steps("full", *size)


def half_steps(shape: str, n: int, k: int, d: int) -> Measured:
    values, means = data(n, k, d)
    variances = 0.5 * values.var(axis=0)
    covariances = {
        "full": np.tile(np.diag(variances), (k, 1, 1)),
        "diag": np.tile(variances, (k, 1)),
        "spherical": np.full(k, variances.mean()),
    }[shape]
    start = {"weights": np.full(k, 1 / k), "means": means, "covariances": covariances}
    experiment = em_core.Experiment.parse(
        {
            "model": "gaussian_mixture",
            "settings": {"covariance": shape, "n_components": k},
            "data": {"values": values.tolist()},
            "start": {name: entry.tolist() for name, entry in start.items()},
            "schedule": "EM",
        }
    )
    first = em_core.start(experiment)
    peer = Peer(k, covariance_type=shape, reg_covar=0.0)

    def ours():
        # the same θ as a new record: what is kept of the last one must not be found
        state = dataclasses.replace(first.last.after, theta=dict(first.last.after.theta))
        before = Trajectory((dataclasses.replace(first.last, before=state, after=state),))
        return em_core.extend(experiment, em_core.extend(experiment, before, "E"), "M").last.after.theta

    def theirs():
        peer.weights_, peer.means_, peer.covariances_ = start["weights"], means, covariances
        peer.precisions_cholesky_ = _compute_precision_cholesky(covariances, shape)
        _, log_responsibilities = peer._e_step(values)
        peer._m_step(values, log_responsibilities)
        return peer.means_

    differences = np.abs(ours()["means"] - theirs()).max() / np.abs(means).max()
    agreement = agree(float(differences), 1e-10, f"{shape}, {n} points")
    return Measured(f"{shape}, N = {n:,}, K = {k}, D = {d}", *timed(ours, theirs), agreement)


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
