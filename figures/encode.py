"""Arrays in the compact forms that the stage reads."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from figures import palette

Json = dict[str, Any]


def numbers(values: ArrayLike) -> Json:
    """Single precision, base64: enough for a screen, a third of the size of a list. NaN is a break in a line."""
    array = np.ascontiguousarray(values, dtype="<f4").ravel()
    return {"dtype": "f4", "bdata": base64.b64encode(array.tobytes()).decode("ascii")}


def blended_colors(responsibilities: np.ndarray) -> Json:
    """One colour a point: the components' colours mixed by (K, N) responsibilities."""
    basis = np.array([palette.rgb(k) for k in range(len(responsibilities))], dtype=float)
    mixed = np.rint(responsibilities.T @ basis).clip(0, 255).astype(np.uint8)
    return {"rgb": base64.b64encode(mixed.tobytes()).decode("ascii")}


def symbols(responsibilities: np.ndarray) -> list[str]:
    """The marker of each point's most responsible component."""
    return [palette.symbol(int(k)) for k in np.argmax(responsibilities, axis=0)]
