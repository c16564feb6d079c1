"""Two hidden units: the posterior as contours, MAP, median and mean marked, q as rings; prior and likelihood apart."""

from __future__ import annotations

import numpy as np

from em_core.observe.ladder import Background
from em_core.records import Array
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ
from em_core.sparse_coding.posterior.ladder import Rung
from figures.drawing import Figure, broken
from figures.look.encode import Json
from figures.posterior.marks import codes, marks
from figures.rings import CIRCLE, DEPTHS, rings

_GRID = 141


class Plane:
    """The picture of two hidden units, and prior and likelihood apart."""

    def __init__(self, background: Background) -> None:
        self.background = background
        self.picture = figure = _figure("picture", "Posterior and q", background)
        _contours(figure, background)
        figure.curve("ring 1", "$elbo", "q", width=3, glides=True)
        figure.curve("ring 2", "$elbo", width=2, dash="dash", glides=True)
        figure.points("point", "$elbo", size=9, symbol="circle", glides=True)
        _marks(figure, background)
        self.figures = [figure, _parts(background)]

    def changes(self, rung: Rung) -> Json:
        return self.posterior_as_q() if rung.kind == "exact" else self.here(rung.q)

    def here(self, q: GaussianQ) -> Json:
        """The rings of q at one and two widths; a point where they are too small to see."""
        return self._rings(rings(q), q.mean)

    def posterior_as_q(self) -> Json:
        """The same rings of the posterior itself, about its own peak."""
        around = [self.background.level_set(d, CIRCLE.T).T for d in DEPTHS]
        return self._rings(around, self.background.posterior.mode)

    def _rings(self, drawn: list[Array], point: Array) -> Json:
        result = self.picture["point"].at((float(point[0]), float(point[1])))
        for number, (x, y) in enumerate(drawn, start=1):
            result |= self.picture[f"ring {number}"].set(x=x, y=y)
        return result


def _parts(background: Background) -> Figure:
    """Prior and likelihood: rings of each, the thick ones through the MAP. There they touch."""
    problem, mode = background.problem, background.posterior.mode
    corners = np.array([[1, 0, -1, 0, 1], [0, 1, 0, -1, 0]]) / problem.penalty
    found = background.likelihood
    peak, ring = found.peak[:, None], found.root @ CIRCLE
    prior = _joined([corners * d**2 / 2 for d in (1.0, 2.0, 3.0)])
    likelihood = _joined([peak + d * ring for d in (1.0, 2.0, 3.0)])
    through_prior = _joined([corners * problem.penalty * float(np.abs(mode).sum())])
    through_likelihood = _joined([peak + found.at_mode * ring])
    figure = _figure("parts", "Prior, likelihood", background)
    figure.curve("prior", "$penalty", width=1.5, dash="dash", **prior)
    figure.curve("likelihood", "$fit", width=1.5, dash="dot", **likelihood)
    figure.curve("prior at the MAP", "$penalty", "prior", width=3, dash="dash", **through_prior)
    figure.curve("likelihood at the MAP", "$fit", "likelihood", width=3, dash="dot", **through_likelihood)
    _marks(figure, background)
    return figure


def _contours(figure: Figure, background: Background) -> None:
    # both axes have one scale: the picture shows more of one of them than its window
    middle, half = background.window.mean(axis=1), 0.75 * float(np.ptp(background.window, axis=1).max())
    x, y = (np.linspace(place - half, place + half, _GRID) for place in middle)
    codes = np.stack(np.meshgrid(x, y), axis=-1)
    figure.contours(
        "contours",
        x,
        y,
        background.depth(codes),
        contours={"start": 0.5, "end": 4, "size": 0.5},
        colorscale=[[0, "$text"], [1, "$quiet"]],
        line_width=1.4,
    )


def _marks(figure: Figure, background: Background) -> None:
    places = {name: (float(code[0]), float(code[1])) for name, code in codes(background).items()}
    marks(figure, places, pairs=True)


def _figure(name: str, face: str, background: Background) -> Figure:
    zero = {"zeroline": True, "zerolinecolor": "$text", "zerolinewidth": 1, "showgrid": False}
    return Figure(
        name,
        face,
        x="h₁",
        y="h₂",
        legend=True,
        xaxis={"range": background.window[0].tolist(), **zero},
        yaxis={"range": background.window[1].tolist(), "scaleanchor": "x", **zero},
        margin={"l": 48, "r": 12, "t": 44, "b": 46},
        corner={"y": 1.0, "yanchor": "bottom", "font": {"size": 12}, "entrywidth": 54},
    )


def _joined(rings: list[Array]) -> dict[str, Array]:
    """Rings as one trace, with a break after each."""
    x, y = (broken(np.array([ring[axis] for ring in rings])) for axis in (0, 1))
    return {"x": x, "y": y}
