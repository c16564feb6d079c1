"""Blood groups split by q into genotypes, and the alleles that this completes."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.models.abo_blood_groups import ALLELES, GROUPS
from em_core.observe import fit
from em_core.observe.moment import Moment
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlainView, bar, expected_ticks, inside, shares
from figures.look import palette
from figures.look.encode import Json
from figures.scene import SliderHandle


class BloodGroupsView(PlainView):
    """Stacked bars of people; a tick on each bar is what θ expects there."""

    models = ("abo_blood_groups",)
    title = words.BLOOD_GROUPS

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.figure = Figure(
            "data",
            x="blood group",
            y="people",
            xaxis={"tickvals": [0, 1, 2, 3], "ticktext": [f"<b>{group}</b>" for group in GROUPS], "range": [-0.6, 3.6]},
            yaxis={"range": [0, 1.2 * float(self.data.counts.max())]},
            barmode="stack",
            legend=True,
        )
        self._bar("pure", palette.component(0), "AA or BB", x=[0, 1])
        self._bar("mixed", palette.component(1), "AO or BO", x=[0, 1])
        _, _, ab, o = (float(count) for count in self.data.counts)
        known = {"x": [2, 3], "y": [ab, o], "text": [f"AB {ab:.0f}", f"OO {o:.0f}"]}
        self._bar("known", "$quiet", "one genotype only", textfont_color="$text", **known)
        expected_ticks(self.figure, [0, 1, 2, 3], width=0.8)

    def completed(self, moment: Moment) -> Json:
        q, pure, mixed = moment.step.after.q, self.figure["pure"], self.figure["mixed"]
        if q is None:
            hidden = self.data.hiding
            told = [f"{count:.0f}: not split yet" for count in hidden]
            return pure.set(y=hidden.tolist(), text=told) | mixed.set(y=[0.0, 0.0], text=["", ""])
        result: Json = {}
        for trace, genotypes, counts in zip(
            (pure, mixed), (("AA", "BB"), ("AO", "BO")), q.expected_counts, strict=True
        ):
            told = [f"{name} {count:.1f}" for name, count in zip(genotypes, counts, strict=True)]
            result |= trace.set(y=counts.tolist(), text=told)
        return result

    def parameters(self, theta: Parameters, q: Any) -> Json:
        people = float(self.data.counts.sum())
        return self.figure["expected"].set(y=(people * self.model.groups(theta)).tolist())

    def told(self, moment: Moment) -> Json:
        """Of each group, its genotypes under q, and its share of log p."""
        q, counts, shares = moment.step.after.q, self.data.counts.tolist(), moment.shares.tolist()
        texts = []
        for n, (group, pair) in enumerate(zip(GROUPS, (("AA", "AO"), ("BB", "BO"), (), ()), strict=True)):
            given = zip(q.probabilities[:, n], q.expected_counts[:, n], strict=True) if q and pair else ()
            parts = [(name, *numbers) for name, numbers in zip(pair, given, strict=False)]
            texts.append(words.cell(f"group {group}", counts[n], parts, shares[n]))
        hidden = self.figure["pure"].set(customdata=texts[:2]) | self.figure["mixed"].set(customdata=texts[:2])
        return hidden | self.figure["known"].set(customdata=texts[2:])

    def handles(self, moment: Moment) -> list[SliderHandle]:
        return shares("allele", _frequencies(moment.step.after.theta), words.ALLELE_NAMES)

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        place = int(handle.partition("/")[2])
        frequency = inside(words.ALLELE_NAMES[place], x)
        moved = fit.with_share(_frequencies(theta), place, frequency)
        return {allele: frozen(share) for allele, share in zip(ALLELES, moved, strict=True)}

    def note(self, moment: Moment) -> str:
        theta, q = moment.step.after.theta, moment.step.after.q
        return words.said(words.alleles((allele, float(theta[allele])) for allele in ALLELES), q is not None)

    def _bar(self, name: str, color: str, label: str, **more: Any) -> None:
        inside = {"textposition": "inside", "insidetextanchor": "middle", "width": 0.62}
        bar(self.figure, name, color, label, hover="%{customdata}", **inside, **more)


def _frequencies(theta: Parameters) -> Array:
    """(3,) of the alleles."""
    return np.array([float(theta[allele]) for allele in ALLELES])
