"""What is left of a function after its leading terms, without their cancellation.

KL divergences and Gamma densities are such remainders: near convergence, and at large shapes, the plain formulas
subtract numbers that agree in all but their last digits.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, polygamma, psi

from em_core.records import Array

# from here on the series have all digits
_FAR = 20.0
# of Gauss and Legendre, for integrals from −1 to 1
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)


def log_remainder(x: Array, excess: Array) -> Array:
    """x − 1 − log x, never negative, from x and x − 1, each to its own last digit.

    By its series where the excess is small, and from log x near 0, where x − 1 has lost what x has.
    """
    small = np.abs(excess) < 0.1
    near = np.where(small, excess, 0.0)
    series = np.zeros_like(near)
    for n in range(17, 1, -1):  # Horner: d² (1/2 − d (1/3 − d (…)))
        series = 1 / n - near * series
    low = excess < -0.5
    with np.errstate(divide="ignore"):  # log 0: infinitely far
        logs = np.where(low, np.log(np.where(low, x, 1.0)), np.log1p(np.where(low, 0.0, excess)))
    return np.where(small, near**2 * series, excess - logs)


def deviance(count: Array, mean: Array) -> Array:
    """count · log(count / mean) + mean − count, never negative, for a count above 0 and a mean of at least 0.

    What separates the logarithm of a Poisson or binomial probability from its largest (Loader, 2000): `mean` there is
    n p, and its own rounding is all that is lost. Infinite at mean 0.
    """
    excess = (mean - count) / count
    tiny = mean < 1e-200 * count  # where the ratio would lose digits, its logarithm is large, and nothing cancels
    with np.errstate(divide="ignore"):
        extreme = np.log(count) - np.log(np.where(tiny, mean, 1.0)) + excess
    return count * np.where(tiny, extreme, log_remainder(np.where(tiny, 1.0, mean / count), excess))


def log_factorial_remainder(count: Array) -> Array:
    """log n! − (n log n − n), for n of at least 1: ½ log 2πn and a little more."""
    return 0.5 * np.log(2 * np.pi * count) + stirling_remainder(count)


def stirling_remainder(z: Array | float) -> Array:
    """log Γ(z) − ((z − ½) log z − z + ½ log 2π), for z > 0: 1/(12 z) and less."""
    near, far = np.minimum(z, _FAR), np.maximum(z, _FAR)
    direct = gammaln(near) - ((near - 0.5) * np.log(near) - near + 0.5 * np.log(2 * np.pi))
    y = far**-2
    series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * 691 / 360360))))) / far
    return np.where(z < _FAR, direct, series)


def digamma_remainder(z: Array | float) -> Array:
    """log z − ψ(z), for z > 0: 1/(2 z) and a little more."""
    near, far = np.minimum(z, _FAR), np.maximum(z, _FAR)
    y = far**-2
    series = 0.5 / far + y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760)))))
    return np.where(z < _FAR, np.log(near) - psi(near), series)


def trigamma_remainder(z: Array | float) -> Array:
    """ψ′(z) − 1/z, for z > 0: 1/(2 z²) and a little more."""
    near, far = np.minimum(z, _FAR), np.maximum(z, _FAR)
    y = far**-2
    series = 1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - y * 691 / 2730))))
    return np.where(z < _FAR, polygamma(1, near) - 1 / near, y * (0.5 + series / far))


def shape_divergence(shape: Array, other: Array) -> Array:
    """KL between Gamma distributions of equal means, from that with `shape` to that with the `other`, never negative.

    It is what the tangent at `shape` leaves of g(a) = log Γ(a) − a log a + a, whose slope is −digamma_remainder. Where
    the shapes are close, g″ = trigamma_remainder is integrated instead, by Gauss and Legendre's rule.
    """
    apart = other - shape
    if not apart.any():
        return np.zeros(apart.shape)
    plain = 0.5 * np.log(shape / other) + apart * digamma_remainder(shape)
    plain = plain + stirling_remainder(other) - stirling_remainder(shape)
    shares = (1 + _NODES) / 2  # of the way from `shape` to `other`
    curvatures = [
        weight / 2 * (1 - share) * trigamma_remainder(shape + share * apart)
        for share, weight in zip(shares, _WEIGHTS, strict=True)
    ]
    return np.where(np.abs(apart) < 0.1 * shape, apart**2 * np.sum(curvatures, axis=0), plain)
