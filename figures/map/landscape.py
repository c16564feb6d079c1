"""The objective over two coefficients as contours, with the solver's way in its two parts; or the atoms in use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from em_core.observe.solving import Background, Step
from em_core.observe.widened import Widened
from em_core.records import Array
from figures.drawing import Figure
from figures.look import layout, palette
from figures.look.encode import Json
from figures.look.montage import montage
from figures.map.signal import Signal
from figures.map.widened import elbo, over
from figures.map.words import LANDSCAPE
from figures.rings import rings

_GRID = 90


class Landscape:
    """Contours of the objective over the first two coefficients."""

    is_drawn = True

    def __init__(self, background: Background, widened: Widened | None) -> None:
        self.background = background
        around = [] if widened is None else list(rings(widened.q)[-1].T)
        x, y, heights = background.landscape(_GRID, *around)
        # the bowl is quadratic, and equal steps of height would crowd at the rim
        roots = np.sqrt(heights)
        zero = {"zeroline": True, "zerolinecolor": "$text", "zerolinewidth": 1, "showgrid": False}
        self.figure = figure = Figure(
            "picture",
            LANDSCAPE,
            x="h₁",
            y="h₂",
            legend=True,
            xaxis={"range": [float(x[0]), float(x[-1])], **zero},
            yaxis={"range": [float(y[0]), float(y[-1])], **zero},
            # the first step brings two more entries: the legend has its second row from the beginning
            margin={"l": 48, "r": 12, "t": 60 if background.proximal else 41, "b": 46},
            corner={"y": 1.0, "yanchor": "bottom", "font": {"size": 12}},
        )
        figure.contours(
            "contours",
            x,
            y,
            roots,
            contours={"start": 0, "end": float(roots.max()), "size": float(roots.max()) / 18},
            colorscale=[[0, "$muted"], [1, "$quiet"]],
            line_width=1.2,
        )
        parts = background.proximal
        momentum = parts and background.experiment.solver != "ista"
        figure.curve("ahead", "$muted", "momentum", width=1.5, dash="dot", showlegend=momentum)
        figure.curve("moved", "$fit", "gradient", width=3, showlegend=parts)
        figure.curve("shrunk", "$penalty", "threshold", width=3, dash="4px,2px", showlegend=parts)
        figure.curve("way", "$text", "code", width=1.2, mode="lines+markers", marker_size=5)
        first, second = (float(entry) for entry in background.optimum[:2])
        figure.points(
            "optimum",
            "$certificate",
            "MAP h",
            size=15,
            symbol="star",
            marker_line={"color": "$text", "width": 1},
            x=[first],
            y=[second],
            hover="MAP h<br>%{x:.4f}, %{y:.4f}",
        )
        figure.curve("turn", "$text", width=5)
        figure.points("here", "$text", size=12, symbol="circle", hover="h = (%{x:.4f}, %{y:.4f})", glides=True)
        self.figures = [figure]
        if widened is not None:
            over(figure, widened)
            self.figures.append(elbo(widened))

    def changes(self, step: Step) -> Json:
        """Where the solver stands."""
        return self.here(step.state.code)

    def here(self, code: Array) -> Json:
        return self.figure["here"].at(_point(code))

    def within(self, code: Array, way: Sequence[Array]) -> Json:
        """Inside a step: the code as far as it has come, and the way there."""
        return self.here(code) | self.figure["turn"].at(*map(_point, way))

    def followed(self, unit: int) -> Json:
        """Nothing: the way inside a step says which coefficient it is."""
        return {}

    def append(self, step: Step) -> Json:
        """What this step adds to the way."""
        result = self.figure["way"].at(_point(step.state.code))
        parts = self.background.parts(step)
        if parts is not None:
            for name, start, stop in (
                ("ahead", step.before.code, parts.start),
                ("moved", parts.start, parts.moved),
                ("shrunk", parts.moved, parts.shrunk),
            ):
                result |= self.figure[name].at(_point(start), _point(stop), (None, None))
        return result


class Tiles:
    """Every atom as a small picture, tinted by how much of it is used."""

    is_drawn = False

    def __init__(self, background: Background, shape: tuple[int, int]) -> None:
        self.background = background
        dictionary, (height, width) = background.problem.dictionary, shape
        self.across = int(np.ceil(np.sqrt(dictionary.shape[1])))
        self.down = int(np.ceil(dictionary.shape[1] / self.across))
        picture = montage((dictionary / np.abs(dictionary).max(axis=0)).T, shape, self.across)
        self.figure = figure = Figure(
            "picture",
            margin={"l": 6, "r": 6, "t": 6, "b": 6},
            xaxis=layout.hidden_axis(-1, picture.shape[1] + 1, constrain="domain"),
            yaxis=layout.hidden_axis(picture.shape[0] + 1, -1, scaleanchor="x", constrain="domain"),
        )
        figure.image("atoms", picture, colorscale="Greys", zmid=0)
        figure.image(
            "used",
            x0=(width - 1) / 2,
            dx=width + 1,
            y0=(height - 1) / 2,
            dy=height + 1,
            zmin=0,
            zmax=1,
            colorscale=palette.USE,
            hoverongaps=False,
            hover="|h| as a share of the largest: %{z:.2f}",
        )
        figure.curve("followed", "$text", width=4)
        self.figures, self.shape = [figure], shape

    def followed(self, unit: int) -> Json:
        """A frame around the atom."""
        height, width = (side + 1 for side in self.shape)
        row, column = divmod(unit, self.across)
        left, top = column * width - 1.0, row * height - 1.0
        right, bottom = left + width, top + height
        return self.figure["followed"].at((left, top), (right, top), (right, bottom), (left, bottom), (left, top))

    def changes(self, step: Step) -> Json:
        """How much the solver uses each atom."""
        return self.within(step.state.code)

    def within(self, code: Array, way: Sequence[Array] = ()) -> Json:
        """How much this code uses each atom."""
        use = np.full(self.across * self.down, np.nan)
        use[: len(code)] = np.abs(code) / (np.abs(self.background.optimum).max() or 1.0)
        use[use == 0] = np.nan
        return self.figure["used"].set(z=use.reshape(self.down, self.across))

    def here(self, code: Array) -> Json:
        return {}

    def append(self, step: Step) -> Json:
        return {}


class Columns:
    """Every atom as a column, marked where it is used."""

    is_drawn = False

    def __init__(self, background: Background) -> None:
        problem = background.problem
        self.rows = problem.n_dimensions
        # room above the columns for their marks, in samples
        self.margin = -0.1 * problem.n_dimensions - 0.5
        self.figure = figure = Figure(
            "picture",
            x="atom",
            y="sample",
            xaxis={"range": [-0.5, problem.n_atoms - 0.5]},
            yaxis={"range": [problem.n_dimensions - 0.5, self.margin]},
        )
        figure.image("atoms", problem.dictionary, colorscale="Greys", zmid=0)
        figure.points("used", "$fit", size=9, symbol="triangle-down")
        figure.curve("followed", "$text", width=3)
        self.figures = [figure]

    def followed(self, unit: int) -> Json:
        """A frame around the atom."""
        left, right, low = unit - 0.5, unit + 0.5, self.rows - 0.5
        return self.figure["followed"].at((left, -0.5), (right, -0.5), (right, low), (left, low), (left, -0.5))

    def changes(self, step: Step) -> Json:
        """Which atoms the solver uses."""
        return self.within(step.state.code)

    def within(self, code: Array, way: Sequence[Array] = ()) -> Json:
        """Which atoms this code uses."""
        used = np.flatnonzero(code)
        return self.figure["used"].set(x=used.tolist(), y=[self.margin / 2] * len(used))

    def here(self, code: Array) -> Json:
        return {}

    def append(self, step: Step) -> Json:
        return {}


def picture(background: Background, signal: Signal, gaussian: bool) -> Landscape | Tiles | Columns:
    """The landscape where the code has few enough coefficients for one, else the atoms. gaussian: with the best q."""
    if signal.kind == "plane" and background.problem.n_atoms in (2, 3):
        return Landscape(background, background.widened if gaussian else None)
    return Tiles(background, signal.shape) if signal.kind == "image" else Columns(background)


def _point(code: Array) -> tuple[float, float]:
    return float(code[0]), float(code[1])
