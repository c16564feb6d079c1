"""Inside a half-step: the numbers that it works out, one after another (slow motion)."""

from __future__ import annotations

from typing import Any

from em_core.found import classes
from em_core.observe.beats.working import ALL, Beat, Units, Working
from em_core.observe.moment import Moment


def working_of(model: Any) -> Working | None:
    """How this model's half-steps are worked out; None where nothing of that is shown."""
    found = (entry() for entry in classes(__name__) if issubclass(entry, Working) and entry is not Working)
    return next((working for working in found if working.suits(model)), None)


def beats_of(moment: Moment, unit: int | None, among: Units = ALL) -> tuple[int, list[Beat]]:
    """The unit that is followed, and the beats of a half-step; none where it has no working that is shown.

    unit: the one asked for; None for the one that tells most among those that are drawn. One beyond the last is the
    last.
    """
    experiment, step = moment.experiment, moment.step
    working = None if experiment.broken else working_of(experiment.model)
    if working is None or not step.letter or step.letter not in working.letters or step.events:
        return 0, []
    chosen = working.chosen(moment, among) if unit is None else min(unit, working.units(experiment.data) - 1)
    return chosen, working.beats(moment, chosen)
