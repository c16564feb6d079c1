"""What is said of θ and settings that the reader changed by hand, and while θ is held somewhere else."""

from __future__ import annotations

import math
from collections.abc import Sequence

from em_core.observe.moment import Moment
from em_core.records import Bound
from figures.look.wording import change, gap_moved, number, still
from figures.look.wording import gap as gap_text
from figures.scene import Handle, SliderHandle


def changed(moment: Moment) -> str:
    """The settings of moves that were changed at this half-step."""
    return ", ".join(
        f"{key} of {letter} = {value:g}" for letter, own in moment.adjusted.items() for key, value in own.items()
    )


def adjusted(moment: Moment) -> str:
    """The sentence about them."""
    return f"From here on: {changed(moment)}." if moment.adjusted else ""


def moved(before: Sequence[Handle | SliderHandle], now: Sequence[Handle | SliderHandle]) -> list[str]:
    """What those handles are called that are elsewhere now, each once."""
    places = {each.id: _place(each) for each in before}
    return list(dict.fromkeys(each.label for each in now if places.get(each.id) != _place(each)))


def _place(handle: Handle | SliderHandle) -> tuple[float, ...]:
    return (handle.value,) if isinstance(handle, SliderHandle) else (handle.x, handle.y)


def happened(moment: Moment, before: Bound, handles: Sequence[str]) -> str:
    """What the reader's hand did to θ, and that to the numbers. handles: what was moved, where that has a name."""
    bound, names = moment.bound, [name.replace("_", " ") for name in moment.placed]
    changed = handles[0] if len(handles) == 1 else f"the {' and '.join(names)}"
    if handles[1:] == [] and changed[0].isupper():
        changed = f"the {changed[0].lower()}{changed[1:]}"
    what = f"By hand: you changed {changed}." if names else "By hand: θ did not change."
    if moment.step.before.q is not None and moment.step.after.q is not moment.step.before.q:
        shown = gap_text(bound.kl, bound.log_evidence)
        return f"By hand: you set q and θ. log p(v) is {number(bound.log_evidence)}, and the gap is {shown}."
    evidence = change(bound.log_evidence - before.log_evidence, abs(bound.log_evidence))
    if bound.elbo is None:
        return f"{what} log p(v) {evidence}."
    if moment.pointed:
        return f"{what} q was kept, and log p(v) {evidence}."
    shown = gap_text(bound.kl, bound.log_evidence)
    return f"{what} q was kept: log p(v) {evidence}, and the gap is now {shown}."


def held(moment: Moment) -> str:
    """The sentence while the reader holds θ somewhere else. Its `before` is the half-step in view."""
    now, before = moment.bound, moment.before
    size = abs(now.log_evidence)
    moved = f"log p(v) {_would_change(now.log_evidence - before.log_evidence, size)}"
    told = [f"θ moved by hand: {moved}."]
    if now.elbo is not None and math.isfinite(now.elbo) and math.isfinite(before.elbo):
        risen, shown = _would_change(now.elbo - before.elbo, size), gap_text(now.kl, now.log_evidence)
        what = "θ moved by hand, with q fixed"
        if moment.step.after.q is not moment.step.before.q:
            what = "q and θ moved by hand"
        told = [f"{what}: {moved} and the ELBO {risen}. The gap is {shown}."]
    return " ".join([*told, "Let go to keep it, or press Esc to take it back."])


def _would_change(by: float, size: float) -> str:
    """How a number of this size would change."""
    return "stays" if still(by, size) else f"{'rises' if by > 0 else 'falls'} by {number(abs(by))}"


def held_title(moment: Moment) -> str:
    """What the picture of the bound shows meanwhile."""
    before, now = moment.before.kl, moment.bound.kl
    if before is None or now is None or moment.pointed:
        return "By hand: θ moves" if now is None else "By hand: θ moves with q fixed"
    return f"By hand: θ moves with q fixed: {gap_moved(before, now, moment.bound.log_evidence)}"
