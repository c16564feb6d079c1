"""The bound along a direction: log p, the bound of this q and those of the last few others on a line through θ."""

from __future__ import annotations

import math

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.direction import Line
from em_core.observe.moment import Moment
from em_core.records import Array
from figures.drawing import Figure
from figures.em import along
from figures.em.named import beside
from figures.em.picture import Picture
from figures.look import scale
from figures.look.encode import Json, finite
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL

# the earlier bounds, from the oldest: how wide and how strong
_STRENGTHS = ((1.2, 0.45), (1.4, 0.6), (1.7, 0.75), (2.0, 0.9))
# so many times as deep as L falls at the ends reaches the picture, and so much higher log p is followed
_DEEP, _HIGH = 1.6, 0.6
# the highest point of an earlier bound so much lower, as a part of the height, is still taken in
_LOWER = 1.0
# names of bounds whose tops are nearer than these parts of width and height are one; they stand so far below, and apart
_NEAR = (0.16, 0.06)
_BELOW, _APART = 0.07, 0.08
# a label nearer to a side than this part of the width stands inwards of its place
_AT_THE_SIDE = 0.25


class DirectionPicture(Picture):
    """log p and the bounds over the distance from θ."""

    view, place, asked = "course", -1, "direction"

    def __init__(self, experiment: Experiment) -> None:
        self.figure = figure = Figure(
            "direction",
            "Direction",
            x=along.DISTANCE,
            y="nats",
            margin={"l": 56, "r": 74, "t": 6, "b": 40},
            xaxis={"range": [-1, 1], "nticks": 6, "zeroline": True, "zerolinecolor": "$faint"},
            yaxis={"range": [-1, 0], "tickvals": [], "ticktext": [], "nticks": 5},
        )
        figure.curve("bound", ELBO, dash="dash", hover="L %{y:.3f}")
        figure.curve("evidence", EVIDENCE, fill="tonexty", fillcolor=GAP_FILL, hover="log p(v) %{y:.3f}")
        for number, (width, opacity) in enumerate(_STRENGTHS):
            figure.curve(_earlier(number), ELBO, width=width, dash="dot", opacity=opacity, hover="L %{y:.3f}")
        figure.curve("gap", GAP, width=5)
        figure.ring("touch", ELBO, size=14)
        figure.points("here", [EVIDENCE, ELBO], size=11, symbol="square")
        figure.text("names", [EVIDENCE, ELBO], size=14)
        figure.text("labels", ELBO, size=13, textposition="middle center")
        figure.text("remark", "$muted", size=14, textposition="bottom right")
        self.figures = [figure]

    def titles(self, moment: Moment, past: list[Moment]) -> Json:
        return {"heading.course.direction": along.title(moment)}

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        figure, line = self.figure, moment.along
        there = isinstance(line, Line)
        result = figure.set(xaxis_visible=there, yaxis_visible=there)
        if not isinstance(line, Line):
            for trace in figure:
                words = {"text": []} if trace.json["mode"] == "text" else {}
                result |= trace.set(x=[], y=[], **words)
            nowhere = figure.set(xaxis_range=[-1, 1], xaxis_title_text=along.DISTANCE, **scale.heights(-1, 0, None))
            labels = figure["labels"].set(textposition=[])
            return {**result, **labels, **nowhere, **self._kind(False)}
        x, log_evidence = line.places, np.full(len(line.places), np.nan) if line.pointed else line.log_evidence
        low, high = _window(line, log_evidence)
        level = float(line.log_evidence[line.here])
        for number in range(len(_STRENGTHS)):
            # the strongest is the last, however many there are
            place = number - len(_STRENGTHS) + len(line.earlier)
            curve = {"x": x, "y": _within(line.earlier[place][1])} if place >= 0 else {"x": [], "y": []}
            result |= figure[_earlier(number)].set(**curve)
        touch = line.touch if line.touch and x[0] <= line.touch[0] <= x[-1] else (None, None)
        name = "log p(h*, v)" if line.pointed else "L(q, θ)"
        return {
            **result,
            **self._kind(line.pointed),
            **figure["bound"].set(x=x, y=_within(line.elbo)),
            **figure["evidence"].set(x=x, y=_within(log_evidence)),
            **figure["touch"].at(touch),
            **self._standing(0.0, None if line.pointed else level, float(line.elbo[line.here])),
            **figure["names"].set(
                **beside(x, log_evidence, line.elbo, low, high), text=[_aside("log p(v; θ)"), _aside(name)]
            ),
            **figure["labels"].set(**_labels(line, low, high)),
            **figure["remark"].set(x=[float(x[0])], y=[high], text=[along.remark(line)]),
            **figure.set(
                **scale.heights(low, high, level),
                xaxis_range=[float(x[0]), float(x[-1])],
                xaxis_title_text=along.SCALES[line.scale][0],
            ),
        }

    def inner(self, moment: Moment, past: list[Moment], there: Moment, stop: int) -> Json:
        """Where θ on its way still stands on the line; nowhere once it has left it."""
        line, bound = moment.along, there.bound
        if not isinstance(line, Line):
            return {}
        place = line.axis.place(there.step.after.theta)
        evidence, lower = (None, bound.expected_log_joint) if line.pointed else (bound.log_evidence, bound.elbo)
        gone = self.figure["remark"].set(text=[along.remark(line) if place is not None else along.BESIDE])
        return gone | (self._standing(None, None, None) if place is None else self._standing(place, evidence, lower))

    def _kind(self, pointed: bool) -> Json:
        """In the bound's colour, or in that of the objective in its place."""
        color = "$muted" if pointed else ELBO
        drawn = [self.figure[_earlier(number)].set(line_color=color) for number in range(len(_STRENGTHS))]
        result = self.figure["bound"].set(line_color=color) | self.figure["names"].set(textfont_color=[EVIDENCE, color])
        for each in drawn:
            result |= each
        return result | self.figure["here"].set(marker_color=[EVIDENCE, color])

    def _standing(self, x: float | None, evidence: float | None, elbo: float | None) -> Json:
        ends = ((x, finite(evidence)), (x, finite(elbo)))
        return self.figure["gap"].at(*ends) | self.figure["here"].at(*ends)


def _earlier(number: int) -> str:
    return f"earlier {number}"


def _aside(name: str) -> str:
    """With room between the name and the end of its curve, on either side."""
    return f"\u00a0{name}\u00a0"


def _within(curve: Array) -> Array:
    """What can be drawn of a curve."""
    return np.where(np.isfinite(curve), curve, np.nan)


def _window(line: Line, log_evidence: Array) -> tuple[float, float]:
    """The heights that are drawn: L as far as it falls, log p as far as it does not dwarf L, earlier bounds' tops."""
    here = float(line.elbo[line.here])
    ends = [float(end) for end in (line.elbo[0], line.elbo[-1]) if math.isfinite(end)]
    level = here if line.pointed else float(log_evidence[line.here])
    low, top = scale.around([here, level, *ends, _top(line.elbo)], here, 0, 0)
    low = max(low, here - _DEEP * line.depth)
    above = _top(log_evidence)
    top = max(top, min(above, top + _HIGH * (top - low)))
    tops = [_top(curve) for _, curve in line.earlier]
    low = min([low, *(own - 0.15 * (top - low) for own in tops if own > low - _LOWER * (top - low))])
    # room for the remark above
    return low, top + (0.3 if line.pointed else 0.15) * (top - low)


def _top(curve: Array) -> float:
    return float(curve[np.isfinite(curve)].max(initial=-math.inf))


def _labels(line: Line, low: float, high: float) -> Json:
    """Which half-steps made the earlier q: below the highest place of their bounds, near ones together."""
    width, height = float(line.places[-1] - line.places[0]), high - low
    found: list[tuple[float, float, list[int]]] = []
    for number, curve in reversed(line.earlier):
        inside = np.where((curve >= low) & (curve <= high), curve, -np.inf)
        place = int(np.argmax(inside))
        if inside[place] == -np.inf:
            continue
        x, y = float(line.places[place]), float(curve[place])
        close = (own for a, b, own in found if abs(x - a) < _NEAR[0] * width and abs(y - b) < _NEAR[1] * height)
        group = next(close, None)
        if group is None:
            found.append((x, y, [number]))
        else:
            group.insert(0, number)
    wanted = [y - _BELOW * height for _, y, _ in found]
    return {
        "x": [x for x, _, _ in found],
        "y": scale.spread(wanted, low + _APART / 2 * height, high, _APART * height),
        "textposition": [_inwards((x - float(line.places[0])) / width) for x, _, _ in found],
        "text": [along.label(numbers, [number for number, _ in line.earlier]) for _, _, numbers in found],
    }


def _inwards(share: float) -> str:
    """Where a label stands, so that the picture holds it, whose place is this share of the width from the left."""
    side = "right" if share < _AT_THE_SIDE else "left" if share > 1 - _AT_THE_SIDE else "center"
    return f"middle {side}"
