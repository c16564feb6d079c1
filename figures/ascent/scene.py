"""Coordinate ascent as the stage plays it: the EM page's run, seen in the plane of its bound."""

from __future__ import annotations

from functools import cached_property

from em_core.kinds import MOVES
from em_core.observe.course import ORIGIN, STEPS, number
from em_core.observe.landscape import place
from em_core.observe.moment import Moment
from figures import bound
from figures.ascent import words
from figures.ascent.plane import PlanePicture
from figures.changes import each, passing
from figures.em.scene import EmScene
from figures.look import wording
from figures.look.encode import Json
from figures.scene import Glide, Grid, Handle, Scene, SliderHandle, Tool, View, digest

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

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.id = digest(f"ascent {self.id}")

    @cached_property
    def _plane(self) -> PlanePicture:
        return PlanePicture(self.experiment)

    def _around(self, moment: Moment, past: list[Moment]) -> Json:
        return self._timeline.here(moment, past) | self._plane.changes(moment, past)

    def _notes(self, moment: Moment) -> Json:
        ground = self._plane.ground if self._plane.exact else moment.sight and moment.sight.landscape
        return {"note.data": self.view.note(moment), "note.plane": words.lines(ground, self._plane.exact)}

    def _found(self, moment: Moment) -> Json:
        return {"heading.plane": words.found(moment)}

    _found_by_hand = _found

    def _handles(self, moment: Moment) -> list[Handle | SliderHandle]:
        """Those of the data, and in an exact plane the point itself."""
        others = [handle for handle in self.view.handles(moment) if handle.figure == "data"]
        at = place(moment, moment.step.after) if self._plane.exact else None
        return others if at is None else [Handle(POINT, "plane", at[1], at[0], words.POINT, "$gap"), *others]

    def _inner_at(self, moment: Moment) -> None:
        return None

    def inner(self, moment: Moment) -> list[Json]:
        return []

    def _glide(self, moment: Moment) -> Glide | None:
        """How this half-step is come to: along q or along θ, with the numbers on the way."""
        passage = moment.passage
        if passage is None:
            return None
        changed = self._timeline.glide(moment, passage)
        places = self._passing(moment, passage.along, len(passage.bounds))
        if places:
            marks = zip(places, passage.bounds, strict=True)
            changed |= passing([self._plane.here(x, q, terms.log_evidence, terms.elbo) for (x, q), terms in marks])
        return Glide(changed, each([bound.texts(terms) for terms in passage.bounds]))

    def _passing(self, moment: Moment, along: bool, steps: int) -> list[tuple[float, float]]:
        """(θ, q) at each step of the way; in a slice a straight line."""
        shares = [step / (steps - 1) for step in range(steps)]
        if not self._plane.exact:
            states = moment.sight.states if moment.sight else ()
            if len(states) < 2 or states[-2][0] != moment.index - 1:
                return []
            (_, q, x), (_, last_q, last_x) = states[-2:]
            return [(x + share * (last_x - x), q + share * (last_q - q)) for share in shares]
        before, after = place(moment, moment.step.before), place(moment, moment.step.after)
        if before is None or after is None:
            return []
        if not along:
            return [(after[1], before[0] + share * (after[0] - before[0])) for share in shares]
        thetas = moment.course.profile.thetas[ORIGIN : ORIGIN + STEPS + 1] if moment.course else ()
        return [(number(theta), after[0]) for theta in thetas if theta is not None] if len(thetas) == steps else []

    def scene(self) -> Scene:
        return Scene(
            equation=words.EQUATION,
            metrics=bound.METRICS,
            views=[
                View(
                    "plane",
                    words.PLANE,
                    [self._plane.figure],
                    note="note.plane",
                    describe="describe",
                    tab=words.TABS["plane"],
                    heading="heading.plane",
                ),
                View(
                    "timeline",
                    words.TIMELINE,
                    self._timeline.figures,
                    click="x",
                    tab=words.TABS["timeline"],
                    heading="heading.timeline",
                ),
                View(
                    "data",
                    self.view.title,
                    [self.view.figure],
                    note="note.data",
                    tab=words.TABS["data"],
                    hands=self.view.hands,
                ),
            ],
            grid=GRID,
            moves=list(MOVES),
            tools=[Tool(*tool) for tool in wording.TOOLS],
            glossary=words.GLOSSARY,
        )
