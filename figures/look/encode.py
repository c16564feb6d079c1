"""Arrays in the compact forms that the stage reads."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from figures.look import palette

Json = dict[str, Any]

_SINGLE = np.finfo(np.float32)


def numbers(values: ArrayLike) -> Json:
    """Base64, in single precision where a screen cannot tell. NaN is a break in a line; infinities become breaks."""
    array = np.asarray(values, dtype=float).ravel()
    finite = np.isfinite(array)
    array = np.where(finite, array, np.nan)
    largest, span = (np.abs(array[finite]).max(), np.ptp(array[finite])) if finite.any() else (0.0, 0.0)
    # near convergence a curve rises by 1e-6 at a height of -1,000, and data may lie far from 0
    fine = largest > _SINGLE.max or largest * _SINGLE.eps > 1e-4 * span
    kind = "f8" if fine else "f4"
    return {"dtype": kind, "bdata": base64.b64encode(array.astype(f"<{kind}").tobytes()).decode("ascii")}


def thousandths(table: np.ndarray) -> Json:
    """(rows, columns) of numbers that are told with three digits: whole thousandths, column by column.

    A column that is as in the frame before need not be sent. Where a number is not finite, the numbers as they are.
    """
    if not np.isfinite(table).all() or np.abs(table).max(initial=0) > 1e9:
        return {**numbers(table), "shape": "{}, {}".format(*table.shape)}
    scaled = 1000 * table
    told = np.rint(scaled).astype(np.int64)
    # half way between two of them the last bit decides, which the product has lost
    for place in zip(*np.nonzero(np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) < 1e-6), strict=True):
        told[place] = int(f"{table[place]:.3f}".replace(".", ""))
    return {"columns": told.T.tolist()}


def short(value: float | None) -> float | None:
    """A number in ten digits, for what is in view a moment."""
    return value if value is None else float(f"{value:.10g}")


def finite(value: float | None) -> float | None:
    """A number that has a place in a picture, None for any other."""
    return value if value is not None and math.isfinite(value) else None


def blended_colors(responsibilities: np.ndarray, told: str = "") -> Json:
    """One colour a point: the components' colours mixed by (K, N) responsibilities.

    told: the address where these are the first columns of `thousandths`, if they are: then they need not be sent twice.
    """
    basis = [palette.rgb(k) for k in range(len(responsibilities))]
    mixed = np.rint(responsibilities.T @ np.array(basis, dtype=float)).clip(0, 255).astype(np.uint8)
    colors = {"rgb": base64.b64encode(mixed.tobytes()).decode("ascii")}
    return {**colors, "mixed": basis, "of": told} if told else colors


def symbols(responsibilities: np.ndarray, told: str = "") -> Any:
    """The marker of each point's most responsible component. told: as for `blended_colors`."""
    largest = np.argmax(responsibilities, axis=0).tolist()
    if not told:
        return [palette.symbol(k) for k in largest]
    return {"names": [palette.symbol(k) for k in range(len(responsibilities))], "each": largest, "of": told}


def grey(picture: np.ndarray, low: float, high: float) -> Json:
    """A picture in 255 shades, 1 at `low` and 255 at `high`, one byte a pixel; NaN is 0, where nothing is."""
    with np.errstate(invalid="ignore"):
        shades = 1 + np.rint((np.clip(picture, low, high) - low) * (254 / (high - low)))
    levels = np.where(np.isfinite(picture), shades, 0).astype("u1")
    shape = f"{picture.shape[0]}, {picture.shape[1]}"
    return {"dtype": "u1", "bdata": base64.b64encode(levels.tobytes()).decode("ascii"), "shape": shape}
