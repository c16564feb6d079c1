"""The objective over two coefficients as contours, with the solver's way in its two parts; or the atoms in use."""

from __future__ import annotations

import numpy as np

from em_core.files.fields import Array
from em_core.sparse_coding import gradient, soft_threshold
from em_core.sparse_coding.problem import objectives
from figures.drawing import Figure
from figures.look import layout, palette
from figures.look.encode import Json
from figures.map.moment import PARTS, Background, Signal, Step

_GRID = 90


class Landscape:
    """Contours of the objective over the first two coefficients."""

    is_drawn = True

    def __init__(self, background: Background) -> None:
        self.background = background
        x, y = _window(background)
        solver = background.experiment.solver
        zero = {"zeroline": True, "zerolinecolor": "$text", "zerolinewidth": 1, "showgrid": False}
        self.figure = figure = Figure(
            "picture",
            x="h₁",
            y="h₂",
            legend=True,
            xaxis={"range": [float(x[0]), float(x[-1])], **zero},
            yaxis={"range": [float(y[0]), float(y[-1])], **zero},
            margin={"l": 48, "r": 12, "t": 28, "b": 46},
            corner={"y": 1.0, "yanchor": "bottom", "font": {"size": 12}},
        )
        roots = _roots(background, x, y)
        figure.contours(
            "contours",
            x,
            y,
            roots,
            contours={"start": 0, "end": float(roots.max()), "size": float(roots.max()) / 18},
            colorscale=[[0, "$muted"], [1, "$faint"]],
            line_width=1.2,
        )
        parts = solver in PARTS
        figure.curve("ahead", "$muted", "ahead", width=1.5, dash="dot", showlegend=parts and solver != "ista")
        figure.curve("moved", "$fit", "gradient", width=3, showlegend=parts)
        figure.curve("shrunk", "$penalty", "shrink", width=3, dash="4px,2px", showlegend=parts)
        figure.curve("way", "$text", "code", width=1.2, mode="lines+markers", marker_size=5)
        first, second = (float(entry) for entry in background.optimum[:2])
        figure.points(
            "optimum",
            "$certificate",
            "optimum",
            size=15,
            symbol="star",
            marker_line={"color": "$text", "width": 1},
            x=[first],
            y=[second],
            hover="most likely h<br>%{x:.4f}, %{y:.4f}",
        )
        figure.points("here", "$text", size=12, symbol="circle", hover="h = (%{x:.4f}, %{y:.4f})", glides=True)

    def changes(self, step: Step) -> Json:
        """Where the solver stands."""
        return self.here(step.state.code)

    def here(self, code: Array) -> Json:
        return self.figure["here"].at(_point(code))

    def append(self, step: Step) -> Json:
        """What this step adds to the way."""
        result = self.figure["way"].at(_point(step.state.code))
        solver = self.background.experiment.solver
        if step.made and solver in PARTS:
            parts = PARTS[solver](self.background.problem, step.before)
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
        picture = np.full((self.down * (height + 1), self.across * (width + 1)), np.nan)
        for k, atom in enumerate(dictionary.T):
            row, column = divmod(k, self.across)
            top, left = row * (height + 1), column * (width + 1)
            picture[top : top + height, left : left + width] = (atom / np.abs(atom).max()).reshape(shape)
        self.figure = figure = Figure(
            "picture",
            margin={"l": 6, "r": 6, "t": 6, "b": 6},
            xaxis=layout.hidden_axis(-1, picture.shape[1], constrain="domain"),
            yaxis=layout.hidden_axis(picture.shape[0], -1, scaleanchor="x", constrain="domain"),
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

    def changes(self, step: Step) -> Json:
        """How much the solver uses each atom."""
        code = step.state.code
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

    def changes(self, step: Step) -> Json:
        """Which atoms the solver uses."""
        used = np.flatnonzero(step.state.code)
        return self.figure["used"].set(x=used.tolist(), y=[self.margin / 2] * len(used))

    def here(self, code: Array) -> Json:
        return {}

    def append(self, step: Step) -> Json:
        return {}


def picture(background: Background, signal: Signal) -> Landscape | Tiles | Columns:
    """The landscape where the code has few enough coefficients for one, else the atoms."""
    if signal.kind == "plane" and background.problem.n_atoms in (2, 3):
        return Landscape(background)
    return Tiles(background, signal.shape) if signal.kind == "image" else Columns(background)


def _point(code: Array) -> tuple[float, float]:
    return float(code[0]), float(code[1])


def _window(background: Background) -> list[Array]:
    """Places along both axes, from beyond the lowest to beyond the highest that a solver reaches."""
    problem = background.problem
    start, best = background.experiment.start, background.optimum
    # where gradient steps reach to, at the start and at the end
    reached = [code - gradient(problem, code) / problem.lipschitz for code in (start, best)]
    corners = np.array([np.zeros(2), *(code[:2] for code in (start, best, *reached))])
    if background.experiment.solver == "omp":  # does not shrink, and is soon done
        corners = np.vstack([corners, background.pursued[:, :2]])
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = 0.25 * max(float((high - low).max()), 0.5)
    return [np.linspace(a - room, b + room, _GRID) for a, b in zip(low, high, strict=True)]


def _roots(background: Background, x: Array, y: Array) -> Array:
    """The root of the height above the optimum: the bowl is quadratic, and equal steps would crowd at the rim."""
    problem = background.problem
    codes = np.zeros((_GRID, _GRID, problem.n_atoms))
    codes[..., 0], codes[..., 1] = x[None, :], y[:, None]
    if problem.n_atoms == 3:
        codes[..., 2] = _best_third(background, codes)
    heights = objectives(problem.target, problem.dictionary, problem.penalty, problem.precision, codes)
    return np.sqrt(np.maximum(heights - background.least, 0))


def _best_third(background: Background, codes: Array) -> Array:
    """The third coefficient at its best for the first two: a soft threshold of what they leave over."""
    problem = background.problem
    atom = problem.dictionary[:, 2]
    curvature = problem.precision * float(atom @ atom)
    pull = problem.precision * ((problem.target - codes @ problem.dictionary.T) @ atom)
    return soft_threshold(pull, problem.penalty) / curvature
