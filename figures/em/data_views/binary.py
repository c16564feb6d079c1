"""Rows of zeros and ones as small images, with the probabilities of each component as grey images."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.observe.sample import Sample
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlainView, inside, ringed, shared, shares, stepping_back, tinted, told
from figures.look import layout, palette
from figures.look.encode import Json
from figures.look.montage import corners, montage, nearly_square, sample
from figures.scene import SliderHandle

# pictures of the data in a row, and rows of them at most; components in a row
_ACROSS, _MOST_BANDS, _MOST_COMPONENTS = 10, 12, 8
_MARK = {"size": 11, "marker_line": {"color": "$paper", "width": 1.5}, "cliponaxis": False}


class BinaryView(PlainView):
    """Mixture of products of Bernoulli distributions: θ above, the data below, marked by q."""

    models = ("bernoulli_mixture",)
    title = words.BINARY
    apart = True
    units = words.ROWS

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        values = self.data.values
        self.k = len(experiment.start["weights"])
        square = nearly_square(values.shape[1])
        # rows that are no images are strips, one below the other
        self.flat, self.shape = square is None, square or (1, values.shape[1])
        self.across = 1 if self.flat else min(_ACROSS, len(values))
        self.shown = sample(len(values), _MOST_BANDS * (5 if self.flat else self.across))
        self.sample = Sample(self.shown, len(values))
        # words stand above each component, or beside it; the marks of the data between its pictures
        self.wide = 1 if self.flat else min(self.k, _MOST_COMPONENTS)
        self.between = (1, 1) if self.flat else (max(2, round(0.4 * self.shape[0])), 1)
        self.apart_rows = (0, 0) if self.flat else (1 + self.shape[0] // 8, 3)
        self.figure = self._drawn()

    def completed(self, moment: Moment) -> Json:
        q, marks = moment.step.after.q, self.figure["marks"]
        return tinted(marks, None if q is None else self.sample.probabilities(q))

    def told(self, moment: Moment) -> Json:
        lines = shared(moment.step.after.q, words.responsibility, self.sample)
        return told(self.figure["marks"], "row %{text}", *lines, (words.ROW, moment.shares_of(self.sample)))

    def parameters(self, theta: Parameters, q: Any) -> Json:
        picture = montage(theta["probabilities"], self.shape, self.wide, self.between)
        weights = [words.weight_of(k, weight, self.flat) for k, weight in enumerate(theta["weights"])]
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
        grid = montage(self.data.values[self.shown], self.shape, self.across, self.apart_rows)
        down = -(-self.k // self.wide)
        high, side = height + self.apart_rows[0], self.across * (width + self.apart_rows[1])
        # strips: so many pixels high, and room for words beside them
        lift = 0.0 if self.flat else 0.04 * height
        above = {"left": 100, "right": 24, "rise": 20} if self.flat else {"above": 20, "lift": lift}
        below = {"left": 100, "right": 24, "rise": 16} if self.flat else {}
        figure = Figure(
            "data",
            **layout.blocks(
                {
                    "width": self.wide * (width + 1) - 1,
                    "height": down * (height + self.between[0]) - self.between[0],
                    **above,
                },
                {"width": side, "height": high, "bands": -(-len(self.shown) // self.across), **below},
            ),
        )
        image = {"zmin": 0, "zmax": 1, "colorscale": palette.PICTURE}
        figure.image("means", np.zeros((1, 1)), hover="probability of 1: %{z:.3f}", **image)
        colors, signs = ([sign(k) for k in range(self.k)] for sign in (palette.component, palette.symbol))
        tops, lefts = corners(self.k, self.shape, self.wide, self.between).T
        figure.text(
            "weights",
            colors,
            size=14,
            x=[-0.5] * self.k if self.flat else (lefts + (width - 1) / 2).tolist(),
            y=tops.tolist() if self.flat else (tops - 0.5 - lift).tolist(),
            textposition="middle left" if self.flat else "top center",
        )
        # the same mark at the same corner as on the data
        last = (height - 1, width - 0.5 if self.flat else width - 1)
        figure.points("keys", colors, symbol=signs, x=(lefts + last[1]).tolist(), y=(tops + last[0]).tolist(), **_MARK)
        on = {"xaxis": "x2", "yaxis": "y2"}
        figure.image("rows", grid, hoverinfo="skip", **image, **on)
        tops, lefts = corners(len(self.shown), self.shape, self.across, self.apart_rows).T
        figure.points(
            "marks",
            None,
            x=(lefts + width + (-0.5 if self.flat else 0.6)).tolist(),
            y=(tops + last[0] - (0 if self.flat else 0.5)).tolist(),
            text=[str(row + 1) for row in self.shown],
            hover="row %{text}",
            **_MARK,
            **on,
        )
        ringed(figure, **on)
        return figure
