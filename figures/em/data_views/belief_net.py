"""A sigmoid belief net: its weights as images, the data, and which hidden units q believes to be on."""

from __future__ import annotations

from typing import Any

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.moment import Moment
from em_core.records import Parameters
from figures.drawing import Figure
from figures.em.data_views import words
from figures.em.data_views.base import PlainView, inside, share
from figures.look import palette
from figures.look.encode import Json
from figures.look.layout import axis, hidden_axis
from figures.look.montage import montage, nearly_square
from figures.scene import SliderHandle

_MOST_ROWS = 24


class BeliefNetView(PlainView):
    """Above the weights from each hidden unit; below some rows of the data, each with the posterior of its causes."""

    models = ("sigmoid_belief_net",)
    title = words.BELIEF_NET

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        values = self.data.values
        self.n_hidden = len(experiment.start["hidden_biases"])
        self.shape = nearly_square(values.shape[1]) or (1, values.shape[1])
        self.shown = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MOST_ROWS)).astype(int))
        self.figure = self._drawn()

    def completed(self, moment: Moment) -> Json:
        q = moment.step.after.q
        if q is None:
            on = np.full((self.n_hidden, len(self.shown)), 0.5)
        else:
            _, on = self.model.marginals(q.probabilities[:, self.shown])
        return self.figure["hidden"].set(z=on)

    def parameters(self, theta: Parameters, q: Any) -> Json:
        picture = montage(theta["weights"].T, self.shape, min(self.n_hidden, 8))
        shares = [f"h{j + 1}: {share:.2f}" for j, share in enumerate(self.model.prior(theta))]
        return self.figure["weights"].set(z=picture) | self.figure["shares"].set(text=shares)

    def told(self, moment: Moment) -> Json:
        """Of each row its share of log p, whichever of its hidden units the mouse is on."""
        return self.figure["hidden"].set(customdata=np.tile(moment.shares[self.shown], (self.n_hidden, 1)))

    def handles(self, moment: Moment) -> list[SliderHandle]:
        priors = zip(words.unit_names(self.n_hidden), self.model.prior(moment.step.after.theta), strict=True)
        return [share(f"prior/{unit}", name, prior) for unit, (name, prior) in enumerate(priors)]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        unit = int(handle.partition("/")[2])
        moved: Parameters = self.model.with_prior(theta, unit, inside(words.unit_names(self.n_hidden)[unit], x))
        return moved

    def note(self, moment: Moment) -> str:
        return words.belief_net(moment.step.after.q is not None)

    def _drawn(self) -> Figure:
        height, width = self.shape
        across = min(self.n_hidden, 8)
        down = -(-self.n_hidden // across)
        rows = montage(self.data.values[self.shown], self.shape, len(self.shown))
        figure = Figure(
            "data",
            margin={"l": 34, "r": 8, "t": 12, "b": 10},
            xaxis=hidden_axis(-1, across * (width + 1), anchor="y", constrain="domain"),
            yaxis=hidden_axis(
                down * (height + 1), -2.2, domain=[0.5, 1], anchor="x", scaleanchor="x", constrain="domain"
            ),
            xaxis2=hidden_axis(-1, rows.shape[1], anchor="y2"),
            yaxis2=hidden_axis(rows.shape[0] - 0.5, -0.5, domain=[0.34, 0.46], anchor="x2"),
            xaxis3=hidden_axis(-1, rows.shape[1], anchor="y3"),
            yaxis3=axis("h", domain=[0, 0.31], anchor="x3", autorange="reversed", tickformat="d", dtick=1),
        )
        units = np.arange(self.n_hidden)
        share = {"zmin": 0, "zmax": 1}
        figure.image("weights", colorscale="RdBu", zmid=0, hover="weight %{z:.3f}")
        figure.text(
            "shares",
            "$text",
            x=((units % across) * (width + 1) + (width - 1) / 2).tolist(),
            y=((units // across) * (height + 1) - 0.9).tolist(),
        )
        figure.image("rows", rows, colorscale=palette.PICTURE, xaxis="x2", yaxis="y2", **share)
        figure.image(
            "hidden",
            x=((width + 1) * np.arange(len(self.shown)) + (width - 1) / 2).tolist(),
            y=list(range(1, self.n_hidden + 1)),
            colorscale=palette.SHARE,
            xaxis="x3",
            yaxis="y3",
            xgap=2,
            ygap=1,
            hover="q(h%{y} = 1) = %{z:.3f}<br>" + words.ROW.format("%{customdata:.3f}"),
            **share,
        )
        return figure
