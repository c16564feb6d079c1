"""The card that compares a kept run, A, with the one on the page, B: how far apart their numbers are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from em_core.observe.ghost import Pair
from figures.compared import words
from figures.drawing import Figure
from figures.look import layout
from figures.look.encode import Json, finite
from figures.look.palette import ELBO, EVIDENCE, GAP
from figures.scene import Scene, View

# half-steps that the figure of the latest ones holds
LATEST = 7
# what is said where nothing can be drawn, and the letters in a line of it
_LINE = 44
_WHY: Json = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
_WHY |= {"font": {"size": 15, "color": "$muted"}}
# half-steps, from which on they have no markers
_CROWD = 60


@dataclass(frozen=True)
class Quantity:
    """A number by which runs are compared: its name, which is that of its metric where it has one; what it is called,
    its colour, and the dash and the marker that tell its curve from the others.
    """

    name: str
    label: str
    color: str
    dash: str = "solid"
    symbol: str = "circle"


LOG_P = Quantity("evidence", "log p(v)", EVIDENCE)
BOUND = (LOG_P, Quantity("elbo", "ELBO", ELBO, "dash", "square"), Quantity("gap", "Gap", GAP, "dot", "diamond"))


class Card:
    """Two figures, empty: frames fill them."""

    def __init__(self, quantities: Sequence[Quantity]) -> None:
        self._quantities = quantities
        shape: Json = {
            "y": words.AXIS,
            "legend": True,
            "hovermode": "x",
            "yaxis": {"zeroline": True, "zerolinecolor": "$muted", "zerolinewidth": 1},
            "corner": {**layout.LEGEND_BELOW["corner"], "x": 0.5, "xanchor": "center", "entrywidth": None},
            "margin": {"l": 56, "r": 14, "t": 5, "b": layout.ONE_ROW},
        }
        whole = {"autorangeoptions": {"include": [0, 6]}, "tickformat": "d"}
        self.latest = Figure("apart-latest", words.LATEST, xaxis={"dtick": 1, "tickformat": "d"}, **shape)
        self.whole = Figure("apart", words.ALL, xaxis=whole, **shape)
        self.figures = [self.latest, self.whole]
        for figure in self.figures:
            for quantity in quantities:
                # where two are equal, one is seen around the other
                wide = quantity is quantities[0]
                figure.curve(
                    quantity.name,
                    quantity.color,
                    quantity.label,
                    dash=quantity.dash,
                    width=4 if wide else 2,
                    mode="lines+markers",
                    marker={"symbol": quantity.symbol, "size": 9 if wide else 6, "color": quantity.color},
                    hover=f"{quantity.label}: B − A %{{y:.6g}}",
                )
            figure.ring("here", [quantity.color for quantity in quantities], size=14)

    def within(self, scene: Scene, beside: str) -> Scene:
        """The scene with the card in the place of the view `beside`, and small numbers below the big ones."""
        named = {quantity.name for quantity in self._quantities}
        metrics = [
            replace(metric, beside=(f"kept.{metric.id}", f"apart.{metric.id}")) if metric.id in named else metric
            for metric in scene.metrics
        ]
        view = View(
            "apart",
            words.TITLE,
            self.figures,
            note="note.apart",
            describe="describe.apart",
            click="x",
            heading="heading.apart",
        )
        views = [*scene.views]
        views.insert([other.id for other in views].index(beside), view)
        return replace(scene, metrics=metrics, views=views, grid=scene.grid.leading(view.id, beside))

    def append(self, pair: Pair) -> Json:
        """What this half-step adds to the differences."""
        result: Json = {}
        for quantity in self._quantities:
            result |= self.whole[quantity.name].append(x=[pair.index], y=[pair.apart(quantity.name)])
        return result

    def changes(self, latest: Sequence[Pair], why: str) -> Json:
        """The rings at the last of these half-steps, and these by themselves; or why there is nothing to draw."""
        now = latest[-1]
        places = [(now.index, now.apart(quantity.name)) for quantity in self._quantities]
        result = self.latest["here"].at(*places) | self.whole["here"].at(*places)
        size = 0 if now.index > _CROWD else 1
        for wide, quantity in zip((True, *[False] * len(self._quantities)), self._quantities, strict=False):
            result |= self.latest[quantity.name].set(
                x=[pair.index for pair in latest], y=[pair.apart(quantity.name) for pair in latest]
            )
            result |= self.whole[quantity.name].set(marker_size=size * (9 if wide else 6))
        first, end = latest[0].index, max(now.index, latest[0].index + 3)
        result |= self.latest.set(xaxis_range=[first - 0.3, end + 0.3])
        shown = bool(now.comparable)
        told = [] if shown else [{**_WHY, "text": "<br>".join(wrap(why, _LINE))}]
        for figure in self.figures:
            result |= figure.set(xaxis_visible=shown, yaxis_visible=shown, showlegend=shown, annotations=told)
        return result

    def texts(self, pair: Pair, told: str, why: str, step: str) -> Json:
        """What is said of the two. told: how they differ; why: some numbers cannot be compared; step: what a half-step
        is called on the page.
        """
        # of the first that can be compared
        first = next((one for one in self._quantities if one.name in pair.comparable), self._quantities[0])
        labels = [(quantity.name, quantity.label) for quantity in self._quantities]
        said = words.found(first.label, pair, first.name), words.ended(pair, step), why
        return self.numbers(pair) | {
            "heading.apart": told,
            "note.apart": " ".join(filter(None, said)),
            "describe.apart": words.picture(pair, labels, step),
        }

    def numbers(self, pair: Pair) -> Json:
        """The small numbers below the big ones."""
        result: Json = {}
        for quantity in self._quantities:
            kept = pair.kept.get(quantity.name)
            size = kept if kept is not None and math.isfinite(kept) else 0.0
            result[f"kept.{quantity.name}"] = words.kept(kept)
            result[f"apart.{quantity.name}"] = words.apart(pair.apart(quantity.name), size)
        return result

    def values(self, pair: Pair) -> Json:
        """The same exactly."""
        result: Json = {}
        for quantity in self._quantities:
            result[f"kept.{quantity.name}"] = finite(pair.kept.get(quantity.name))
            result[f"apart.{quantity.name}"] = pair.apart(quantity.name)
        return result
