"""Coordinate ascent as the stage plays it: the EM page's run, seen in the plane of its bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from em_core.files.experiment import Experiment
from em_core.observe.landscape import place
from em_core.observe.moment import Moment
from em_core.observe.plane import is_exact
from figures.ascent import words
from figures.ascent.plane import PlanePicture
from figures.em import inside
from figures.em.picture import Picture
from figures.em.scene import EmScene
from figures.em.timeline import Timeline
from figures.look.encode import Json
from figures.scene import Grid, Handle, Scene, SliderHandle, View

GRID = Grid(
    wide="""
        plane  timeline  1.15
        plane  data      1
        1.4    1
    """,
    medium="""
        plane     plane  1.5
        timeline  data   1
        1         1
    """,
    low="""
        plane  timeline+data  1
        1.3    1
    """,
)
# the handle that moves θ and q at once
POINT = "point"


class AscentScene(EmScene):
    """Draws the moments of one experiment: the plane, the sawtooth, the data."""

    cards: ClassVar[Sequence[View]] = (
        View("plane", words.PLANE, note="note.plane", apart=True, describe="describe", heading="heading.plane"),
        View("timeline", words.TIMELINE, note="note.timeline", apart=True, click="x", heading="heading.timeline"),
    )

    beside: ClassVar[str] = "data"

    @staticmethod
    def found(experiment: Experiment, letters: str, asked: Sequence[str] = ()) -> list[type[Picture]]:
        return [PlanePicture, Timeline]

    def _found(self, moment: Moment) -> Json:
        return {}

    _found_by_hand = _found

    def _beside(self, moment: Moment) -> str:
        return words.beside(moment) if is_exact(self.experiment) else ""

    def _notes(self, moment: Moment) -> Json:
        return {"note.data": self.view.note(moment)}

    def _handles(self, moment: Moment) -> list[Handle | SliderHandle]:
        """Those of the data, and in an exact plane the point itself."""
        others = [handle for handle in self.view.handles(moment) if handle.figure == "data"]
        at = place(self.experiment, moment.step.after) if is_exact(self.experiment) else None
        return others if at is None else [Handle(POINT, "plane", at[1], at[0], words.POINT, "$gap"), *others]

    def _inner_at(self, moment: Moment) -> None:
        return None

    def inner(self, moment: Moment, past: list[Moment]) -> list[Json]:
        return []

    def scene(self) -> Scene:
        shown = super().scene()
        data, *cards = shown.views
        beats = [card for card in cards if card.id == inside.VIEW]
        views = [*(card for card in cards if card.id != inside.VIEW), replace(data, describe=None), *beats]
        grid = GRID.behind(inside.VIEW, "timeline") if beats else GRID
        return replace(shown, views=views, grid=grid, inner=None, glossary=words.GLOSSARY)
