"""Numbers and names as a reader sees them."""

from __future__ import annotations

import math
import re

from em_core.records import Bound

_DIGITS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# the smallest gap that is more than rounding, as a share of |log p|
ROUNDING = 1e-14
# the smallest change that is: terms may be larger than the number that they add up to
STILL = 1e-12
UNCHANGED = "did not change"
# the sentence of a caption that says what comes
_COMING = re.compile(r"\s*\bNext,\s.*?\.(?=\s|$)")

# of every page, with a picture on the button
BACKWARD = ("undo", "Undo", "Undo: bring back the previous run (Ctrl+Z)", "undo")
FORWARD = ("redo", "Redo", "Redo (Ctrl+Y)", "redo")
# of every page whose runs are made of moves: act, label, what the button does
TOOLS = (
    ("reset", "Reset", "Go back to the start and clear the tape"),
    ("random", "New random start", "Start again with the next seed"),
)


def number(value: float | None, decimals: int = 3) -> str:
    """A number with a true minus sign; very small ones as a power of ten, an absent one as a dash."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value != 0 and abs(value) < 5 * 10.0 ** -(decimals + 1):
        return power(value)
    return f"{value:.{decimals}f}".replace("-", "−")


def short(value: float) -> str:
    """Two decimals, where there is no room for more."""
    return f"{value:z.2f}".replace("-", "−")


def power(value: float) -> str:
    """Two digits and a power of ten: 3.2 × 10⁻⁷."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return unbroken(f"{mantissa} × 10{raised(int(exponent))}".replace("-", "−"))


def unbroken(text: str) -> str:
    """The same where no line ends within 3.2 × 10⁻⁷, an E-step or L-BFGS."""
    return re.sub(r"\b([A-Z]{1,2})-(?=step|BFGS)", "\\1\u2011", text).replace(" × ", "\u00a0×\u00a0")


def without_coming(caption: str) -> str:
    """A caption where nothing comes, or is not to be told."""
    return _COMING.sub("", caption)


def raised(exponent: int) -> str:
    """An exponent as small digits."""
    return str(exponent).translate(_DIGITS)


def large(value: float) -> str:
    """A number far from the others, as short as it goes."""
    return f"{value:.0f}".replace("-", "−") if abs(value) < 1e7 else power(value)


def gap(value: float | None, log_evidence: float) -> str:
    """The gap; what lies below rounding is said to be 0."""
    if value is not None and abs(value) <= ROUNDING * max(1.0, abs(log_evidence)):
        return "0.000"
    return number(value)


def still(by: float, size: float) -> bool:
    """Whether a change is rounding, of a number of this size."""
    return abs(by) <= STILL * max(1.0, abs(size))


def change(by: float, size: float) -> str:
    """How a number of this size changed."""
    if still(by, size):
        return UNCHANGED
    return f"{'rose' if by > 0 else 'fell'} by {number(abs(by))}"


def gap_moved(before: float, now: float, log_evidence: float) -> str:
    """What became of the gap when θ moved, in a few words; log p gives the size of rounding."""
    then, there = gap(before, log_evidence), gap(now, log_evidence)
    if still(now - before, log_evidence):
        return f"the gap {'stays at' if then == there else 'is'} {'0' if there == '0.000' else there}"
    if then == "0.000":
        return "the gap opens"
    return f"the gap {'grows' if now > before else 'shrinks'} from {then} to {there}"


def rises(elbo: str, evidence: str, before: Bound, now: Bound) -> str:
    """The sentence of how the ELBO and log p changed, as `change` tells it, and what became of the gap between them.

    That the gap follows from them is said only where their numbers, as they are told, differ.
    """
    then, there = (gap(bound.kl, bound.log_evidence) for bound in (before, now))
    if elbo == evidence:
        both = "Neither the ELBO nor log p(v) changed" if elbo == UNCHANGED else f"The ELBO and log p(v) both {elbo}"
        return f"{both}. The gap is {there}."
    if now.kl == before.kl or still(now.kl - before.kl, now.log_evidence):
        moved = "stayed at" if then == there else "is"
    elif now.kl < before.kl:
        moved = "shrank to"
    else:
        moved = "opened to" if then == "0.000" else "grew to"
    return f"The ELBO {elbo} and log p(v) {evidence}, so the gap {moved} {there}."


def identity(residual: float | None) -> str:
    """What is left of log p = ELBO + KL: 0 or a power of ten."""
    if residual is None or not math.isfinite(residual):
        return "log p − ELBO − KL = –"
    return f"log p − ELBO − KL = {'0' if residual == 0 else power(residual)}"


def numbered(place: int, count: int, found: str) -> str:
    """A beat by its place, and what it finds."""
    return f"{place} of {count}: {found}"
