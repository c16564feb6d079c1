"""The view "Inside": one coefficient on its way through the soft threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from em_core.observe.beats.working import Beat
from em_core.observe.solving import Background, shrink_curve
from figures.drawing import Figure
from figures.look.encode import Json
from figures.look.wording import short
from figures.map.inside import words

VIEW = "inside"
# what pulls at a neuron: its colour and line
_PULLS = {
    "drive": ("$fit", ""),
    "leak": ("$muted", "dot"),
    "inhibition": ("$text", "dash"),
    "own": ("$certificate", ""),
}
_TITLE = {"xref": "paper", "yref": "paper", "showarrow": False, "font": {"size": 13, "color": "$muted"}}
_BELOW = {**_TITLE, "x": 1, "xanchor": "right", "y": 0, "yanchor": "bottom"}
_ABOVE = {**_TITLE, "x": 0, "xanchor": "left", "y": 1, "yanchor": "top"}


class Inside:
    """The soft threshold with the number that goes into it and the number that comes out."""

    def __init__(self, background: Background) -> None:
        self.background = background
        self.leaky = background.experiment.solver == "lca"
        self.figure = figure = Figure(
            VIEW,
            y=words.OUT,
            xaxis={"range": [-1, 1], "zeroline": True, "zerolinecolor": "$faint"},
            yaxis={"range": [-1, 1], "zeroline": True, "zerolinecolor": "$faint"},
            # the title within the picture: a formula stands above it, and the height is scarce
            annotations=[{**(_ABOVE if self.leaky else _BELOW), "text": words.INTO[background.experiment.solver]}],
            margin={"l": 48, "r": 12, "t": 4, "b": 22},
        )
        figure.curve("zone", "$grid", width=1, fill="toself", fillcolor="$shade")
        figure.curve("straight", "$muted", width=1.5, dash="dot")
        figure.curve("threshold", "$penalty", width=3)
        figure.points("others", "$quiet", size=7)
        for name, (color, dash) in _PULLS.items() if self.leaky else ():
            figure.curve(name, color, width=7, dash=dash)
        figure.text("names", "$text", size=13, textposition="middle left")
        figure.curve("slide", "$fit", width=5)
        figure.curve("drop", "$fit", width=3, dash="dash")
        figure.points("point", "$fit", size=17, marker_line={"color": "$text", "width": 2}, hover="%{x:.4f} → %{y:.4f}")
        figure.text("told", "$text", size=15, textposition="top center")

    def changes(self, beat: Beat, found: Sequence[Beat]) -> Json:
        """The curve of this step, and how far the followed number has come on it. found: all beats of the step."""
        values, figure = beat.values, self.figure
        threshold, reach = self._size(found)
        corners, heights = shrink_curve(threshold)
        top = 0.92 * reach
        result = {
            **figure.set(xaxis_range=[-reach, reach], yaxis_range=[-top, top]),
            **figure["zone"].set(
                x=[-threshold, threshold, threshold, -threshold, -threshold], y=[-top, -top, top, top, -top]
            ),
            **figure["straight"].set(x=[-reach, reach], y=[-reach, reach]),
            **figure["threshold"].set(x=corners.tolist(), y=heights.tolist()),
        }
        into, out = _through(beat)
        if into is not None:
            height = 0.0 if out is None else out
            told = short(into) if out is None else f"{short(into)} → {short(out) if out else '0'}"
            result |= figure["point"].at((into, height))
            side = "top left" if into > 0.5 * reach else "top right" if into < -0.5 * reach else "top center"
            result |= figure["told"].set(x=[into], y=[height + 0.05 * top], text=[told], textposition=side)
            if out is not None:
                result |= figure["drop"].at((into, 0.0), (into, out))
        start = _start(beat)
        if start is not None and into is not None:
            result |= figure["slide"].at((start, 0.0), (into, 0.0))
        if "shrunk" in values and np.ndim(values["shrunk"]):
            result |= figure["others"].set(x=values["moved"], y=values["shrunk"])
        elif "moved" in values:
            result |= figure["others"].set(x=values["moved"], y=0 * values["moved"])
        return result | (self._pulls(beat, reach, top) if self.leaky else {})

    def _size(self, found: Sequence[Beat]) -> tuple[float, float]:
        """The threshold of this step, and how far its picture goes."""
        into, threshold = [0.0], self.background.threshold
        for beat in found:
            values = beat.values
            threshold = float(values.get("threshold", values.get("penalty", threshold)))
            if self.leaky:
                k = beat.at["unit"]
                into += [abs(_entry(values.get(name, 0.0), k)) for name in ("potential", "previous", *_PULLS)]
            else:
                into += [float(np.abs(values.get(name, 0.0)).max()) for name in ("pull", "moved", "start")]
        return threshold, 1.15 * max(*into, 2 * threshold)

    def _pulls(self, beat: Beat, reach: float, top: float) -> Json:
        """What pulls at the neuron, as bars from 0 below each other."""
        result: Json = {}
        known = [name for name in _PULLS if name in beat.values]
        heights = {name: top * (-0.22 - 0.2 * row) for row, name in enumerate(_PULLS)}
        pulls = {name: float(beat.values[name][beat.at["unit"]]) for name in known}
        for name, pull in pulls.items():
            result |= self.figure[name].at((0.0, heights[name]), (pull, heights[name]))
            result |= self.figure[name].set(opacity=1.0 if beat.what in (name, "potential") else 0.4)
        # on the side of 0 where the bar is not
        places = {
            "x": [-0.02 * reach if pull > 0 else 0.02 * reach for pull in pulls.values()],
            "y": [heights[name] for name in known],
            "textposition": ["middle left" if pull > 0 else "middle right" for pull in pulls.values()],
        }
        shown = [f"{words.PULLS[name]} {short(pull)}" for name, pull in pulls.items()]
        return result | self.figure["names"].set(**places, text=shown)


def _through(beat: Beat) -> tuple[float | None, float | None]:
    """What of the followed number goes into the soft threshold, and what comes out, as far as they are found."""
    values, k = beat.values, beat.at["unit"]
    names = {"pull": "shrunk", "moved": "shrunk", "potential": "code"}
    for into, out in names.items():
        if into in values:
            found = values.get(out)
            return _entry(values[into], k), None if found is None else _entry(found, k)
    if "active" in values:  # a neuron's potential before anything moves
        return _entry(values["previous"], k), None
    return (_entry(values["start"], k), None) if "start" in values else (None, None)


def _start(beat: Beat) -> float | None:
    """Where a number that slides begins."""
    values, k = beat.values, beat.at["unit"]
    if "potential" in values:
        return _entry(values["previous"], k)
    return _entry(values["start"], k) if "moved" in values else None


def _entry(value: Any, k: int) -> float:
    return float(value[k]) if np.ndim(value) else float(value)
