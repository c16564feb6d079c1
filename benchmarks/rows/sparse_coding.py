"""Sparse coding and dictionary learning beside scikit-learn."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from sklearn.decomposition import MiniBatchDictionaryLearning
from sklearn.linear_model import Lasso

import em_core
from benchmarks.row import Measured, Row, agree, timed
from em_core.datasets import images, photograph
from em_core.sparse_coding.learning.atoms import Atoms
from em_core.sparse_coding.learning.batch import encode
from em_core.sparse_coding.problem import duality_gaps, objectives

SHARES = (0.1, 0.2, 0.3)
GAP = 1e-6
LEARNED_PENALTY = 0.15


class PatchesRow(Row):
    name = "patches"
    title = "1,000 patches, 256 atoms: most probable codes to a gap of 1e-6"
    peer = "scikit-learn's Lasso on the Gram matrix"
    compared = "Both certify a duality gap of at most 1e-6 of ½‖v‖² for every patch; the objectives agree to that."

    def measure(self, smoke: bool) -> Iterator[Measured]:
        atoms, signals = problem(*((16, 8) if smoke else (256, 1000)))
        for share in SHARES:
            yield beside(f"N = {len(signals):,}, λ/λmax = {share}", atoms.dictionary, signals, share, 3)


class PatchRow(Row):
    name = "patch"
    title = "One patch, 256 atoms: the most probable code to a gap of 1e-6"
    peer = "scikit-learn's Lasso on the Gram matrix"
    compared = "As for 1,000 patches, one at a time, mean over twelve; both are given the Gram matrix."

    def measure(self, smoke: bool) -> Iterator[Measured]:
        atoms, signals = problem(*((16, 8) if smoke else (256, 1000)))
        for share in SHARES:
            found = [beside("", atoms, one[None], share, 9) for one in signals[:: max(1, len(signals) // 12)]]
            ours, peer = (float(np.mean([getattr(each, who) for each in found])) for who in ("ours", "peer"))
            agreement = max(each.agreement or 0.0 for each in found)
            yield Measured(f"λ/λmax = {share}", ours, peer, agreement)


class DictionaryRow(Row):
    name = "dictionary"
    title = "Dictionary learning, 128 atoms, 4,000 patches: objective per patch at equal CPU time"
    peer = "scikit-learn's MiniBatchDictionaryLearning"
    compared = (
        "(HC)n on all patches beside `partial_fit` on minibatches of 256 patches, from one start; both dictionaries "
        "are then judged by the same certified codes of 400 patches."
    )
    unit = "objective"

    def measure(self, smoke: bool) -> Iterator[Measured]:
        seconds = (0.2, 0.4) if smoke else (0.5, 1.0, 2.0, 4.0, 8.0)
        values, first = learning(*((200, 16) if smoke else (4000, 128)))
        held = values[:: max(1, len(values) // 400)]
        ours = at_times(half_steps(values, first), seconds)
        theirs = at_times(minibatches(values, first), seconds)
        for second, mine, other in zip(seconds, ours, theirs, strict=True):
            yield Measured(f"after {second:g} s of CPU", judged(mine, held), judged(other, held))


def patches(count: int, seed: int = 0) -> np.ndarray:
    """(count, 64) patches of the shipped photograph without their mean."""
    image = photograph()
    values = images.windows(image, 8)[images.places(image, 8, count, seed)]
    centred: np.ndarray = values - values.mean(axis=1, keepdims=True)
    return centred


def problem(n_atoms: int, count: int) -> tuple[Atoms, np.ndarray]:
    """Learned atoms of length 1, and signals whose λ_max is 1."""
    values = patches(max(4 * n_atoms, 2000), 1)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    learner = MiniBatchDictionaryLearning(n_atoms, alpha=0.15, batch_size=256, max_iter=2, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = learner.fit(values).components_
    atoms = Atoms((found / np.linalg.norm(found, axis=1, keepdims=True)).T)
    signals = patches(count)
    return atoms, signals / np.abs(signals @ atoms.dictionary).max(axis=1, keepdims=True)


def beside(size: str, atoms: Atoms | np.ndarray, signals: np.ndarray, share: float, repeats: int) -> Measured:
    """The codes of all signals at this λ."""
    dictionary = atoms.dictionary if isinstance(atoms, Atoms) else atoms
    energy = 0.5 * (signals**2).sum(axis=1)
    peer = Lasso(
        alpha=share / len(dictionary), fit_intercept=False, precompute=dictionary.T @ dictionary, tol=GAP / 2,
        max_iter=20_000,
    )  # fmt: skip

    def ours():
        return encode(signals, atoms, share, until_gap=GAP * energy).codes

    def theirs():
        return np.atleast_2d(peer.fit(dictionary, signals.T).coef_)

    costs = []
    for codes in (ours(), theirs()):
        gaps = duality_gaps(signals, dictionary, share, 1.0, codes)
        agree(float((gaps / energy).max()), 1.01 * GAP, f"{size}: the duality gap")
        costs.append(objectives(signals, dictionary, share, 1.0, codes))
    agreement = agree(float((np.abs(costs[0] - costs[1]) / energy).max()), GAP, size)
    return Measured(size, *timed(ours, theirs, repeats), agreement)


def learning(count: int, n_atoms: int) -> tuple[np.ndarray, np.ndarray]:
    """Patches of length 1, and some of them as atoms to begin with: (N, 64) and (64, K)."""
    values = patches(count, 1)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return values, values[np.random.default_rng(0).choice(count, n_atoms, replace=False)].T


def half_steps(values: np.ndarray, first: np.ndarray) -> Callable[[], np.ndarray]:
    experiment = em_core.Experiment.parse(
        {
            "model": "dictionary_learning",
            "settings": {"lambda": LEARNED_PENALTY, "beta": 1.0},
            "data": {"values": values},
            "start": {"dictionary": first},
            "schedule": "HC",
        }
    )
    trajectory = em_core.start(experiment)

    def work() -> np.ndarray:
        nonlocal trajectory
        for move in "HC":
            trajectory = em_core.extend(experiment, trajectory, move)
        result: np.ndarray = trajectory.last.after.theta["dictionary"]
        return result

    return work


def minibatches(values: np.ndarray, first: np.ndarray) -> Callable[[], np.ndarray]:
    peer = MiniBatchDictionaryLearning(
        first.shape[1], alpha=LEARNED_PENALTY, batch_size=256, dict_init=first.T.copy(), fit_algorithm="cd",
        random_state=0,
    )  # fmt: skip
    rng = np.random.default_rng(1)

    def work() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer.partial_fit(values[rng.integers(len(values), size=min(256, len(values)))])
        result: np.ndarray = peer.components_.T.copy()
        return result

    return work


def at_times(work: Callable[[], np.ndarray], seconds: tuple[float, ...]) -> list[np.ndarray]:
    """What `work`, done over and over, has found after so many seconds of CPU: its last result by then."""
    began, found, last = time.process_time(), [], None
    for second in seconds:
        while time.process_time() - began < second:
            last = work()
        found.append(last)
    return found


def judged(dictionary: np.ndarray, held: np.ndarray) -> float:
    """The mean objective of these patches with their most probable codes."""
    shortened = dictionary / np.maximum(np.linalg.norm(dictionary, axis=0), 1.0)
    codes = encode(held, shortened, LEARNED_PENALTY, until_gap=1e-9).codes
    return float(objectives(held, shortened, LEARNED_PENALTY, 1.0, codes).mean())
