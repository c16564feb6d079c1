"""A Gaussian q of two hidden units in a plane: rings at one and two of its standard deviations."""

from __future__ import annotations

import numpy as np

from em_core.records import Array
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ

# as a Gaussian's density there, others have fallen to e^{−d²/2} of their peak
DEPTHS = (1.0, 2.0)
_ANGLES = np.linspace(0, 2 * np.pi, 181)
CIRCLE = np.array([np.cos(_ANGLES), np.sin(_ANGLES)])


def rings(q: GaussianQ) -> list[Array]:
    """One for each of `DEPTHS`, (2, n)."""
    return [q.mean[:, None] + d * q.width[:, None] * CIRCLE for d in DEPTHS]
