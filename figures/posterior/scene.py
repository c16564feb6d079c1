"""The ladder of q as the stage plays it: one scene, one frame per rung, finer frames through the widths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from em_core.observe.ghost import Ghost
from em_core.observe.ladder import STOPS, Background, Ladder
from em_core.records import Bound
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ
from em_core.sparse_coding.posterior.ladder import Rung
from figures import bound
from figures.compared.card import BOUND, Quantity
from figures.decomposition import Decomposition
from figures.look import wording
from figures.look.encode import Json
from figures.page import PageScene
from figures.posterior import words
from figures.posterior.density import Density
from figures.posterior.over_mean import OverMean
from figures.posterior.over_width import OverWidth
from figures.posterior.plane import Plane
from figures.record import SAID
from figures.scene import (
    Frame,
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

GRID = Grid(
    wide="""
        picture  terms  0.8
        picture  width  1.1
        picture  mean   1.1
        1.08     1
    """,
    medium="""
        picture  terms  0.85
        picture  width  1.1
        mean     mean   0.8
        1        1
    """,
    low="""
        picture  width       1
        picture  mean+terms  1
        1.08     1
    """,
)


# how far λ goes
PENALTIES = (1e-2, 1e2)


class PosteriorScene(PageScene):
    """Draws the ladders of one problem, with one or two hidden units."""

    compared: Sequence[Quantity] = BOUND
    beside: ClassVar[str] = "terms"
    step: ClassVar[str] = "Rung"

    def __init__(self, background: Background) -> None:
        problem = background.problem
        parts = [problem.signal, problem.dictionary, problem.offset, problem.penalty, problem.precision]
        super().__init__([getattr(part, "tolist", lambda part=part: part)() for part in parts])
        self.background = background
        self._picture = Density(background) if background.n_units == 1 else Plane(background)
        self._width, self._mean = OverWidth(background), OverMean(background)
        self._terms = Decomposition()

    def frame(self, ladder: Ladder, rung: Rung) -> Json:
        """The frame of one rung."""
        width = float(rung.q.width[0]) if rung.kind == "gaussian" else None
        changed, text = self._shown(ladder, rung, width)
        following = ladder.rungs[rung.index + 1] if rung.index + 1 < len(ladder.rungs) else None
        frame = Frame(changed, text, bound.values(rung.bound), words.lit(rung), self._handles(rung), width)
        name = digest(f"{self.id}/{ladder.experiment.mean.tolist()}/{ladder.experiment.widths}/{rung.index}")
        return frame.json(Light(name, {}, words.chip(rung), words.button(following)).json())

    def before(self, ghost: Ghost | None) -> Json:
        return self._width.before(ghost)

    def preview(self, ladder: Ladder, rung: Rung) -> Json:
        """What the frame of this rung would show with another μ, which `ladder` has."""
        width = float(rung.q.width[0]) if rung.kind == "gaussian" else None
        changed, text = self._shown(ladder, rung, width)
        return Preview(changed, text, bound.values(rung.bound), words.lit(rung), self._handles(rung), width).json()

    def _shown(self, ladder: Ladder, rung: Rung, width: float | None) -> tuple[Json, Json]:
        """What the pictures and the slots hold on a rung."""
        changed = self._picture.changes(rung) | self._mean.changes(ladder, rung)
        changed |= self._width.curves(ladder) | self._width.here(width, rung.bound)
        changed |= self._terms.changes(rung.bound)
        return changed, _texts(rung.bound) | {
            "caption": words.caption(ladder, rung),
            SAID: words.spoken(rung),
            "describe": words.picture(ladder, rung),
            "note.picture": words.note(self.background),
        }

    def inner(self, ladder: Ladder) -> list[Json]:
        """One frame for each width, q where it stands."""
        result = []
        for width, terms in zip(STOPS, ladder.over_width, strict=True):
            q = ladder.at_width(width)
            changed = self._drawn(ladder, q, terms) | self._width.here(width, terms)
            text = _texts(terms) | {"caption": words.underway(ladder, width, terms.kl)}
            result.append(Inner(changed, text, bound.values(terms)).json())
        return result

    def _drawn(self, ladder: Ladder, q: GaussianQ, terms: Bound) -> Json:
        return self._picture.here(q) | self._mean.here(ladder, q) | self._terms.changes(terms)

    def _handles(self, rung: Rung) -> list[Handle | SliderHandle]:
        """λ everywhere; μ can be taken hold of where it is the reader's to choose."""
        penalty = self.background.problem.penalty
        slider = SliderHandle("setting/penalty", "picture", words.PENALTY, *PENALTIES, penalty, 0.01, "log")
        if rung.kind not in ("gaussian", "dirac"):
            return [slider]
        x, y = float(rung.q.mean[0]), 0.0 if self.background.n_units == 1 else float(rung.q.mean[1])
        along = "x" if self.background.n_units == 1 else None
        return [slider, Handle("mean", "picture", x, y, "μ of q", "$elbo", along=along)]

    def scene(self) -> Scene:
        one = self.background.n_units == 1
        picture, mean = (words.PICTURE, words.MEAN) if one else (words.PLANE, words.FIRST_MEAN)
        return Scene(
            equation=words.EQUATION,
            metrics=bound.METRICS,
            views=[
                View("picture", picture, self._picture.figures, note="note.picture", describe="describe"),
                View("terms", words.TERMS, [self._terms.figure], note="note.terms"),
                View("width", words.WIDTH, self._width.figures),
                View("mean", mean, self._mean.figures),
            ],
            grid=GRID,
            inner=Slider("picture", words.SLIDER, STOPS, "s = {}", stays=True, heard=bound.STOP, scale=words.SCALE),
            speeds=(1, 2, 4),
            tools=[Tool(*tool) for tool in words.TOOLS],
            glossary=words.GLOSSARY,
            names=words.NAMES,
            tones=bound.TONES_OF_SLOTS,
        )


def _texts(terms: Bound) -> Json:
    """The three numbers, the terms of the equation and what is left of it."""
    finite = terms.residual is not None and abs(terms.residual) < float("inf")
    text = bound.texts(terms) | {
        "equation.joint": wording.number(terms.expected_log_joint),
        "equation.entropy": wording.number(terms.entropy),
        "note.terms": wording.identity(terms.residual) if finite else words.UNDEFINED,
    }
    del text["equation.elbo"]  # this equation has its two terms instead
    return text
