"""A run of MAP inference as the stage plays it: one scene, one frame per step, finer frames within a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from em_core.observe.beats.working import Beat
from em_core.observe.ghost import Ghost
from em_core.observe.solving import Background, Point, Step
from em_core.records import Array
from figures.compared.card import Quantity
from figures.look import wording
from figures.look.encode import Json
from figures.map import landscape, signal, words
from figures.map.code import CodePictures
from figures.map.inside import beats as inside
from figures.map.inside import words as inside_words
from figures.map.inside.picture import VIEW, Inside
from figures.map.progress import COMPARED, Progress
from figures.map.shrink import Shrink
from figures.map.signal import Signal
from figures.page import PageScene
from figures.record import SAID
from figures.scene import (
    Button,
    Frame,
    Grid,
    Handle,
    Inner,
    Light,
    Preview,
    Scene,
    Tool,
    View,
    digest,
)
from figures.slider import Slider
from figures.tones import Tones
from figures.within import Inside as WayInside
from figures.within import Within

GRID = Grid(
    wide="""
        picture  code    progress  1
        signal   shrink  path      1
        1        1       1
    """,
    medium="""
        picture  progress  1
        code     path      1
        signal   shrink    1
        1        1
    """,
    low="""
        picture+signal  code+shrink  progress+path  1
        1               1            1
    """,
)
# a step is a way down the gradient, then a shrink: so many stops on each
_HALVES = np.linspace(0, 1, 11)
_MOST_STOPS = 128
# the slot of the dual bound, which is heard
_DUAL = "tone.dual"


class MapScene(PageScene):
    """Draws the steps of one experiment, whose background the run made."""

    compared: Sequence[Quantity] = COMPARED
    beside: ClassVar[str] = "code"
    step: ClassVar[str] = "Step"

    def __init__(self, background: Background, shown: Signal, gaussian: bool = False) -> None:
        described = {key: value for key, value in background.experiment.to_json().items() if key != "steps"}
        self.can_widen = shown.kind == "plane" and background.problem.n_atoms == 2
        # the best Gaussian, where it is asked for
        self.widened = background.widened if gaussian and self.can_widen else None
        super().__init__([described, shown.kind, self.widened is not None])
        self.signal = shown
        self.background = background
        self.stops = self._stops()
        few = background.problem.n_atoms <= 3
        self._picture = landscape.picture(background, shown, self.widened is not None)
        self._signal = signal.picture(background, shown)
        self._code = CodePictures(background, glides=few)
        self._shrink = Shrink(background, glides=few)
        self._progress = Progress(background)
        self._inside = Inside(background) if background.has_beats else None

    def light(self, step: Step, ended: str | None) -> Json:
        """What every frame has, in view or not; `ended` says why no step follows."""
        return Light(
            digest(f"{self.id}/{step.index}/{ended}"),
            self._picture.append(step) | self._progress.append(step),
            words.chip(step),
            None if ended else Button("Step", self.background.title),
        ).json()

    def whole(self, light: Json, step: Step) -> Json:
        """The light frame of one step with all that its pictures show."""
        background = self.background
        changed = self._signal.changes(step.state.code)
        for picture in (self._picture, self._code, self._shrink, self._progress):
            changed |= picture.changes(step)
        text, value = self._numbers(step.state.code, background.of(step))
        text |= {
            "caption": words.caption(background, step),
            SAID: words.spoken(background, step),
            "describe": words.picture(background, step),
            "heading.progress": words.progress_title(background, step),
            "note.shrink": words.shrink(background),
            "note.path": words.path(background),
        }
        if self.widened is not None:
            told = words.told(self.widened)
            text |= {"note.picture": told, "describe": f"{text['describe']} {told}"}
            for slot, shown, exact in words.beside(self.widened):
                text[slot], value[slot] = shown, exact
        lit = [] if step.before is None else ["fit", "penalty"]
        inner_at = self.stops[-1] if step.made and self.stops is not None else None
        return Frame(changed, text, value, lit, self._handles(step), inner_at).json(light)

    def inner(self, step: Step) -> list[Json]:
        """The way from the code before to this one: down the gradient and through the shrink, or one by one."""
        if not step.made or self.stops is None:
            return []
        return [self._between(point, into) for point, into in self._way(step)]

    def before(self, ghost: Ghost | None) -> Json:
        return self._progress.before(ghost)

    def beats(self, step: Step, unit: int | None) -> tuple[int, list[Json]]:
        """The coefficient that is followed, and the beats of a step, each over the frame before it."""
        chosen, found = self.background.beats(step, unit)
        return chosen, [self._beat(step, found, number) for number in range(len(found))]

    def _beat(self, step: Step, found: list[Beat], number: int) -> Json:
        beat = found[number]
        code, paid = beat.state.code, inside.costed(step, found[: number + 1])
        changed = self._inside.changes(beat, found)
        changed |= self._code.here(code, self.background.problem.penalty) | self._code.followed(code, beat.at["unit"])
        changed |= self._picture.within(inside.place(beat), inside.way(step, beat))
        changed |= self._signal.changes(inside.rebuilt(beat)) | self._shrink.within(beat.values)
        changed |= self._signal.followed(beat.at["unit"]) | self._picture.followed(beat.at["unit"])
        text, value = self._numbers(paid, self.background.at(paid))
        told, exact = inside.text(self.background, found, number)
        following = told.pop("next")
        return Within(changed, text | told, value | exact, inside.lit(beat), following).json()

    def _between(self, point: Array, into: Array | None) -> Json:
        problem = self.background.problem
        changed = self._signal.changes(point) | self._code.here(point, problem.penalty) | self._picture.here(point)
        if into is not None:
            changed |= self._shrink.points(into, point)
        text, value = self._numbers(point, self.background.at(point))
        return Inner(changed, text, value).json()

    def _way(self, step: Step) -> list[tuple[Array, Array | None]]:
        """The codes at the stops, each with what goes into the shrink, where there is one."""
        parts = self.background.parts(step)
        if parts is not None:
            down = [(parts.start + t * (parts.moved - parts.start),) * 2 for t in _HALVES]
            shrunk = [(parts.moved + t * (parts.shrunk - parts.moved), parts.moved) for t in _HALVES[1:]]
            return [*down, *shrunk]
        sweep = self.background.sweep(step)
        return [(sweep[int(stop)], None) for stop in self.stops]

    def _stops(self) -> list[float] | None:
        if self.background.proximal:
            return [*_HALVES.round(3).tolist(), *(1 + _HALVES[1:]).round(3).tolist()]
        if self.background.experiment.solver == "coordinate_descent":
            n_atoms = self.background.problem.n_atoms
            return np.unique(np.rint(np.linspace(0, n_atoms, min(n_atoms, _MOST_STOPS) + 1))).tolist()
        return None

    def preview(self, step: Step) -> Json:
        """What a run that begins here would show, over any frame."""
        shown = self.whole({}, step)
        return Preview(
            shown["set"], shown["text"], shown["value"], shown["lit"], self._handles(step), shown["inner_at"]
        ).json()

    def _handles(self, step: Step) -> list[Handle]:
        """λ on its axis; in the landscape the code, where the solver begins anywhere."""
        penalty = Handle("setting/penalty", "path", self.background.problem.penalty, 0.0, "λ", "$penalty", along="x")
        if self.background.from_zero or not self._picture.is_drawn:
            return [penalty]
        x, y = (float(entry) for entry in step.state.code[:2])
        return [Handle("code", "picture", x, y, "Starting point h", "$text"), penalty]

    def _numbers(self, code: Array, point: Point) -> tuple[Json, Json]:
        text = {name: wording.number(getattr(point, name)) for name in ("objective", "fit", "penalty")}
        support = int(np.count_nonzero(code))
        metrics = {
            "metric.objective": text["objective"],
            "metric.gap": wording.number(point.duality_gap, 6),
            "metric.support": f"{support} of {self.background.problem.n_atoms}",
            _DUAL: "",
        }
        equation = {f"equation.{name}": shown for name, shown in text.items()}
        return equation | metrics, {
            "metric.objective": point.objective,
            "metric.gap": point.duality_gap,
            "metric.support": support,
            _DUAL: point.objective - point.duality_gap,
        }

    def scene(self) -> Scene:
        picture = words.landscape(self.background.problem.n_atoms) if self._picture.is_drawn else words.ATOMS
        working = [] if self._inside is None else [self._inside.figure]
        views = [
            View(VIEW, inside_words.TITLE, [figure], heading="heading.inside", formula="formula.inside")
            for figure in working
        ]
        note = None if self.widened is None else "note.picture"
        return Scene(
            equation=words.EQUATION,
            metrics=words.METRICS if self.widened is None else (*words.METRICS, *words.BESIDE),
            views=[
                View("picture", picture, self._picture.figures, note=note, apart=note is not None, describe="describe"),
                View("signal", words.SIGNAL, [self._signal.figure]),
                View("code", words.CODE, [self._code.stems]),
                View("progress", words.PROGRESS, self._progress.figures, click="x", heading="heading.progress"),
                View("shrink", words.SHRINK, [self._shrink.figure], note="note.shrink"),
                View("path", words.PATH, [self._code.path], note="note.path"),
                *views,
            ],
            grid=GRID.behind(VIEW, "progress") if views else GRID,
            inner=self._slider(),
            inside=self._inside_way(),
            tools=[Tool(*tool) for tool in words.TOOLS],
            glossary=words.GLOSSARY,
            tones=Tones(*words.SOUND, (("metric.objective", None), (_DUAL, None)), self._meeting),
        )

    def _inside_way(self) -> WayInside | None:
        """How the reader steps inside; None where the working of the solver is not shown."""
        if self._inside is None:
            return None
        buttons = (inside_words.STEP_INSIDE, inside_words.STEP_INSIDE_TITLE, inside_words.HINT)
        units = {} if self.background.units == 1 else self._code.choices() | self._shrink.choices()
        return WayInside(VIEW, *buttons, inside_words.PREVIOUS, inside_words.FOLLOWING, units)

    @property
    def _meeting(self) -> tuple[float, float]:
        """The optimum, where objective and dual bound meet, and how far above it h = 0 is."""
        least, zero = self.background.least, np.zeros(self.background.problem.n_atoms)
        return least, max(self.background.at(zero).objective - least, 0.0)

    def _slider(self) -> Slider | None:
        if self.stops is None:
            return None
        swept = self.background.experiment.solver == "coordinate_descent"
        label = words.COEFFICIENT if swept else words.HALVES
        heard = words.coefficient_stop(self.background.problem.n_atoms) if swept else words.HALVES_STOP
        return Slider("picture" if self._picture.is_drawn else "code", label, self.stops, **heard)
