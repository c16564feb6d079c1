"""log p and the bounds over the whole of a parameter that is a single number."""

from __future__ import annotations

import math

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.course import evidence_over_theta, grid, is_one_number, number
from em_core.observe.moment import Moment
from em_core.records import Bound
from figures.drawing import Figure, broken
from figures.em.picture import Picture
from figures.look import layout
from figures.look.encode import Json, finite
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL

# how many earlier bounds stay visible
_PAST = 6
# nats below the maximum that are drawn: farther down the curve falls away to minus infinity
_DEPTH = 16.0


class OverTheta(Picture):
    """log p from end to end, the bound of this q, those of the last few others; below, from 0, the gap."""

    view, place = "course", 1

    def __init__(self, experiment: Experiment) -> None:
        (name,) = experiment.start
        places = grid(experiment)
        self.figure = figure = Figure(
            "whole",
            "All θ",
            x="θ" if name == "theta" else name,
            y="nats",
            legend=True,
            **layout.LEGEND_ABOVE,
            xaxis={"range": [0, float(places[-1] + places[0])], "anchor": "y2"},
            yaxis={"range": reach(experiment, None), "domain": [0.36, 1]},
            yaxis2=layout.axis("gap (nats)", domain=[0, 0.27], range=[0, 1], nticks=3, anchor="x"),
        )
        figure.curve("bound", ELBO, "L(q, θ)", dash="dash", hover="L %{y:.3f}", glides=True)
        figure.curve(
            "evidence",
            EVIDENCE,
            "log p(v; θ)",
            fill="tonexty",
            fillcolor=GAP_FILL,
            hover="log p(v) %{y:.3f}",
            x=grid(experiment).tolist(),
            y=evidence_over_theta(experiment).tolist(),
        )
        figure.curve("past bounds", ELBO, width=1, opacity=0.35)
        figure.curve("gap", GAP, width=4, glides=True)
        below = {"yaxis": "y2"}
        figure.curve("gap curve", GAP, fill="tozeroy", fillcolor=GAP_FILL, hover="log p − L: %{y:.4g}", **below)
        figure.curve("gap height", GAP, width=5, glides=True, **below)
        figure.ring("touch", ELBO, size=11, glides=True)
        figure.points("here", [EVIDENCE, ELBO], size=11, symbol="square", glides=True)
        self.figures = [figure]

    @classmethod
    def shown(cls, experiment: Experiment, letters: str) -> bool:
        return is_one_number(experiment)

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        state, bound = moment.step.after, moment.bound
        evidence = None if moment.pointed else bound.log_evidence
        origin = None if state.q_at is None else number(state.q_at)
        return {
            **self._bounds(moment, past),
            **self._named(moment),
            **self._standing(number(state.theta), evidence, _height(bound), bound.kl),
            **self.figure["touch"].at((origin, moment.touch)),
            **self.figure.set(yaxis_range=reach(moment.experiment, _height(bound))),
            **self._gaps(moment),
        }

    def _gaps(self, moment: Moment) -> Json:
        """The gap over θ, as high as it is where log p is in the picture; none of a point."""
        curve = self.figure["gap curve"]
        shown = moment.step.after.q is not None and not moment.pointed
        if not shown:
            return curve.empty() | self.figure.set(yaxis2_visible=False, yaxis2_range=[0, 1])
        gaps = np.where(np.isfinite(moment.gap_curve), moment.gap_curve, np.nan)
        low, _ = reach(moment.experiment, None)
        seen = gaps[evidence_over_theta(moment.experiment) > low]
        most = float(np.nanmax(seen)) if np.isfinite(seen).any() else 1.0
        ranged = self.figure.set(yaxis2_visible=True, yaxis2_range=[0, 1.05 * most or 1.0])
        return curve.set(x=grid(moment.experiment), y=gaps) | ranged

    def inner(self, moment: Moment, past: list[Moment], there: Moment, stop: int) -> Json:
        evidence = None if moment.pointed else there.bound.log_evidence
        return self._standing(number(there.step.after.theta), evidence, _height(there.bound), there.bound.kl)

    def _bounds(self, moment: Moment, past: list[Moment]) -> Json:
        """The bound of this q, and those of the last few others."""
        if moment.step.after.q is None:
            return self.figure["bound"].empty()
        places = grid(moment.experiment)
        earlier: list[Moment] = []
        for other in reversed(past):
            newest = earlier[-1] if earlier else moment
            if other.step.after.q is not None and other.step.after.q is not newest.step.after.q and not other.pointed:
                earlier.append(other)
            if len(earlier) == _PAST:
                break
        curves = np.array([other.curve for other in reversed(earlier)]).reshape(-1, len(places))
        return {
            **self.figure["bound"].set(x=places, y=moment.curve),
            **self.figure["past bounds"].set(x=broken(np.tile(places, (len(curves), 1))), y=broken(curves)),
        }

    def _named(self, moment: Moment) -> Json:
        """The bound, or the objective in its place."""
        color, name = ("$muted", "log p(h*, v; θ)") if moment.pointed else (ELBO, "L(q, θ)")
        return self.figure["bound"].set(name=name, line_color=color) | self.figure["here"].set(
            marker_color=[EVIDENCE, color]
        )

    def _standing(self, x: float | None, evidence: float | None, elbo: float | None, gap: float | None) -> Json:
        elbo = finite(elbo)
        ends = ((x, evidence), (x, elbo))
        gap = None if evidence is None else finite(gap)
        below = self.figure["gap height"].at((x, None if gap is None else 0.0), (x, gap))
        return self.figure["gap"].at(*ends) | self.figure["here"].at(*ends) | below


def reach(experiment: Experiment, height: float | None) -> list[float]:
    """The heights that the whole curve is drawn over: its upper part, and down to where the bound stands."""
    evidence = evidence_over_theta(experiment)
    top = float(np.nanmax(evidence))
    low = max(top - _DEPTH, float(np.nanmin(evidence)))
    if height is not None and math.isfinite(height):
        low = min(low, height - _DEPTH / 4)
    room = 0.08 * (top - low)
    return [low - room, top + 2 * room]


def _height(bound: Bound) -> float | None:
    """Where the bound stands in the picture: for a point in continuous h, the complete-data objective."""
    return bound.expected_log_joint if bound.elbo == -math.inf else bound.elbo
