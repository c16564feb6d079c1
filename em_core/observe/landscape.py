"""What a page draws of the plane that a half-step lies in: contours, log p over θ with its peaks, the way so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from em_core.caching import bounded
from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.observe import plane
from em_core.observe.course import evidence_over_theta, grid, number
from em_core.observe.levels import Lines, near_and_far
from em_core.records import Array, HalfStep, State, Trajectory, frozen

# an exact plane is seen at so many places along each side, closer together at both ends, where L falls to −∞
_SIDE = 71
# a slice, whose heights cost more: q from end to end, θ also somewhat before and beyond its way
_WEIGHTS = frozen(np.sin(np.linspace(0, np.pi / 2, 13)) ** 2)
_SHARES = frozen(np.arange(-4, 27) / 20)


@dataclass(frozen=True, eq=False)
class Landscape:
    """Contours of L, near the top and farther down; log p over θ, and its peaks.

    ridge: of an exact plane, the posterior at each θ. ends: of a slice, L(q, ·) for the q before and the q after.
    """

    near: Lines
    far: Lines
    theta: Array
    log_evidence: Array
    peaks: tuple[tuple[float, float], ...]
    ridge: Array | None
    ends: tuple[Array, Array] | None = None


@dataclass(frozen=True, eq=False)
class Sight:
    """The slice of one half-step: its landscape, or why there is none; the round's states up to this one.

    states: number, weight of q and share of the way of θ of each.
    """

    landscape: Landscape | None
    why: str = ""
    states: tuple[tuple[int, float, float], ...] = ()

    @property
    def bound(self) -> Array | None:
        """L of the present q over the way of θ."""
        if self.landscape is None or self.landscape.ends is None or not self.states:
            return None
        return self.landscape.ends[round(self.states[-1][1])]


@bounded(16_000_000)
def everything(experiment: Experiment) -> Landscape:
    """The whole of an exact plane."""
    places = frozen(np.sin(np.linspace(0, np.pi / 2, _SIDE)) ** 2)
    heights = plane.over_everything(experiment, places, places)
    near, far = near_and_far(places, places, heights.elbo)
    theta, evidence = grid(experiment), evidence_over_theta(experiment)
    return Landscape(near, far, theta, evidence, _peaks(theta, evidence), plane.ridge(experiment, theta))


def of_span(experiment: Experiment, span: plane.Span) -> Landscape:
    """A slice through more."""
    heights = plane.over_span(experiment, span, _WEIGHTS, _SHARES)
    near, far = near_and_far(_SHARES, _WEIGHTS, heights.elbo)
    ends = heights.elbo[0], heights.elbo[-1]
    return Landscape(near, far, _SHARES, heights.log_evidence, (), None, ends)


def sight(
    experiment: Experiment,
    trajectory: Trajectory,
    following: HalfStep | None,
    make: Callable[[HalfStep, str], HalfStep],
    draw: Callable[[plane.Span], Landscape],
) -> Sight:
    """The slice that the last half-step lies in. following: the next one, made or looked at ahead; make: any other.

    draw: `of_span`, perhaps remembered.
    """
    last, seen = trajectory.last.index, trajectory
    if following is not None and not following.stopped and following.move in MOVES:
        seen = Trajectory((*trajectory.half_steps, following))
    try:
        found = plane.span(experiment, seen, last, make)
        landscape = draw(found)
    except plane.NoPlane as none:
        return Sight(None, none.why)
    except HalfStepFailed:
        return Sight(None, "no blend")
    states = tuple((step.index, q, theta) for step, q, theta in found.states if step.index <= last)
    if not states or states[-1][0] != last:  # another move of q came in between
        return Sight(None, "no round")
    return Sight(landscape, "", states)


def place(experiment: Experiment, state: State) -> tuple[float, float] | None:
    """Where a state stands in an exact plane: (q, θ)."""
    q = plane.share(experiment, state)
    return None if q is None else (q, number(state.theta))


def _peaks(theta: Array, heights: Array) -> tuple[tuple[float, float], ...]:
    """Places and heights of the local maxima."""
    inner = heights[1:-1]
    found = np.flatnonzero((inner >= heights[:-2]) & (inner > heights[2:])) + 1
    return tuple((float(theta[i]), float(heights[i])) for i in found)
