"""How fast EM comes to rest, and why: the share of information that is missing, beside the rate that is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.kinds import lacking
from em_core.observe.rest import LONGEST, rounds_to_rest, slope
from em_core.observe.spectrum import Spectrum, spectrum
from em_core.records import Array, Parameters
from em_core.work import Work, finished

# rates are fitted to the last rounds, in which the error falls by this factor, and to no more of them than so many
_FALL = 10.0
_MOST = 40
# it is a rate if from one round to the next the error falls by much the same: by no more than this factor otherwise
_STEADY = 2.0
# an error counts as above rounding at so many times the rounding of the coordinates it is made of
_ABOVE = 10_000
# half-steps that the line of the predicted slope spans at least, to be seen
_SEEN = 4.0
_EPS = float(np.finfo(float).eps)
# log p's distance from its maximum is the integral of its slope, by Gauss's rule: the difference of two values would
# show but half of their digits
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)


@dataclass(frozen=True)
class Measured:
    """By what factor a round multiplies errors: of θ, of log p, and the gap after M. rounds: the first and last used.

    0 where the first round led all the way. None where no error is left above rounding (where the run began at rest, or
    where a parameter came to its boundary last), and where the factor had not settled before rounding was reached.
    """

    parameters: float | None
    log_evidence: float | None
    gap: float | None
    rounds: tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class Rates:
    """optimum: where EM comes to rest. predicted: the largest eigenvalue of the missing information there."""

    optimum: Parameters
    log_evidence: float
    missing_information: tuple[float, ...]
    measured: Measured
    left_out: tuple[str, ...]

    @property
    def predicted(self) -> float:
        return self.missing_information[0]

    def gaps(self, index: int, gap: float, highest: float) -> list[tuple[float, float]]:
        """The line of gaps after M, r² times as high a round, that goes through `gap` at half-step `index`.

        Two points, from the start, or from where it is `highest` if that is some rounds before; none where r = 0. A
        round of EM is two half-steps.
        """
        if self.predicted <= 0:
            return []
        steps = min(float(index), max(_SEEN, math.log(highest / gap) / -math.log(self.predicted)))
        return [(index - steps, gap * self.predicted**-steps), (float(index), gap)]

    def to_json(self) -> dict[str, Any]:
        """As `python -m em_core rates` prints it."""
        measured = self.measured
        return {
            "optimum": {name: entry.tolist() for name, entry in self.optimum.items()},
            "log_evidence": self.log_evidence,
            "missing_information": list(self.missing_information),
            "predicted_rate": self.predicted,
            "measured": {
                "parameters": measured.parameters,
                "log_evidence": measured.log_evidence,
                "gap": measured.gap,
                "rounds": None if measured.rounds is None else list(measured.rounds),
            },
            "left_out": list(self.left_out),
        }


def rates(experiment: Experiment) -> Rates:
    """Of EM from the experiment's start, whatever its schedule; as `rating` raises."""
    return finished(rating(experiment))


def rating(experiment: Experiment, longest: float = LONGEST) -> Work[Rates]:
    """The same a little at a time.

    Raises `InvalidExperiment` for a model without E and M, and `Unanswered` where EM has no optimum or no rate, or
    takes longer than so many seconds to find it.
    """
    model, data = experiment.model, experiment.data
    if not hasattr(model, "posterior"):
        valid = f"a model that can make E: {model.name} cannot, since {lacking(model, 'E')}"
        raise InvalidExperiment("model", model.name, valid)
    thetas = yield from rounds_to_rest(model, data, experiment.start, longest)
    found = yield from spectrum(model, data, thetas)
    return Rates(
        found.theta,
        float(model.log_evidence(data, found.theta)),
        tuple(float(entry) for entry in found.eigenvalues),
        measure(model, data, thetas, found),
        found.left_out,
    )


def measure(model: Any, data: Any, thetas: Sequence[Parameters], found: Spectrum) -> Measured:
    """The rates of this run's own errors, up to rounding; nothing of what was predicted enters.

    What is held at a boundary is held there in every round: of its own pace the rates of the others tell.
    """
    rest, onto = model.to_vector(found.theta), found.free @ found.free.T
    rounding = _EPS + float(np.linalg.norm(found.axes @ (_EPS * np.abs(rest))))
    changes = [_change(model, theta, rest, onto) for theta in thetas]
    errors = [math.nan if change is None else float(np.linalg.norm(found.axes @ change)) for change in changes]
    # since θ last had other coordinates
    since = max((index for index, change in enumerate(changes) if change is None), default=-1)
    above = [index for index, error in enumerate(errors) if index > since and error > _ABOVE * rounding]
    if not above:
        return Measured(None, None, None, None)
    if above == [0]:
        return Measured(0.0, 0.0, 0.0, (0, 1))
    last = above[-1]
    first = min(i for i in above if errors[i] <= _FALL * errors[last])
    first = max(min(first, last - 1), above[0], min(1, last - 1))
    if last - above[0] < 2:  # one factor alone does not tell whether it has settled
        return Measured(None, None, None, None)
    used = np.unique(np.linspace(first, last, _MOST).astype(int)).tolist()
    rounds = used if first == above[0] else [first - 1, *used]

    def at(index: int, share: float = 1.0) -> Parameters:
        """θ after a round, or part of the way from the optimum to it."""
        change: Any = changes[index]
        theta: Parameters = model.from_vector(rest + share * change, found.theta)
        return theta

    def below(index: int) -> float:
        """How far log p / N is below its maximum."""
        change: Any = changes[index]
        slopes = [slope(model, data, at(index, (1 + node) / 2)) @ change for node in _NODES]
        return -float(_WEIGHTS @ slopes) / 2

    def gap(index: int) -> float:
        """After the M of a round: KL from its own definition, which keeps its digits however small it is."""
        return float(model.kl(model.posterior(data, at(index - 1)), model.posterior(data, at(index))))

    if not _settled(rounds, [errors[i] for i in rounds]):
        return Measured(None, None, None, None)
    later = [i for i in used if i > above[0]]
    return Measured(
        _factor(used, [errors[i] for i in used]),
        _factor(used, [below(i) for i in used]),
        _factor(later, [gap(i) for i in later]),
        (int(first), int(last)),
    )


def _change(model: Any, theta: Parameters, rest: Array, onto: Array) -> Array | None:
    """From the optimum to θ, in free coordinates; None where θ has others, before a probability became 0."""
    vector = model.to_vector(theta)
    return onto @ (vector - rest) if vector.shape == rest.shape else None


def _settled(rounds: Sequence[int], errors: Sequence[float]) -> bool:
    """Whether the error falls by much the same factor in every one of these rounds."""
    return bool(np.ptp(np.diff(np.log(errors)) / np.diff(rounds)) <= math.log(_STEADY))


def _factor(rounds: Sequence[int], series: Sequence[float]) -> float | None:
    """By what factor the series falls from round to round: least squares on its logarithm."""
    used = [(t, math.log(entry)) for t, entry in zip(rounds, series, strict=True) if entry > 0]
    if len(used) < 2:
        return None
    times, logs = np.array(used).T
    return float(math.exp(np.polyfit(times - times.mean(), logs, 1)[0]))
