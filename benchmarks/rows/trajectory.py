"""A run with every term of its bound, the bound along an M-step, and whether long runs slow down."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Peer

import em_core
from benchmarks.row import Measured, Row, agree, timed
from benchmarks.rows.gaussian_mixture import data
from em_core.bound import decompose, line, profile
from em_core.observe.course import PLACES


class TrajectoryRow(Row):
    name = "trajectory"
    title = "Trajectory with log p, ELBO and KL at each half-step"
    peer = "scikit-learn, without them"
    compared = "Start, half-steps and their bounds, beside `fit` of as many rounds; log p agrees at each half-step."

    def measure(self, smoke: bool) -> Iterator[Measured]:
        rounds = 3 if smoke else 50
        raw = experiment(500, 3, 2, f"(EM){rounds}")
        given = em_core.Experiment.parse(raw)
        values, start = given.data.values, given.start
        precisions = np.linalg.inv(start["covariances"])

        def ours():
            # parsed anew is not timed: a copy of the data knows nothing of earlier runs
            fresh = em_core.Experiment.parse(raw) if not kept else kept.pop()
            trajectory, bounds = em_core.start(fresh), []
            for move in fresh.tape:
                trajectory = em_core.extend(fresh, trajectory, move)
                bounds.append(decompose(fresh.model, fresh.data, trajectory.last.after))
            return bounds

        def theirs():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                return Peer(
                    3,
                    tol=0.0,
                    reg_covar=0.0,
                    max_iter=rounds,
                    weights_init=start["weights"],
                    means_init=start["means"],
                    precisions_init=precisions,
                ).fit(values)

        kept: list = []
        heights = np.array([bound.log_evidence for bound in ours()])
        expected = np.array(by_peer(values, start, rounds))
        agreement = agree(float(np.abs(heights / expected - 1).max()), 1e-12, "log p at each half-step")
        repeats = 1 if smoke else 15
        kept = [em_core.Experiment.parse(raw) for _ in range(repeats + 1)]
        yield Measured(f"N = 500, K = 3, D = 2, (EM){rounds}", *timed(ours, theirs, repeats), agreement)


class ProfileRow(Row):
    name = "profile"
    title = "log p and ELBO at 41 θ along an M-step"
    peer = "the plain form"
    compared = (
        "`profile`, beside the same θ with a table of log p(v, h) for each term, by forward substitution; both agree."
    )

    def measure(self, smoke: bool) -> Iterator[Measured]:
        for n in (600,) if smoke else (600, 100_000):
            given = em_core.Experiment.parse(experiment(n, 3, 2, "EM"))
            trajectory = em_core.run(given)
            q, (origin, target) = trajectory[1].after.q, (trajectory[at].after.theta for at in (1, 2))

            def ours(given=given, q=q, origin=origin, target=target):
                found = profile(given.model, given.data, q, origin, target, PLACES)
                return np.array([found.log_evidence, found.expected_log_joint])

            def plain(given=given, q=q, origin=origin, target=target):
                values, found = given.data.values, []
                for theta in line(given.model, origin, target, PLACES):
                    evidence = float(np.logaddexp.reduce(table(values, theta), axis=0).sum())
                    found.append([evidence, float((q.expected_counts * table(values, theta)).sum())])
                return np.array(found).T

            difference = float(np.abs(ours() / plain() - 1).max())
            agreement = agree(difference, 1e-12, f"log p and E[log p(v, h)], {n} points")
            size = f"N = {n:,}, K = 3, D = 2, {len(PLACES)} θ"
            yield Measured(size, *timed(ours, plain, 1 if smoke else 7), agreement)


class HalfStepsRow(Row):
    name = "half-steps"
    title = "5,000 half-steps: the last hundred, each with its bound"
    peer = "the first hundred"
    compared = "`extend` and the terms of the bound at the end of a long run and at its beginning; nothing to agree on."
    unit = "ms of CPU a half-step"

    def measure(self, smoke: bool) -> Iterator[Measured]:
        rounds = 150 if smoke else 2500
        given = em_core.Experiment.parse(experiment(500, 3, 2, f"(EM){rounds}"))
        trajectory, spent = em_core.start(given), []
        for move in given.tape:
            began = time.process_time()
            trajectory = em_core.extend(given, trajectory, move)
            decompose(given.model, given.data, trajectory.last.after)
            len(trajectory.moves)
            spent.append(1000 * (time.process_time() - began))
        first, last = (float(np.median(part)) for part in (spent[:100], spent[-100:]))
        yield Measured(f"N = 500, K = 3, D = 2, (EM){rounds}", last, first)


def experiment(n: int, k: int, d: int, schedule: str) -> dict:
    values, means = data(n, k, d)
    covariances = np.tile(np.diag(0.5 * values.var(axis=0)), (k, 1, 1))
    return {
        "model": "gaussian_mixture",
        "settings": {"n_components": k},
        "data": {"values": values.tolist()},
        "start": {"weights": [1 / k] * k, "means": means.tolist(), "covariances": covariances.tolist()},
        "schedule": schedule,
    }


def by_peer(values: np.ndarray, start: dict, rounds: int) -> list[float]:
    """log p after each half-step of (EM)n, by scikit-learn's own E and M."""
    peer = Peer(len(start["weights"]), reg_covar=0.0)
    peer.weights_, peer.means_, peer.covariances_ = start["weights"], start["means"], start["covariances"]
    factors = np.linalg.cholesky(peer.covariances_)
    peer.precisions_cholesky_ = np.array([np.linalg.inv(factor).T for factor in factors])
    found = []
    for _ in range(rounds):
        mean, logs = peer._e_step(values)
        found.append(len(values) * mean)
        peer._m_step(values, logs)
        found.append(float(peer.score_samples(values).sum()))
    return found


def table(values: np.ndarray, theta: dict) -> np.ndarray:
    """(K, N) log p(v, h = k; θ), a triangular system for each component."""
    rows = []
    for weight, mean, covariance in zip(theta["weights"], theta["means"], theta["covariances"], strict=True):
        factor = np.linalg.cholesky(covariance)
        whitened = solve_triangular(factor, (values - mean).T, lower=True)
        constant = np.log(weight) - np.log(np.diag(factor)).sum() - 0.5 * len(mean) * np.log(2 * np.pi)
        rows.append(constant - 0.5 * (whitened**2).sum(axis=0))
    return np.array(rows)
