"""The bound over the place μ of q: shrinking q lowers it as a whole, and its shape becomes that of log p(h, v)."""

from __future__ import annotations

import math

import numpy as np

from em_core.observe import ladder as observed
from em_core.observe.ladder import NARROWEST, Background, Ladder
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ
from em_core.sparse_coding.posterior.ladder import Rung
from figures.drawing import Figure
from figures.look.encode import Json
from figures.look.palette import ELBO, EVIDENCE, GAP


class OverMean:
    """The whole bound, and without its entropy: what of it moves with μ."""

    def __init__(self, background: Background) -> None:
        evidence, mode = background.posterior.log_evidence, background.posterior.mode
        height = background.height
        depth = -background.n_units * math.log(NARROWEST)
        window = background.window[0].tolist()
        shape = {
            "x": "μ" if background.n_units == 1 else "μ₁",
            "y": "nats",
            "legend": True,
            "xaxis": {"range": window},
        }
        self.lower = Figure(
            "lower",
            "ELBO",
            yaxis={"range": [evidence - depth - 4, evidence + 0.14 * depth]},
            corner={"y": 0.02, "yanchor": "bottom"},
            **shape,
        )
        self.moves = Figure(
            "moves", "Without entropy", yaxis={"range": [height - 9, height + 2.2]}, corner={"y": 1.02}, **shape
        )
        self.figures = [self.lower, self.moves]
        here = {"size": 11, "symbol": "square"}
        limit = {"label": "log p(h = μ, v)", "width": 2, "dash": "dash"}
        self.lower.curve("elbo", ELBO, "ELBO", hover="ELBO %{y:.3f}", glides=True)
        self.lower.curve("evidence", EVIDENCE, "log p(v)", x=window, y=[evidence] * 2)
        self.lower.curve("limit", "$certificate", **limit)
        self.lower.curve("gap", GAP, width=4, glides=True)
        self.lower.points("here", [EVIDENCE, ELBO], **here, glides=True)
        self.moves.curve(
            "joint", ELBO, "E<sub>q</sub> log p(h,v)", hover="E<sub>q</sub> log p(h,v) %{y:.3f}", glides=True
        )
        self.moves.curve("limit", "$certificate", hover="log p(h = μ, v) %{y:.3f}", **limit)
        self.moves.points(
            "MAP",
            "$certificate",
            "MAP",
            size=15,
            symbol="star",
            marker_line={"color": "$paper", "width": 1.5},
            x=[float(mode[0])],
            y=[height],
        )
        self.moves.points("here", ELBO, **here)

    def changes(self, ladder: Ladder, rung: Rung) -> Json:
        """No curve for the posterior itself, which stands at no μ."""
        found = ladder.over_mean(rung.q)
        limits: Json = {}
        for figure in self.figures:
            limits |= figure["limit"].set(x=found.places, y=found.points)
        if rung.kind != "exact":
            return self._standing(ladder, rung.q, found) | limits
        result = limits | self.lower["elbo"].at((None, None)) | self.moves["joint"].at((None, None))
        for trace in (self.lower["gap"], self.lower["here"], self.moves["here"]):
            result |= trace.at((None, None), (None, None))
        return result

    def here(self, ladder: Ladder, q: GaussianQ) -> Json:
        """The curves for this q, and where it stands on them."""
        return self._standing(ladder, q, ladder.over_mean(q))

    def _standing(self, ladder: Ladder, q: GaussianQ, found: observed.OverMean) -> Json:
        evidence, places, mean = ladder.background.posterior.log_evidence, found.places, float(q.mean[0])
        if q.is_dirac:  # its bound is −∞ everywhere
            low = evidence + 3 * ladder.background.n_units * math.log(NARROWEST)
            bound = np.full(len(places), low)
        else:
            low, bound = found.here + found.entropy, found.joint + found.entropy
        ends = ((mean, evidence), (mean, low))
        return {
            **self.moves["joint"].set(x=places, y=found.joint),
            **self.moves["here"].at((mean, found.here)),
            **self.lower["elbo"].set(x=places, y=bound),
            **self.lower["gap"].at(*ends),
            **self.lower["here"].at(*ends),
        }
