"""Whether numbers are finite, found in one pass."""

from __future__ import annotations

import math

import numpy as np

from em_core.records import Array


def all_finite(array: Array) -> bool:
    """Whether no entry is infinite or NaN. The sum of squares says so at once, unless it leaves the floats itself."""
    return math.isfinite(np.vdot(array, array)) or bool(np.isfinite(array).all())
