"""Factor analysis beside scikit-learn: a hundred rounds of E and M."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator

import numpy as np
from sklearn.decomposition import FactorAnalysis as Peer
from sklearn.exceptions import ConvergenceWarning

import em_core
from benchmarks.row import Measured, Row, agree, timed
from em_core.files.experiment import Experiment
from em_core.models.factor_analysis import Table
from em_core.records import Trajectory, frozen

ROUNDS = 100
# until both have converged
MOST = 4000


class FactorsRow(Row):
    name = "fa"
    title = "Factor analysis: 100 rounds of E and M"
    peer = "scikit-learn"
    compared = (
        "Rounds E and M through `extend` from a random start, beside `fit` with as many iterations. The peer's are not "
        "those of EM (it fits all loadings to the present noise by an SVD), so two numbers are compared: log p at the "
        "peer's θ, and how high log p is once both have converged."
    )

    def measure(self, smoke: bool) -> Iterator[Measured]:
        sizes = [(600, 10, 2, "randomized")] if smoke else SIZES
        for n, d, factors, method in sizes:
            values = data(n, d, factors)
            experiment = of(values, factors)
            rounds = 5 if smoke else ROUNDS

            def ours(experiment=experiment, values=values, rounds=rounds):
                # a new table: what is kept of the last one must not be found
                return run(dataclasses.replace(experiment, data=Table(values)), rounds)

            def theirs(values=values, factors=factors, method=method, rounds=rounds):
                return fitted(values, factors, rounds, method)

            found = agreement(experiment, values, factors)
            svd = "its default, a randomized SVD" if method == "randomized" else f"its `svd_method={method!r}`"
            spent = timed(ours, theirs, 1 if smoke else 5)
            yield Measured(f"N = {n:,}, D = {d}, L = {factors}, {method}", *spent, found, note=f"beside {svd}")


SIZES = [
    (10_000, 16, 3, "randomized"),
    (10_000, 16, 3, "lapack"),
]


def data(n: int, d: int, factors: int) -> np.ndarray:
    """(N, D) points from a model of so many factors."""
    rng = np.random.default_rng(0)
    loadings, hidden = rng.normal(size=(d, factors)), rng.normal(size=(n, factors))
    return frozen(hidden @ loadings.T + rng.normal(size=(n, d)) * np.sqrt(rng.uniform(0.3, 1.5, d)))


def of(values: np.ndarray, factors: int) -> Experiment:
    """An experiment with these data; only a few go through a file's form."""
    raw = {
        "model": "factor_analysis",
        "settings": {"n_factors": factors},
        "data": {"values": values[:200].tolist()},
        "schedule": "EM",
    }
    return dataclasses.replace(em_core.Experiment.parse(raw), data=Table(values))


def run(experiment: Experiment, rounds: int) -> Trajectory:
    trajectory = em_core.start(experiment)
    for letter in "EM" * rounds:
        trajectory = em_core.extend(experiment, trajectory, letter)
    return trajectory


def fitted(values: np.ndarray, factors: int, rounds: int, method: str) -> Peer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Peer(factors, tol=0.0, max_iter=rounds, svd_method=method).fit(values)


def agreement(experiment: Experiment, values: np.ndarray, factors: int) -> float:
    """The largest relative difference of log p: at the peer's θ, and where both end, it by an exact SVD."""
    model, table = experiment.model, experiment.data
    peer = fitted(values, factors, 2 * ROUNDS, "lapack")
    theta = {"mean": peer.mean_, "loadings": peer.components_.T, "noise_variances": peer.noise_variance_}
    height, at_peers = model.log_evidence(table, theta), len(values) * peer.score(values)
    same = agree(abs(height / at_peers - 1), 1e-12, "log p at the peer's θ")
    end, height = em_core.start(experiment), -np.inf
    for _ in range(MOST // ROUNDS):
        before, end = height, run(dataclasses.replace(experiment, start=end.last.after.theta), ROUNDS)
        height = model.log_evidence(table, end.last.after.theta)
        if height - before <= 1e-13 * abs(height):
            break
    return max(same, agree(abs(height / at_peers - 1), 1e-9, "log p at the maximum"))
