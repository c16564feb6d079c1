"""E|h| of a Gaussian h: the mean of what is left when the line is folded at 0."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfcx

from em_core.records import Array

# the density of a standard normal beyond it is 0 in double precision
_FAR = 1e3


def excess(mean: Array, width: Array) -> Array:
    """E|h| − |μ| for h of N(μ, s²): never negative, s·√(2/π) where μ is 0, and 0 where s is.

    E|h| = s √(2/π) exp(−μ²/2s²) + μ erf(μ/(s√2)) would lose it where |μ| is many s: two terms that all but cancel.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = np.minimum(np.abs(mean) / width, _FAR)
        mills = math.sqrt(math.pi / 2) * erfcx(z / math.sqrt(2))
        return np.where(width > 0, 2 * width * normal(z) * (1 - np.minimum(z * mills, 1)), 0.0)


def normal(z: Array) -> Array:
    """The standard normal density; 0 from 1e3 standard deviations on."""
    result: Array = np.exp(-(np.minimum(np.abs(z), _FAR) ** 2) / 2) / math.sqrt(2 * math.pi)
    return result
