"""The exact posterior of one hidden unit: Laplace prior, Gaussian likelihood, closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import erfcx, expit, log_ndtr

from em_core.errors import InvalidExperiment

# from here on a continued fraction replaces differences that would cancel
FAR = 5.0
TERMS = 60


@dataclass(frozen=True)
class LaplacePosterior:
    """p(h | v) for p(h) = (λ/2) e^{−λ|h|}, p(v | h) = N(wh, 1/β). `log_evidence` is the log density log p(v)."""

    log_evidence: float
    mean: float
    second_moment: float
    mode: float
    mean_absolute: float
    probability_positive: float


@dataclass(frozen=True)
class _Half:
    """∫₀^∞ exp(−a t²/2 + m t) dt as `log_mass`, and the moments of t under that density."""

    log_mass: float
    mean: float
    second_moment: float


def laplace_posterior(visible: float, weight: float, penalty: float, precision: float) -> LaplacePosterior:
    """The posterior of h given v, w, λ and β: two truncated Gaussians that meet at 0.

    The mode is exactly 0 for β|wv| ≤ λ, where the mean is not. Every term is formed without the overflow and
    the cancellation of exp()·erfc(). Raises `InvalidExperiment` unless all are finite, λ and β above 0.
    """
    for name, value in (("visible", visible), ("weight", weight)):
        if not math.isfinite(value):
            raise InvalidExperiment(name, value, "a finite number")
    for name, value in (("penalty", penalty), ("precision", precision)):
        if not 0 < value < math.inf:
            raise InvalidExperiment(name, value, "a finite number above 0")

    sharpness, pull = precision * weight * weight, abs(precision * weight * visible)
    side = math.copysign(1.0, weight * visible)
    energy = precision * visible * visible / 2
    near, far = _half(sharpness, pull - penalty), _half(sharpness, -pull - penalty)
    # relative to exp(−βv²/2); where the near side has its peak inside, that peak is in `peak` instead:
    # (pull − λ)²/2a − βv²/2 loses all digits when both are large
    inside = pull > penalty and sharpness > 0
    peak = -penalty * (pull - penalty / 2) / sharpness if inside else -energy
    log_near, log_far = near.log_mass + peak, far.log_mass - energy
    share = float(expit(log_near - log_far))  # of the side that the data favour
    log_total = max(log_near, log_far) + math.log1p(math.exp(-abs(log_near - log_far)))
    return LaplacePosterior(
        log_evidence=math.log(penalty / 2) + math.log(precision / (2 * math.pi)) / 2 + log_total,
        mean=side * (share * near.mean - (1 - share) * far.mean),
        second_moment=share * near.second_moment + (1 - share) * far.second_moment,
        mode=side * (pull - penalty) / sharpness if inside else 0.0,
        mean_absolute=share * near.mean + (1 - share) * far.mean,
        probability_positive=share if side > 0 else 1 - share,
    )


def _half(sharpness: float, slope: float) -> _Half:
    """One side of 0: exp(−a t²/2 + m t) over t > 0; for m > 0 `log_mass` leaves out the peak's m²/2a."""
    if sharpness == 0:  # the likelihood does not see h: the prior's exponential
        return _Half(-math.log(-slope), -1 / slope, 2 / slope**2)
    width = 1 / math.sqrt(sharpness)
    place = slope * width  # where the untruncated peak lies, in standard deviations
    if place > 0:
        log_normal = float(log_ndtr(place))
        hazard = math.exp(-place * place / 2 - math.log(2 * math.pi) / 2 - log_normal)
        mean = place + hazard
        log_mass = math.log(2 * math.pi) / 2 + log_normal
        return _Half(log_mass + math.log(width), mean * width, (1 + place * mean) * width**2)
    distance = -place
    mills = math.sqrt(math.pi / 2) * float(erfcx(distance / math.sqrt(2)))
    tail = _continued_fraction(distance) if distance > FAR else 1 / (1 / mills - distance) - distance
    mean = 1 / (distance + tail)
    return _Half(math.log(mills) + math.log(width), mean * width, mean * tail * width**2)


def _continued_fraction(distance: float) -> float:
    """2/(x + 3/(x + 4/(x + …))): then the mean beyond x of a standard normal exceeds x by 1/(x + this)."""
    tail = 0.0
    for n in range(TERMS, 1, -1):
        tail = n / (distance + tail)
    return tail
