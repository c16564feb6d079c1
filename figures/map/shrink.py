"""The soft threshold as a curve, with every coefficient on its way through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from em_core.observe.solving import Background, Step, shrink_curve, shrinkage
from em_core.records import Array
from figures.drawing import Figure
from figures.look import layout
from figures.look.encode import Json


class Shrink:
    """glides: whether the coefficients are few enough to travel."""

    def __init__(self, background: Background, glides: bool) -> None:
        self.background = background
        solver = background.experiment.solver
        threshold = background.threshold
        largest = max(float(np.abs(background.optimum).max()), float(np.abs(background.experiment.start).max()))
        # around the dead zone: farther out the curve is a straight line
        reach = min(1.25 * largest, 6 * threshold) + 1.5 * threshold
        around = {"range": [-reach, reach], "zeroline": True, "zerolinecolor": "$faint"}
        lca = solver == "lca"
        self.figure = figure = Figure(
            "shrink",
            x="membrane potential u" if lca else "after the gradient step",
            y="activation h" if lca else "h",
            legend=True,
            **layout.LEGEND_ABOVE,
            xaxis=around,
            yaxis=around,
        )
        figure.curve("straight", "$muted", "no shrinkage", width=1.5, dash="dot", x=[-reach, reach], y=[-reach, reach])
        figure.curve("threshold", "$penalty", "soft threshold")
        figure.points("coefficients", "$fit", "coefficients", hover="%{x:.4f} → %{y:.4f}", glides=glides)

    def changes(self, step: Step) -> Json:
        into, out, threshold = shrinkage(self.background.experiment, step)
        corners, heights = shrink_curve(threshold)
        return self.points(into, out) | self.figure["threshold"].set(x=corners.tolist(), y=heights.tolist())

    def choices(self) -> dict[str, list[int] | None]:
        """The trace whose points are coefficients by their own numbers."""
        return {self.figure["coefficients"].address: None}

    def within(self, values: Mapping[str, Any]) -> Json:
        """Inside a step: how far the coefficients have come, of what the step has found by then."""
        for into, out in (("moved", "shrunk"), ("potential", "code")):
            if into in values:
                return self.points(values[into], values.get(out, values[into]))
        return {}

    def points(self, into: Array, out: Array) -> Json:
        return self.figure["coefficients"].set(x=into, y=out)
