"""The exact posterior of one hidden unit: Laplace prior, Gaussian likelihood, closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from em_core.files.errors import InvalidExperiment
from em_core.records import Array
from em_core.sparse_coding.posterior.kinked import kinked, log_tail, tilted

# below this share of the root of E[h²], more or less, mean and median are computed as what the pull adds to 0
SMALL_PULL = 0.1


@dataclass(frozen=True)
class LaplacePosterior:
    """p(h | v) for p(h) = (λ/2) e^{−λ|h|}, p(v | h) = N(wh, 1/β). `log_evidence` is the log density log p(v).

    sharpness: βw²; pull: βwv, what draws h away from 0; the density is proportional to
    exp(−sharpness·h²/2 + pull·h − penalty·|h|).
    """

    log_evidence: float
    mean: float
    second_moment: float
    mode: float
    mean_absolute: float
    probability_positive: float
    sharpness: float = field(repr=False)
    pull: float = field(repr=False)
    penalty: float = field(repr=False)
    _log_mass: float = field(repr=False)
    _log_below: float = field(repr=False)
    _log_above: float = field(repr=False)
    _median: float | None = field(repr=False)

    @property
    def median(self) -> float:
        """Half of the probability lies on either side; 0 exactly where the data say nothing about the sign."""
        return self.quantile(0.5) if self._median is None else self._median

    def log_density(self, h: ArrayLike) -> Array:
        """log p(h | v), elementwise."""
        h = np.asarray(h, dtype=float)
        away = h - self.mode
        # at the mode the slope is λ's on h's side, or the pull if h is 0 there
        slope = math.copysign(self.penalty, self.mode) if self.mode else self.pull
        crossing = self.penalty * (np.abs(h) - abs(self.mode))
        result: Array = away * (slope - self.sharpness * away / 2) - crossing - self._log_mass
        return result

    def cdf(self, h: ArrayLike) -> Array:
        """P(H ≤ h), elementwise, each tail to its own last digit."""
        h = np.asarray(h, dtype=float)
        below = np.exp(self._log_beyond(np.maximum(-h, 0.0), -1))
        above = np.exp(self._log_beyond(np.maximum(h, 0.0), 1))
        return np.where(h < 0, below, 1 - above)

    def quantile(self, probability: float) -> float:
        """The h with P(H ≤ h) = probability, for a probability between 0 and 1."""
        if not 0 < probability < 1:
            raise ValueError(f"a probability between 0 and 1, not {probability}")
        from scipy.optimize import brentq  # late: a quarter of a second that no page needs to open

        side, beyond = (-1, probability) if probability < math.exp(self._log_below) else (1, 1 - probability)
        target = math.log(beyond)

        def excess(distance: float) -> float:
            return float(self._log_beyond(distance, side)) - target

        if excess(0.0) <= 0:
            return 0.0
        high = math.sqrt(self.second_moment)
        while excess(high) > 0:
            high *= 2
        return side * float(brentq(excess, 0.0, high, xtol=1e-300, rtol=8.9e-16, maxiter=500))

    def _log_beyond(self, distance: ArrayLike, side: int) -> Array:
        """log P(h lies further from 0 than `distance` on this side)."""
        share = self._log_above if side > 0 else self._log_below
        return share + log_tail(distance, self.sharpness, side * self.pull - self.penalty)


def laplace_posterior(visible: float, weight: float, penalty: float, precision: float) -> LaplacePosterior:
    """The posterior of h given v, w, λ and β: two truncated Gaussians that meet at 0.

    The mode is exactly 0 for β|wv| ≤ λ, where the mean is not. Every term is formed without the overflow and
    the cancellation of exp()·erfc(); mean and median keep 13 digits also where they are far smaller than the spread.
    Raises `InvalidExperiment` unless all are finite, λ and β above 0.
    """
    for name, value in (("visible", visible), ("weight", weight)):
        if not math.isfinite(value):
            raise InvalidExperiment(name, value, "a finite number")
    for name, value in (("penalty", penalty), ("precision", precision)):
        if not 0 < value < math.inf:
            raise InvalidExperiment(name, value, "a finite number above 0")

    sharpness, pull = precision * weight * weight, abs(precision * weight * visible)
    side = math.copysign(1.0, weight * visible)
    inside = pull > penalty and sharpness > 0
    mode = (pull - penalty) / sharpness if inside else 0.0
    # (pull − λ)²/2a − βv²/2 would lose all digits when both are large
    peak = -penalty * (pull - penalty / 2) / sharpness if inside else -precision * visible * visible / 2
    slope = penalty if inside else pull
    seen = kinked(sharpness, penalty + slope, penalty - slope, mode)
    mean, median = mode + float(seen.mean), None
    second_moment = float(seen.second_moment) + mode * (mode + 2 * float(seen.mean))
    if pull * math.sqrt(second_moment) < SMALL_PULL:
        mean, median = tilted(sharpness, penalty, pull)
    log_sides = (float(seen.log_below), float(seen.log_above))[:: int(side)]
    return LaplacePosterior(
        log_evidence=math.log(penalty / 2) + math.log(precision / (2 * math.pi)) / 2 + peak + float(seen.log_mass),
        mean=side * mean,
        second_moment=second_moment,
        mode=side * mode,
        mean_absolute=mode + float(seen.excess),
        probability_positive=math.exp(log_sides[1]),
        sharpness=sharpness,
        pull=side * pull,
        penalty=penalty,
        _log_mass=float(seen.log_mass),
        _log_below=log_sides[0],
        _log_above=log_sides[1],
        _median=None if median is None else side * median,
    )
