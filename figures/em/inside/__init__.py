"""The view "Inside": the working of a half-step, beat by beat, laid over the frame before it (slow motion)."""

from __future__ import annotations

from dataclasses import replace

from em_core.files.experiment import Experiment
from em_core.found import classes
from em_core.observe.beats import beats_of, working_of
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from figures import bound
from figures.em.data_views import DataView
from figures.em.inside import words
from figures.em.inside.picture import InsidePicture
from figures.look.encode import Json, finite
from figures.within import Within

VIEW = "inside"
_FOUND = (entry for entry in classes(__name__) if issubclass(entry, InsidePicture) and entry is not InsidePicture)
# by the kind of working that they say they draw
_PICTURES = {picture.draws: picture for picture in _FOUND}


def picture_of(experiment: Experiment, view: DataView) -> InsidePicture | None:
    """How the working of this experiment's model is drawn; None where nothing of that is shown."""
    working = None if experiment.broken else working_of(experiment.model)
    drawn = _PICTURES.get(type(working))
    return drawn(experiment, view) if drawn else None


def units(experiment: Experiment) -> int:
    """How many units of the data can be followed."""
    working = working_of(experiment.model)
    return working.units(experiment.data) if working else 0


def beats(picture: InsidePicture, view: DataView, moment: Moment, unit: int | None) -> tuple[int, list[Json]]:
    """The unit that is followed, and the beats of a half-step as the stage has them, each over the frame before it."""
    chosen, found = beats_of(moment, unit)
    return chosen, [_drawn(picture, view, moment, found, number) for number in range(len(found))]


def _drawn(picture: InsidePicture, view: DataView, moment: Moment, found: list[Beat], number: int) -> Json:
    beat, before = found[number], moment.step.before
    told = words.bound(beat) if beat.what == "bound" else picture.told(beat, moment)
    changed = picture.changes(beat, found[: number + 1])
    there = replace(moment, step=replace(moment.step, after=beat.state))
    if beat.state.theta is not before.theta:
        changed |= view.parameters(beat.state.theta, beat.state.q)
    if beat.state.q is not before.q:
        changed |= view.completed(there)
    changed |= view.followed(beat)
    text = {
        "caption": told.sentence,
        "heading.inside": words.heading(number + 1, len(found), _name(picture, beat)),
        "formula.inside": told.formula,
        "note.data": view.note(there),
        "unit.inside": picture.unit(beat.at.get("unit", 0)),
    }
    value = {"formula.inside": finite(told.number)}
    lit = [VIEW, "data"]
    if beat.what == "bound":
        text |= bound.texts(moment.bound)
        value |= bound.values(moment.bound)
        lit += bound.lit(moment.before, moment.bound)
    following = _name(picture, found[number + 1]) if number + 1 < len(found) else ""
    return Within(changed, text, value, lit, words.coming(number + 2, len(found), following)).json()


def _name(picture: InsidePicture, beat: Beat) -> str:
    return picture.names.get(beat.what) or words.name(beat.what)
