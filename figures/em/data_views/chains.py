"""Sequences with the probabilities of their states below, and beside them what each state emits and where it leads."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure, broken
from figures.em.data_views import words
from figures.em.data_views.base import (
    MOST_TOLD,
    UNSEEN,
    PlainView,
    inside,
    near,
    padded,
    ringed,
    share,
    stepping_back,
    told,
)
from figures.em.data_views.emissions import Emissions
from figures.em.data_views.staves import Staves
from figures.look import layout, palette
from figures.look.encode import Json, blended_colors, symbols
from figures.scene import Handle, SliderHandle

# columns with such a name hold rolls of a die, whose symbol 0 is the face one
_DIE = "face"
# columns that are no values of the chain
_BESIDES = ("year", "sequence")
# more states have no numbers in their transition matrix
_MOST_NUMBERS = 8
# the right part of the picture begins here
_BESIDE = 0.71


class ChainsView(PlainView):
    """Numbers as a curve over time, all sequences end to end; symbols as marks in rows, as on staves of music."""

    models = ("hidden_markov",)
    title = words.CHAINS
    units = words.STEPS

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        start = experiment.start
        self.k = len(start["start_probabilities"])
        self.levelled = "probabilities" not in start
        self.die = not self.levelled and bool(columns) and columns[0].startswith(_DIE)
        self.title = words.ROLLS if self.die else words.CHAINS
        n_symbols = 0 if self.levelled else start["probabilities"].shape[1]
        # as readers call the symbols
        self.names = [str(symbol + self.die) for symbol in range(n_symbols)]
        # of a long chain the first steps are drawn, with the sequences that they are of
        self.values = self.sample.part(self.data.values)
        ends = np.minimum(np.cumsum(self.data.lengths), len(self.values))
        lengths = np.diff(ends, prepend=0)
        self.lengths = lengths[lengths > 0]
        self.staves = Staves(self.lengths, self.k, n_symbols)
        self.breaks = np.cumsum(self.lengths)[:-1]
        self.figure = self._axes()
        self._draw(self.figure)
        self.emissions = Emissions(self.figure, experiment, self.names, self.die)

    def completed(self, moment: Moment) -> Json:
        q, series = moment.step.after.q, self.figure["series"]
        result: Json = {}
        if q is None:
            for ribbon in self.ribbons:
                result |= ribbon.set(y=[])
            return result | series.set(marker_color=UNSEEN, marker_symbol="circle")
        for ribbon, outline in zip(self.ribbons, self.staves.ribbons(self.sample.probabilities(q)), strict=True):
            result |= ribbon.set(y=outline)
        return result | series.set(
            marker_color=blended_colors(self._broken(self.sample.probabilities(q), 1.0 / self.k)),
            marker_symbol=symbols(self._broken(self.sample.probabilities(q), 0.0)),
        )

    def parameters(self, theta: Parameters, q: Any) -> Json:
        states = self.sample.part(self.model.viterbi(self.data, theta))
        result = self.figure["transitions"].set(z=theta["transition_matrix"]) | self.figure["path"].set(
            y=self.staves.path(states),
            marker_color=[palette.component(int(k)) for k in states],
            text=[str(k + 1) for k in states],
        )
        result |= self.emissions.changes(theta)
        if self.levelled:
            heights = self._levels(theta)[states]
            result |= self.figure["levels"].set(y=broken(np.column_stack([heights, heights])))
        return result

    def told(self, moment: Moment) -> Json:
        """Of each time step, its states under q, and its share of log p."""
        q = moment.step.after.q
        rows = [] if q is None else self.sample.probabilities(q)
        lines = [(words.state(k), self._broken(row)) for k, row in enumerate(rows)]
        shares = self._broken(moment.shares_of(self.sample))
        return told(self.figure["series"], "%{text}", *lines, (words.STEP, shares))

    def choices(self) -> dict[str, list[int] | None]:
        """Every point a time step; at a break that before it."""
        units = np.insert(np.arange(len(self.values)), self.breaks, self.breaks - 1)
        return {self.figure["series"].address: units.tolist() if len(self.breaks) else None}

    def followed(self, beat: Beat) -> Json:
        """A ring around it; the others step back."""
        unit, back = beat.at["unit"], stepping_back(self.figure["series"], beat)
        if not self.sample.holds(unit):
            return self.figure["followed"].empty() | back  # beyond the end of the picture
        height = self.values[unit] if self.levelled else self.staves.rows(self.values)[unit]
        return self.figure["followed"].at((float(self.staves.x[unit]), float(height))) | back

    def handles(self, moment: Moment) -> list[Handle | SliderHandle]:
        """The levels of the states in the picture; of states that emit symbols, how likely they are to stay."""
        theta = moment.step.after.theta
        if self.levelled:
            x = float(self.staves.x[0]) - 0.5
            return [
                Handle(f"level/{k}", "data", x, float(level), words.level_name(k), palette.component(k), along="y")
                for k, level in enumerate(self._levels(theta))
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
        told = words.levels(self._levels(theta)) if self.levelled else words.emissions(self.die)
        return words.said(told, moment.step.after.q is not None)

    def _axes(self) -> Figure:
        states = {"type": "category", "dtick": 1, "automargin": False}
        below, staves = 0.3 if self.levelled else 0.26, self.staves
        more = {}
        if self.levelled:
            named = [name for name in self.columns if name not in _BESIDES]
            name = layout.literal(named[0]) if len(named) == 1 else "value"
            rows = {"domain": [0.36, 1], "range": padded(self.data.values, 0.15), "anchor": "x"}
            more["yaxis2"] = layout.axis(domain=[0, below], anchor="x", range=staves.reach, **staves.ticks([]))
        else:
            name = "face" if self.die else "symbol"
            rows = {"range": staves.reach, "anchor": "x", **staves.ticks(self.names)}
        return Figure(
            "data",
            x=words.steps(self.die, staves.begin),
            y=name,
            xaxis={"domain": [0, _BESIDE - 0.06], "range": staves.across, "anchor": "y2" if self.levelled else "y"},
            yaxis=rows,
            legend=self.levelled,
            **more,
            xaxis4=layout.axis("to state", domain=[_BESIDE + 0.06, 1], anchor="y4", **states),
            yaxis4=layout.axis("from state", domain=[0, below], anchor="x4", autorange="reversed", **states),
            **Emissions.axes(self.levelled, self.k, self.names, [_BESIDE - (0.04 if self.levelled else -0.06), 1]),
        )

    def _draw(self, figure: Figure) -> None:
        values, staves = self.values, self.staves
        line = "y2" if self.levelled else "y"
        figure.curve(
            "series",
            "$quiet",
            width=1.2,
            mode="lines+markers" if self.levelled else "markers",
            marker={"size": 7 if self.levelled else 6, "color": UNSEEN, "opacity": 1},
            x=self._broken(staves.x),
            y=self._broken(values if self.levelled else staves.rows(values)),
            # one by one only where they are few: as `told`
            text=self._texts(values) if len(values) <= MOST_TOLD else [],
            hover="%{text}" if len(values) <= MOST_TOLD else "%{y}",
        )
        if self.levelled:
            steps = broken(np.column_stack([staves.x - 0.5, staves.x + 0.5]))
            figure.curve("levels", "$text", "level along the Viterbi path", width=2, x=steps)
        else:
            figure.text("staves", "$muted", size=12, **staves.labels(words.row), textposition="middle right")
        across = staves.outline
        self.ribbons = [
            figure.curve(
                f"ribbon {k + 1}",
                palette.component(k),
                width=0,
                fill="toself",
                fillcolor=palette.component(k),
                opacity=0.8,
                x=across,
                yaxis=line,
            )
            for k in range(self.k)
        ]
        figure.points(
            "path",
            None,
            size=5,
            symbol="square",
            yaxis=line,
            x=staves.x,
            text=[],
            hover="on the Viterbi path: state %{text}",
        )
        ringed(figure)
        names = [str(k + 1) for k in range(self.k)]
        figure.image(
            "transitions",
            x=names,
            y=names,
            zmin=0,
            zmax=1,
            colorscale=palette.TINT,
            texttemplate="%{z:.2f}" if self.k <= _MOST_NUMBERS else "",
            textfont={"size": 13, "color": "$text"},
            xaxis="x4",
            yaxis="y4",
            hover="from state %{y} to state %{x}: %{z:.4f}",
        )

    def _texts(self, values: Array) -> list[str]:
        """What each time step is called, with an entry more at every break."""
        shown = [f"{value:g}" for value in values] if self.levelled else [self.names[int(value)] for value in values]
        several = len(self.lengths) > 1
        told = [
            words.at(value, int(time), int(sequence) if several else None, self.die)
            for value, time, sequence in zip(shown, self.staves.times, self.staves.sequences, strict=True)
        ]
        return list(np.insert(np.array(told, dtype=object), self.breaks, ""))

    def _levels(self, theta: Parameters) -> Array:
        """Where each state's emissions lie."""
        return theta["means" if "means" in theta else "rates"].reshape(self.k)

    def _broken(self, values: Array, filler: float = np.nan) -> Array:
        """The values over time with an entry more after every sequence but the last, so that lines break there."""
        return np.insert(values, self.breaks, filler, axis=-1)
