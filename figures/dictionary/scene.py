"""A run of dictionary learning as the stage plays it: one scene, one frame per half-step."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.dictionary import Moment
from em_core.observe.ghost import Ghost
from em_core.records import BY_HAND
from figures.changes import changed
from figures.dictionary import words
from figures.dictionary.atoms import Atoms
from figures.dictionary.examples import Examples
from figures.dictionary.progress import ELBO, JOINT, Progress
from figures.dictionary.usage import Usage
from figures.look import wording
from figures.look.encode import Json
from figures.look.montage import nearly_square
from figures.page import PageScene
from figures.record import SAID
from figures.scene import Frame, Grid, Light, Scene, Tool, View, digest
from figures.tones import Tones

GRID = Grid(
    wide="""
        atoms     timeline  timeline  1.25
        examples  examples  usage     1
        1         0.3       0.95
    """,
    medium="""
        atoms     timeline  1.1
        examples  usage     1
        1         1
    """,
    low="""
        atoms+usage  examples+timeline  1
        1            1.05
    """,
)


class DictionaryScene(PageScene):
    """Draws the moments of one experiment, beside those of a second start where there is one.

    spread: whether some moves make codes with a spread, whose ELBO is finite. other_q: whether the second run has the
    same start, and V for H.
    """

    beside: ClassVar[str] = "timeline"

    def __init__(
        self, experiment: Experiment, second: Experiment | None = None, spread: bool = False, other_q: bool = False
    ) -> None:
        described = [None if each is None else each.described("schedule") for each in (experiment, second)]
        super().__init__([*described, "spread", other_q] if spread else described)
        self.compared = (ELBO, JOINT) if spread else (JOINT,)
        self.experiment, self.second, self.spread = experiment, second, spread
        dimensions, self.n_atoms = experiment.start["dictionary"].shape
        shape = nearly_square(dimensions) or (1, dimensions)
        this, other = words.RUNS[other_q]
        self._atoms = Atoms("atoms", this, self.n_atoms, shape)
        self._second = Atoms("second", other, self.n_atoms, shape)
        self._pair = Atoms("pair", words.BOTH, self.n_atoms, shape, (this.lower(), other.lower()))
        self._progress = Progress(other.lower() if second is not None else "", spread, other_q)
        self._examples = Examples(experiment, shape, spread)
        self._usage = Usage(self.n_atoms, experiment.model.norm_constraint, spread)  # type: ignore[attr-defined]

    def light(self, moment: Moment, before: str | None) -> Json:
        """What every frame has, in view or not; `before`: the id of the frame before.

        Equal ids, equal frames: all that a frame depends on is the scene, the moves so far and the next one.
        """
        by_hand = moment.atoms.tolist() if moment.step.move == BY_HAND else ""
        return Light(
            digest(f"{before or self.id}/{moment.step.move}/{moment.next_move}{by_hand}"),
            self._progress.append(moment),
            words.chip(moment),
            words.button(moment.next_move),
        ).json()

    def whole(self, light: Json, moment: Moment, past: list[Moment]) -> Json:
        """The light frame of one half-step with all that its pictures show. `past`: the moments before it."""
        changed = self._progress.here(moment, past)
        for picture in (self._usage, self._examples, self._atoms):
            changed |= picture.changes(moment)
        if moment.second is not None:
            changed |= self._second.changes(moment.second) | self._pair.changes(moment, moment.second)
        text, value = self._numbers(moment)
        text |= {
            "caption": words.caption(moment, past[-1] if past else None),
            SAID: words.spoken(moment, past[-1] if past else None),
            "describe": words.picture(moment),
            "note.atoms": words.atoms(moment),
            "note.timeline": words.finite(moment) if self.spread else words.textbook(moment),
            "note.examples": words.examples(moment),
            "note.usage": words.usage(moment),
        }
        return Frame(changed, text, value, _lit(moment, past)).json(light)

    def before(self, ghost: Ghost | None) -> Json:
        return self._progress.before(ghost)

    def _numbers(self, moment: Moment) -> tuple[Json, Json]:
        shown = {name: getattr(moment, name) for name in ("joint", "constant", "misfit", "penalty")}
        used, mean = int(np.count_nonzero(moment.shares)), moment.used
        text = {f"equation.{name}": wording.number(number) for name, number in shown.items()}
        if self.spread:
            text |= {"equation.elbo": wording.number(moment.elbo), "equation.entropy": wording.number(moment.entropy)}
            text |= {"metric.elbo": wording.number(moment.elbo)}
        text |= {
            "metric.joint": wording.number(moment.joint),
            "metric.codes": f"{mean:.2f} of {self.n_atoms}",
            "metric.atoms": f"{used} of {self.n_atoms}",
        }
        # exact are numbers of the run alone, and reports have none of codes that nothing has made yet
        value = {"metric.joint": moment.joint, "metric.codes": mean, "metric.atoms": used}
        if self.spread:
            value |= {"metric.elbo": moment.elbo if moment.spreads is not None else None}
        return text, value if moment.made else dict.fromkeys(value)

    def scene(self) -> Scene:
        starts = [self._atoms.figure]
        if self.second is not None:
            starts += [self._second.figure, self._pair.figure]
        return Scene(
            equation=words.SPREAD_EQUATION if self.spread else words.EQUATION,
            metrics=words.SPREAD_METRICS if self.spread else words.METRICS,
            views=[
                View("atoms", words.ATOMS, starts, note="note.atoms", describe="describe"),
                View("examples", words.EXAMPLES, self._examples.figures, note="note.examples"),
                View(
                    "timeline",
                    words.SPREAD_TIMELINE if self.spread else words.TIMELINE,
                    self._progress.figures,
                    note="note.timeline",
                    click="x",
                ),
                View("usage", words.USAGE, self._usage.figures, note="note.usage"),
            ],
            grid=GRID,
            moves="HVMC",
            tools=[Tool(*tool) for tool in wording.TOOLS],
            glossary=words.GLOSSARY,
            names=words.NAMES,
            tones=Tones(*words.SPREAD_SOUND, (("metric.elbo", "timeline/elbo/y"),))
            if self.spread
            else Tones(*words.SOUND, (("metric.joint", "timeline/joint/y"),)),
        )


def _lit(moment: Moment, past: list[Moment]) -> list[str]:
    """The terms of the equation that the half-step changed by more than rounding."""
    before = past[-1] if past else None
    if before is None:
        return []
    return changed(
        moment.joint,
        **{name: (getattr(before, name), getattr(moment, name)) for name in ("joint", "misfit", "penalty")},
        **{
            name: (getattr(before, name), getattr(moment, name))
            for name in ("elbo", "entropy")
            if moment.spreads is not None and before.spreads is not None
        },
    )
