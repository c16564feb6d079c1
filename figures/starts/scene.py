"""Many starts as the stage plays them: one scene, a frame for each start."""

from __future__ import annotations

from typing import Any

from em_core.observe.starts import Gathered
from figures.look import wording
from figures.look.encode import Json, finite
from figures.page import PageScene
from figures.record import SAID
from figures.scene import Button, Frame, Grid, Light, Scene, Tool, View, digest
from figures.starts import words
from figures.starts.beside import Beside
from figures.starts.curves import Curves
from figures.starts.ends import Ends
from figures.tones import Tones

GRID = Grid(
    wide="""
        ends curves  1
        ends beside  1
        1    1
    """,
    medium="""
        ends curves  1
        ends beside  1
        1    1
    """,
    low="""
        ends  curves+beside  1
        1     1
    """,
)


class StartsScene(PageScene):
    """Draws what is known after each start. described: the experiment, as JSON. wanted: how many there will be."""

    def __init__(self, described: Any, wanted: int) -> None:
        super().__init__(["starts", described, wanted])
        self._curves, self._ends, self._beside = Curves(), Ends(wanted), Beside()

    def light(self, gathered: Gathered, ended: str | None) -> Json:
        """What every frame has, in view or not; `ended` says why no start follows."""
        last = gathered.place == len(gathered.ends)
        following = None if ended and last else Button(*(words.NEXT_SEEN if gathered.complete else words.NEXT))
        name = digest(f"{self.id}/{gathered.place}/{ended}/{gathered.complete}")
        return Light(name, self._curves.append(gathered), words.chip(gathered), following).json()

    def whole(self, light: Json, gathered: Gathered) -> Json:
        """The light frame of one start with all that its pictures show."""
        bound = gathered.chosen.bound if gathered.chosen else None
        best = gathered.optima[0].best if gathered.optima else None
        level = None if best is None else best.level
        numbers = {
            "equation.evidence": bound and bound.log_evidence,
            "equation.elbo": bound and bound.elbo,
            "equation.kl": bound and bound.gap,
            "metric.best": level,
            "metric.optima": float(len(gathered.optima)) if gathered.ends else None,
        }
        gap = numbers["equation.kl"]
        text = {
            **{slot: wording.number(value) for slot, value in numbers.items()},
            "equation.kl": "–" if gap is None or bound is None else wording.gap(gap, bound.log_evidence or 0.0),
            "metric.optima": words.counted_optima(gathered),
            "caption": words.caption(gathered),
            SAID: words.spoken(gathered),
            "heading.curves": words.CURVES[0],
            "heading.ends": words.ends_title(gathered),
            "heading.beside": words.beside_title(gathered),
            "describe.curves": words.curves(gathered),
            "describe.ends": words.ends(gathered),
            "describe.beside": words.beside(gathered),
        }
        changed = self._curves.changes(gathered) | self._ends.changes(gathered) | self._beside.changes(gathered)
        return Frame(changed, text, {slot: finite(value) for slot, value in numbers.items()}).json(light)

    def scene(self) -> Scene:
        called = {"ends": words.ENDS, "curves": words.CURVES, "beside": words.BESIDE}
        figures = {"ends": self._ends.figure, "curves": self._curves.figure, "beside": self._beside.figure}
        return Scene(
            equation=words.EQUATION,
            metrics=words.METRICS,
            views=[
                View(
                    name,
                    called[name],
                    [figures[name]],
                    describe=f"describe.{name}",
                    heading=f"heading.{name}",
                    click="x" if name == "ends" else None,
                )
                for name in called
            ],
            grid=GRID,
            tools=[Tool(*tool) for tool in words.TOOLS],
            names=words.NAMES,
            tones=Tones(*words.SOUND, (("metric.best", None), ("equation.evidence", None))),
            glossary=words.GLOSSARY,
        )
