"""The bound at a state, and along a line of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.caching import apart
from em_core.files.errors import HalfStepFailed
from em_core.model import LatentVariableModel, check, expected_log_joint
from em_core.model import log_evidence as evidence_at
from em_core.records import Array, Bound, Fit, Parameters, State, frozen


@np.errstate(over="ignore")  # a sum below the floats is −inf
def decompose(model: LatentVariableModel, data: Any, state: State, known: float | None = None) -> Bound:
    """The terms of log p(v; θ) = E_q[log p(h, v; θ)] + H(q) + KL(q ‖ p(h | v; θ)).

    Each comes from its own definition. Without a q only the log evidence is known; a model whose posterior has no
    closed form has neither log evidence nor KL. known: the log evidence, where it has been computed at this θ already.
    """
    exact = hasattr(model, "log_evidence")
    log_evidence = evidence_at(model, data, state.theta) if exact and known is None else known
    if state.q is None:
        return Bound(log_evidence)
    return Bound(
        log_evidence,
        expected_log_joint(model, data, state.theta, state.q),
        model.entropy(state.q),
        model.kl(state.q, model.posterior(data, state.theta)) if exact else None,
    )


@np.errstate(over="ignore")
def fit(model: Any, data: Any, state: State) -> Fit | None:
    """Accuracy and complexity at a state; None without a q, and where h is not drawn before v."""
    if state.q is None or not hasattr(model, "hidden_prior"):
        return None
    complexity = model.kl(state.q, model.hidden_prior(data, state.theta))
    return Fit(model.expected_log_likelihood(data, state.theta, state.q), complexity)


@dataclass(frozen=True, eq=False)
class Profile:
    """log p, E_q[log p(h, v; ·)] and L(q, ·) at several parameters, one entry each; NaN where a θ is not usable."""

    thetas: tuple[Parameters | None, ...]
    log_evidence: Array
    expected_log_joint: Array
    elbo: Array


def scan(model: LatentVariableModel, data: Any, q: Any, thetas: Iterable[Parameters | None]) -> Profile:
    """log p(v; θ) and L(v, θ, q) for one q and many θ."""
    thetas = tuple(thetas)
    entropy = model.entropy(q)
    evidence, (joint,) = heights(model, data, [q], thetas)
    return Profile(thetas, frozen(evidence), frozen(joint), frozen(joint + entropy))


def heights(
    model: LatentVariableModel, data: Any, qs: Sequence[Any], thetas: Sequence[Parameters | None]
) -> tuple[Array, Array]:
    """(T,) log p at every θ and (Q, T) E_q[log p(h, v)] at every pair; NaN where a θ is not usable.

    A model that has its own way of it makes all at once; others go θ by θ, so that what models compute once at each
    θ is computed once.
    """
    evidence, joint = np.full(len(thetas), np.nan), np.full((len(qs), len(thetas)), np.nan)
    data, known = apart(data), [(i, theta) for i, theta in enumerate(thetas) if theta is not None]
    if hasattr(model, "heights"):
        places = [i for i, _ in known]
        evidence[places], joint[:, places] = model.heights(data, qs, [theta for _, theta in known])
        return evidence, joint
    for i, theta in known:
        try:
            check(model, data, theta)
            evidence[i] = model.log_evidence(data, theta)
            joint[:, i] = [model.expected_log_joint(data, theta, q) for q in qs]
        except HalfStepFailed:
            evidence[i], joint[:, i] = np.nan, np.nan
    return evidence, joint


def line(
    model: LatentVariableModel, theta_from: Parameters, theta_to: Parameters, t: Iterable[float]
) -> list[Parameters | None]:
    """The parameters at t along the line from `theta_from` (t = 0) to `theta_to` (t = 1).

    The line is straight in unconstrained coordinates and goes on beyond both ends. None where it leaves the numbers.
    Raises `HalfStepFailed` where an end lies on a boundary that the other does not share.
    """
    start, end = model.to_vector(theta_from), model.to_vector(theta_to)
    # the coordinates may be as many and yet others: what one end leaves out, the other must too
    if start.shape != end.shape or not _alike(theta_at(model, start, theta_to), theta_from):
        raise HalfStepFailed("boundary", "one end of the line lies on a boundary, where coordinates are not finite")
    return [theta_at(model, start + s * (end - start), theta_to) for s in t]


def chord(theta_from: Parameters, theta_to: Parameters, t: Iterable[float]) -> list[Parameters | None]:
    """The parameters at t on the straight line in θ itself, None beyond its ends.

    For ends on a boundary, which `line` cannot reach: parameters form a convex set, so everything between is one.
    """
    return [
        {name: frozen((1 - s) * entry + s * theta_to[name]) for name, entry in theta_from.items()}
        if 0 <= s <= 1
        else None
        for s in t
    ]


def profile(
    model: LatentVariableModel,
    data: Any,
    q: Any,
    theta_from: Parameters,
    theta_to: Parameters,
    t: Iterable[float],
) -> Profile:
    """log p and L(q, ·) along the line between two parameters, in unconstrained coordinates.

    Where q is the posterior at `theta_from`, the two curves touch at t = 0 and have the same slope there.
    """
    return scan(model, data, q, line(model, theta_from, theta_to, t))


@dataclass(frozen=True, eq=False)
class Slopes:
    """Gradients per unit in unconstrained coordinates, at some of these: `places` says which, from 0.

    parameters: the parameter that each of these coordinates moves (several, with commas, where they are tied).
    elbo: of L(q, ·) / N with q held, from the model's own formula. log_evidence: of log p / N, by central differences
    of log p itself. Where q is the posterior they are equal: Fisher's identity.
    """

    places: np.ndarray
    parameters: tuple[str, ...]
    elbo: Array
    log_evidence: Array


def slopes(model: LatentVariableModel, data: Any, state: State, most: int = 24) -> Slopes:
    """Both gradients at a state that has a q, in the `most` coordinates where that of L is largest.

    Raises `HalfStepFailed` where θ lies on a boundary without coordinates.
    """
    vector, n_units = model.to_vector(state.theta), model.n_units(data)
    elbo = model.gradient(data, state.theta, state.q) / n_units
    places = np.sort(np.argsort(-np.abs(elbo), kind="stable")[:most])
    evidence = np.empty(len(places))
    here, parameters = model.from_vector(vector, state.theta), []
    for i, place in enumerate(places):
        width = 1e-5 * max(1.0, abs(float(vector[place])))
        rise, fall = vector.copy(), vector.copy()
        rise[place] += width
        fall[place] -= width
        risen, fallen = (model.from_vector(end, state.theta) for end in (rise, fall))
        ends = [model.log_evidence(data, theta) for theta in (risen, fallen)]
        evidence[i] = (ends[0] - ends[1]) / (rise[place] - fall[place]) / n_units
        parameters.append(", ".join(name for name in here if not np.array_equal(here[name], risen[name])))
    return Slopes(places, tuple(parameters), frozen(elbo[places]), frozen(evidence))


def gap_by_block(model: Any, data: Any, state: State, blocks: list[np.ndarray]) -> Array:
    """KL(q ‖ posterior) of each block of hidden units, summing to the gap."""
    by_unit = model.kl_by_unit(state.q, model.posterior(data, state.theta))
    return frozen([by_unit[units].sum() for units in blocks])


def mean_field_floor(model: Any, data: Any, state: State, most: int = 200) -> float:
    """The gap at which sweeps of mean field come to rest at this θ, from the present q.

    Another q that factorises may come closer: the sweeps find a local minimum of the gap.
    """
    posterior = model.posterior(data, state.theta)
    q, gap = state.q, float("inf")
    for _ in range(most):
        q = model.mean_field(data, state.theta, q)
        before, gap = gap, model.kl(q, posterior)
        if before - gap <= 1e-10 * max(1.0, gap):
            break
    return gap


def _alike(first: Parameters | None, second: Parameters) -> bool:
    if first is None:
        return False
    slack = {name: 1e-6 * np.abs(entry).max() for name, entry in second.items()}
    return all(np.allclose(entry, second[name], rtol=0, atol=slack[name]) for name, entry in first.items())


def theta_at(model: LatentVariableModel, vector: Array, like: Parameters) -> Parameters | None:
    """θ at these unconstrained coordinates, the rest of it as in `like`; None where it leaves the numbers."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        theta = model.from_vector(vector, like)
    return theta if all(np.all(np.isfinite(entry)) for entry in theta.values()) else None
