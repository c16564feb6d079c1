"""exp(−a t²/2 − c(t + m)): a Gaussian with a kink at t = −m, in closed form.

c(h) rises from 0 at h = 0, at rate `below` to the left and `above` to the right. That is the posterior of one hidden
number h = m + t, the others given, seen from a place m: two truncated Gaussians that meet where h is 0. Places may be
arrays: then every entry is a function of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfcx, expit, log_expit, log_ndtr

from em_core.records import Array

# of Gauss and Legendre, for integrals from −1 to 1
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)
# each takes the median's distance from its place to less than a tenth
_ROUNDS = 16
# from here on a continued fraction replaces differences that would cancel
FAR = 5.0
TERMS = 60


@dataclass(frozen=True, eq=False)
class Kinked:
    """log ∫ of the function, and under the density that it is proportional to: E[t], E[t²], E[|t + m|] − |m|, how
    far E[log of the function] lies below 0, and log P(t + m < 0), log P(t + m > 0)."""

    log_mass: Array
    mean: Array
    second_moment: Array
    excess: Array
    depth: Array
    log_below: Array
    log_above: Array


@dataclass(frozen=True, eq=False)
class _Side:
    """One side of the kink: log ∫, and E[t], E[t²], E[|t + m|] there."""

    log_mass: Array
    mean: Array
    second_moment: Array
    distance: Array


def kinked(sharpness: float, below: float, above: float, place: ArrayLike) -> Kinked:
    """Mass and moments for a = `sharpness`, c's rates `below` and `above`, m = `place`.

    No rate is below 0, and a is above 0; a may be 0 where m is 0 and both rates are above 0. No term overflows or
    cancels, unlike exp()·erfc().
    """
    place = np.asarray(place, dtype=float)
    right, left = _side(sharpness, above, place, 1.0), _side(sharpness, below, place, -1.0)
    odds = right.log_mass - left.log_mass
    share, rest = expit(odds), expit(-odds)
    second = share * right.second_moment + rest * left.second_moment
    return Kinked(
        log_mass=np.logaddexp(right.log_mass, left.log_mass),
        mean=share * right.mean + rest * left.mean,
        second_moment=second,
        excess=share * (right.mean + (place - np.abs(place))) - rest * (left.mean + (place + np.abs(place))),
        depth=sharpness / 2 * second + share * (above * right.distance) + rest * (below * left.distance),
        log_below=log_expit(-odds),
        log_above=log_expit(odds),
    )


def tilted(sharpness: float, penalty: float, pull: float) -> tuple[float, float]:
    """Mean and median of the density proportional to exp(−a h²/2 − penalty·|h| + pull·h), for a pull that is small.

    Small: next to the density's own width, pull · √E[h²] < 0.1. The two sides then all but cancel. What is left of
    their means is pull · ∫ h² exp(−a h²/2 − rate·h) over h > 0 and, by Gauss and Legendre's rule, over the rates from
    penalty − pull to penalty + pull; of the logarithms of their masses, the same with the means. Neither sum has a
    sign, so both keep their digits, however small.
    """
    rates = penalty + pull * np.array([-1.0, 1.0, *_NODES])
    sides = [_side(sharpness, rate, np.zeros(()), 1.0) for rate in rates.tolist()]
    masses = np.exp([float(side.log_mass) for side in sides])
    whole = float(masses[:2].sum())
    mean = pull * float(_WEIGHTS @ [m * side.second_moment for m, side in zip(masses[2:], sides[2:], strict=True)])
    odds = pull * float(_WEIGHTS @ [side.mean for side in sides[2:]])
    # between 0 and the median lies half of what one side has more than the other
    wanted = math.tanh(odds / 2) / 2 * whole
    median = wanted
    for _ in range(_ROUNDS):
        between = median * (1 + _NODES) / 2
        median = 2 * wanted / float(_WEIGHTS @ np.exp(-between * (sharpness * between / 2 + penalty - pull)))
    return mean / whole, median


def excess(t: ArrayLike, place: ArrayLike) -> Array:
    """|t + m| − |m|, without their difference where both are large."""
    size = np.abs(place)
    along = np.copysign(1.0, place) * np.asarray(t, dtype=float)
    result: Array = np.where(along >= -size, along, -along - 2 * size)
    return result


def log_tail(distance: ArrayLike, sharpness: float, slope: ArrayLike) -> Array:
    """log P(u > distance) for the density on u > 0 that is proportional to exp(−a u²/2 + slope·u)."""
    distance, slope = np.broadcast_arrays(np.asarray(distance, dtype=float), np.asarray(slope, dtype=float))
    if sharpness == 0:
        return slope * distance
    root = math.sqrt(sharpness)
    inside = slope > 0
    near = np.where(inside, slope, 0.0)
    peaked = log_ndtr((near - sharpness * distance) / root) - log_ndtr(near / root)
    away = np.where(inside, 0.0, -slope) / root
    # the squares that the two tails share are taken out: they would leave rounding only
    falling = -distance * (sharpness * distance / 2 - np.where(inside, 0.0, slope))
    falling = falling + np.log(erfcx((away + root * distance) / math.sqrt(2)) / erfcx(away / math.sqrt(2)))
    return np.where(inside, peaked, falling)


def _side(sharpness: float, rate: float, place: Array, sign: float) -> _Side:
    """The side on which t + m has this sign."""
    if sharpness == 0:  # the likelihood does not see h: the prior's exponential
        away = np.full_like(place, 1 / rate)
        return _Side(np.log(away), sign * away, 2 * away**2, away)
    width = 1 / math.sqrt(sharpness)
    # how far inside the side the untruncated peak lies, in standard deviations
    depth = (sharpness * sign * place - rate) * width
    inside = depth > 0  # only on m's own side of the kink
    one = _peaked(np.where(inside, depth, 0.0), np.where(inside, rate, 0.0), place, width, sign)
    other = _falling(np.where(inside, 0.0, -depth), place, width, sign)
    return _Side(
        np.where(inside, one.log_mass, other.log_mass),
        np.where(inside, one.mean, other.mean),
        np.where(inside, one.second_moment, other.second_moment),
        np.where(inside, one.distance, other.distance),
    )


def _peaked(depth: Array, rate: Array, place: Array, width: float, sign: float) -> _Side:
    """The peak lies inside: moments from the peak, so that a far kink costs no digits."""
    peak = -sign * rate * width**2
    log_normal = log_ndtr(depth)
    hazard = np.exp(-depth * depth / 2 - math.log(2 * math.pi) / 2 - log_normal)
    shift = sign * hazard * width
    at_peak = -rate * (np.abs(place) - rate * width**2 / 2)
    log_mass = at_peak + log_normal + math.log(2 * math.pi) / 2 + math.log(width)
    second = peak * (peak + 2 * shift) + (1 - depth * hazard) * width**2
    return _Side(log_mass, peak + shift, second, (depth + hazard) * width)


def _falling(distance: Array, place: Array, width: float, sign: float) -> _Side:
    """The function falls from the kink on; the untruncated peak lies `distance` standard deviations beyond it."""
    mills = math.sqrt(math.pi / 2) * erfcx(distance / math.sqrt(2))
    far = distance > FAR
    tail = 1 / np.where(far, 1.0, 1 / mills - distance) - distance
    if far.any():
        tail = np.where(far, _continued_fraction(np.where(far, distance, FAR)), tail)
    mean = width / (distance + tail)  # of the distance u from the kink; E[u²] is mean · tail · width
    shift = sign * mean - place
    second = shift * shift + mean * (tail * width - mean)
    return _Side(np.log(mills * width) - (place / width) ** 2 / 2, shift, second, mean)


def _continued_fraction(distance: Array) -> Array:
    """2/(x + 3/(x + 4/(x + …))): then the mean beyond x of a standard normal exceeds x by 1/(x + this)."""
    tail = np.zeros_like(distance)
    for n in range(TERMS, 1, -1):
        tail = n / (distance + tail)
    return tail
