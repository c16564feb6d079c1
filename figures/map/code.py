"""The code as stems, and the exact solution over λ with the present code on it."""

from __future__ import annotations

import numpy as np

from em_core.observe.solving import Background, Step
from em_core.records import Array
from figures.drawing import Figure, broken
from figures.look import layout
from figures.look.encode import Json

# so many coefficients have their own tick, and are drawn also where they are 0
_FEW = 12


def _shown(code: Array) -> Array:
    """The numbers, from 0, of the coefficients that are drawn: of a few all, of many those that are not 0."""
    return np.arange(len(code)) if len(code) <= _FEW else np.flatnonzero(code)


class CodePictures:
    """Both figures. glides: whether the stems are few enough to travel."""

    def __init__(self, background: Background, glides: bool) -> None:
        self.background = background
        self.stems = _stems(background, glides)
        self.path = _path(background)
        self.figures = [self.stems, self.path]

    def changes(self, step: Step) -> Json:
        result = self.here(step.state.code, getattr(step.state, "penalty", self.background.problem.penalty))
        if self.background.experiment.solver == "lca":
            potential = step.state.potential  # type: ignore[attr-defined]
            result |= self.stems["potential"].set(x=list(range(1, len(potential) + 1)), y=potential)
        return result

    def here(self, code: Array, penalty: float) -> Json:
        """The stems of this code, and its place on the path at λ = `penalty`."""
        used = _shown(code)
        places, heights = used + 1.0, code[used]
        return {
            **self.stems["stems"].set(
                x=broken(np.column_stack([places, places])), y=broken(np.column_stack([0 * heights, heights]))
            ),
            **self.stems["heads"].set(x=(used + 1).tolist(), y=heights),
            **self.path["here"].set(x=[penalty] * len(used), y=heights),
        }

    def followed(self, code: Array, unit: int) -> Json:
        """One coefficient stands out, the others step back."""
        place, height = unit + 1.0, float(code[unit])
        return {
            **self.stems["followed"].at((place, 0.0), (place, height)),
            **self.stems["stems"].set(opacity=0.35),
            **self.stems["heads"].set(opacity=0.35),
        }

    def choices(self) -> dict[str, list[int] | None]:
        """The traces whose points are coefficients, with the number of each; None where that is its own."""
        few = self.background.problem.n_atoms <= _FEW
        heads: dict[str, list[int] | None] = {self.stems["heads"].address: None} if few else {}
        return heads | {self.stems["optimum"].address: _shown(self.background.optimum).tolist()}


def _stems(background: Background, glides: bool) -> Figure:
    """A stem for each coefficient that is not 0; rings mark the most probable code."""
    problem, best = background.problem, background.optimum
    low, high = _extent(background)
    room = 0.3 * (high - low or 1.0)
    figure = Figure(
        "code",
        x="coefficient",
        y="h",
        legend=True,
        **layout.LEGEND_ABOVE,
        xaxis={
            "range": [0.2 - 0.02 * problem.n_atoms, 0.8 + 1.02 * problem.n_atoms],
            "showgrid": False,
            "tickformat": "d",
            **({"dtick": 1} if problem.n_atoms <= _FEW else {}),
        },
        yaxis={"range": [low - room, high + room], "zeroline": True, "zerolinecolor": "$faint"},
    )
    used = _shown(best)
    figure.curve("stems", "$fit", glides=glides)
    figure.points("heads", "$fit", "current h", hover="h%{x} = %{y:.4f}", glides=glides)
    figure.curve(
        "followed",
        "$fit",
        width=7,
        mode="lines+markers",
        marker={"size": [0, 17], "color": "$fit", "line": {"color": "$text", "width": 2}},
        hover="h%{x} = %{y:.4f}",
    )
    figure.ring(
        "optimum",
        "$text",
        "MAP h",
        size=11,
        width=1.5,
        x=(used + 1).tolist(),
        y=best[used].tolist(),
        hover="MAP h%{x} = %{y:.4f}",
    )
    if background.experiment.solver == "lca":
        figure.points(
            "potential",
            "$penalty",
            "u",
            size=9,
            symbol="line-ew-open",
            marker_line_width=2,
            hover="u%{x} = %{y:.4f}",
        )
        ends = [0.5, problem.n_atoms + 0.5]
        for name, height in (("threshold", background.threshold), ("lower threshold", -background.threshold)):
            figure.curve(name, "$penalty", width=1, dash="dash", x=ends, y=[height, height])
    return figure


def _extent(background: Background) -> tuple[float, float]:
    """The lowest and highest coefficient that will be drawn; 0 lies between."""
    extent = np.concatenate([background.optimum, background.experiment.start])
    if background.experiment.solver == "lca":
        extent = np.append(extent, [2 * background.threshold, -2 * background.threshold])
    if background.experiment.solver == "omp":  # does not shrink
        extent = np.append(extent, background.pursued)
    return min(float(extent.min()), 0.0), max(float(extent.max()), 0.0)


def _path(background: Background) -> Figure:
    """h over λ as homotopy found it: linear between its knots. The line at λ is where the solver wants to go."""
    problem, solution = background.problem, background.path
    bottom, top = float(solution.penalties[-1]), max(problem.lambda_max, problem.penalty) * 1.3
    left = max(bottom, top / 1e3)
    used = np.flatnonzero(np.abs(solution.codes).max(axis=0) > 0)
    # linear between the knots in λ, so curved on a logarithmic axis: drawn through many points
    penalties = np.union1d(solution.penalties[solution.penalties >= left], np.geomspace(left, top, 160))
    codes = solution.sample(penalties)[:, used].T
    lowest, highest = float(solution.codes.min()), float(solution.codes.max())
    reach = max(highest, -lowest) or 1.0
    figure = Figure(
        "path",
        x="λ",
        y="h",
        xaxis={"type": "log", "dtick": 1, "range": [float(np.log10(left)), float(np.log10(top))]},
        yaxis={
            "range": [min(1.15 * lowest, -0.15 * reach), max(1.15 * highest, 0.15 * reach)],
            "zeroline": True,
            "zerolinecolor": "$faint",
        },
    )
    figure.curve("path", "$muted", width=1.3, x=broken(np.tile(penalties, (len(used), 1))), y=broken(codes))
    figure.curve("penalty", "$penalty", width=2, dash="dash", x=[problem.penalty] * 2, y=[-2 * reach, 2 * reach])
    figure.points("here", "$fit", hover="h = %{y:.4f}")
    return figure
