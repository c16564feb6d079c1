"""The one table of cases that the core's theorems are tested on: every model, every setting that matters.

A later model joins with a row here. Most theorems then hold for it without another line.
"""

from __future__ import annotations

import numpy as np

from tests.models import CASES

# where every M-type move is defined, and θ has coordinates
INTERIOR = [case for case in CASES if "G" in case.moves]
WITH_M = [case for case in CASES if "M" in case.moves]


def central_difference(function, x, step=1e-3):
    """Gradient of `function` at x by the five-point rule: its error is of order step⁴."""
    x = np.asarray(x, dtype=float)
    slopes = np.empty_like(x)
    for i in range(x.size):
        unit = np.zeros_like(x)
        unit[i] = step
        near = function(x + unit) - function(x - unit)
        far = function(x + 2 * unit) - function(x - 2 * unit)
        slopes[i] = (8 * near - far) / (12 * step)
    return slopes
