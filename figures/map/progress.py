"""How far the objective is from the optimum, what the certificate says of it, and the solvers side by side."""

from __future__ import annotations

import math

import numpy as np

from em_core.observe.ghost import Ghost
from em_core.observe.solving import RACE_STEPS, RACERS, TITLES, Background, Step
from figures.compared.card import Quantity
from figures.compared.words import curve
from figures.drawing import Figure
from figures.look import palette
from figures.look.encode import Json
from figures.map import words

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "5px,2px,1px,2px", "2px,2px")
# where an axis of steps begins, in powers of ten: what stands at step 1 has room
_LEFT = -0.1
# a way of fewer steps has a marker at each
_SHORT = 12
# by what two runs are compared
COMPARED = (
    Quantity("objective", words.OBJECTIVE, "$text"),
    Quantity("above", words.ABOVE, "$fit", "dash", "square"),
    Quantity("gap", words.DUALITY_GAP, "$certificate", "dot", "diamond"),
)
_CORNER = {"y": 0, "yanchor": "bottom", "orientation": "v", "x": 0.02}


class Progress:
    """Distance and certificate; support size; the race by steps and by multiplications."""

    def __init__(self, background: Background) -> None:
        self.background = background
        self.distance = _distance(background)
        self.support = _support(background)
        self.race = _race(background, by_steps=True)
        self.work = _race(background, by_steps=False)
        self.figures = [self.distance, self.support, self.race, self.work]

    def append(self, step: Step) -> Json:
        """What this step adds to the series."""
        result = self.support["support"].append(x=[step.index], y=[int(np.count_nonzero(step.state.code))])
        if step.index > 0:
            # a logarithmic axis has no place for step 0
            result |= self.distance["objective"].append(x=[step.index], y=[self._height(step)])
            result |= self.distance["gap"].append(x=[step.index], y=[self._visible(step.duality_gap)])
        return result

    def changes(self, step: Step) -> Json:
        """The rings at this step."""
        height, place = self._height(step), step.index or None
        return {
            **self.distance["here"].at((place, height), (place, self._visible(step.duality_gap))),
            **self.support["here"].at((step.index, int(np.count_nonzero(step.state.code)))),
            **self.race["here"].at((place, height)),
            **self.work["here"].at((step.state.multiplications or None, height)),
        }

    def before(self, ghost: Ghost | None) -> Json:
        """The kept run's distance and certificate."""
        result: Json = {}
        for trace, name in (("kept", "above"), ("kept gap", "gap")):
            heights = list(ghost.series(name) if ghost else ())[1:]
            places = list(ghost.places)[1:] if ghost else []
            # a logarithmic axis has no place for step 0
            shown = [None if height is None else self._visible(height) for height in heights]
            result |= self.distance[trace].set(x=places, y=shown, visible=ghost is not None)
        return result

    def _height(self, step: Step) -> float:
        return self._visible(step.objective - self.background.least)

    def _visible(self, height: float) -> float:
        """A distance of 0 stands at the level of rounding: a logarithmic axis has no place for it."""
        return max(height, self.background.rounding)


def _decades(background: Background, top: float) -> Json:
    """A logarithmic axis from the level of rounding to `top`, in powers of ten."""
    bottom = float(np.log10(background.rounding)) - 0.5
    return {"type": "log", "dtick": 3, "exponentformat": "power", "range": [bottom, top]}


def _distance(background: Background) -> Figure:
    steps = np.unique(np.rint(np.geomspace(1, 1000, 40)))
    first = max(background.problem.lipschitz * background.away, 1e-3)
    figure = Figure(
        "progress",
        "Convergence",
        x="step k",
        y="nats above the optimum",
        legend=True,
        xaxis={"type": "log", "dtick": 1, "range": [_LEFT, 3]},
        yaxis=_decades(background, float(np.log10(first)) + 1),
        corner=_CORNER,
    )
    figure.curve("objective", "$text", "objective − optimum", hover="above the optimum by %{y:.3g}")
    figure.curve("gap", "$certificate", "duality gap", dash="dash", hover="duality gap %{y:.3g}")
    for name, color, label in (("kept", "$text", words.DISTANCE), ("kept gap", "$certificate", words.DUALITY_GAP)):
        figure.curve(
            name, color, curve(label), width=1.5, dash="longdash", opacity=0.7, visible=False, hover="A: %{y:.3g}"
        )
    ista, fista = background.promised(steps) or ([], [])
    figure.curve("ista", "$muted", "ISTA bound, O(1/k)", width=1.5, x=steps, y=ista)
    figure.curve("fista", "$muted", "FISTA bound, O(1/k²)", width=1.5, dash="dot", x=steps, y=fista)
    figure.ring("here", ["$text", "$certificate"], size=12)
    return figure


def _support(background: Background) -> Figure:
    most = max(int(np.count_nonzero(background.optimum)), 1)
    figure = Figure(
        "support",
        "Support",
        x="step k",
        y="nonzero coefficients",
        xaxis={"autorangeoptions": {"include": [0, 20]}},
        yaxis={"range": [0, background.problem.n_atoms + 1], "tickformat": "d"},
    )
    figure.curve(
        "support",
        "$fit",
        mode="lines+markers",
        line_shape="hv",
        marker={"size": 5, "color": "$fit"},
        hover="%{y} nonzero coefficients",
    )
    figure.ring("here", "$fit", size=12)
    figure.curve("optimum", "$text", width=1.5, dash="dot", x=[0, 20], y=[most, most], hover=f"at the optimum: {most}")
    return figure


def _race(background: Background, by_steps: bool) -> Figure:
    tracks = {
        name: (np.arange(len(heights)) if by_steps else work, heights)
        for name, (heights, work) in background.race.items()
    }
    top = max(float(heights[0]) for _, heights in tracks.values())
    last = RACE_STEPS if by_steps else max(1.0, *(float(x.max(initial=1.0)) for x, _ in tracks.values()))
    right = float(np.log10(last)) + 0.05
    low = _LEFT if by_steps else float(np.log10(background.problem.dictionary.size)) - 0.3
    # by work all fall steeply: they stand beside the legend
    left = low if by_steps else low - 0.9 * (right - low)
    decades = [10.0**power for power in range(math.ceil(low), math.floor(right) + 1)]
    figure = Figure(
        "race" if by_steps else "work",
        "Race" if by_steps else "By work",
        x="step k" if by_steps else "multiplications",
        y="nats above the optimum",
        legend=True,
        xaxis={"type": "log", "tickvals": decades, "range": [left, right], "exponentformat": "power"},
        yaxis=_decades(background, float(np.log10(max(top, 1e-9))) + 0.5),
        # above those that arrive at the first step
        corner={**_CORNER, "y": 0.1 if by_steps else 0, "font": {"size": 12}},
    )
    short = {name: float(x[-1]) for name, (x, heights) in tracks.items() if len(heights) < _SHORT}
    for i, name in enumerate(RACERS):
        x, heights = tracks[name]
        drawn = x > 0
        # those that arrive at the same place stand around each other, the first outermost
        later = [short.get(other) for other in RACERS[i + 1 :]]
        size = 7 + 6 * later.count(short[name]) if name in short else 7
        figure.curve(
            name,
            palette.component(i),
            TITLES[name],
            dash=_DASHES[i % len(_DASHES)],
            mode="lines+markers" if len(heights) < _SHORT else "lines",
            marker={"symbol": palette.symbol(i), "size": size, "color": palette.component(i)},
            x=x[drawn],
            y=heights[drawn],
            hover=f"{TITLES[name]}: %{{y:.3g}}",
        )
    figure.ring("here", "$text", size=12)
    return figure
