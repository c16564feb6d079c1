"""What the pictures of the page show at a beat, each over the frame before the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from em_core.observe.beats.working import Beat
from em_core.observe.solving import Background, Step
from em_core.records import Array
from figures.look.encode import Json
from figures.look.wording import numbered
from figures.map.inside import words
from figures.map.inside.formulas import formula
from figures.map.inside.picture import VIEW

# the beats at which the code as it stands has been paid for: the numbers above are its own
_PAID = ("objective", "turn", "sweep", "ahead")
# the views and terms that a beat is about, beside the working and the code, whose bar is lit
_ABOUT = {
    "residual": ("signal",),
    "pull": ("signal",),
    "slope": ("signal",),
    "start": ("picture",),
    "moved": ("picture", "shrink"),
    "shrunk": ("shrink",),
    "value": ("picture",),
    "turn": ("picture", "objective", "fit", "penalty"),
    "ahead": ("picture",),
    "code": ("picture", "shrink"),
    "objective": ("picture", "objective", "fit", "penalty"),
    "sweep": ("picture", "objective", "fit", "penalty"),
}


class Picture(Protocol):
    """The landscape, or the atoms."""

    def within(self, code: Array, way: Sequence[Array]) -> Json:
        """Inside a step: the code as far as it has come, and the way there."""


def lit(beat: Beat) -> list[str]:
    """The views and terms of the equation that a beat is about."""
    return [VIEW, "code", *_ABOUT.get(beat.what, ())]


def costed(step: Step, found: Sequence[Beat]) -> Array:
    """The code whose numbers stand above, the last of these beats in view."""
    paid = [beat.state.code for beat in found if beat.what in _PAID]
    result: Array = paid[-1] if paid else step.before.code  # type: ignore[union-attr]
    return result


def text(background: Background, found: Sequence[Beat], number: int) -> tuple[Json, Json]:
    """Texts and numbers of a beat, but for those of the code."""
    solver, beat = background.experiment.solver, found[number]
    tex, value = formula(background.problem, beat)
    following = words.name(solver, found[number + 1]) if number + 1 < len(found) else ""
    next_one = numbered(number + 2, len(found), following) if following else words.TO_THE_END
    told = {
        "caption": words.sentence(solver, beat),
        f"heading.{VIEW}": numbered(number + 1, len(found), words.name(solver, beat)),
        f"formula.{VIEW}": tex,
        f"unit.{VIEW}": words.unit(beat.at["unit"], background.units),
    }
    return {**told, "next": next_one}, {f"formula.{VIEW}": value}


def rebuilt(beat: Beat) -> Array:
    """The code whose signal and residual are in view."""
    values = beat.values
    if "others" in values and "value" not in values:
        result: Array = values["others"]
    elif "start" in values and "shrunk" not in values:
        result = values["start"]
    else:
        result = beat.state.code
    return result


def way(step: Step, beat: Beat) -> list[Array]:
    """From where the beat's code comes to where it is: along one axis, down the slope and through the threshold."""
    values, code = beat.values, beat.state.code
    if "value" in values or "turn" in values:
        before = np.array(code)
        before[beat.at["unit"]] = values["previous"]
        return [before, code]
    if "start" in values:
        names = ("start", "moved", "shrunk", "ahead")
        return [values[name] for name in names if name in values]
    return [step.before.code, code] if "code" in values else []  # type: ignore[union-attr]


def place(beat: Beat) -> Array:
    """Where the point of the landscape stands."""
    values: Any = beat.values
    between = "moved" if "moved" in values and "shrunk" not in values else None
    result: Array = values[between] if between else beat.state.code
    return result
