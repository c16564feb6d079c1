"""What the page of coordinate ascent says: what was found in the plane, and what is drawn there."""

from __future__ import annotations

from em_core.kinds import MOVES
from em_core.observe.course import number as theta_of
from em_core.observe.landscape import Landscape
from em_core.observe.moment import Moment, same
from em_core.observe.stairs import leading
from em_core.records import BY_HAND
from figures.compared.words import NAME as KEPT
from figures.em import words as em
from figures.look.glossary import of
from figures.look.wording import number

TIMELINE = em.TIMELINE
PLANE = ("L(q, θ): E moves along q, M along θ", "Plane")
POINT = "The point (θ, q)"
RIDGE = "ridge: gap 0"
TOP = "max"
# the names of grey staircases
SECOND = "second start"
# what a note says can be done, where it can
DRAG = "drag the ring anywhere"
LOG_P = "nats"
# what the lines of the strip are, above it
LINES = "— log p(v; θ)", "- - L(q, θ) of this q"

# what the axes of exact planes are called, by the model
AXES = {
    "coin_of_unknown_origin": ("θ: the free coin's chance of heads", "q: chance of the free coin"),
    "linkage": ("θ", "q: fraction of cell 1 from the θ/4 part"),
}
SLICE = ("θ: fraction of the M-step", "q: from old q (0) to new q (1)")
# below and beside the ends of a slice
ENDS = (["0<br>θ before", "½", "1<br>θ after"], ["0", "½", "1"])

NO_PLANE = {
    "no q": "There is no q yet:<br>the first E-step makes one.",
    "no q before": "This q is the first one. A slice runs from one q<br>to the next: make another round to see it.",
    "no blend": "Both q are points in continuous h.<br>There is no blend between them, and so no slice.",
    "no round": "A slice is spanned by one E-step and the M-step<br>that follows. There is no such round here.",
}

_E_TYPE = {
    "E": "E moves along q to the ridge: the gap is 0",
    "H": "H moves along q to the edge: one h takes all",
    "P": "P moves q part of the way to the posterior",
    "T": "T moves along q, and stops beside the ridge",
    "V": "V moves q as near as a factorised q can come",
}
_STEPS = {
    "M": "M moves along θ to the highest point for this q",
    "C": "C moves along one block of θ to its highest point",
}

EQUATION, GLOSSARY = em.EQUATION, em.GLOSSARY | of("ridge")


def found(moment: Moment) -> str:
    """What the plane shows of this half-step."""
    letter = moment.step.letter
    if moment.step.move == BY_HAND:
        return "By hand: from here, E moves along q and M along θ"
    if letter is None:
        return PLANE[0]
    if MOVES[letter].kind == "E":
        return _E_TYPE[letter]
    if same(moment.step.after.theta, moment.step.before.theta):
        return "θ did not move: it is already the best for this q"
    return _STEPS.get(letter, f"{letter} takes a step along θ, with q fixed")


def beside(moment: Moment) -> str:
    """Where other staircases lead than this one, and where this one does, after a space."""
    second, before = moment.second, moment.ghost and moment.ghost.stairs
    if second is None and before is None:
        return ""
    own = leading(moment.experiment, theta_of(moment.step.after.theta))
    from_second = f", from the second start to {_place(*second.end)}" if second else ""
    other = KEPT if moment.ghost and moment.ghost.kept else "the previous run"
    run_before = f"; {other} came to {_place(*before.end)}" if before else ""
    return f" From here EM leads to {_place(*own)}{from_second}{run_before}."


def _place(theta: float, height: float) -> str:
    return f"θ\u00a0=\u00a0{number(theta)} (log\u00a0p\u00a0{number(height, 2)})"


def lines(landscape: Landscape | None, exact: bool) -> str:
    """What can be done in an exact plane, or what a slice is; and how far apart the contours are."""
    if landscape is None:
        return ""
    what = DRAG if exact else "a slice through a larger space, new in each round"
    step, outer = landscape.near.step, landscape.far.step
    return f"{what}; contours every {step:g} nat{'s' * (step != 1)} (outer: {outer:g})" if step else what


def peak(height: float) -> str:
    """Of a maximum of log p."""
    return number(height, 2)
