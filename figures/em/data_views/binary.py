"""Rows of zeros and ones as small images, with the probabilities of each component as grey images."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlainView, inside, ringed, shared, shares, stepping_back, tinted, told
from figures.look import palette
from figures.look.encode import Json
from figures.look.layout import hidden_axis
from figures.look.montage import montage, nearly_square
from figures.scene import SliderHandle

_MOST_ROWS = 60


class BinaryView(PlainView):
    """Mixture of products of Bernoulli distributions."""

    models = ("bernoulli_mixture",)
    title = words.BINARY

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        values = self.data.values
        self.k = len(experiment.start["weights"])
        self.shape = nearly_square(values.shape[1]) or (1, values.shape[1])
        # spread over the whole table: tables are often sorted
        self.shown = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MOST_ROWS)).astype(int))
        self.across = min(len(self.shown), 12 if self.shape[0] > 1 else 1)
        self.figure = self._drawn()

    def completed(self, moment: Moment) -> Json:
        q, marks = moment.step.after.q, self.figure["marks"]
        return tinted(marks, None if q is None else q.probabilities[:, self.shown])

    def told(self, moment: Moment) -> Json:
        lines = shared(moment.step.after.q, words.responsibility, self.shown)
        return told(self.figure["marks"], "row %{text}", *lines, (words.ROW, moment.shares[self.shown]))

    def parameters(self, theta: Parameters, q: Any) -> Json:
        picture = montage(theta["probabilities"], self.shape, min(self.k, 8))
        weights = [f"{k + 1}: {weight:.2f}" for k, weight in enumerate(theta["weights"])]
        return self.figure["means"].set(z=picture) | self.figure["weights"].set(text=weights)

    def choices(self) -> dict[str, list[int] | None]:
        return {self.figure["marks"].address: self.shown.tolist()}

    def followed(self, beat: Beat) -> Json:
        """A ring around the mark of its picture, where that is among those shown."""
        marks = self.figure["marks"].json
        at = [(marks["x"][place], marks["y"][place]) for place in np.flatnonzero(self.shown == beat.at["unit"])]
        return self.figure["followed"].at(*at) | stepping_back(self.figure["marks"], beat)

    def handles(self, moment: Moment) -> list[SliderHandle]:
        return shares("weight", moment.step.after.theta["weights"], words.weight_names(self.k))

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        k = int(handle.partition("/")[2])
        weight = inside(words.weight_names(self.k)[k], x)
        return {**theta, "weights": fit.with_share(theta["weights"], k, weight)}

    def note(self, moment: Moment) -> str:
        return words.pictures(moment.step.after.q is not None)

    def _drawn(self) -> Figure:
        height, width = self.shape
        grid = montage(self.data.values[self.shown], self.shape, self.across)
        across = min(self.k, 8)
        down = -(-self.k // across)
        # one scale for both directions, but for rows that are no images
        square = [{"scaleanchor": axis} if height > 1 else {} for axis in ("x", "x2")]
        figure = Figure(
            "data",
            margin={"l": 8, "r": 8, "t": 10, "b": 8},
            xaxis=_axis(-1, across * (width + 1), domain=[0, 1], anchor="y"),
            yaxis=_axis(down * (height + 1), -2.5, domain=[0.62, 1], anchor="x", **square[0]),
            xaxis2=_axis(-1, grid.shape[1], domain=[0, 1], anchor="y2"),
            yaxis2=_axis(grid.shape[0], -1, domain=[0, 0.58], anchor="x2", **square[1]),
        )
        below = {"xaxis": "x2", "yaxis": "y2"}
        image = {"zmin": 0, "zmax": 1, "colorscale": palette.PICTURE}
        components, places = np.arange(self.k), np.arange(len(self.shown))
        figure.image("means", np.zeros((1, 1)), hover="probability of 1: %{z:.3f}", **image)
        figure.text(
            "weights",
            [palette.component(k) for k in range(self.k)],
            x=((components % across) * (width + 1) + (width - 1) / 2).tolist(),
            y=((components // across) * (height + 1) - 1.1).tolist(),
        )
        figure.image("rows", grid, **image, **below)
        figure.points(
            "marks",
            None,
            size=11,
            marker_line={"color": "$paper", "width": 1.5},
            x=((places % self.across) * (width + 1) + width - 1).tolist(),
            y=((places // self.across) * (height + 1) + height - 1).tolist(),
            text=[str(row + 1) for row in self.shown],
            hover="row %{text}",
            **below,
        )
        ringed(figure, **below)
        return figure


def _axis(low: float, high: float, **more: object) -> Json:
    return hidden_axis(low, high, constrain="domain", **more)
