"""What the states of a chain emit: densities beside the axis of the values, or a row of bars for each state."""

from __future__ import annotations

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import padded
from figures.look import layout, palette
from figures.look.encode import Json

# bars that can be told apart; what is more is shown in shades
_MOST_BARS = 60
# the share of its row that the highest bar takes, and the numbers on the bars
_HIGH = 0.74
_GRID = 121


class Emissions:
    """Draws into the axes x5, y5 of a figure. names: of the symbols, none of numbers; die: whether they are faces."""

    def __init__(self, figure: Figure, experiment: Experiment, names: list[str], die: bool) -> None:
        self.model, self.names = experiment.model, names
        self.k = len(experiment.start["start_probabilities"])
        states = [str(k + 1) for k in range(self.k)]
        self.figure, self.curves = figure, []
        if not names:
            low, high = padded(experiment.data.values, 0.15)
            whole = "rates" in experiment.start
            # counts are whole numbers, and none is below 0
            self.grid = np.arange(max(np.ceil(low), 0), high) if whole else np.linspace(low, high, _GRID)
            if whole and len(self.grid) > _GRID:
                self.grid = np.unique(np.rint(np.linspace(self.grid[0], self.grid[-1], _GRID)))
            self.curves = [
                figure.curve(
                    f"emission {state}",
                    palette.component(k),
                    width=2,
                    fill="tozerox",
                    line_shape="hvh" if whole and len(self.grid) < 60 else "linear",
                    y=self.grid,
                    xaxis="x5",
                )
                for k, state in enumerate(states)
            ]
        elif self.few(self.k, names):
            if die:  # behind the bars and their numbers
                figure.curve("fair", "$text", width=1, dash="dot", xaxis="x5", yaxis="y5")
            for k, state in enumerate(states):
                figure.bars(
                    f"emission {state}",
                    palette.component(k),
                    x=names,
                    base=[float(self.k - 1 - k)] * len(names),
                    width=0.8,
                    textposition="outside",
                    textfont={"size": 11, "color": "$text"},
                    cliponaxis=False,
                    customdata=[],
                    hover=words.emitted(state, die),
                    xaxis="x5",
                    yaxis="y5",
                )
        else:
            figure.image(
                "emissions",
                x=names,
                y=states,
                zmin=0,
                zmax=1,
                colorscale=palette.SHARE,
                xaxis="x5",
                yaxis="y5",
                hover="state %{y} emits %{x}: %{z:.4f}",
            )

    @staticmethod
    def few(n_states: int, names: list[str]) -> bool:
        """Whether each probability has a bar."""
        return n_states * len(names) <= _MOST_BARS

    @staticmethod
    def axes(levelled: bool, n_states: int, names: list[str], domain: list[float]) -> Json:
        """The axes x5 and y5 of the layout, above the transition matrix."""
        states = [str(k + 1) for k in range(n_states)]
        if levelled:
            quiet = {"showticklabels": False, "showgrid": False, "ticks": ""}
            across = layout.axis(words.EMISSIONS, domain=domain, anchor="y", range=[0, 1.06], **quiet)
            return {"xaxis5": across}
        rows = {"domain": [0.46, 1], "anchor": "x5", "automargin": False}
        kind = {"type": "category", "nticks": 12, "categoryorder": "array", "categoryarray": names}
        if not Emissions.few(n_states, names):
            shades = layout.axis("state", autorange="reversed", type="category", **rows)
            return {"xaxis5": layout.axis(words.EMISSIONS, domain=domain, anchor="y5", **kind), "yaxis5": shades}
        middles = [n_states - 1 - k + _HIGH / 2 for k in range(n_states)]
        bars = {"range": [0, n_states], "tickmode": "array", "tickvals": middles, "ticktext": states, "showgrid": False}
        return {
            "xaxis5": layout.axis(words.PERCENT, domain=domain, anchor="y5", **kind),
            "yaxis5": layout.axis("state", **rows, **bars),
        }

    def changes(self, theta: Parameters) -> Json:
        result: Json = {}
        if self.curves:
            for curve, heights in zip(self.curves, fit.emitted(self.model, theta, self.grid), strict=True):
                result |= curve.set(x=heights)
            return result
        rows = theta["probabilities"]
        if not self.few(self.k, self.names):
            return self.figure["emissions"].set(z=rows)
        # of quarters: the scale stays while the bars move
        most = min(np.ceil(4 * rows.max()) / 4, 1.0)
        for k, row in enumerate(rows):
            bars = self.figure[f"emission {k + 1}"]
            result |= bars.set(y=_HIGH * row / most, text=[f"{100 * p:.0f}" for p in row], customdata=row)
        if "fair" in [trace.name for trace in self.figure]:
            feet = self.k - 1 - np.arange(self.k) + _HIGH / len(self.names) / most
            ends = [self.names[0], self.names[-1], None]
            result |= self.figure["fair"].set(x=ends * self.k, y=[y for foot in feet for y in (foot, foot, None)])
        return result
