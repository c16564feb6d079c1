"""What every component's fit divides by."""

from __future__ import annotations

import numpy as np

from em_core.distributions.categorical import NEGLIGIBLE
from em_core.files.errors import HalfStepFailed
from em_core.records import Array


def component_mass(weights: Array) -> Array:
    """Expected number of points per component, from (K, N) weights.

    Raises `HalfStepFailed` for a component that has lost all its points: 0/0 says nothing about its parameters.
    """
    return held(weights.sum(axis=1))


def held(mass: Array) -> Array:
    """These masses. Raises `HalfStepFailed` as `component_mass` does."""
    if not np.minimum.reduce(mass, initial=np.inf) > NEGLIGIBLE and len(lost := np.flatnonzero(mass <= NEGLIGIBLE)):
        raise HalfStepFailed(
            "lost_component",
            f"component {lost[0] + 1} has lost all its points, so nothing determines its parameters",
            component=float(lost[0]),
            expected_points=float(mass[lost[0]]),
        )
    return mass
