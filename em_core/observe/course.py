"""log p and the bound where θ goes: along an M-step, and over a parameter that is a single number."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from em_core.bound import Profile, chord, line, scan
from em_core.caching import bounded
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.model import check
from em_core.records import Array, Parameters, frozen
from em_core.schedule import plan
from em_core.trajectory import run_to_end, start

# where the bound along the M-step is seen, and how far the reader can scrub: 0 is where q was computed
PLACES = np.round(np.arange(-0.5, 1.5001, 0.05), 10)
ORIGIN = int(np.flatnonzero(PLACES == 0)[0])
STOPS = PLACES[ORIGIN:]
# so many of its steps lead from where q was computed to where the M-step leads
STEPS = int(np.flatnonzero(PLACES == 1)[0]) - ORIGIN
_POINTS = 199
# of a way with a bend, each part has at least so many steps
_LEAST = 4
# a gap smaller than this share of log p has lost digits as the difference of two numbers
_ROUNDED = 1e-9


@dataclass(frozen=True, eq=False)
class Course:
    """The way of θ while q stays: from the θ at which q was made to where the M-step leads.

    `at` is where θ stands now: 0 after an E-type step, 1 after an M-type one; `profile` holds log p and L at `PLACES`.
    touches: whether q is the posterior at the origin, so that L touches log p there. gaps: log p − L at `PLACES`.
    last: where the last move of θ began, at place `bend` of the way. It is the origin, and the way a straight line,
    unless θ has moved before with this q; then two: to there, and on.
    """

    origin: Parameters
    target: Parameters
    profile: Profile
    at: float
    touches: bool
    gaps: Array
    last: Parameters
    bend: int = ORIGIN


def profile_along(
    experiment: Experiment, q: Any, origin: Parameters, between: Parameters | None, target: Parameters
) -> tuple[Profile, int]:
    """log p and L(q, ·) at `PLACES` of the way from one θ over another to a third, and the place of the one between."""
    thetas, bend = _way(experiment.model, origin, between, target)
    return scan(experiment.model, experiment.data, q, thetas), bend


def _way(
    model: Any, origin: Parameters, between: Parameters | None, target: Parameters
) -> tuple[list[Parameters | None], int]:
    if between is None:
        return _straight(model, origin, target, PLACES), ORIGIN
    first, second = _length(model, origin, between), _length(model, between, target)
    share = first / (first + second) if 0 < first + second < math.inf else 0.5
    steps = min(max(round(share * STEPS), _LEAST), STEPS - _LEAST)
    bend, knee = ORIGIN + steps, steps / STEPS
    before = _straight(model, origin, between, PLACES[: bend + 1] / knee)
    after = _straight(model, between, target, (PLACES[bend + 1 :] - knee) / (1 - knee))
    return [*before, *after], bend


def _straight(model: Any, origin: Parameters, target: Parameters, shares: Array) -> list[Parameters | None]:
    """Straight in unconstrained coordinates, or in θ where an end lies on a boundary."""
    try:
        return line(model, origin, target, shares)
    except HalfStepFailed:
        return chord(origin, target, shares)


def _length(model: Any, origin: Parameters, target: Parameters) -> float:
    """How far two θ are apart in unconstrained coordinates; NaN where one has none."""
    try:
        one, other = model.to_vector(origin), model.to_vector(target)
    except HalfStepFailed:
        return math.nan
    return float(np.linalg.norm(one - other)) if one.shape == other.shape else math.nan


def gaps_along(experiment: Experiment, q: Any, profile: Profile) -> Array:
    """log p − L at `PLACES`; where the difference would hold few digits, KL(q ‖ posterior) from its own definition."""
    with np.errstate(invalid="ignore"):  # −∞ − (−∞)
        apart: Array = np.maximum(profile.log_evidence - profile.elbo, 0.0)
    between = slice(ORIGIN, ORIGIN + STEPS + 1)
    size = np.abs(profile.log_evidence[between]).max(initial=1.0)
    if not np.isfinite(apart[between]).all() or apart[between].max() > _ROUNDED * size:
        return frozen(apart)
    model, data, exact = experiment.model, experiment.data, np.full(len(PLACES), np.nan)
    for place, theta in enumerate(profile.thetas):
        if theta is not None and not np.isnan(apart[place]):
            exact[place] = model.kl(q, model.posterior(data, theta))
    return frozen(exact)


# --- a parameter that is a single number --------------------------------------------------------------------------
def is_one_number(experiment: Experiment) -> bool:
    """Whether the only parameter is one number, so that log p and the bound can be seen from end to end."""
    return [entry.ndim for entry in experiment.start.values()] == [0]


@bounded(16_000_000)
def grid(experiment: Experiment) -> Array:
    """Where the curves are seen: over (0, 1) for a probability, else from 0 to well beyond where EM leads."""
    far = number(experiment.model.from_vector(np.array([30.0]), experiment.start))
    if far <= 1:
        return frozen(np.linspace(0, 1, _POINTS + 2)[1:-1])
    untouched = replace(experiment, by_hand=())
    end = run_to_end(untouched, start(untouched), plan("EM", MOVES), most=100).last.after.theta
    return frozen(np.linspace(0, 2.5 * max(number(end), number(experiment.start)), _POINTS + 1)[1:])


@bounded(16_000_000)
def evidence_over_theta(experiment: Experiment) -> Array:
    """log p over the grid; NaN where a θ is not usable."""
    result = []
    for theta in _thetas(experiment):
        try:
            check(experiment.model, experiment.data, theta)
            result.append(experiment.model.log_evidence(experiment.data, theta))
        except HalfStepFailed:
            result.append(math.nan)
    return frozen(result)


def over_theta(experiment: Experiment, q: Any) -> Array:
    """L(q, ·) over the grid; of a q that is a point in continuous h, the complete-data objective."""
    found = scan(experiment.model, experiment.data, q, _thetas(experiment))
    return found.expected_log_joint if experiment.model.entropy(q) == -math.inf else found.elbo


def number(theta: Parameters) -> float:
    """The only parameter."""
    (entry,) = theta.values()
    return float(entry)


def _thetas(experiment: Experiment) -> list[Parameters]:
    (name,) = experiment.start
    return [{name: frozen(value)} for value in grid(experiment)]
