"""Factor analysis: the latent line in the plane with a spring from each point to its place on it, and the loadings."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.records import Parameters, frozen
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlaneView, ellipse, ringed, segments, stepping_back, told
from figures.look import layout, palette, wording
from figures.look.encode import Json
from figures.scene import Handle

# a factor is drawn as far as so many of its standard deviations lead
_REACH = 2
# columns whose names may take several lines
_FEW = 6


class FactorsView(PlaneView):
    """Two dimensions are drawn; the loadings of all stand beside them."""

    models = ("factor_analysis",)
    title = words.FACTORS
    by_hand = True

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.seen = self.shown[:, self.drawn]
        spring, few = palette.component(0), len(self.axis_names) <= _FEW
        self.figure = figure = Figure(
            "data",
            x=self.labels[0],
            y=self.labels[1],
            xaxis={"range": self.span[0], "domain": [0, 0.61], "anchor": "y"},
            yaxis={"range": self.span[1], "anchor": "x"},
            legend=True,
            xaxis2=layout.axis("loadings", automargin=True, domain=[0.84, 1], anchor="y2", type="category"),
            yaxis2=layout.axis("", anchor="x2", type="category", autorange="reversed", nticks=40),
        )
        size, faint = (7, 1.0) if self.sample.whole else (4, 0.25)
        figure.points(
            "points", "$muted", size=size, marker_opacity=1, x=self.seen[:, 0], y=self.seen[:, 1], hover="%{x}, %{y}"
        )
        figure.curve("springs", spring, width=1, opacity=faint, glides=True)
        figure.points("places", spring, "reconstruction", size=size - 1, symbol="diamond", glides=True)
        figure.curve("outline", "$text", "covariance under θ", width=2, glides=True)
        figure.curve("factors", palette.component(2), "factors", width=4, glides=True)
        ringed(figure)
        figure.image(
            "loadings",
            x=[f"h{i + 1}" for i in range(experiment.start["loadings"].shape[1])],
            # in narrow lines, where there is room for them: they stand between the two pictures
            y=[layout.literal(name).replace(" ", "<br>" if few else " ") for name in self.axis_names],
            colorscale=palette.SIGNED_TINT,
            zmid=0,
            texttemplate="%{text}",
            textfont={"size": 13, "color": "$text"},
            xaxis="x2",
            yaxis="y2",
            hover="loading of %{y} on %{x}: %{z:.4f}",
        )

    def completed(self, moment: Moment) -> Json:
        return self._springs(moment.step.after.theta, moment.step.after.q)

    def parameters(self, theta: Parameters, q: Any) -> Json:
        mean = theta["mean"][self.drawn]
        loadings = theta["loadings"]
        x, y = ellipse(mean, self.model.covariance(theta)[np.ix_(self.drawn, self.drawn)], 1, 2)
        reach = _REACH * loadings[self.drawn].T
        ends = segments(*(mean[:, None] - reach.T), *(mean[:, None] + reach.T))
        return {
            **self.figure["outline"].set(x=x, y=y),
            **self.figure["factors"].set(x=ends[0], y=ends[1]),
            **self.figure["loadings"].set(
                z=loadings, text=[list(map(wording.short, row)) for row in loadings.tolist()]
            ),
            **self._springs(theta, q),
        }

    def told(self, moment: Moment) -> Json:
        """Of each point, its factors under q, and its share of log p."""
        q, lines = moment.step.after.q, []
        if q is not None:
            means, spreads = map(self.sample.part, (q.means, np.broadcast_to(q.deviations, q.means.shape)))
            lines = [(words.factor(k), means[:, k], spreads[:, k]) for k in range(means.shape[1])]
        return told(self.figure["points"], "%{x}, %{y}", *lines, (words.POINT, moment.shares_of(self.sample)))

    def choices(self) -> dict[str, list[int] | None]:
        return {self.figure["points"].address: self.sample.numbers}

    def followed(self, beat: Beat) -> Json:
        """A ring around it; the others step back."""
        unit = beat.at["unit"]
        return self.marked(unit, self.place(self.values[unit])) | stepping_back(self.figure["points"], beat)

    def handles(self, moment: Moment) -> list[Handle]:
        theta, color = moment.step.after.theta, palette.component(2)
        ends = (theta["mean"][:, None] + _REACH * theta["loadings"]).T
        factors = [
            Handle(f"factor/{number}", "data", *self.place(end), words.factor_end(number), color)
            for number, end in enumerate(ends)
        ]
        return [Handle("mean", "data", *self.place(theta["mean"]), words.MEAN, "$text"), *factors]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        """The mean, or the loadings of a factor on the two columns that are drawn."""
        mean = theta["mean"]
        if handle == "mean":
            return {**theta, "mean": frozen(self.moved(words.MEAN, mean, x, y))}
        number = int(handle.partition("/")[2])
        loadings = theta["loadings"].copy()
        end = self.moved(words.factor_end(number), mean + _REACH * loadings[:, number], x, y)
        loadings[self.drawn, number] = (end[self.drawn] - mean[self.drawn]) / _REACH
        return {**theta, "loadings": frozen(loadings)}

    def note(self, moment: Moment) -> str:
        noise = np.atleast_1d(moment.step.after.theta["noise_variances"])
        return words.said(words.noise(noise.tolist()), moment.step.after.q is not None)

    def _springs(self, theta: Parameters, q: Any) -> Json:
        """From every point to its place on the factors: it depends on θ and on q."""
        springs, places = self.figure["springs"], self.figure["places"]
        if q is None:
            return springs.empty() | places.empty()
        ends = self.sample.part(self.model.places(theta, q))[:, self.drawn]
        x, y = segments(*self.seen.T, *ends.T)
        return springs.set(x=x, y=y) | places.set(x=ends[:, 0], y=ends[:, 1])
