"""The bound along the M-step: log p and L(q, ·) on the way from where q was computed, the gap shaded between."""

from __future__ import annotations

import math

import numpy as np

from em_core.bound import scan
from em_core.caching import bounded
from em_core.files.experiment import Experiment
from em_core.moves import MOVES
from em_core.records import Array, Bound, Parameters, frozen
from em_core.schedule import plan
from em_core.trajectory import run_to_end, start
from figures.em.moment import DRAWN, Course, Moment
from figures.look import layout
from figures.look.encode import Json, numbers
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL

# how many earlier bounds stay visible where the whole curve is drawn
_PAST = 6
_POINTS = 199
# nats below the maximum that are drawn: farther down the curve falls away to minus infinity
_DEPTH = 16.0

# traces, in drawing order
_BOUND, _EVIDENCE, _PAST_BOUNDS, _GAP, _TOUCH, _HERE = range(6)

WHOLE_GLIDES = (_BOUND, _GAP, _TOUCH, _HERE)


def has_whole_curve(experiment: Experiment) -> bool:
    """A model with one number as its only parameter is drawn over that number, from end to end."""
    return [entry.ndim for entry in experiment.start.values()] == [0]


@bounded(16_000_000)
def _grid(experiment: Experiment) -> Array:
    """Where the whole curve is drawn: over (0, 1) for a probability, else from 0 to well beyond where EM leads."""
    model = experiment.model
    far = _scalar(model.from_vector(np.array([30.0]), experiment.start))
    if far <= 1:
        return np.linspace(0, 1, _POINTS + 2)[1:-1]
    end = run_to_end(experiment, start(experiment), plan("EM", MOVES), most=100).last.after.theta
    return np.linspace(0, 2.5 * max(_scalar(end), _scalar(experiment.start)), _POINTS + 1)[1:]


@bounded(16_000_000)
def _whole_evidence(experiment: Experiment) -> Array:
    """log p over the grid."""
    whole = _over(experiment, _grid(experiment))
    return scan(experiment.model, experiment.data, _posterior(experiment), whole).log_evidence


def _reach(experiment: Experiment, height: float | None) -> list[float]:
    """The heights that the whole curve is drawn over: its upper part, and down to where the bound stands."""
    evidence = _whole_evidence(experiment)
    top = float(np.nanmax(evidence))
    low = max(top - _DEPTH, float(np.nanmin(evidence)))
    if height is not None and math.isfinite(height):
        low = min(low, height - _DEPTH / 4)
    room = 0.08 * (top - low)
    return [low - room, top + 2 * room]


def figure(experiment: Experiment) -> Json:
    curve = {"type": "scatter", "mode": "lines", "x": [], "y": [], "line": {"width": 2.5}}
    marker = {"type": "scatter", "mode": "markers", "x": [], "y": [], "hoverinfo": "skip", "showlegend": False}
    data = [
        {
            **curve,
            "name": "L(q, θ)",
            "line": {"color": ELBO, "width": 2.5, "dash": "dash"},
            "hovertemplate": "L %{y:.4f}<extra></extra>",
        },
        {
            **curve,
            "name": "log p(v; θ)",
            "line": {"color": EVIDENCE, "width": 2.5},
            "fill": "tonexty",
            "fillcolor": GAP_FILL,
            "hovertemplate": "log p(v) %{y:.4f}<extra></extra>",
        },
        {
            **curve,
            "line": {"color": ELBO, "width": 1},
            "opacity": 0.35,
            "hoverinfo": "skip",
            "showlegend": False,
            "connectgaps": False,
        },
        {**curve, "line": {"color": GAP, "width": 4}, "hoverinfo": "skip", "showlegend": False},
        {**marker, "marker": {"color": ELBO, "size": 11, "symbol": "circle-open", "line": {"width": 3}}},
        {**marker, "marker": {"color": [EVIDENCE, ELBO], "size": 11, "symbol": "square"}},
    ]
    if has_whole_curve(experiment):
        (name,) = experiment.start
        grid = _grid(experiment)
        evidence = _whole_evidence(experiment)
        data[_EVIDENCE] |= {"x": grid.tolist(), "y": evidence.tolist()}
        shape = layout.figure(
            x="θ" if name == "theta" else name,
            y="nats",
            legend=True,
            **layout.LEGEND_ABOVE,
            xaxis={"range": [0, float(grid[-1] + grid[0])]},
            yaxis={"range": _reach(experiment, None)},
        )
    else:
        shape = layout.figure(
            x="0: where q was made, 1: where θ went",
            y="nats",
            legend=True,
            **layout.LEGEND_ABOVE,
            xaxis={"range": [-0.5, 1.5], "zeroline": True, "zerolinecolor": "$faint"},
            yaxis={"autorangeoptions": {"include": []}},
        )
    return {"data": data, "layout": shape}


def changes(moment: Moment, past: list[Moment]) -> Json:
    """The curves at this half-step, always under the same keys. `past`: the moments before it, for earlier bounds."""
    course, bound = moment.course, moment.bound
    if has_whole_curve(moment.experiment):
        result = _whole(moment, past)
        theta = _scalar(moment.step.after.theta)
        result |= _standing(theta, None if moment.pointed else bound.log_evidence, _height(bound))
        result["course/yaxis.range"] = _reach(moment.experiment, _height(bound))
        origin = None if moment.step.after.q_at is None else _scalar(moment.step.after.q_at)
        return result | _touch(origin, _evidence_at(moment, moment.step.after.q_at))
    include = "course/yaxis.autorangeoptions.include"
    if course is None:
        nothing = _lines([], [], [], []) | _touch(None, None) | _standing(None, None, None)
        return nothing | _named(moment) | {include: []}
    touch = int(np.flatnonzero(DRAWN == 0)[0])
    if moment.pointed:  # log p has nothing to do with how high the objective stands
        lines = _lines(DRAWN, course.profile.expected_log_joint, [], []) | _touch(None, None)
        return lines | _named(moment) | _standing(course.at, None, bound.expected_log_joint) | {include: []}
    touched = (0.0, float(course.profile.log_evidence[touch])) if course.touches else (None, None)
    return (
        _lines(DRAWN, course.profile.elbo, DRAWN, course.profile.log_evidence)
        | {include: layout.steady(bound.log_evidence)}
        | _named(moment)
        | _touch(*touched)
        | _standing(course.at, bound.log_evidence, bound.elbo)
    )


def inner(moment: Moment, course: Course, stop: int) -> Json:
    """Where θ stands at stop number `stop` of the scrubber."""
    place = stop + int(np.flatnonzero(DRAWN == 0)[0])
    theta = course.profile.thetas[place]
    if theta is None:
        return _standing(None, None, None)
    x = _scalar(theta) if has_whole_curve(moment.experiment) else float(DRAWN[place])
    evidence, elbo = float(course.profile.log_evidence[place]), float(course.profile.elbo[place])
    if moment.pointed:
        return _standing(x, None, float(course.profile.expected_log_joint[place]))
    return _standing(x, evidence, elbo)


def _named(moment: Moment) -> Json:
    color = "$muted" if moment.pointed else ELBO
    return {
        f"course/{_BOUND}/name": "log p(h*, v; θ)" if moment.pointed else "L(q, θ)",
        f"course/{_BOUND}/line.color": color,
        f"course/{_HERE}/marker.color": [EVIDENCE, color],
    }


def _height(bound: Bound) -> float | None:
    """Where the bound stands in the picture: for a point in continuous h, the complete-data objective."""
    return bound.expected_log_joint if bound.elbo == -math.inf else bound.elbo


def _whole(moment: Moment, past: list[Moment]) -> Json:
    state = moment.step.after
    if state.q is None:
        return {f"course/{_BOUND}/x": [], f"course/{_BOUND}/y": []}
    grid = _grid(moment.experiment)
    now = _bound_curve(moment)
    result = {f"course/{_BOUND}/x": numbers(grid), f"course/{_BOUND}/y": numbers(now), **_named(moment)}
    earlier: list[Moment] = []
    for other in reversed(past):
        newest = earlier[-1] if earlier else moment
        if other.step.after.q is not None and other.step.after.q is not newest.step.after.q and not other.pointed:
            earlier.append(other)
        if len(earlier) == _PAST:
            break
    gap = [np.nan]
    curves = [np.concatenate([_bound_curve(other), gap]) for other in reversed(earlier)]
    places = [np.concatenate([grid, gap]) for _ in earlier]
    result[f"course/{_PAST_BOUNDS}/x"] = numbers(np.concatenate(places) if places else [])
    result[f"course/{_PAST_BOUNDS}/y"] = numbers(np.concatenate(curves) if curves else [])
    return result


def _bound_curve(moment: Moment) -> Array:
    experiment = moment.experiment
    whole = scan(experiment.model, experiment.data, moment.step.after.q, _over(experiment, _grid(experiment)))
    return whole.expected_log_joint if moment.pointed else whole.elbo


def _over(experiment: Experiment, grid: Array) -> list[Parameters]:
    (name,) = experiment.start
    return [{name: frozen(value)} for value in grid]


def _posterior(experiment: Experiment):
    return experiment.model.posterior(experiment.data, experiment.start)


def _evidence_at(moment: Moment, theta: Parameters | None) -> float | None:
    return None if theta is None else moment.experiment.model.log_evidence(moment.experiment.data, theta)


def _scalar(theta: Parameters) -> float:
    (entry,) = theta.values()
    return float(entry)


def _lines(x_bound, bound, x_evidence, evidence) -> Json:
    return {
        f"course/{_BOUND}/x": numbers(x_bound),
        f"course/{_BOUND}/y": numbers(bound),
        f"course/{_EVIDENCE}/x": numbers(x_evidence),
        f"course/{_EVIDENCE}/y": numbers(evidence),
    }


def _touch(x: float | None, y: float | None) -> Json:
    return {f"course/{_TOUCH}/x": [x], f"course/{_TOUCH}/y": [y]}


def _standing(x: float | None, evidence: float | None, elbo: float | None) -> Json:
    if elbo is not None and not math.isfinite(elbo):
        elbo = None
    pair = {"x": [x, x], "y": [evidence, elbo]}
    return {f"course/{trace}/{axis}": pair[axis] for trace in (_GAP, _HERE) for axis in "xy"}
