"""The plane of L over (q, θ): contours, the ridge, the staircase of half-steps, and log p over the same θ below."""

from __future__ import annotations

import math

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.course import ORIGIN, STEPS, grid, number
from em_core.observe.ghost import Ghost
from em_core.observe.landscape import Landscape, everything, place
from em_core.observe.levels import Lines
from em_core.observe.moment import Moment
from em_core.observe.passage import Passage
from em_core.observe.plane import is_exact
from em_core.observe.stairs import Stairs
from em_core.records import BY_HAND, Array
from figures.ascent import words
from figures.changes import passing
from figures.drawing import Figure, packed
from figures.em import words as em
from figures.em.picture import Picture
from figures.em.told import half_step
from figures.look import layout
from figures.look.encode import Json, finite
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL

# so many half-steps of the way are drawn at most; of more than so many, with a finer pen
_LATEST, _CROWD = 200, 14
_ROOM = 0.03
# nats below the top that the strip shows at least
_DEPTH = 4.0
# parts of the height: the plane begins, the strip ends
_PLANE, _STRIP = 0.36, 0.28

# grey staircases; with one that begins further left there is no room for it on that side
_OTHERS = ("second", "before")
_NEAR_EDGE = 0.2

Point = tuple[float, float]  # (θ, q)


class PlanePicture(Picture):
    """Two plots over one θ axis. Of an exact plane the ground stands still; a slice has its own for each round."""

    view = "plane"

    def __init__(self, experiment: Experiment) -> None:
        self.exact = is_exact(experiment)
        # of an exact plane: what the way is drawn on
        self.ground = ground = everything(experiment) if self.exact else None
        x, y = words.AXES[experiment.model.name] if self.exact else words.SLICE
        below = {"yaxis": "y2"}
        shown = [-_ROOM, 1 + _ROOM] if self.exact else [-0.2, 1.3]
        ticks: list[Json] = [{}, {}]
        # a round begins and ends at the edges of its slice
        edge = _ROOM if self.exact else 0.08
        if not self.exact:
            ticks = [{"tickvals": [0, 0.5, 1], "ticktext": names} for names in words.ENDS]
        self.figure = figure = Figure(
            "plane",
            x=x,
            y=y,
            margin={"l": 56, "r": 14, "t": 8, "b": 46 if self.exact else 58},
            xaxis={"range": shown, "anchor": "y2", **ticks[0]},
            yaxis={"range": [-edge, 1 + edge], "domain": [_PLANE, 1], "nticks": 6, **ticks[1]},
            yaxis2=layout.axis(words.LOG_P, domain=[0, _STRIP], anchor="x", nticks=4, range=[-1, 0]),
            annotations=_lines(),
        )
        figure.curve("far", ELBO, width=1, opacity=0.35)
        figure.curve("near", ELBO, width=1.2, opacity=0.75)
        figure.curve("ridge", EVIDENCE, width=3, dash="dot", hover="the posterior at θ = %{x:.3f}: q = %{y:.3f}")
        figure.points("tops", EVIDENCE, size=9, symbol="triangle-up", hover="max: L = log p = %{customdata}")
        figure.text("tops told", EVIDENCE, size=14)
        for name in _OTHERS:
            figure.curve(name, "$muted", width=2.5, opacity=0.7, mode="lines+markers", marker={"size": 5})
            figure.text(f"{name} told", "$muted", size=14)
        figure.curve("hands", "$muted", width=2, dash="dash")
        figure.curve("along q", GAP, width=4)
        figure.curve("along θ", "$text", width=4)
        figure.points("states", "$text", size=8, hover="%{customdata}", customdata=[])
        figure.text("none", "$muted", size=15, textposition="middle center")
        figure.curve("bound", ELBO, dash="dash", hover="L %{y:.4f}", **below)
        figure.curve("evidence", EVIDENCE, fill="tonexty", fillcolor=GAP_FILL, hover="log p(v) %{y:.4f}", **below)
        figure.points(
            "peaks", EVIDENCE, size=7, mode="markers+text", textposition="top center", cliponaxis=False, **below
        )
        for name in _OTHERS:
            figure.points(f"{name} heights", "$muted", size=5, **below)
        figure.curve("gap", GAP, width=4, glides=True, **below)
        figure.points("heights", [EVIDENCE, ELBO], size=10, symbol="square", glides=True, **below)
        figure.ring("here", GAP, size=18, width=4, glides=True)
        self.figures = [figure]
        if ground:
            self._stand(ground)

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        return self._in_all(moment, past) if self.exact else self._in_slice(moment, past)

    def before(self, ghost: Ghost | None) -> Json:
        return self._other("before", ghost and ghost.stairs, em.other_run(ghost)) if self.exact else {}

    def titles(self, moment: Moment, past: list[Moment]) -> Json:
        ground = self.ground if self.exact else moment.sight and moment.sight.landscape
        return {"heading.plane": words.found(moment), "note.plane": words.lines(ground, self.exact)}

    def glide(self, moment: Moment, passage: Passage) -> Json:
        """Along q or along θ."""
        places = self._passing(moment, passage.along, len(passage.bounds))
        marks = [
            self.here(x, q, terms.log_evidence, terms.elbo)
            for (x, q), terms in zip(places, passage.bounds, strict=False)
        ]
        return passing(marks) if marks else {}

    def _passing(self, moment: Moment, along: bool, steps: int) -> list[Point]:
        """(θ, q) at each step of the way; in a slice a straight line."""
        shares = [step / (steps - 1) for step in range(steps)]
        if not self.exact:
            states = moment.sight.states if moment.sight else ()
            if len(states) < 2 or states[-2][0] != moment.index - 1:
                return []
            (_, q, x), (_, last_q, last_x) = states[-2:]
            return [(x + share * (last_x - x), q + share * (last_q - q)) for share in shares]
        before, after = place(moment.experiment, moment.step.before), place(moment.experiment, moment.step.after)
        if before is None or after is None:
            return []
        if not along:
            return [(after[1], before[0] + share * (after[0] - before[0])) for share in shares]
        course = moment.course
        thetas = course.profile.thetas[course.bend : ORIGIN + STEPS + 1] if course else ()
        return [(number(theta), after[0]) for theta in thetas if theta is not None] if len(thetas) == steps else []

    def here(self, x: float | None, q: float | None, evidence: float | None, elbo: float | None) -> Json:
        """Where θ and q stand, and the heights there."""
        ends = ((x, finite(evidence)), (x, finite(elbo)))
        return {
            **self.figure["here"].at((x, q)),
            **self.figure["heights"].at(*ends),
            **self.figure["gap"].at(*ends),
        }

    def _stand(self, ground: Landscape) -> None:
        """What never changes of an exact plane."""
        for name, lines in (("far", ground.far), ("near", ground.near)):
            self.figure[name].json.update(x=packed(lines.x), y=packed(lines.y))
        self.figure["ridge"].json.update(x=packed(ground.theta), y=packed(ground.ridge))
        # on the right, where stairs seldom come
        end = int(0.95 * len(ground.theta))
        at = {"x": float(ground.theta[end]), "y": float(ground.ridge[end]), "ax": 10, "ay": 40, "xanchor": "right"}
        look = {"arrowwidth": 1, "arrowcolor": "$muted", "arrowhead": 0, "bgcolor": "$paper", "align": "left"}
        told = {"text": words.RIDGE, "font": {"size": 13, "color": EVIDENCE}, "standoff": 3}
        self.figure.layout["annotations"] += [at | look | told]
        self.figure["evidence"].json.update(x=packed(ground.theta), y=packed(ground.log_evidence))
        x, y = (list(part) for part in zip(*ground.peaks, strict=True)) if ground.peaks else ([], [])
        self.figure["peaks"].json.update(x=x, y=y, text=[words.peak(height) for height in y])
        tops = ground.ridge[np.searchsorted(ground.theta, x)].tolist()
        self.figure["tops"].json.update(x=x, y=tops, customdata=[words.peak(height) for height in y])
        # on the side on which the ridge is not, and outside the ring that comes there
        sides = ["bottom center" if q > 0.5 else "top left" for q in tops]
        told = [f"\u2003<br>{words.TOP}" if q > 0.5 else f"{words.TOP}\u2003" for q in tops]
        self.figure["tops told"].json.update(x=x, y=tops, text=told, textposition=sides)

    def _in_all(self, moment: Moment, past: list[Moment]) -> Json:
        every = [*past, moment][-_LATEST:]
        places = [place(other.experiment, other.step.after) for other in every]
        way = [(other, (at[1], at[0])) for other, at in zip(every, places, strict=True) if at is not None]
        bound, known = moment.bound, place(moment.experiment, moment.step.after)
        x, q = (None, None) if known is None else (known[1], known[0])
        if x is None:
            x = float(moment.step.after.theta["theta"])
        curve = moment.curve if known is not None else np.array([])
        none = [] if known is not None else [words.NO_PLANE["no q"]]
        return {
            **self._other("second", moment.second, words.SECOND),
            **self._way(way),
            **self.here(x, q, bound.log_evidence, bound.elbo),
            **self.figure["bound"].set(x=grid(moment.experiment) if len(curve) else [], y=curve),
            **self.figure["none"].set(x=[0.5] * len(none), y=[0.5] * len(none), text=none),
            **self.figure.set(yaxis2_range=_reach(self.ground.log_evidence, bound.log_evidence, bound.elbo)),
        }

    def _in_slice(self, moment: Moment, past: list[Moment]) -> Json:
        sight = moment.sight
        ground = sight.landscape if sight else None
        if sight is None or ground is None:
            return self._nothing(sight.why if sight else "no q", moment.bound.log_evidence or 0.0)
        by_number = {other.index: other for other in (*past[-_LATEST:], moment)}
        way = [(by_number[index], (theta, q)) for index, q, theta in sight.states if index in by_number]
        _, q, x = sight.states[-1]
        bound, curve = moment.bound, sight.bound
        return {
            **self._lines("far", ground.far),
            **self._lines("near", ground.near),
            **self._way(way),
            **self.here(x, q, bound.log_evidence, bound.elbo),
            **self.figure["evidence"].set(x=ground.theta, y=ground.log_evidence),
            **self.figure["bound"].set(x=ground.theta, y=_finite(curve)),
            **self.figure["none"].set(x=[], y=[], text=[]),
            **self.figure.set(yaxis2_range=_heights(ground.log_evidence, bound.elbo)),
        }

    def _nothing(self, why: str, level: float) -> Json:
        """A slice that is not there, and why."""
        result = self.here(None, None, None, None) | self._way([])
        for name in ("far", "near", "evidence", "bound"):
            result |= self.figure[name].set(x=np.array([]), y=np.array([]))
        told = self.figure["none"].set(x=[0.55], y=[0.5], text=[words.NO_PLANE[why]])
        return result | told | self.figure.set(yaxis2_range=[level - 1, level + 1])

    def _other(self, name: str, stairs: Stairs | None, called: str) -> Json:
        """A grey staircase, with its name where it begins, and its heights on log p; the last one is the largest."""
        grey, told, heights = (self.figure[f"{name}{part}"] for part in ("", " told", " heights"))
        nothing = np.array([])
        theta, q, log_evidence = (stairs.theta, stairs.q, stairs.log_evidence) if stairs else (nothing,) * 3
        begin, size = theta[:1].tolist(), np.full(len(theta), 4.0)
        size[-1:] = 10
        side = "middle left" if begin and begin[0] > _NEAR_EDGE else "middle right"
        name = f"\u2002{called}\u2002"
        return {
            **grey.set(x=theta, y=q),
            **told.set(x=begin, y=q[:1].tolist(), text=[name] * len(begin), textposition=side),
            **heights.set(x=theta, y=log_evidence, marker_size=size),
        }

    def _lines(self, name: str, lines: Lines) -> Json:
        return self.figure[name].set(x=lines.x, y=lines.y)

    def _way(self, way: list[tuple[Moment, Point]]) -> Json:
        """The staircase: each half-step from the place before to its own."""
        treads: dict[str, list[Point]] = {"along q": [], "along θ": [], "hands": []}
        for (_, before), (moment, after) in zip(way, way[1:], strict=False):
            step = moment.step
            kind = "hands" if step.move == BY_HAND else "along q" if step.after.q is not step.before.q else "along θ"
            treads[kind] += [before, after, (math.nan, math.nan)]
        result: Json = {}
        for name, points in treads.items():
            x, y = np.array(points).reshape(-1, 2).T
            result |= self.figure[name].set(x=x, y=y)
        width, size = (4, 8) if len(way) <= _CROWD else (2, 4)
        for name in ("along q", "along θ"):
            result |= self.figure[name].set(line_width=width)
        told = [half_step(moment) for moment, _ in way]
        x, y = np.array([point for _, point in way]).reshape(-1, 2).T
        return result | self.figure["states"].set(x=x, y=y, customdata=told, marker_size=size)


def _lines() -> list[Json]:
    """What the lines of the strip are, above it at either end."""
    look = {"xref": "paper", "yref": "paper", "y": _STRIP, "yanchor": "bottom", "showarrow": False}
    return [
        {**look, "x": end, "xanchor": side, "text": text, "font": {"size": 13, "color": color}}
        for end, side, text, color in zip((0, 1), ("left", "right"), words.LINES, (EVIDENCE, ELBO), strict=True)
    ]


def _finite(curve: Array | None) -> Array:
    return np.array([]) if curve is None else np.where(np.isfinite(curve), curve, np.nan)


def _reach(evidence: Array, *here: float | None) -> list[float]:
    """What the strip shows of an exact plane: the upper part of log p, and down to where the bound stands."""
    top = float(np.nanmax(evidence))
    there = [height for height in here if height is not None and math.isfinite(height)]
    low = min(top - _DEPTH, *(height - _DEPTH / 4 for height in there))
    return [low, top + 0.2 * (top - low)]


def _heights(evidence: Array, elbo: float | None) -> list[float]:
    """What the strip shows: log p on the way, and down to where the bound stands."""
    finite_ones = evidence[np.isfinite(evidence)]
    high, low = float(finite_ones.max(initial=-math.inf)), float(finite_ones.min(initial=math.inf))
    if elbo is not None and math.isfinite(elbo):
        low = min(low, elbo)
    if not low < high:
        return [low - 1.0, low + 1.0] if math.isfinite(low) else [-1.0, 0.0]
    room = 0.12 * (high - low)
    return [low - room, high + room]
