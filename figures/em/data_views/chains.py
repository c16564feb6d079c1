"""Time series with the state posteriors as ribbons, the most probable path, and the transition matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.moment import Moment
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure, broken
from figures.em.data_views import words
from figures.em.data_views.base import UNSEEN, PlainView, inside, near, padded, share, told
from figures.look import layout, palette
from figures.look.encode import Json, blended_colors, symbols
from figures.scene import Handle, SliderHandle


class ChainsView(PlainView):
    """All sequences end to end, with a pause between."""

    models = ("hidden_markov",)
    title = words.CHAINS

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.k = len(experiment.start["start_probabilities"])
        lengths = np.array(self.data.lengths)
        self.ends = np.cumsum(lengths)
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        # one place a time step, and a pause after every sequence
        self.places = np.arange(len(self.data.values)) + 2.0 * sequence
        self.breaks = self.ends[:-1]
        self.figure = self._axes()
        self._draw(self.figure)

    def completed(self, moment: Moment) -> Json:
        q, series = moment.step.after.q, self.figure["series"]
        result: Json = {}
        if q is None:
            for ribbon in self.ribbons:
                result |= ribbon.set(y=[])
            return result | series.set(marker_color=UNSEEN, marker_symbol="circle")
        for ribbon, height in zip(self.ribbons, q.probabilities, strict=True):
            result |= ribbon.set(y=height)
        return result | series.set(
            marker_color=blended_colors(self._broken(q.probabilities, 1.0 / self.k)),
            marker_symbol=symbols(self._broken(q.probabilities, 0.0)),
        )

    def parameters(self, theta: Parameters, q: Any) -> Json:
        states = self.model.viterbi(self.data, theta)
        levels = self._levels(theta)
        result = self.figure["transitions"].set(z=theta["transition_matrix"]) | self.figure["path"].set(
            y=states.tolist(),
            marker_color=[palette.component(int(k)) for k in states],
            text=[str(k + 1) for k in states],
        )
        if levels is None:
            return result | self.figure["levels"].set(y=[])
        heights = levels[states]
        return result | self.figure["levels"].set(y=broken(np.column_stack([heights, heights])))

    def told(self, moment: Moment) -> Json:
        """Of each time step, its states under q, and its share of log p."""
        q = moment.step.after.q
        lines = [] if q is None else [(words.state(k), self._broken(row)) for k, row in enumerate(q.probabilities)]
        above = "%{y} at time %{x}"
        return told(self.figure["series"], above, *lines, (words.STEP, self._broken(moment.shares)))

    def handles(self, moment: Moment) -> list[Handle | SliderHandle]:
        """The levels of the states in the picture; of states that emit symbols, how likely they are to stay."""
        theta = moment.step.after.theta
        levels = self._levels(theta)
        if levels is not None:
            x = float(self.places[0]) - 0.5
            return [
                Handle(f"level/{k}", "data", x, float(level), words.level_name(k), palette.component(k), along="y")
                for k, level in enumerate(levels)
            ]
        staying = theta["transition_matrix"].diagonal()
        return [share(f"stay/{k}", words.stay_names(self.k)[k], staying[k]) for k in fit.movable(staying)]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        part, _, number = handle.partition("/")
        k = int(number)
        if part == "stay":
            transitions = theta["transition_matrix"].copy()
            transitions[k] = fit.with_share(transitions[k], k, inside(words.stay_names(self.k)[k], x))
            return {**theta, "transition_matrix": frozen(transitions)}
        name = "means" if "means" in theta else "rates"
        level = near(words.level_name(k), y, self.data.values)
        if name == "rates" and not level > 0:
            raise InvalidExperiment(words.level_name(k), round(level, 4), "a rate above 0")
        levels = theta[name].copy()
        levels.reshape(self.k)[k] = level
        return {**theta, name: frozen(levels)}

    def note(self, moment: Moment) -> str:
        theta = moment.step.after.theta
        levels = self._levels(theta)
        told = words.emissions(theta["probabilities"]) if levels is None else words.levels(levels)
        return words.said(told, moment.step.after.q is not None)

    def _axes(self) -> Figure:
        states = {"type": "category", "dtick": 1}
        return Figure(
            "data",
            x="time",
            y=layout.literal(self.columns[0]) if len(self.columns) == 1 else "value",
            xaxis={"domain": [0, 0.7], "range": [-1, float(self.places[-1]) + 1], "anchor": "y2"},
            yaxis={"domain": [0.42, 1], "range": padded(self.data.values, 0.15), "anchor": "x"},
            legend=True,
            yaxis2=layout.axis("q(state)", domain=[0, 0.27], anchor="x", range=[0, 1], nticks=3),
            yaxis3=layout.axis(
                "path", domain=[0.3, 0.39], anchor="x", range=[-0.6, self.k - 0.4], showticklabels=False
            ),
            xaxis4=layout.axis("to state", domain=[0.8, 1], anchor="y4", **states),
            yaxis4=layout.axis("from state", domain=[0.45, 1], anchor="x4", autorange="reversed", **states),
        )

    def _draw(self, figure: Figure) -> None:
        names = [str(k + 1) for k in range(self.k)]
        figure.curve(
            "series",
            "$quiet",
            width=1.2,
            mode="lines+markers",
            marker={"size": 7, "color": UNSEEN},
            x=self._broken(self.places),
            y=self._broken(self.data.values),
            hover="%{y}",
        )
        steps = broken(np.column_stack([self.places - 0.5, self.places + 0.5]))
        figure.curve("levels", "$text", "level along the Viterbi path", width=2, x=steps)
        self.ribbons = [
            figure.curve(
                f"ribbon {name}",
                palette.component(k),
                width=0.5,
                stackgroup="posterior",
                x=self.places,
                xaxis="x",
                yaxis="y2",
                hover=f"state {name}: %{{y:.3f}}",
            )
            for k, name in enumerate(names)
        ]
        figure.points(
            "path",
            None,
            size=6,
            symbol="square",
            xaxis="x",
            yaxis="y3",
            x=self.places,
            text=[],
            hover="state %{text}",
        )
        figure.image(
            "transitions",
            x=names,
            y=names,
            zmin=0,
            zmax=1,
            colorscale=palette.SHARE,
            texttemplate="%{z:.2f}",
            xaxis="x4",
            yaxis="y4",
            hover="from %{y} to %{x}: %{z:.4f}",
        )

    def _levels(self, theta: Parameters) -> Array | None:
        """Where each state's emissions lie; None for symbols."""
        for name in ("means", "rates"):
            if name in theta:
                return theta[name].reshape(self.k)
        return None

    def _broken(self, values: Array, filler: float = np.nan) -> Array:
        """The values over time with an entry more after every sequence but the last, so that lines break there."""
        return np.insert(values, self.breaks, filler, axis=-1)
