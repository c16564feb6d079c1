"""One hidden unit: prior, likelihood and posterior as curves, MAP, median and mean marked, and q over them."""

from __future__ import annotations

import numpy as np

from em_core.observe.fit import bell
from em_core.observe.ladder import Background
from em_core.records import Array
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ
from em_core.sparse_coding.posterior.ladder import Rung
from figures.drawing import Figure
from figures.look.encode import Json
from figures.posterior.marks import codes, marks

_POINTS = 401
# across the picture, at least
_PIXELS = 600


class Density:
    """The picture of one hidden unit."""

    def __init__(self, background: Background) -> None:
        self.background = background
        h = self._grid()
        density = background.density(h[:, None])
        zero = {"zeroline": True, "zerolinecolor": "$faint", "zerolinewidth": 1}
        self.figure = figure = Figure(
            "picture",
            x="h",
            y="density (likelihood scaled)",
            legend=True,
            xaxis={"range": background.window[0].tolist(), **zero},
            yaxis={"range": [0, self._top()]},
            margin={"l": 48, "r": 12, "t": 44, "b": 46},
            corner={"y": 1.0, "yanchor": "bottom", "font": {"size": 12}, "entrywidth": 72},
        )
        prior, likelihood = background.prior_and_likelihood(h)
        figure.curve("prior", "$penalty", "prior", width=2, dash="dash", x=h, y=prior, hover="prior %{y:.3f}")
        figure.curve("likelihood", "$fit", "likelihood", width=2, dash="dot", x=h, y=likelihood * density.max())
        figure.curve(
            "posterior",
            "$text",
            "posterior",
            x=h,
            y=density,
            fill="tozeroy",
            fillcolor="$shade",
            hover="posterior %{y:.3f}",
        )
        figure.curve("q", "$elbo", "q", width=3, glides=True)
        figure.curve(
            "dirac",
            "$elbo",
            width=4,
            mode="lines+markers",
            marker={"symbol": ["circle", "triangle-up"], "size": [1, 15], "color": "$elbo"},
        )
        places = codes(background)
        heights = background.density(np.array(list(places.values())))
        shown = zip(places.items(), heights, strict=True)
        marks(figure, {name: (float(place[0]), float(y)) for (name, place), y in shown}, pairs=False)
        self.figures = [figure]

    def changes(self, rung: Rung) -> Json:
        return self.posterior_as_q() if rung.kind == "exact" else self.here(rung.q)

    def here(self, q: GaussianQ) -> Json:
        """q as a curve; the Dirac as an arrow: it has no height."""
        curve, arrow = self.figure["q"], self.figure["dirac"]
        mean, width, top = float(q.mean[0]), float(q.width[0]), self._top()
        if width == 0:
            nothing = np.zeros(_POINTS)
            return curve.set(x=nothing + mean, y=nothing) | arrow.at((mean, 0.0), (mean, 0.93 * top))
        low, high = self.background.window[0]
        if 10 * width < (high - low) / _PIXELS:  # Plotly leaves out what lies within a pixel: a stroke stands for it
            x = np.concatenate([[low], np.full(_POINTS - 2, mean), [high]])
            y = np.concatenate([[0, 0], np.full(_POINTS - 4, 40 * top), [0, 0]])
        else:
            z = np.linspace(-5, 5, _POINTS)
            x = mean + width * z
            # far above the picture a line would go astray in single precision
            y = np.minimum(bell(z, 0.0, 1.0) / width, 40 * top)
        return curve.set(x=x, y=y) | arrow.at((None, None))

    def posterior_as_q(self) -> Json:
        h = self._grid()
        height = self.background.density(h[:, None])
        return self.figure["q"].set(x=h, y=height) | self.figure["dirac"].at((None, None))

    def _grid(self) -> Array:
        """Places along h; the kink at 0 and the mode are among them."""
        low, high = self.background.window[0]
        grid = np.linspace(low, high, _POINTS - 2)
        kink = min(max(0.0, float(low)), float(high))
        return np.sort(np.append(grid, [kink, float(self.background.posterior.mode[0])]))

    def _top(self) -> float:
        return 1.35 * float(self.background.density(self.background.posterior.mode))
