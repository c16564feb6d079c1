"""A sigmoid belief net: its weights as images on one scale, the data, and which hidden units q believes to be on."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from em_core.observe.sample import Sample
from em_core.records import Array, Parameters
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlainView, inside, share
from figures.look import layout, palette, scale
from figures.look.encode import Json
from figures.look.montage import corners, montage, nearly_square, sample
from figures.scene import SliderHandle

# pictures of the data in a row, and rows of them at most
_ACROSS, _MOST_BANDS = 7, 6
_MOST_WEIGHTS_ACROSS = 7
# shades of the scale beside the weights
_SHADES = 41


class BeliefNetView(PlainView):
    """Above, θ: biases and the weights from each hidden unit. Below, pictures of the data, and under each its q."""

    models = ("sigmoid_belief_net",)
    title = words.BELIEF_NET
    apart = True
    units = words.ROWS

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        values = self.data.values
        self.n_hidden = len(experiment.start["hidden_biases"])
        square = nearly_square(values.shape[1])
        # rows that are no images are strips, one below the other
        self.flat, self.shape = square is None, square or (1, values.shape[1])
        self.across = 1 if self.flat else min(_ACROSS, len(values))
        self.shown = sample(len(values), _MOST_BANDS * self.across * (3 if self.flat else 1))
        self.sample = Sample(self.shown, len(values))
        self.bands = -(-len(self.shown) // self.across)
        self.figure = self._drawn()

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            on = np.full((self.n_hidden, len(self.shown)), 0.5)
        else:
            _, on = self.model.marginals(self.sample.probabilities(q))
        return self.figure["hidden"].set(z=self._below(on))

    def parameters(self, theta: Parameters, q: Any) -> Json:
        tiles = np.vstack([theta["visible_biases"], theta["weights"].T])
        most = scale.nice(float(np.abs(tiles).max()) or 1.0, 1)
        told = [words.BIASES, *(f"h{j + 1}: {share:.2f}" for j, share in enumerate(self.model.prior(theta)))]
        return {
            **self.figure["weights"].set(z=self._montage(tiles), zmin=-most, zmax=most),
            **self.figure["names"].set(text=told),
            **self.figure["scale"].set(text=words.scale(most)),
        }

    def told(self, moment: Moment) -> Json:
        """Of each row its share of log p, whichever of its hidden units the mouse is on."""
        shares = np.tile(moment.shares_of(self.sample), (self.n_hidden, 1))
        return self.figure["hidden"].set(customdata=self._below(shares))

    def handles(self, moment: Moment) -> list[SliderHandle]:
        priors = zip(words.unit_names(self.n_hidden), self.model.prior(moment.step.after.theta), strict=True)
        return [share(f"prior/{unit}", name, prior) for unit, (name, prior) in enumerate(priors)]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        unit = int(handle.partition("/")[2])
        moved: Parameters = self.model.with_prior(theta, unit, inside(words.unit_names(self.n_hidden)[unit], x))
        return moved

    def note(self, moment: Moment) -> str:
        return words.belief_net(moment.step.after.q is not None)

    def _montage(self, tiles: Array) -> Array:
        return montage(tiles, self.shape, self.wide, self.between)

    def _below(self, on: Array) -> Array:
        """(H, n) numbers as they stand under the pictures: for each band a line a unit, then an empty one."""
        wide = np.full((self.n_hidden, self.bands * self.across), np.nan)
        wide[:, : on.shape[1]] = on
        columns = np.full((self.bands, self.n_hidden + 1, 2 * self.across - 1), np.nan)
        columns[:, :-1, ::2] = wide.reshape(self.n_hidden, self.bands, self.across).swapaxes(0, 1)
        return columns.reshape(-1, 2 * self.across - 1)[:-1]

    def _drawn(self) -> Figure:
        height, width = self.shape
        tiles = self.n_hidden + 1
        self.wide = 1 if self.flat else min(tiles, _MOST_WEIGHTS_ACROSS)
        # words stand above each tile, or beside it
        self.between = (1, 1) if self.flat else (max(2, round(0.4 * height)), 1)
        down = -(-tiles // self.wide) * (height + self.between[0]) - self.between[0]
        side = self.wide * (width + 1) - 1
        # the scale: a strip beside them, as high as the first row of them
        strip = [side + 0.12 * width - 0.5, side + 0.26 * width - 0.5]
        high = down if self.flat else height
        # of a band: the picture, a line for each unit, and what is free below
        line, free = (1.0, 1.0) if self.flat else ((0.33 if self.n_hidden < 6 else 0.27) * height, 0.38 * height)
        first = height + (0.0 if self.flat else 0.12 * height)
        band = first + self.n_hidden * line + free
        rise = {"rise": 13} if self.flat else {}
        lift = 0.0 if self.flat else 0.06 * height
        room = {"left": 92} if self.flat else {"above": 20, "lift": lift}
        figure = Figure(
            "data",
            **layout.blocks(
                {"width": strip[1] + 0.5, "height": down, "right": 44, **room, **rise},
                {"width": self.across * (width + 1) - 1, "height": band, "bands": self.bands, "left": 30, **rise},
            ),
        )
        figure.image("weights", colorscale=palette.SIGNED, hover=words.WEIGHT_OF.format("%{z:.3f}"))
        shades = np.linspace(1, -1, _SHADES)[:, None]
        ends = np.linspace(-0.5, high - 0.5, _SHADES + 1).tolist()
        signed = {"zmin": -1, "zmax": 1, "colorscale": palette.SIGNED}
        figure.image("shades", shades, x=strip, y=ends, hoverinfo="skip", **signed)
        figure.text(
            "scale",
            "$muted",
            size=12,
            x=[strip[1]] * 3,
            y=[-0.5, high / 2 - 0.5, high - 0.5],
            textposition=["bottom right", "middle right", "top right"],
        )
        places = corners(tiles, self.shape, self.wide, self.between)
        figure.text(
            "names",
            "$text",
            x=[-0.5] * tiles if self.flat else (places[:, 1] + (width - 1) / 2).tolist(),
            y=places[:, 0].tolist() if self.flat else (places[:, 0] - 0.5 - lift).tolist(),
            textposition="middle left" if self.flat else "top center",
        )
        self._rows(figure, first, line, band)
        return figure

    def _rows(self, figure: Figure, first: float, line: float, band: float) -> None:
        """The pictures of the data, and below each a line for every hidden unit. In pixels of a picture."""
        height, width = self.shape
        below = {"xaxis": "x2", "yaxis": "y2", "zmin": 0, "zmax": 1}
        tops = band * np.arange(self.bands)
        pictures = montage(self.data.values[self.shown], self.shape, self.across)
        # edges of rows: every pixel of a picture, then the gap to the next one
        edges = (tops[:, None] + np.arange(height + 1) - 0.5).ravel()
        at = {"x0": 0, "dx": 1, "y": edges.tolist()}
        figure.image("rows", pictures, colorscale=palette.PICTURE, hoverinfo="skip", **at, **below)
        lefts = (width + 1) * np.arange(self.across)
        columns = np.column_stack([lefts - 0.5, lefts + width - 0.5]).ravel()
        lines = first + line * np.arange(self.n_hidden + 1) - 0.5
        units = [f"h{unit + 1}" for unit in range(self.n_hidden)]
        figure.image(
            "hidden",
            x=columns.tolist(),
            y=(tops[:, None] + lines).ravel().tolist(),
            text=[[unit] * (2 * self.across - 1) for unit in [*units, ""] * self.bands][:-1],
            colorscale=palette.SHARE,
            ygap=1,
            hover="q(%{text} = 1) = %{z:.3f}<br>" + words.ROW.format("%{customdata:.3f}"),
            **below,
        )
        middles = [height / 2 - 0.5, *(lines[:-1] + line / 2)]
        figure.text(
            "lines",
            "$muted",
            size=12,
            x=[-0.5] * (len(middles) * self.bands),
            y=(tops[:, None] + np.array(middles)).ravel().tolist(),
            text=[f"{name}\u2002" for name in ["v", *units]] * self.bands,
            textposition="middle left",
            xaxis="x2",
            yaxis="y2",
        )
