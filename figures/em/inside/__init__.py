"""The view "Inside": the working of a half-step, beat by beat, laid over the frame before it (slow motion)."""

from __future__ import annotations

from dataclasses import replace

from em_core.caching import footprint
from em_core.files.experiment import Experiment
from em_core.found import classes
from em_core.observe.beats import beats_of, working_of
from em_core.observe.beats.working import ALL, Beat
from em_core.observe.moment import Moment
from figures import bound
from figures.em.data_views import DataView
from figures.em.inside import words
from figures.em.inside.picture import InsidePicture
from figures.look import wording
from figures.look.encode import Json, finite
from figures.within import Within

VIEW = "inside"
# bytes that a picture of the data may take in all beats together
_MOST = 4_000_000
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
    chosen, found = beats_of(moment, unit, ALL if view.sample.whole else view.sample.rows)
    of_data = _of_data(view, moment, found)
    return chosen, [_drawn(picture, view, moment, found, number, of_data[number]) for number in range(len(found))]


def _of_data(view: DataView, moment: Moment, found: list[Beat]) -> list[Json]:
    """What each beat changes in the picture of the data; where that is very much in all, the last one alone does."""
    drawn: dict[tuple[int, int], Json] = {}  # several beats have one and the same θ and q

    def changes(beat: Beat) -> Json:
        state, before = beat.state, moment.step.before
        key = id(state.theta), id(state.q)
        if key not in drawn:
            of_theta = {} if state.theta is before.theta else view.parameters(state.theta, state.q)
            drawn[key] = of_theta | ({} if state.q is before.q else view.completed(_there(moment, beat)))
        return drawn[key]

    if not found:
        return []
    many = footprint(changes(found[-1])) * len(found) > _MOST
    return [{} if many and beat is not found[-1] else changes(beat) for beat in found]


def _there(moment: Moment, beat: Beat) -> Moment:
    return replace(moment, step=replace(moment.step, after=beat.state))


def _drawn(
    picture: InsidePicture, view: DataView, moment: Moment, found: list[Beat], number: int, of_data: Json
) -> Json:
    beat = found[number]
    told = words.bound(beat) if beat.what == "bound" else picture.told(beat, moment)
    changed = picture.changes(beat, found[: number + 1]) | of_data | view.followed(beat)
    text = {
        "caption": told.sentence,
        "heading.inside": wording.numbered(number + 1, len(found), _name(picture, beat)),
        "formula.inside": told.formula,
        "note.data": view.noted(_there(moment, beat)),
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
