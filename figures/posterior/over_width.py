"""The bound and its gap over the width s of a Gaussian that stands still: towards 0 the gap grows without end."""

from __future__ import annotations

import math

import numpy as np

from em_core.observe.ghost import Ghost
from em_core.observe.ladder import NARROWEST, STOPS, Background, Ladder
from em_core.records import Bound
from figures.compared.words import curve
from figures.drawing import Figure
from figures.look.encode import Json
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL


class OverWidth:
    """Two figures: the bound, and its gap."""

    def __init__(self, background: Background) -> None:
        self.units, self.evidence = background.n_units, background.posterior.log_evidence
        axis = {"type": "log", "dtick": 1, "exponentformat": "power", "range": [1, math.log10(NARROWEST) - 0.2]}
        shape = {
            "x": "width s of q, towards 0",
            "legend": True,
            "xaxis": {**axis, "tickfont": {"size": 11.5, "color": "$muted"}},
        }
        corner = {"x": 0.17, "y": 0.02, "yanchor": "bottom", "orientation": "v"}
        self.bound = Figure("bound", "ELBO", y="nats", corner=corner, **shape)
        self.gap = Figure("gap", "Gap", y="gap (nats)", corner={"x": 0.17, "orientation": "v"}, **shape)
        self.figures = [self.bound, self.gap]
        widths = np.array(STOPS)
        self.bound.curve("elbo", ELBO, "ELBO", x=widths, hover="s = %{x:.2g}: ELBO %{y:.3f}")
        level = [self.evidence] * len(STOPS)
        self.bound.curve("evidence", EVIDENCE, "log p(v)", x=widths, y=level, fill="tonexty", fillcolor=GAP_FILL)
        for figure, color, label in ((self.bound, ELBO, "ELBO"), (self.gap, GAP, "gap")):
            kept = {"dash": "longdash", "width": 1.5, "mode": "lines+markers", "visible": False}
            figure.curve("kept", color, curve(label), hover=f"{curve(label)} %{{y:.3f}}", **kept)
        self.bound.ring(
            "here", [EVIDENCE, ELBO], size=12, mode="lines+markers", line={"color": GAP, "width": 4}, glides=True
        )
        self.gap.curve("gap", GAP, "gap", x=widths, hover="s = %{x:.2g}: gap %{y:.3f}")
        times = "" if self.units == 1 else f"{self.units} × "
        self.gap.curve("line", "$muted", f"{times}(−log s) + constant", width=1.5, dash="dash", x=widths)
        self.gap.ring("here", GAP, size=13, glides=True)

    def curves(self, ladder: Ladder) -> Json:
        """Where q stands decides the curves; stepping down the ladder leaves them."""
        elbo = np.array([terms.elbo for terms in ladder.over_width])
        gap = np.array([terms.kl for terms in ladder.over_width])
        # wide and far q's fall away below the picture
        depth = float(gap[-1]) + 2.0
        return {
            **self.bound["elbo"].set(y=elbo),
            **self.bound.set(yaxis_range=[self.evidence - depth, self.evidence + 0.12 * depth]),
            **self.gap["gap"].set(y=gap),
            **self.gap["line"].set(y=ladder.asymptote),
            **self.gap.set(yaxis_range=[-0.06 * depth, 1.05 * depth]),
        }

    def before(self, ghost: Ghost | None) -> Json:
        """The kept ladder's rungs that have a width."""
        widths = ghost.series("width") if ghost else ()
        there = [place for place, width in enumerate(widths) if width]
        result: Json = {}
        for figure, name in ((self.bound, "elbo"), (self.gap, "gap")):
            heights = ghost.series(name) if ghost else ()
            drawn = {"x": [widths[place] for place in there], "y": [heights[place] for place in there]}
            result |= figure["kept"].set(**drawn, visible=bool(there))
        return result

    def here(self, width: float | None, bound: Bound) -> Json:
        """The rings at this width; none where q has no single width, or none above 0."""
        ring, gap = self.bound["here"], self.gap["here"]
        if width is None or bound.elbo is None or not math.isfinite(bound.elbo):
            return ring.at((None, None), (None, None)) | gap.at((None, None))
        return ring.at((width, bound.log_evidence), (width, bound.elbo)) | gap.at((width, bound.kl))
