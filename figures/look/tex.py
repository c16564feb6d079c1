"""How numbers are set in formulas, and beside them in pictures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# from here on a power of ten: four digits would be rounded up to one
_LARGE = 9999.5
_MORE = r",\dots"


def tex(value: float) -> str:
    """Three digits, very large and very small numbers with a power of ten."""
    if not math.isfinite(value):
        return r"-\infty" if value < 0 else r"\infty"
    if value != 0 and not 1e-3 <= abs(value) < _LARGE:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return rf"{mantissa}{{\times}}10^{{{int(exponent)}}}"
    return f"{value:.4g}" if abs(value) >= 100 else f"{value:.3g}"


def tex_of_log(log: float) -> str:
    """e to this power, also where that is no number any more."""
    return tex(math.exp(log)) if log > -600 or log == -math.inf else rf"e^{{{log:.1f}}}"


def plain_of_log(log: float) -> str:
    """The same as words in a picture."""
    return plain(math.exp(log)) if log > -600 or log == -math.inf else f"e<sup>−{-log:.1f}</sup>"


def plain(value: float) -> str:
    """A number in a picture, with two digits where it has a power of ten."""
    if value != 0 and math.isfinite(value) and not 1e-3 <= abs(value) < _LARGE:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa}×10<sup>{int(exponent)}</sup>".replace("-", "−")
    return (f"{value:.4g}" if abs(value) >= 100 else f"{value:.3g}").replace("-", "−")


def vector(value: Any) -> str:
    """A number, (a, b), or a matrix."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return tex(float(array))
    if array.ndim == 1:
        shown = r",\,".join(map(tex, array[:4]))
        return f"({shown}{_MORE if len(array) > 4 else ''})"
    rows = r"\\".join("&".join(map(tex, row)) for row in array)
    return rf"\bigl(\begin{{smallmatrix}}{rows}\end{{smallmatrix}}\bigr)"


def result(value: str) -> str:
    """The number that a beat finds, in its frame."""
    return rf"\boxed{{{value}}}"
