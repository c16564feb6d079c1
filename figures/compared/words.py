"""What is said of two runs side by side: A, which the reader keeps, and B, the one on the page."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.observe.ghost import Pair
from figures.look.wording import number, still

# act, label, what the button does, its picture, its key
KEEP = (
    "compare",
    "Compare",
    "Compare: keep this run as A, then change one thing. B is drawn beside it (K)",
    "compare",
    "k",
)
STOP = ("compare", "Stop comparing", "Stop comparing: let go of run A (K)", "apart", "k")
# the title of the card, and what it is called behind a tab
TITLE = "B − A", "B − A"
LATEST, ALL = "Latest", "All"
AXIS = "B − A (nats)"
# what the kept run is called at its curve
NAME = "A"


def curve(label: str) -> str:
    """The same, where each of its curves is named."""
    return f"A: {label}"


def kept(value: float | None) -> str:
    """A number of the kept run, below that of the one on the page."""
    return f"A: {number(value)}"


def apart(by: float | None, size: float | None) -> str:
    """How far the one on the page is from it; nothing where that means nothing."""
    return "" if by is None else f"B − A: {signed(by, size)}"


def signed(by: float, size: float | None) -> str:
    """A difference of numbers of this size, with its sign."""
    return "0" if still(by, size or 0.0) else f"{'+' if by > 0 else ''}{number(by)}"


def found(label: str, pair: Pair, name: str) -> str:
    """What has come of one number."""
    by = pair.apart(name)
    if name not in pair.comparable:
        return ""
    if by is None:
        return f"{label}: not finite in both."
    if still(by, pair.kept[name] or 0.0):
        return f"{label}: B equals A."
    return f"{label}: B is {number(abs(by))} {'above' if by > 0 else 'below'} A."


def ended(pair: Pair, step: str) -> str:
    """Of a kept run that went no further."""
    return "" if pair.ended is None else f"A ended at {step.lower()} {pair.ended}; its last numbers stand."


def picture(pair: Pair, labels: Sequence[tuple[str, str]], step: str) -> str:
    """All numbers of both, for someone who cannot see the picture. labels: name and label of each."""
    told = []
    for name, label in labels:
        by = pair.apart(name)
        apart_ = "no difference" if by is None else f"B − A: {signed(by, pair.kept.get(name))}"
        told.append(f"{label}: A {number(pair.kept.get(name))}, B {number(pair.own.get(name))}, {apart_}")
    return f"{step} {pair.index}. {'; '.join(told)}."
