"""A run of MAP inference as the stage plays it: one scene, one frame per step, finer frames within a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from em_core.observe.ghost import Ghost
from em_core.observe.solving import Background, Point, Step
from em_core.records import Array
from figures.compared.card import Quantity
from figures.look import wording
from figures.look.encode import Json
from figures.map import landscape, signal, words
from figures.map.code import CodePictures
from figures.map.progress import COMPARED, Progress
from figures.map.shrink import Shrink
from figures.map.signal import Signal
from figures.page import PageScene
from figures.scene import (
    Button,
    Frame,
    Grid,
    Handle,
    Inner,
    Light,
    Preview,
    Scene,
    Slider,
    Tool,
    View,
    digest,
)

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


class MapScene(PageScene):
    """Draws the steps of one experiment, whose background the run made."""

    compared: Sequence[Quantity] = COMPARED
    beside: ClassVar[str] = "code"
    step: ClassVar[str] = "Step"

    def __init__(self, background: Background, shown: Signal) -> None:
        described = {key: value for key, value in background.experiment.to_json().items() if key != "steps"}
        super().__init__([described, shown.kind])
        self.signal = shown
        self.background = background
        self.stops = self._stops()
        few = background.problem.n_atoms <= 3
        self._picture = landscape.picture(background, shown)
        self._signal = signal.picture(background, shown)
        self._code = CodePictures(background, glides=few)
        self._shrink = Shrink(background, glides=few)
        self._progress = Progress(background)

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
            "describe": words.picture(background, step),
            "heading.progress": words.progress_title(background, step),
            "note.shrink": words.shrink(background),
            "note.path": words.path(background),
        }
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
        }
        equation = {f"equation.{name}": shown for name, shown in text.items()}
        return equation | metrics, {
            "metric.objective": point.objective,
            "metric.gap": point.duality_gap,
            "metric.support": support,
        }

    def scene(self) -> Scene:
        picture = words.landscape(self.background.problem.n_atoms) if self._picture.is_drawn else words.ATOMS
        return Scene(
            equation=words.EQUATION,
            metrics=words.METRICS,
            views=[
                View("picture", picture, [self._picture.figure], describe="describe"),
                View("signal", words.SIGNAL, [self._signal.figure]),
                View("code", words.CODE, [self._code.stems]),
                View("progress", words.PROGRESS, self._progress.figures, click="x", heading="heading.progress"),
                View("shrink", words.SHRINK, [self._shrink.figure], note="note.shrink"),
                View("path", words.PATH, [self._code.path], note="note.path"),
            ],
            grid=GRID,
            inner=self._slider(),
            tools=[Tool(*tool) for tool in words.TOOLS],
            glossary=words.GLOSSARY,
        )

    def _slider(self) -> Slider | None:
        if self.stops is None:
            return None
        swept = self.background.experiment.solver == "coordinate_descent"
        label = words.COEFFICIENT if swept else words.HALVES
        return Slider("picture" if self._picture.is_drawn else "code", label, self.stops)
