"""What is said of the bound along a direction that the reader has chosen."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.observe.direction import (
    AT_REST,
    BOUNDARY,
    COORDINATE,
    EVIDENCE,
    GONE,
    GRADIENT,
    ITSELF,
    LOG,
    LOG_ODDS,
    NOWHERE,
    RANDOM,
    UNCONSTRAINED,
    WAY,
    Direction,
    Line,
)
from em_core.observe.moment import Moment
from figures.look.wording import number

# what the axis is called, and what that means
DISTANCE = "distance from θ"
SCALES = {
    ITSELF: (DISTANCE, "nats per unit"),
    LOG: (f"{DISTANCE}, in logarithms", "nats per unit of its logarithm"),
    LOG_ODDS: (f"{DISTANCE}, in log-odds", "nats per unit of its log-odds"),
    UNCONSTRAINED: (f"{DISTANCE}, in unconstrained coordinates", "nats per unit of that distance"),
}
BESIDE = "θ has left this line"

# a slope that is a smaller part of the other one is 0
_ROUNDED = 1e-8

# why there is nothing to see
_NO_LINE = {
    BOUNDARY: "θ lies on a boundary: no line through it",
    GONE: "This coordinate has run to a boundary",
    NOWHERE: "L is −∞ at θ: no line through it",
    AT_REST: "∇L is 0, and θ has not moved: no line to follow",
}


def named(direction: Direction) -> str:
    """The direction, in a few words."""
    if direction.kind == COORDINATE:
        return direction.coordinate
    return f"random direction no. {direction.seed}" if direction.kind == RANDOM else "∇L"


def remark(line: Line) -> str:
    """The direction, in the picture."""
    own = _objective(line)
    told = {
        EVIDENCE: f"along ∇log p, because ∇{own} = 0",
        WAY: f"along the way from the start, because ∇{own} = 0",
    }
    along = told.get(line.axis.instead, f"along {named(line.direction)}".replace("∇L", f"∇{own}"))
    return f"{along}<br>q is a point: L = −∞, so {own} instead" if line.pointed else along


def label(numbers: Sequence[int], among: Sequence[int]) -> str:
    """On the bounds of earlier q, by the half-steps that made these: several that follow one another in short."""
    at = among.index(numbers[0])
    if len(numbers) > 2 and list(numbers) == list(among[at : at + len(numbers)]):
        return f"q of half-steps {numbers[0]} … {numbers[-1]}"
    if list(numbers) == [0]:
        return "q of the start"
    return f"q of half-step{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def title(moment: Moment) -> str:
    """What is found: the slopes at θ, or why there are none."""
    line = moment.along
    if line is None or isinstance(line, str):
        return _NO_LINE.get(line or "", "")
    if line.axis.instead == WAY:
        return "θ is at rest: both slopes are 0"
    if line.touches_here:
        return f"One slope at θ for L and log p: {number(line.slope)}"
    own, evidence = _slopes(line)
    return f"Slopes at θ: {_objective(line)} {own}, log p {evidence}"


def sentence(moment: Moment) -> str:
    """The same in the caption, with what it is a case of."""
    line = moment.along
    if line is None or isinstance(line, str):
        return f"{_NO_LINE[line]}." if line else ""
    own, evidence = _slopes(line)
    per = SCALES[line.scale][1]
    if line.axis.instead == EVIDENCE:
        return f"∇{_objective(line)} is 0 here, so the line follows ∇log p, with slope {evidence}, in {per}."
    if line.axis.instead:
        return f"∇{_objective(line)} is 0 here: θ is at rest, so the line follows the way from the start."
    along = f"Along {named(line.direction)}".replace("∇L", f"∇{_objective(line)}")
    if line.touches_here:
        identity = ": Fisher's identity" if line.direction.kind == GRADIENT else ""
        return f"{along}, L and log p have the same slope at θ, {own} {per}{identity}."
    return f"{along}, the slope at θ is {own} for {_objective(line)} and {evidence} for log p, in {per}."


def _objective(line: Line) -> str:
    return "log p(h*, v)" if line.pointed else "L"


def _slopes(line: Line) -> tuple[str, str]:
    """Those of L and of log p; 0 where next to the other one it is rounding."""
    pair = line.slope, line.evidence_slope
    size = max(abs(slope) for slope in pair)
    own, evidence = ("0" if abs(slope) <= _ROUNDED * size else number(slope) for slope in pair)
    return own, evidence
