"""What lies between two half-steps: the bound while θ moves along the M-step, or while q turns into the next one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import HalfStepFailed
from em_core.files.experiment import Experiment
from em_core.observe.course import ORIGIN, STEPS, Course
from em_core.records import Bound, HalfStep

# shares of q after in `blend(q before, q after, share)`
SHARES = np.round(np.linspace(0, 1, 11), 10)
# of more units the blends would cost more than the half-step and all else that is shown of it
_MOST_UNITS = 20_000
# a gap that is a smaller share of log p has too few digits to be seen on its way
_ROUNDED = 1e-9


@dataclass(frozen=True, eq=False)
class Passage:
    """The bound at equal steps of the way from the half-step before (the first) to this one (the last).

    along: whether θ moves, along its course; else q does, as a blend, and θ stays. Along a course it ends at place 1.
    """

    bounds: tuple[Bound, ...]
    along: bool


def of_theta(course: Course, step: HalfStep, before: Bound, after: Bound) -> Passage | None:
    """θ goes along its course, whose values are known; None where it ends elsewhere, or some θ is not usable."""
    way = slice(course.bend, ORIGIN + STEPS + 1)
    profile = course.profile
    curves = np.array([profile.log_evidence[way], profile.expected_log_joint[way]])
    if step.before.theta is not course.last or course.at != 1.0 or not np.isfinite(curves).all():
        return None
    if _rounded(after):
        return None
    between = zip(*curves[:, 1:-1].tolist(), course.gaps[way][1:-1].tolist(), strict=True)
    bounds = [Bound(evidence, joint, after.entropy, gap) for evidence, joint, gap in between]
    return Passage((before, *bounds, after), True)


def of_q(experiment: Experiment, step: HalfStep, before: Bound, after: Bound) -> Passage | None:
    """q goes from the one before to the one after; None where there is no blend of the two, or of very many units."""
    model: Any = experiment.model
    one, other = step.before.q, step.after.q
    if one is None or other is None or one is other or not hasattr(model, "blend") or _rounded(before):
        return None
    if model.n_hidden_units(experiment.data) > _MOST_UNITS:
        return None
    bounds = []
    try:
        for share in SHARES[1:-1]:
            q = model.blend(one, other, float(share))
            joint, entropy = model.expected_log_joint(experiment.data, step.after.theta, q), model.entropy(q)
            bounds.append(Bound(after.log_evidence, joint, entropy, max(after.log_evidence - joint - entropy, 0.0)))
    except HalfStepFailed:
        return None
    if not all(math.isfinite(bound.elbo or 0.0) for bound in (before, *bounds, after)):
        return None
    return Passage((before, *bounds, after), False)


def _rounded(bound: Bound) -> bool:
    return bound.kl is None or bound.kl <= _ROUNDED * max(1.0, abs(bound.log_evidence or 0.0))
