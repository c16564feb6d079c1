"""A race as the stage plays it: one scene, one frame for each round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from em_core.observe.ghost import Ghost
from em_core.observe.inside import Path
from em_core.observe.laps import Lap
from figures import pace
from figures.compared.card import BOUND, Quantity
from figures.look import wording
from figures.look.encode import Json, finite
from figures.page import PageScene
from figures.race import words
from figures.race.curves import DISTANCE, GAP, HEIGHT, Curves
from figures.race.finish import Table
from figures.race.inside import Inside
from figures.record import SAID
from figures.scene import Button, Frame, Grid, Light, Scene, Tool, View, digest
from figures.tones import Tones

# by what two races are compared: the highest log p of all runs, and ELBO and gap of the run that leads
COMPARED = (replace(BOUND[0], name="best", label=words.BEST), *BOUND[1:])
GRID = Grid(
    wide="""
        height      distance  1.1
        gap+inside  finish    1
        1           1
    """,
    medium="""
        height      distance  1
        gap+inside  finish    1
        1           1
    """,
    low="""
        height+gap  distance+finish+inside  1
        1           1
    """,
)


class RaceScene(PageScene):
    """Draws the rounds of one race.

    described: the experiment, as JSON. all_words: a schedule for each run. paths: what every optimiser makes of one
    M-step. asked: what else the reader asks for, as on the EM page.
    """

    compared: Sequence[Quantity] = COMPARED
    beside: ClassVar[str] = "distance"
    step: ClassVar[str] = "Round"

    def __init__(
        self, described: Any, all_words: Sequence[str], paths: Sequence[Path], asked: Sequence[str] = ()
    ) -> None:
        super().__init__(["race", described, list(all_words), list(asked)])
        self._spectrum, self._overlap = pace.Spectrum(), pace.OverlapCurve()
        drawn = {"rates": self._spectrum.figure, "overlap": self._overlap.figure}
        self._pace = [drawn[name] for name in asked]
        self._paths, self._inside, self._words = paths, Inside(paths), all_words
        self._curves = {quantity.name: Curves(quantity, all_words) for quantity in (HEIGHT, DISTANCE, GAP)}
        self._table = Table(all_words)

    def light(self, lap: Lap, ended: str | None) -> Json:
        """What every frame has, in view or not; `ended` says why no round follows."""
        appended: Json = {}
        for curves in self._curves.values():
            appended |= curves.append(lap)
        following = None if ended else Button("Next round", "each run repeats its cycle")
        paced = f"{pace.rates(lap.rates)}{lap.overlap or ''}"
        return Light(digest(f"{self.id}/{lap.index}/{ended}/{paced}"), appended, words.chip(lap), following).json()

    def whole(self, light: Json, lap: Lap) -> Json:
        """The light frame of one round with all that its pictures show."""
        changed = self._table.changes(lap)
        for curves in self._curves.values():
            changed |= curves.changes(lap)
        if self._pace:
            changed |= self._spectrum.changes(lap.rates)
        if lap.overlap is not None:
            changed |= self._overlap.changes(lap.overlap)
        leader, gap = lap.leader, lap.leader.gap[-1]
        elbo = None if gap is None else leader.height - gap
        text = {
            "equation.evidence": wording.number(leader.height),
            "equation.elbo": wording.number(elbo),
            "equation.kl": "–" if gap is None else wording.gap(gap, leader.height),
            "metric.best": wording.number(lap.best),
            **{f"metric.{ascent.word}": words.apart(ascent) for ascent in lap.ascents if ascent.word in self._words},
            "caption": words.caption(lap),
            SAID: words.spoken(lap),
            "heading.height": words.height_title(lap),
            "heading.distance": words.DISTANCE[0],
            "heading.gap": words.GAPS[0],
            "heading.inside": words.inside_title(self._paths),
            "heading.finish": words.finish_title(lap),
            "describe.finish": words.table(lap),
            "describe.inside": words.inside(self._paths),
            **{f"describe.{name}": words.curves(lap, name) for name in self._curves},
            **(pace.texts(lap.rates, lap.overlap) | self._slopes(lap) if self._pace else {}),
        }
        value = {
            "equation.evidence": finite(leader.height),
            "equation.elbo": finite(elbo),
            "equation.kl": finite(gap),
            "metric.best": finite(lap.best),
            **{f"metric.{ascent.word}": ascent.apart for ascent in lap.ascents if ascent.word in self._words},
        }
        return Frame(changed, text, value, handles=pace.handle(lap.overlap)).json(light)

    def before(self, ghost: Ghost | None) -> Json:
        return self._curves[HEIGHT.name].before(ghost)

    def _slopes(self, lap: Lap) -> Json:
        """Above the pictures of gap and distance, what a round of EM does to them."""
        return {
            f"note.{name}": "; ".join(pace.per_round(lap.rates, bool(curves.quantity.slope(lap)), name))
            for name, curves in self._curves.items()
            if curves.quantity.slope
        }

    def scene(self) -> Scene:
        called = {"height": words.HEIGHT, "distance": words.DISTANCE, "gap": words.GAPS}
        views = [
            View(
                name,
                called[name],
                curves.figures,
                describe=f"describe.{name}",
                heading=f"heading.{name}",
                together="across",
                note=f"note.{name}" if self._pace and curves.quantity.slope else None,
                apart=True,
            )
            for name, curves in self._curves.items()
        ]
        finish = View(
            "finish", words.FINISH, [self._table.figure], describe="describe.finish", heading="heading.finish"
        )
        return Scene(
            equation=words.EQUATION,
            metrics=words.metrics(self._words),
            views=[
                *views,
                *([replace(pace.CARD, figures=self._pace)] if self._pace else []),
                finish,
                View(
                    "inside", words.INSIDE, self._inside.figures, describe="describe.inside", heading="heading.inside"
                ),
            ],
            grid=GRID.in_front(pace.CARD.id, "finish") if self._pace else GRID,
            tools=[Tool(*tool) for tool in wording.TOOLS],
            glossary=words.GLOSSARY,
            tones=Tones(*words.SOUND, (("equation.evidence", None), ("equation.elbo", None))),
        )
