"""What pictures of several models show of θ and q beyond their own entries: densities, and a plain fit beside them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from em_core.records import Array, Parameters


def mixed(model: Any, theta: Parameters, values: Array) -> Array:
    """(K, n) the density of each component of a mixture at these values, times its weight."""
    result: Array = theta["weights"][:, None] * np.exp(model.family.log_density(values, theta))
    return result


def bell(places: Array, mean: float, variance: float) -> Array:
    """Density of a Gaussian at these places."""
    result: Array = np.exp(-0.5 * (places - mean) ** 2 / variance) / math.sqrt(2 * math.pi * variance)
    return result


def plain_gaussian(values: Array) -> tuple[Array, Array]:
    """(D,) and (D, D): mean and covariance of the Gaussian that fits (N, D) values best."""
    mean = values.mean(axis=0)
    return mean, (values - mean).T @ (values - mean) / len(values)
