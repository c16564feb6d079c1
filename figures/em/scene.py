"""A run of EM as the stage plays it: one scene, one frame per half-step, finer frames along an M-step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

from em_core.caching import footprint
from em_core.files.experiment import Experiment
from em_core.found import classes
from em_core.kinds import MOVES
from em_core.observe.course import STOPS
from em_core.observe.direction import Direction
from em_core.observe.moment import Moment
from em_core.observe.plane import share
from em_core.observe.sample import sample
from em_core.records import BY_HAND
from figures import bound, pace
from figures.changes import differing, each, merged, steady
from figures.compared.card import BOUND, Quantity
from figures.em import along, by_hand, inside, lights, words
from figures.em.data_views import DataView, data_view
from figures.em.inside import words as inside_words
from figures.em.inside.picture import InsidePicture
from figures.em.picture import Picture
from figures.look import wording
from figures.look.encode import Json
from figures.page import PageScene
from figures.record import SAID
from figures.scene import (
    Frame,
    Glide,
    Grid,
    Handle,
    Inner,
    Light,
    Preview,
    Scene,
    SliderHandle,
    Tool,
    View,
    digest,
)
from figures.slider import Slider
from figures.within import Inside

# bytes of all that moves in the data view between two half-steps
_MOST_BETWEEN = 8_000_000

GRID = Grid(
    wide="""
        data  timeline       1.1
        data  course         1.15
        data  decomposition  0.8
        1.08  1
    """,
    medium="""
        data           timeline       1
        data           course         1.15
        decomposition  decomposition  0.85
        1              1
    """,
    low="""
        data  course                  1.1
        data  timeline+decomposition  1
        1.08  1
    """,
)
# the cards beside the data's; pictures say in which of them they stand
CARDS = (
    View("course", words.COURSE, heading="heading.course"),
    View("timeline", words.TIMELINE, note="note.timeline", apart=True, click="x", heading="heading.timeline"),
    View("decomposition", words.DECOMPOSITION, note="note.decomposition"),
)


class EmScene(PageScene):
    """Draws the moments of one experiment. columns: names of data columns; axes: the two shown of many.

    letters: the moves that are planned or made, some of which have a figure of their own; compare: whether plain EM is
    drawn beside; asked: what else the reader asks for: `rates` and where there is one their `overlap`, `direction`;
    direction: along which the bound is seen beside the M-step, None for none.
    """

    cards: ClassVar[Sequence[View]] = CARDS
    compared: Sequence[Quantity] = BOUND
    beside: ClassVar[str] = "course"

    def __init__(
        self,
        experiment: Experiment,
        columns: tuple[str, ...],
        axes: tuple[int, int],
        letters: str,
        compare: bool,
        asked: Sequence[str] = (),
        direction: Direction | None = None,
    ) -> None:
        self.experiment, self._columns, self._axes = experiment, columns, axes
        self.faces = self.found(experiment, letters, asked)
        # what was done on the tape its frames say
        described = experiment.described("schedule", "moves", "by_hand")
        names, put = [picture.__name__ for picture in self.faces], sample(experiment.data).latest
        more = [*([vars(direction)] if direction else []), *([put] if put else [])]
        super().__init__([described, list(columns), list(axes), names, compare, *more])

    @staticmethod
    def found(experiment: Experiment, letters: str, asked: Sequence[str] = ()) -> list[type[Picture]]:
        """The pictures that are there with these moves."""
        there = [picture for picture in _PICTURES if picture.asked in ("", *asked)]
        return [picture for picture in there if picture.shown(experiment, letters)]

    @cached_property
    def view(self) -> DataView:
        return data_view(self.experiment, self._columns, self._axes)

    @cached_property
    def inside(self) -> InsidePicture | None:
        """What draws the working of a half-step; None where nothing of that is shown."""
        return inside.picture_of(self.experiment, self.view)

    @cached_property
    def pictures(self) -> list[Picture]:
        return [picture(self.experiment) for picture in self.faces]

    def light(self, moment: Moment, before: str | None) -> Json:
        """What every frame has, in view or not; `before`: the id of the frame before.

        Equal ids, equal frames: all that a frame depends on is the scene, the half-steps so far and the next move, with
        the settings of moves, the run before, EM from a second start, and how fast EM comes to rest, which all know.
        """
        settings = moment.settings_next if before is None else moment.adjusted
        theta = {name: entry.tolist() for name, entry in moment.step.after.theta.items() if name in moment.placed}
        step, ghost = moment.step, moment.ghost
        made = moment.step.move == BY_HAND and step.after.q is not step.before.q
        q_at = {name: entry.tolist() for name, entry in step.after.q_at.items()} if made and step.after.q_at else ""
        q = share(moment.experiment, step.after) if made and not q_at else ""
        before_it = (ghost.log_evidence, ghost.elbo) if ghost and ghost.first == moment.index else ""
        rated = pace.rates(moment.rates) + str(moment.overlap or "") if before is None else ""
        second = moment.second.theta.tolist() if before is None and moment.second else ""
        changed = f"{settings or ''}{theta or ''}{q_at}{q}{before_it}{rated}{second}"
        return Light(
            digest(f"{before or self.id}/{moment.step.move}/{moment.next_move}/{changed}"),
            merged(picture.append(moment) for picture in self.pictures) | self.view.append(moment),
            lights.chip(words.chip(moment), moment),
            words.button(moment.next_move),
        ).json()

    def whole(self, light: Json, moment: Moment, past: list[Moment], key: bool) -> Json:
        """The light frame of one half-step with all that its pictures show. `past`: the moments before it.

        key: whether it also holds what is as in the frame before.
        """
        previous = past[-1] if past and not key else None
        state = moment.step.after
        changed = self._around(moment, past)
        if previous is None or previous.step.after.q is not state.q:
            changed |= self.view.completed(moment)
        if previous is None or previous.step.after.theta is not state.theta:
            changed |= self.view.parameters(state.theta, state.q)
        if previous is None or previous.ghost is not moment.ghost:
            changed |= merged(picture.before(moment.ghost) for picture in self.pictures)
        changed |= self.view.told(moment)
        text = lights.plain(self._texts(moment, past) | self._found(moment), moment)
        told = f"{words.caption(moment, self._moved(moment))}{self._beside(moment)}"
        text |= {"caption": lights.told(told, moment), SAID: words.spoken(moment)} | lights.texts(moment)
        lit = bound.lit(moment.before, moment.bound) if moment.step.move else []
        values, handles, inner_at = bound.values(moment.bound), self._handles(moment), self._inner_at(moment)
        return Frame(changed, text, values, lit, handles, inner_at, self._glide(moment)).json(light)

    def preview(self, held: Moment, now: Moment, past: list[Moment], handle: str) -> Json:
        """What differs from the frame in view, `now`, while the reader holds θ elsewhere, by this handle.

        held: the half-step that this would be. past: the moments before `now`.
        """
        there, here = (
            self._around(moment, earlier) | self.view.parameters(moment.step.after.theta, moment.step.after.q)
            for moment, earlier in ((held, [*past, now]), (now, past))
        )
        if held.step.after.q is not now.step.after.q:
            there, here = there | self.view.completed(held), here | self.view.completed(now)
        text = self._texts(held, [*past, now]) | self._found_by_hand(held) | lights.underway(held)
        text |= {"caption": f"{by_hand.held(held)}{self._beside(held)}"}
        handles = self._handles(held)
        (figure,) = {each.figure for each in handles if each.id == handle}
        return Preview(
            steady(differing(there, here), figure),
            text,
            bound.values(held.bound),
            bound.lit(now.bound, held.bound),
            handles,
            self._inner_at(held),
        ).json()

    def _moved(self, moment: Moment) -> list[str]:
        """What the handles are called that θ set by hand has moved."""
        if moment.step.move != BY_HAND:
            return []
        before = replace(moment, step=replace(moment.step, after=moment.step.before))
        return by_hand.moved(self.view.handles(before), self.view.handles(moment))

    def _texts(self, moment: Moment, past: list[Moment]) -> Json:
        """What is said of a half-step, made or held, but for what is found."""
        return {
            **bound.texts(moment.bound),
            **self._notes(moment),
            **self._titles(moment, past),
            "describe": words.picture(moment),
        }

    def _found(self, moment: Moment) -> Json:
        """What the pictures say is found."""
        return {"heading.course": words.course_title(moment)}

    def _found_by_hand(self, moment: Moment) -> Json:
        """The same of a half-step that is held."""
        return {"heading.course": by_hand.held_title(moment)}

    def _handles(self, moment: Moment) -> list[Handle | SliderHandle]:
        return [*self.view.handles(moment), *pace.handle(moment.overlap)]

    def _inner_at(self, moment: Moment) -> float | None:
        """Where the scrubber rests."""
        return moment.course and moment.course.at

    def _around(self, moment: Moment, past: list[Moment]) -> Json:
        """What all pictures but the data's own show of a half-step."""
        return merged(picture.changes(moment, past) for picture in self.pictures)

    def _glide(self, moment: Moment) -> Glide | None:
        """How this half-step is come to: the bound, its terms and its numbers on the way, which the core computed."""
        passage = moment.passage
        if passage is None:
            return None
        changed = merged(picture.glide(moment, passage) for picture in self.pictures)
        return Glide(changed, each([bound.texts(terms) for terms in passage.bounds]))

    def inner(self, moment: Moment, past: list[Moment]) -> list[Json]:
        """One frame per stop of the scrubber: θ on its way, q as it is. `past`: the moments before this one."""
        way = moment.course
        if way is None:
            return []
        result: list[Json] = []
        still = False
        move = moment.step.move if way.at else moment.next_move
        letter = None if move == BY_HAND else move
        for stop, there in enumerate(moment.on_the_way()):
            if there is None:
                result.append(Inner().json())
                continue
            terms, state = there.bound, there.step.after
            caption = words.underway(terms, float(STOPS[stop]), way, letter)
            places = {} if still else self.view.parameters(state.theta, state.q)
            if not result:
                # all of a long chain at every stop would take megabytes: then only the bound moves
                still = len(STOPS) * footprint(places) > _MOST_BETWEEN
                places = {} if still else places
            changed = places | merged(picture.inner(moment, past, there, stop) for picture in self.pictures)
            # the gradients' own would cost more than all the rest
            titles = merged(picture.titles(there, past) for picture in self.pictures if picture.view == "timeline")
            text = bound.texts(terms) | self._notes(there) | lights.plain(titles, moment)
            text |= {"caption": lights.told(caption, moment)} | lights.underway(there)
            result.append(Inner(changed, text, bound.values(terms)).json())
        return result

    def beats(self, moment: Moment, unit: int | None) -> tuple[int, list[Json]]:
        """The unit that is followed, and the beats of this half-step, each over the frame before it."""
        return inside.beats(self.inside, self.view, moment, unit) if self.inside else (0, [])

    @property
    def units(self) -> int:
        """How many units can be followed."""
        return inside.units(self.experiment)

    def _titles(self, moment: Moment, past: list[Moment]) -> Json:
        return merged(picture.titles(moment, past) for picture in self.pictures)

    def _beside(self, moment: Moment) -> str:
        """What the caption says besides, after a space."""
        told = along.sentence(moment)
        return f" {told}" if told else ""

    def _notes(self, moment: Moment) -> Json:
        return {"note.data": self.view.noted(moment), "note.decomposition": wording.identity(moment.bound.residual)}

    def scene(self) -> Scene:
        data = View(
            "data",
            (self.view.title, words.DATA),
            [self.view.figure],
            note="note.data",
            apart=self.view.apart or not self.view.sample.whole,
            describe="describe",
            hands=self.view.hands,
        )
        paced = any(picture.view == pace.CARD.id for picture in self.pictures)
        cards = (*self.cards[:-1], pace.CARD, self.cards[-1]) if paced else self.cards
        figures = {
            card: [figure for one in self.pictures if one.view == card.id for figure in one.figures] for card in cards
        }
        views = [data, *(replace(card, figures=drawn) for card, drawn in figures.items())]
        grid = GRID.in_front(pace.CARD.id, "decomposition") if paced else GRID
        return Scene(
            equation=words.EQUATION,
            metrics=bound.METRICS,
            views=[*views, *self._inside_view()],
            grid=grid.behind(inside.VIEW, "decomposition") if self.inside else grid,
            inside=self._inside_way(),
            inner=Slider("course", words.HOW_FAR, STOPS.tolist(), heard=bound.STOP, **words.STOP),
            moves=list(MOVES),
            tools=[Tool(*tool) for tool in wording.TOOLS],
            glossary=words.GLOSSARY,
            marks=lights.MARKS,
            tones=bound.TONES,
        )

    def _inside_view(self) -> list[View]:
        """Where the working is shown, behind the tabs of another."""
        if self.inside is None:
            return []
        drawn = self.inside.figures
        return [View(inside.VIEW, inside_words.INSIDE, drawn, heading="heading.inside", formula="formula.inside")]

    def _inside_way(self) -> Inside | None:
        """How the reader steps inside."""
        if self.inside is None:
            return None
        return Inside(
            inside.VIEW,
            inside_words.STEP_INSIDE,
            inside_words.STEP_INSIDE_TITLE,
            inside_words.HINT,
            inside_words.PREVIOUS,
            inside_words.FOLLOWING,
            self.view.choices(),
        )


_FOUND = (entry for entry in classes("figures.em") if issubclass(entry, Picture) and entry is not Picture)
_PICTURES = sorted(_FOUND, key=lambda picture: picture.place)
