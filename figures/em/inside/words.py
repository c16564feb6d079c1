"""What is said inside a half-step, and how its numbers are set in formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from em_core.observe.beats.working import Beat
from figures.em.inside.picture import Told
from figures.look.wording import change, number

INSIDE = "Inside the half-step", "Inside"
STEP_INSIDE = "Step inside"
STEP_INSIDE_TITLE = "Step inside the next half-step (I)"
HINT = "Press I to step inside the next half-step and follow one data point through its working."
PREVIOUS, FOLLOWING = "Follow the previous one (↑)", "Follow the next one (↓), or click one in the picture of the data"
NONE_SHOWN = "The working of this half-step is not shown: its move has no closed form to go through number by number."
OTHERWISE = "The working of this half-step is not shown: it did not go as its move says."
NO_STEP = "There is no next half-step to step into."

NAMES = {
    "data": "the data",
    "densities": "densities",
    "joints": "weight × density",
    "responsibilities": "responsibilities",
    "mode": "the most probable h",
    "kept": "q stays",
    "shares": "responsibilities",
    "counts": "expected counts",
    "statistics": "expected statistics",
    "theta": "new θ",
    "bound": "the bound",
}


def name(what: str) -> str:
    """What a beat finds; a parameter of θ is a new one."""
    return NAMES.get(what) or f"new {what.replace('_', ' ')}"


def heading(place: int, count: int, found: str) -> str:
    return f"{place} of {count}: {found}"


def coming(place: int, count: int, found: str) -> str:
    """What the next press leads to."""
    return f"{place} of {count}: {found}" if found else "to the end of the half-step"


# from here on a power of ten: four digits would be rounded up to one
_LARGE = 9999.5
_MORE = r",\dots"


# --- numbers in TeX ------------------------------------------------------------------------------------------------
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


# --- the last beat -------------------------------------------------------------------------------------------------
def bound(beat: Beat) -> Told:
    """Of the last beat, whatever the model."""
    joint, entropy, elbo = (beat.values[each] for each in ("expected_log_joint", "entropy", "bound"))
    formula = (
        r"\mathcal L = \mathbb E_q[\log p(v,h)] + \mathrm H(q) = "
        rf"{joint:.3f} + {entropy:.3f} = {result(f'{elbo:.3f}')}"
    )
    before = beat.values["before"]
    risen = "" if before is None else f" It {change(elbo - before, abs(elbo))}."
    return Told(formula, elbo, f"The bound over all the data: ELBO {number(elbo)}.{risen}")
