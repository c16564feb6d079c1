"""Points and the lines of a mixture of regressions, with one standard deviation to either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure, broken
from figures.em.data_views import words
from figures.em.data_views.base import UNSEEN, PlainView, near, padded, ringed, shared, stepping_back, tinted, told
from figures.look import layout, palette
from figures.look.encode import Json
from figures.scene import Handle


class RegressionView(PlainView):
    """One input is drawn, the first that varies; the others stand at their means."""

    models = ("regression_mixture",)
    title = words.REGRESSIONS
    apart = True

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.inputs, self.targets = self.data.values[:, :-1], self.data.values[:, -1]
        varying = np.flatnonzero(np.ptp(self.inputs, axis=0) > 0)
        self.drawn = int(varying[0]) if len(varying) else 0
        self.span = padded(self.inputs[:, self.drawn])
        # where a line can be taken hold of, and what of it then moves: its slope, and its level where there is one
        self.grips = [float(end(self.inputs[:, self.drawn])) for end in (np.min, np.max)]
        level = np.flatnonzero((np.ptp(self.inputs, axis=0) == 0) & (self.inputs[0] != 0))
        self.free = [self.drawn, *level[:1].tolist()] if self.drawn in varying else [self.drawn]
        x, y = self._labels()
        self.figure = figure = Figure(
            "data", x=x, y=y, xaxis={"range": self.span}, yaxis={"range": padded(self.targets, 0.15)}
        )
        figure.points(
            "points",
            UNSEEN,
            size=9,
            marker_opacity=0.9,
            x=self.sample.part(self.inputs[:, self.drawn]),
            y=self.sample.part(self.targets),
            hover="%{x}, %{y}",
        )
        colors = [palette.component(k) for k in range(len(experiment.start["weights"]))]
        self.lines = [
            figure.curve(f"line {k}", color, hover="%{text}", glides=True) for k, color in enumerate(colors, start=1)
        ]
        self.bands = [
            figure.curve(f"band {k}", color, width=1, dash="dash", glides=True)
            for k, color in enumerate(colors, start=1)
        ]

        self.rests = [figure.curve(f"rest {k}", color, width=4) for k, color in enumerate(colors, start=1)]
        ringed(figure)

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        return tinted(self.figure["points"], None if q is None else self.sample.probabilities(q))

    def parameters(self, theta: Parameters, q: Any) -> Json:
        ends = self._along(self.span)
        twice = broken(np.array([self.span, self.span]))
        result: Json = {}
        for k, (line, band) in enumerate(zip(self.lines, self.bands, strict=True)):
            height = ends @ theta["coefficients"][k]
            side = float(np.sqrt(theta["variances"][k]))
            sides = broken(np.array([height - side, height + side]))
            component = words.component(
                f"component {k + 1}",
                weight=theta["weights"][k],
                coefficients=theta["coefficients"][k],
                standard_deviation=side,
            )
            result |= line.set(x=self.span, y=height.tolist(), text=component) | band.set(x=twice, y=sides)
        return result

    def told(self, moment: Moment) -> Json:
        lines = shared(moment.step.after.q, words.responsibility, self.sample)
        return told(self.figure["points"], "%{x}, %{y}", *lines, (words.POINT, moment.shares_of(self.sample)))

    def choices(self) -> dict[str, list[int] | None]:
        return {self.figure["points"].address: self.sample.numbers}

    def followed(self, beat: Beat) -> Json:
        """A ring around it, and from it to each line what is left over."""
        unit = beat.at["unit"]
        x, y = float(self.inputs[unit, self.drawn]), float(self.targets[unit])
        result = self.marked(unit, (x, y)) | stepping_back(self.figure["points"], beat)
        if beat.what == "densities":
            for rest, left in zip(self.rests, beat.values["residuals"].tolist(), strict=True):
                result |= rest.at((x, y), (x, y - left))
        return result

    def handles(self, moment: Moment) -> list[Handle]:
        coefficients, ends = moment.step.after.theta["coefficients"], self._along(self.grips)
        return [
            Handle(
                f"{k}/{end}",
                "data",
                x,
                float(ends[end] @ line),
                words.line_end(k, end),
                palette.component(k),
                along="y",
            )
            for k, line in enumerate(coefficients)
            for end, x in enumerate(self.grips)
            if ends[end, self.free].any()
        ]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        k, end = (int(part) for part in handle.split("/"))
        height = near(words.line_end(k, end), y, self.targets)
        coefficients = theta["coefficients"].copy()
        coefficients[k] = fit.tilted(coefficients[k], self._along(self.grips), end, height, self.free)
        return {**theta, "coefficients": frozen(coefficients)}

    def _along(self, places: Sequence[float]) -> Array:
        """(n, P) inputs at these places of the one that is drawn, the others at their means."""
        inputs = np.tile(self.inputs.mean(axis=0), (len(places), 1))
        inputs[:, self.drawn] = places
        return inputs

    def note(self, moment: Moment) -> str:
        return words.said(words.lines(moment.step.after.theta["weights"]), moment.step.after.q is not None)

    def _labels(self) -> tuple[str, str]:
        """The names of the drawn input and the target; of a column each, or of these two."""
        if len(self.columns) not in (2, self.inputs.shape[1] + 1):
            return "input", "target"
        drawn = self.drawn if len(self.columns) == self.inputs.shape[1] + 1 else 0
        return layout.literal(self.columns[drawn]), layout.literal(self.columns[-1])
