"""Blood groups split by q into genotypes, and the alleles that this completes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.models.abo_blood_groups import ALLELES, GROUPS
from em_core.observe import fit
from em_core.observe.moment import Moment
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import Expected, PlainView, bar, inside, shares
from figures.look import layout, palette
from figures.look.encode import Json
from figures.scene import SliderHandle

# bars of one genotype each, by who q says they are: homozygous, with O, and those that show
_KINDS = ("pure", "mixed", "known")


class BloodGroupsView(PlainView):
    """Stacked bars of people, and of the alleles that they carry; a line across each is what θ expects there."""

    models = ("abo_blood_groups",)
    title = words.BLOOD_GROUPS
    apart = True

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.people = float(self.data.counts.sum())
        high = 1.38 * float(self.data.counts.max())
        self.figure = Figure(
            "data",
            x="blood group",
            y="people",
            xaxis=_bars(GROUPS, domain=[0, 0.56]),
            yaxis={"range": [0, high], "anchor": "x"},
            xaxis2=layout.axis("alleles", automargin=False, **_bars(ALLELES, domain=[0.68, 1], anchor="y2")),
            yaxis2=layout.axis(range=[0, 2.3 * self.people], anchor="x2", nticks=4, automargin=False),
            barmode="stack",
            legend=True,
        )
        _, _, ab, o = (float(count) for count in self.data.counts)
        places = {"pure": [0, 1], "mixed": [0, 1], "known": [2, 3]}
        colors = dict(zip(_KINDS, (palette.component(0), palette.component(1), "$quiet"), strict=True))
        for kind, label in zip(_KINDS, words.GENOTYPES, strict=True):
            heights = {"y": [ab, o]} if kind == "known" else {}
            told = {"hover": "%{customdata}", "width": 0.62}
            bar(self.figure, kind, colors[kind], x=places[kind], **heights, **told)
            told = {"hover": label + ": %{y:.2f}", "width": 0.62, "xaxis": "x2", "yaxis": "y2"}
            bar(self.figure, f"{kind} alleles", colors[kind], x=[0, 1, 2], **told)
        self.groups = Expected(self.figure, [0, 1, 2, 3], high, words.EXPECTED)
        beside = {"whose": " alleles", "xaxis": "x2", "yaxis": "y2"}
        self.alleles = Expected(self.figure, [0, 1, 2], 2.3 * self.people, "", **beside)

    def completed(self, moment: Moment) -> Json:
        q, counts = moment.step.after.q, [float(count) for count in self.data.counts]
        shown = [f"AB {counts[2]:.0f}", f"OO {counts[3]:.0f}"]
        if q is None:
            split, numbers = [counts[:2], [0.0, 0.0]], [words.unsplit(count) for count in counts[:2]]
            carried, told = np.zeros((3, 3)), ["", "", ""]
        else:
            split = q.expected_counts.tolist()
            numbers = [f"{g}O {mixed:.1f}<br>{g}{g} {pure:.1f}" for g, pure, mixed in zip("AB", *split, strict=True)]
            carried = self.model.alleles(self.data, q)
            told = [f"{count:.1f}" for count in carried.sum(axis=0)]
        result = self.groups.numbers.set(text=[*numbers, *shown]) | self.alleles.numbers.set(text=told)
        for kind, heights in zip(_KINDS, split, strict=False):
            result |= self.figure[kind].set(y=heights)
        for kind, counted in zip(_KINDS, carried, strict=True):
            result |= self.figure[f"{kind} alleles"].set(y=counted.tolist())
        return result | self._alleles(moment.step.after.theta, q)

    def parameters(self, theta: Parameters, q: Any) -> Json:
        groups = self.groups.at(self.people * self.model.groups(theta), self.data.counts)
        return groups | self._alleles(theta, q)

    def _alleles(self, theta: Parameters, q: Any) -> Json:
        carried = np.zeros(3) if q is None else self.model.alleles(self.data, q).sum(axis=0)
        return self.alleles.at(2 * self.people * _frequencies(theta), carried)

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


def _bars(names: Sequence[str], **more: Any) -> Json:
    """An axis of bars with these names."""
    ticks = [f"<b>{name}</b>" for name in names]
    return {
        "tickvals": list(range(len(names))),
        "ticktext": ticks,
        "tickangle": 0,
        "range": [-0.6, len(names) - 0.4],
        **more,
    }


def _frequencies(theta: Parameters) -> Array:
    """(3,) of the alleles."""
    return np.array([float(theta[allele]) for allele in ALLELES])
