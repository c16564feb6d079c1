"""The bound along the M-step: log p and L(q, ·) from where q was computed, and below, from 0, the gap between them.

Above, the axis is scaled to the gap; below it stands alone. Shaded is what has opened so far.
"""

from __future__ import annotations

import math

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.course import ORIGIN, PLACES, STEPS, Course, is_one_number
from em_core.observe.moment import Moment
from em_core.observe.passage import Passage
from em_core.records import Array, Bound
from figures.changes import passing
from figures.drawing import Figure
from figures.em import lights, words
from figures.em.named import beside
from figures.em.picture import Picture
from figures.look import layout, scale, wording
from figures.look.encode import Json, finite
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL

_WAY = slice(ORIGIN, ORIGIN + STEPS + 1)
# the shares of the way that are drawn
_LEFT, _RIGHT = -0.22, float(PLACES[-1])
# a gap that is a smaller part of the way's rise is looked at from near, with this part of the height
_FLAT, _NEAR = 0.1, 0.3
# the same after an M-step, of which the way is seen as long as the gap is
_FLATTER = 0.05


class CoursePicture(Picture):
    """The bound and log p on the way of θ, the present place, and the gap."""

    view = "course"

    def __init__(self, experiment: Experiment) -> None:
        self.one_number = is_one_number(experiment)
        below = {"yaxis": "y2"}
        self.figure = figure = Figure(
            "course",
            "The step",
            y="nats",
            margin={"l": 56, "r": 74, "t": 6, "b": 38},
            meta={"across": words.STEP},
            xaxis={"range": [_LEFT, _RIGHT], "tickvals": [0, 0.5, 1], "ticktext": [], "tickangle": 0, "anchor": "y2"},
            yaxis={"domain": [0.36, 1], "range": [-1, 0], "tickvals": [], "ticktext": [], "nticks": 5},
            yaxis2=layout.axis(
                "gap (nats)", domain=[0, 0.27], range=[0, 1], nticks=3, anchor="x", exponentformat="power"
            ),
        )
        # the places stand still: frames give heights, as many of the shades' as have opened
        # a polygon through them is up to 2.6 pixels off in a window of 1920 × 1080, Plotly's curve up to 0.5
        opened, all_of_it = ({"x": places, "line_shape": "spline"} for places in (PLACES[ORIGIN:], PLACES))
        figure.curve("shade floor", ELBO, width=0, **opened)
        figure.curve("shade", EVIDENCE, width=0, fill="tonexty", fillcolor=GAP_FILL, **opened)
        figure.curve("gap shade", GAP, width=0, fill="tozeroy", fillcolor=GAP_FILL, **below, **opened)
        figure.curve("bound", ELBO, dash="dash", hover="L %{y:.3f}", **all_of_it)
        figure.curve("evidence", EVIDENCE, hover="log p(v) %{y:.3f}", **all_of_it)
        figure.curve("gap curve", GAP, hover="log p − L: %{y:.4g}", **below, **all_of_it)
        figure.curve("gap", GAP, width=5)
        figure.curve("gap height", GAP, width=5, **below)
        figure.ring("touch", ELBO, size=14)
        figure.points("here", [EVIDENCE, ELBO], size=11, symbol="square")
        figure.points("gap here", GAP, size=10, cliponaxis=False, **below)
        figure.text("names", [EVIDENCE, ELBO], size=14)
        figure.text("remark", "$muted", size=13)
        figure.text("gap told", GAP, size=14, **below)
        self.figures = [figure]

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        figure, course, bound = self.figure, moment.course, moment.bound
        color, name = ("$muted", "log p(h*, v; θ)") if moment.pointed else (ELBO, "L(q, θ)")
        kind = figure["bound"].set(line_color=color) | figure["here"].set(marker_color=[EVIDENCE, color])
        bend = float(PLACES[course.bend]) if course else 0.0
        kind |= figure.set(xaxis_tickvals=[0.0, bend or 0.5, 1.0], xaxis_ticktext=words.ends(moment, self.one_number))
        kind |= figure.set(**scale.heights(-1.0, 0.0, None), yaxis2_range=[0, 1])
        # without a bound there is no scale
        kind |= figure.set(**{f"{axis}_visible": course is not None for axis in ("xaxis", "yaxis", "yaxis2")})
        if course is None:
            empty: Json = {}
            for curve in ("bound", "evidence", "gap curve"):
                empty |= figure[curve].set(y=[])
            named = figure["names"].set(**_NOTHING) | figure["remark"].set(**_NOTHING)
            return kind | empty | named | figure["touch"].at((None, None)) | self._standing(None, 0)
        low, high = _window(moment, course)
        lower = _objective(moment, course)
        upper = np.full(len(PLACES), np.nan) if moment.pointed else course.profile.log_evidence
        gaps = np.where(np.isfinite(course.gaps), course.gaps, np.nan)
        top = _height_of_gaps(gaps, bound.log_evidence, moment.passage)
        first = float(course.profile.log_evidence[ORIGIN])
        touch = (0.0, first) if course.touches and not moment.pointed and lights.touches(moment) else (None, None)
        return {
            **kind,
            **figure["bound"].set(y=lower),
            **figure["evidence"].set(y=upper),
            **figure["gap curve"].set(y=gaps),
            **figure["touch"].at(touch),
            **figure["names"].set(
                **beside(PLACES, upper, lower, low, high),
                text=[f"\u2002{told}\u2002" for told in ("log p(v; θ)", name)],
            ),
            **self._remark(moment, course, touch[1], low, high),
            **self._standing(course, ORIGIN + round(course.at * STEPS), moment),
            **self._marks(course.at, *_heights(bound)),
            **figure.set(**scale.heights(low, high, bound.log_evidence), yaxis2_range=[0, top]),
        }

    def inner(self, moment: Moment, past: list[Moment], there: Moment, stop: int) -> Json:
        return self._standing(moment.course, ORIGIN + stop, moment)

    def glide(self, moment: Moment, passage: Passage) -> Json:
        """Along the bound, or up to where it touches."""
        if moment.course is None:
            return {}
        bounds = passage.bounds
        end = ORIGIN + STEPS + 1
        places = PLACES[end - len(bounds) : end].tolist() if passage.along else [0.0] * len(bounds)
        result = passing([self._marks(x, *_heights(bound)) for x, bound in zip(places, bounds, strict=True)])
        if passage.along:
            grown = {"first": list(range(STEPS + 2 - len(bounds), STEPS + 2))}
            return result | {f"{self.figure[name].address}/y": grown for name in ("shade floor", "shade", "gap shade")}
        # the new q's bound is there as soon as q is: until then of one place, of which no line is drawn
        return result | {f"{self.figure['bound'].address}/y": {"first": [1] * (len(bounds) - 1) + [len(PLACES)]}}

    def _standing(self, course: Course | None, place: int, moment: Moment | None = None) -> Json:
        """θ at one of the course's places: markers, the gap between them, and what has opened on the way there."""
        x = evidence = elbo = gap = None
        shaded = slice(0, 0)
        if course is not None and moment is not None and course.profile.thetas[place] is not None:
            x, elbo = float(PLACES[place]), finite(float(_objective(moment, course)[place]))
            if not moment.pointed:
                evidence, gap = (finite(float(curve[place])) for curve in (course.profile.log_evidence, course.gaps))
                shaded = slice(ORIGIN, place + 1)
        # a gap of 0 stands in the trough of its curve
        closed = gap is not None and wording.gap(gap, evidence or 0.0) == "0.000"
        side = "top center" if closed else "top left" if x is not None and x > 0.4 else "top right"
        result = self._marks(x, evidence, elbo, gap) | self.figure["gap told"].set(textposition=side)
        for name, heights in (
            ("shade floor", course and course.profile.elbo),
            ("shade", course and course.profile.log_evidence),
            ("gap shade", course and course.gaps),
        ):
            result |= self.figure[name].set(y=np.array([]) if heights is None else heights[shaded])
        return result

    def _marks(self, x: float | None, evidence: float | None, elbo: float | None, gap: float | None) -> Json:
        """The present place on the curves, and the gap there."""
        figure, ends = self.figure, ((x, evidence), (x, elbo))
        told = f"\u2002gap {wording.gap(gap, evidence)}\u2002" if gap is not None and evidence is not None else ""
        return {
            **figure["gap"].at(*ends),
            **figure["here"].at(*ends),
            **figure["gap height"].at((x, None if gap is None else 0.0), (x, gap)),
            **figure["gap here"].at((x, gap)),
            **figure["gap told"].set(x=[x], y=[gap], text=[told]),
        }

    def _remark(self, moment: Moment, course: Course, touch: float | None, low: float, high: float) -> Json:
        """A word at the place where the curves touch, or of where that is."""
        remark = self.figure["remark"]
        if touch is None:
            return remark.set(**_NOTHING)
        if low <= touch <= high:
            text = words.TOUCH if course.bend == ORIGIN else words.TOUCH_SHORT
            return remark.set(x=[0.07], y=[touch], text=[text], textposition="bottom right")
        shown = words.touching_below(touch - moment.bound.log_evidence)
        return remark.set(x=[_LEFT + 0.02], y=[low], text=[shown], textposition="top right")


_NOTHING: Json = {"x": [None], "y": [None], "text": [""], "textposition": "top right"}


def _heights(bound: Bound) -> tuple[float | None, float | None, float | None]:
    """log p, L and the gap as they are marked: where q is a point, the objective in the place of L alone."""
    if bound.elbo == -math.inf:
        return None, bound.expected_log_joint, None
    return bound.log_evidence, bound.elbo, bound.kl


def _objective(moment: Moment, course: Course) -> Array:
    """What stands in the bound's place: for a point in continuous h, the complete-data objective."""
    return course.profile.expected_log_joint if moment.pointed else course.profile.elbo


def _window(moment: Moment, course: Course) -> tuple[float, float]:
    """The heights that are drawn: of the way from 0 to 1, or where its rise dwarfs the gap, of its end alone."""
    level = moment.bound.log_evidence
    lower = _objective(moment, course)
    curves = [lower] if moment.pointed else [lower, course.profile.log_evidence]
    way = np.concatenate([curve[_WAY] for curve in curves])
    low, high = scale.around(way.tolist(), level, above=0.08, below=0.2)
    if moment.pointed:
        return low, high
    gap, end = float(course.gaps[ORIGIN + STEPS]), float(lower[ORIGIN + STEPS])
    arched = end - max(float(lower[ORIGIN + STEPS // 2]), float(np.nan_to_num(lower[-1], nan=-np.inf))) > gap
    flat = _FLAT if moment.step.move is None else _FLATTER if course.at else 0.0
    if arched and 1e-11 * max(1.0, abs(level)) < gap < flat * (high - low):
        return end - 1.6 * gap, end + gap / _NEAR - 1.6 * gap
    if moment.passage is not None and not moment.passage.along:  # L rises to here from below
        low = min(low, max(_low(moment.passage), low - 0.6 * (high - low)))
    beyond = course.profile.log_evidence[ORIGIN + STEPS + 1 :]
    beyond = beyond[np.isfinite(beyond)]
    # log p may climb on beyond the M-step: as far as it does not take the place of the way
    return low, max(high, min(high + 0.3 * (high - low), float(beyond.max(initial=high))))


def _low(passage: Passage) -> float:
    """How low L was, with some room."""
    lowest = passage.bounds[0]
    return (lowest.elbo or 0.0) - 0.08 * (lowest.kl or 0.0)


def _height_of_gaps(gaps: Array, level: float, passage: Passage | None) -> float:
    """How high the lower axis goes: over all gaps of the way, and somewhat beyond."""
    along, beyond = gaps[_WAY], gaps[ORIGIN + STEPS :]
    most = max(float(along[np.isfinite(along)].max(initial=0.0)), wording.ROUNDING * max(1.0, abs(level)))
    before = 0.0 if passage is None or passage.along else passage.bounds[0].kl or 0.0
    most = max(most, min(before, 1.6 * most))
    return max(1.35 * most, min(1.6 * most, float(beyond[np.isfinite(beyond)].max(initial=0.0))))
