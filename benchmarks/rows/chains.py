"""Hidden Markov models beside hmmlearn: EM iteration by iteration, from one start."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
from hmmlearn.hmm import CategoricalHMM, GaussianHMM

import em_core
from benchmarks.row import Measured, Row, agree, timed
from em_core.records import Trajectory

SIZES = ((1_000, 4), (10_000, 4), (100_000, 4), (100_000, 16))
# so many iterations are compared before any is timed
COMPARED = 3


class ChainRow(Row):
    name = "hmm"
    title = "Hidden Markov model: E and M"
    peer = "hmmlearn, implementation scaling"
    compared = (
        "Half-steps E and M through `extend`, beside `_do_estep` and `_do_mstep`, each from the θ that it made last;"
        f" log p and θ agree over {COMPARED} iterations."
    )

    def measure(self, smoke: bool) -> Iterator[Measured]:
        for length, n_states in [(300, 3)] if smoke else SIZES:
            for emission in ("gaussian", "categorical"):
                yield iterations(emission, length, n_states)


def iterations(emission: str, length: int, n_states: int) -> Measured:
    values, start = data(emission, length, n_states)
    experiment = em_core.Experiment.parse(
        {
            "model": "hidden_markov",
            "settings": {"emission": emission},
            "data": {"sequences": [values.tolist()]},
            "start": {name: entry.tolist() for name, entry in start.items()},
            "schedule": "EM",
        }
    )
    peer, observed = peer_at(emission, start), values[:, None].astype(float if emission == "gaussian" else int)
    present = em_core.start(experiment)

    def ours():
        nonlocal present
        after = em_core.extend(experiment, em_core.extend(experiment, present, "E"), "M")
        present = Trajectory(after.half_steps[-1:])
        return present.last.after.theta

    def theirs():
        statistics, log_evidence = peer._do_estep(observed, None)
        peer._do_mstep(statistics)
        return log_evidence

    apart = []
    for _ in range(COMPARED):
        evidence = experiment.model.log_evidence(experiment.data, present.last.after.theta)
        apart.append(abs(theirs() - evidence) / abs(evidence))
        theta = ours()
        found = {"transition_matrix": peer.transmat_}
        found |= {"means": peer.means_[:, 0]} if emission == "gaussian" else {"probabilities": peer.emissionprob_}
        apart += [np.abs(entry - theta[name]).max() / np.abs(entry).max() for name, entry in found.items()]
    agreement = agree(float(max(apart)), 1e-11, f"{emission}, {length} time steps")
    times = timed(ours, theirs)
    return Measured(f"{emission}, T = {length:,}, K = {n_states}", *times, agreement)


def peer_at(emission: str, start: dict[str, np.ndarray]) -> CategoricalHMM | GaussianHMM:
    """The peer at this θ, without priors: plain maximum likelihood, as ours."""
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    n_states = len(start["start_probabilities"])
    settings = {"n_components": n_states, "implementation": "scaling", "init_params": ""}
    if emission == "gaussian":
        peer = GaussianHMM(covariance_type="diag", min_covar=0.0, covars_prior=0.0, covars_weight=1.0, **settings)
        peer.n_features = 1
        peer.means_, peer.covars_ = start["means"][:, None], start["variances"][:, None]
    else:
        peer = CategoricalHMM(**settings)
        peer.emissionprob_, peer.n_features = start["probabilities"], start["probabilities"].shape[1]
    peer.startprob_, peer.transmat_ = start["start_probabilities"], start["transition_matrix"]
    return peer


def data(emission: str, length: int, n_states: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(T,) values of a chain that tends to stay, and a θ to start from."""
    rng = np.random.default_rng(0)
    stay = 0.9 * np.eye(n_states) + 0.1 / n_states
    ladder = np.cumsum(stay, axis=1)
    states = [0]
    for draw in rng.random(length - 1):
        states.append(min(n_states - 1, int(np.searchsorted(ladder[states[-1]], draw))))
    states = np.array(states)
    start = {
        "start_probabilities": np.full(n_states, 1 / n_states),
        "transition_matrix": 0.8 * np.eye(n_states) + 0.2 / n_states,
    }
    if emission == "gaussian":
        means = 2.0 * np.arange(n_states)
        values = means[states] + rng.normal(size=length)
        return values, start | {"means": means + 0.3 * rng.normal(size=n_states), "variances": np.full(n_states, 1.5)}
    n_symbols = 2 * n_states + 3
    values = np.minimum(2 * states + 3 * (rng.random(length) < 0.3), n_symbols - 1)
    return values.astype(float), start | {"probabilities": rng.dirichlet(np.full(n_symbols, 3.0), n_states)}
