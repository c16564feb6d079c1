"""Censored lifetimes: some units had not failed when the study ended.

Lifetimes are exponential. h is the full lifetime of each unit that was still alive at its time; since the exponential
forgets its past, the rest of that lifetime is exponential again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from em_core.caching import at_theta
from em_core.distributions import minibatch
from em_core.distributions.minibatch import Draw
from em_core.distributions.remainders import log_remainder
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp
from em_core.records import Array, Parameters, frozen

# times reach 1e100, and a tempered q may be longer by 1e6
_LARGEST_MEAN = 1e200


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """times: (N,) of failure or, where observed is 0, of the last sight alive; observed: (N,) of 1 and 0."""

    times: Array
    observed: Array

    @property
    def n_censored(self) -> int:
        return int(np.sum(self.observed == 0))


@dataclass(frozen=True, eq=False)
class ShiftedExponentials:
    """q for every censored unit: its time so far plus an exponential remainder.

    starts: (units,) times so far; remainder: the mean of what is left, () where all units share one, else (units,); 0
    for a point mass at the time so far.
    """

    starts: Array
    remainder: Array

    def part(self, units: NDArray[np.bool_]) -> ShiftedExponentials:
        """q of these units."""
        remainder = self.remainder if self.remainder.ndim == 0 else frozen(self.remainder[units])
        return ShiftedExponentials(frozen(self.starts[units]), remainder)

    @property
    def remainders(self) -> Array:
        """(units,) mean of what is left, for each unit."""
        return np.broadcast_to(self.remainder, self.starts.shape)

    @property
    def means(self) -> Array:
        """(units,) expected full lifetimes."""
        return self.starts + self.remainder


@dataclass(frozen=True)
class CensoredExponential:
    """No settings."""

    name: ClassVar[str] = "censored_exponential"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Censored lifetimes",
        place=110,
        light=True,
        settings={},
        data={
            "times": "(N,) numbers of at least 0",
            "observed": "(N,), each true (failed at that time) or false (censored then)",
        },
        parameters={"mean": "the mean lifetime, above 0"},
    )

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls()

    def settings(self) -> dict[str, Any]:
        return {}

    def read_data(self, fields: Fields) -> Lifetimes:
        times = fields.array("times", ("N",))
        for place, time in enumerate(times):
            if time < 0:
                raise InvalidExperiment(f"{fields.name('times')}[{place}]", float(time), "a time of at least 0")
        return Lifetimes(times, frozen(fields.flags("observed", len(times))))

    def read_parameters(self, fields: Fields, data: Lifetimes) -> Parameters:
        mean = fields.array("mean", ())
        if mean <= 0:
            raise InvalidExperiment(fields.name("mean"), float(mean), "a mean lifetime above 0")
        return {"mean": mean}

    def random_start(self, data: Lifetimes, rng: np.random.Generator) -> Parameters:
        """Between half and twice the mean of all times, as if none were censored."""
        mean = float(data.times.mean())
        if mean == 0:
            raise InvalidExperiment(
                "data.times", data.times.tolist(), "at least one time above 0, or an explicit start"
            )
        return {"mean": frozen(mean * 2 ** rng.uniform(-1, 1))}

    def n_units(self, data: Lifetimes) -> float:
        return float(len(data.times))

    @at_theta
    def posterior(self, data: Lifetimes, theta: Parameters) -> ShiftedExponentials:
        return ShiftedExponentials(frozen(data.times[data.observed == 0]), theta["mean"])

    def expected_log_joint(self, data: Lifetimes, theta: Parameters, q: ShiftedExponentials) -> float:
        """Σ E[−log m − lifetime / m] over all units."""
        mean = _mean(theta)
        return -len(data.times) * math.log(mean) - _total(data, q) / mean

    def entropy(self, q: ShiftedExponentials) -> float:
        """1 + log of the mean remainder for every censored unit: a shift changes no entropy."""
        with np.errstate(divide="ignore"):  # a point has entropy −∞
            return float(np.sum(1 + np.log(q.remainders)))

    def kl(self, q: ShiftedExponentials, posterior: ShiftedExponentials) -> float:
        return float(np.sum(self.kl_by_unit(q, posterior)))

    def kl_by_unit(self, q: ShiftedExponentials, posterior: ShiftedExponentials) -> Array:
        """x − 1 − log x with x the ratio of the mean remainders."""
        excess = (q.remainders - posterior.remainders) / posterior.remainders
        return log_remainder(q.remainders / posterior.remainders, excess)

    def mode(self, data: Lifetimes, theta: Parameters) -> ShiftedExponentials:
        """The end of every censored unit at the time when it was last seen: there the density is highest."""
        return replace(self.posterior(data, theta), remainder=frozen(0.0))

    def tempered(self, data: Lifetimes, theta: Parameters, power: float) -> ShiftedExponentials:
        """The mean remainder divided by the power."""
        return replace(self.posterior(data, theta), remainder=frozen(theta["mean"] / power))

    def n_hidden_units(self, data: Lifetimes) -> int:
        """Censored units: the others hide nothing, and q does not hold them."""
        return data.n_censored

    def posterior_for(
        self, data: Lifetimes, theta: Parameters, q: ShiftedExponentials, units: np.ndarray
    ) -> ShiftedExponentials:
        remainders = q.remainders.copy()
        remainders[units] = theta["mean"]
        return ShiftedExponentials(q.starts, frozen(remainders))

    def log_evidence(self, data: Lifetimes, theta: Parameters) -> float:
        """log density of the failures, log survival of the censored."""
        mean = _mean(theta)
        return -float(data.observed.sum()) * math.log(mean) - float(data.times.sum()) / mean

    def evidence_by_unit(self, data: Lifetimes, theta: Parameters) -> Array:
        """Log density of an observed lifetime, log probability of living longer than a censored one."""
        mean = _mean(theta)
        return -data.observed * math.log(mean) - data.times / mean

    def maximize(self, data: Lifetimes, q: ShiftedExponentials, theta: Parameters) -> Parameters:
        """The mean of the completed lifetimes. Raises `HalfStepFailed` where all are 0."""
        mean = _total(data, q) / len(data.times)
        if mean == 0:
            raise HalfStepFailed("zero_mean", "every lifetime is 0, and the likelihood has no upper bound", mean=0.0)
        return {"mean": frozen(mean)}

    def check(self, data: Lifetimes, theta: Parameters) -> None:
        """Raise `HalfStepFailed` for a mean so small or large that lifetimes in its units leave the numbers."""
        mean = float(theta["mean"])
        if not 1 / _LARGEST_MEAN <= mean <= _LARGEST_MEAN:
            message = f"the mean lifetime, {mean:.3g}, is too close to overflow or underflow"
            raise HalfStepFailed("zero_mean" if mean < 1 else "diverged", message, mean=mean)

    def minibatch(
        self, data: Lifetimes, q: ShiftedExponentials, size: int, rng: np.random.Generator
    ) -> tuple[Lifetimes, ShiftedExponentials, Draw]:
        draw = minibatch.draw_rows(len(data.times), size, rng)
        if draw.everything:
            return data, q, draw
        part = Lifetimes(frozen(data.times[draw.rows]), frozen(data.observed[draw.rows]))
        return part, q.part(draw.counts[data.observed == 0] > 0), draw

    def gradient(self, data: Lifetimes, theta: Parameters, q: ShiftedExponentials) -> Array:
        return np.array([_total(data, q) / _mean(theta) - len(data.times)])

    def to_vector(self, theta: Parameters) -> Array:
        """log mean."""
        return np.log(np.atleast_1d(theta["mean"]))

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        return {"mean": frozen(np.exp(vector[0]))}

    def blend(self, q0: ShiftedExponentials, q1: ShiftedExponentials, weight: float) -> ShiftedExponentials:
        """The shifted exponentials whose mean lifetimes are (1 − weight) and weight parts of the two."""
        if weight in (0.0, 1.0):
            return q1 if weight else q0
        return ShiftedExponentials(q0.starts, frozen((1 - weight) * q0.remainder + weight * q1.remainder))


def _mean(theta: Parameters) -> float:
    mean = float(theta["mean"])
    if not mean > 0:
        raise HalfStepFailed("zero_mean", "the mean lifetime is no longer above 0", mean=mean)
    return mean


def _total(data: Lifetimes, q: ShiftedExponentials) -> float:
    """Expected sum of all full lifetimes."""
    return float(data.times.sum()) + float(q.remainders.sum())
