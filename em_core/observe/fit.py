"""What pictures of several models show of θ and q beyond their own entries, and what a hand on them makes of θ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from em_core.records import Array, Parameters, frozen


def mixed(model: Any, theta: Parameters, values: Array) -> Array:
    """(K, n) the density of each component of a mixture at these values, times its weight."""
    result: Array = theta["weights"][:, None] * np.exp(model.family.log_density(values, theta))
    return result


def emitted(model: Any, theta: Parameters, values: Array) -> Array:
    """(K, n) the density of what each state of a chain emits at these values, as shares of the highest of all."""
    logs = model.family.log_density(values, theta)
    result: Array = np.exp(logs - logs.max())
    return result


def bell(places: Array, mean: float, variance: float) -> Array:
    """Density of a Gaussian at these places."""
    result: Array = np.exp(-0.5 * (places - mean) ** 2 / variance) / math.sqrt(2 * math.pi * variance)
    return result


def plain_gaussian(values: Array) -> tuple[Array, Array]:
    """(D,) and (D, D): mean and covariance of the Gaussian that fits (N, D) values best."""
    mean = values.mean(axis=0)
    return mean, (values - mean).T @ (values - mean) / len(values)


def with_share(shares: Array, place: int, share: float) -> Array:
    """(K,) the same with another share at `place`; the others keep their proportions, and all sum to 1 as before.

    Zeros stay 0. Of the others, at least one must be above 0.
    """
    result = shares * ((1 - share) / (shares.sum() - shares[place]))
    result[place] = share
    return frozen(result)


def movable(shares: Array) -> list[int]:
    """The places whose share `with_share` can change: neither 0, which is structural, nor all there is."""
    return [int(place) for place in np.flatnonzero((shares > 0) & (shares < 1))]


def with_point(values: Array, point: Array) -> Array:
    """(N + 1, D) the data with one point more, at the end."""
    return np.vstack([values, point])


def without(values: Array, place: Array, drawn: list[int], reach: Array, rows: NDArray[np.intp]) -> Array | None:
    """(N − 1, D) the data without the point at a place of the columns `drawn`; None where none is within `reach`.

    rows: the points that can be seen there, and are meant.
    """
    apart = (np.abs(values[rows][:, drawn] - place) / reach).max(axis=1)
    nearest = int(apart.argmin())
    return np.delete(values, rows[nearest], axis=0) if apart[nearest] <= 1 else None


def tilted(coefficients: Array, ends: Array, end: int, height: float, free: list[int]) -> Array:
    """(P,) coefficients of a line with another height at one of its ends (2, P); at the other it stays where it is.

    free: the coefficients that may change. Of one alone, the other end moves too.
    """
    wanted = np.zeros(2)
    wanted[end] = height - ends[end] @ coefficients
    rows = [0, 1] if len(free) > 1 else [end]
    result = np.array(coefficients)
    result[free] += np.linalg.lstsq(ends[np.ix_(rows, free)], wanted[rows], rcond=None)[0]
    return frozen(result)
