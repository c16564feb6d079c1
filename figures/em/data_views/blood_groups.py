"""Blood groups split by q into genotypes, and the alleles that this completes."""

from __future__ import annotations

from typing import Any

from em_core.models.abo_blood_groups import ALLELES, GROUPS
from em_core.records import Parameters
from figures.em.data_views.base import PlainView, bar, points
from figures.em.moment import Moment
from figures.look import layout, palette
from figures.look.encode import Json

_PURE, _MIXED, _SEEN = "AA or BB", "AO or BO", "one genotype only"


class BloodGroupsView(PlainView):
    """Stacked bars of people; a tick on each bar is what θ expects there."""

    title = "Groups split by q into genotypes"

    def figures(self) -> dict[str, Json]:
        inside = {"textposition": "inside", "insidetextanchor": "middle", "width": 0.62}
        named = {"hovertemplate": "%{fullData.name}: %{y:.2f}<extra></extra>", **inside}
        _, _, ab, o = self.data.counts
        bars = [
            bar(palette.component(0), x=[0, 1], name=_PURE, **named),
            bar(palette.component(1), x=[0, 1], name=_MIXED, **named),
            bar("$faint", x=[2, 3], y=[float(ab), float(o)], text=[f"AB {ab:.0f}", f"OO {o:.0f}"], name=_SEEN, **named),
        ]
        bars[2]["textfont"] = {"color": "$text", "size": 14}
        expected = points(
            x=[0, 1, 2, 3],
            name="expected under θ",
            marker={"color": "$text", "size": 13, "symbol": "line-ew-open", "line": {"width": 3, "color": "$text"}},
            hovertemplate="expected %{y:.2f}<extra></extra>",
        )
        shape = layout.figure(
            x="blood group",
            y="people",
            xaxis={"tickvals": [0, 1, 2, 3], "ticktext": [f"<b>{group}</b>" for group in GROUPS], "range": [-0.6, 3.6]},
            yaxis={"range": [0, 1.2 * float(self.data.counts.max())]},
            barmode="stack",
            legend=True,
        )
        return {"data": {"data": [*bars, expected], "layout": shape}}

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            hidden = self.data.hiding
            return {
                "data/0/y": hidden.tolist(),
                "data/1/y": [0.0, 0.0],
                "data/0/text": [f"{count:.0f}: not split yet" for count in hidden],
                "data/1/text": ["", ""],
            }
        pure, mixed = q.expected_counts
        return {
            "data/0/y": pure.tolist(),
            "data/1/y": mixed.tolist(),
            "data/0/text": [f"{name} {count:.1f}" for name, count in zip(("AA", "BB"), pure, strict=True)],
            "data/1/text": [f"{name} {count:.1f}" for name, count in zip(("AO", "BO"), mixed, strict=True)],
        }

    def parameters(self, theta: Parameters, q: Any) -> Json:
        a, b, o = (float(theta[allele]) for allele in ALLELES)
        people = float(self.data.counts.sum())
        shares = (a * (a + 2 * o), b * (b + 2 * o), 2 * a * b, o * o)
        return {"data/3/y": [people * share for share in shares]}

    def note(self, moment: Moment) -> str:
        theta = moment.step.after.theta
        shown = ", ".join(f"{allele} {float(theta[allele]):.4f}" for allele in ALLELES)
        return f"alleles: {shown}" if moment.step.after.q is not None else f"alleles: {shown}; no q yet"
