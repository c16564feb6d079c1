"""What is left of a function after its leading terms, without their cancellation.

KL divergences and Gamma densities are such remainders: near convergence, and at large shapes, the plain formulas
subtract numbers that agree in all but their last digits.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, psi

from em_core.records import Array


def log_remainder(x: Array, excess: Array) -> Array:
    """x − 1 − log x, never negative, from x and x − 1, each to its own last digit.

    By its series where the excess is small; from log x elsewhere, where x − 1 may have lost all that x has.
    """
    small = np.abs(excess) < 0.1
    near = np.where(small, excess, 0.0)
    series = np.zeros_like(near)
    for n in range(17, 1, -1):  # Horner: d² (1/2 − d (1/3 − d (…)))
        series = 1 / n - near * series
    with np.errstate(divide="ignore"):  # log 0: infinitely far
        return np.where(small, near**2 * series, excess - np.log(np.where(small, 1.0, x)))


def stirling_remainder(z: float) -> float:
    """log Γ(z) − ((z − ½) log z − z + ½ log 2π), for z > 0: 1/(12 z) and less."""
    if z < 20:
        return float(gammaln(z) - ((z - 0.5) * np.log(z) - z + 0.5 * np.log(2 * np.pi)))
    y = z**-2
    return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * 691 / 360360))))) / z


def digamma_remainder(z: float) -> float:
    """log z − ψ(z), for z > 0: 1/(2 z) and a little more."""
    if z < 20:
        return float(np.log(z) - psi(z))
    y = z**-2
    return 0.5 / z + y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760)))))
