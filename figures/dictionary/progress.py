"""log p(v, h; W) by half-step, of one start and of another; and the two terms that it is made of."""

from __future__ import annotations

from figures.dictionary.moment import Moment
from figures.look import layout
from figures.look.encode import Json

# half-steps that the figure of the latest ones holds
_LATEST = 9
_MAIN, _SECOND, _RING = range(3)
_NOTHING = {
    "text": "begins with the first H: before it there are no codes",
    "x": 0.5,
    "y": 0.5,
    "xref": "paper",
    "yref": "paper",
    "showarrow": False,
    "font": {"size": 14, "color": "$muted"},
}
SYMBOLS = {"H": "circle", "M": "square", "C": "triangle-up"}


def figures(second: bool) -> dict[str, Json]:
    """Empty; frames fill them."""
    curves = [
        _curve("this start", "$text", "%{text} %{y:.4f}", mode="lines+markers", text=[]),
        _curve("second start", "$muted", "second start %{y:.4f}", dash="dot", visible=second),
        _ring(),
    ]
    curves[_MAIN]["marker"]["color"] = []
    terms = [
        _curve("misfit (β/2)‖V − HWᵀ − b‖²", "$fit", "misfit %{y:.4f}"),
        _curve("penalty λ‖H‖₁", "$penalty", "penalty %{y:.4f}", dash="dash"),
        _ring(),
    ]
    terms[2]["marker"]["color"] = ["$fit", "$penalty"]
    few = {"autorangeoptions": {"include": [0, 6]}, "tickformat": "d"}
    corner = {"x": 0.99, "xanchor": "right", "y": 0.02, "yanchor": "bottom"}
    latest = {"tickformat": "d", "dtick": 1, "autorangeoptions": {"clipmin": -0.4}}
    return {
        "timeline": {
            "data": [{**curves[_MAIN], "marker": {**curves[_MAIN]["marker"], "size": 5}}, *curves[1:]],
            "layout": layout.figure(x="half-step", y="nats", legend=second, xaxis=few, corner=corner),
        },
        "latest": {
            "data": curves,
            "layout": layout.figure(x="half-step", y="nats", legend=second, xaxis=latest, corner=corner),
        },
        "terms": {
            "data": terms,
            "layout": layout.figure(
                x="half-step",
                y="nats",
                legend=True,
                xaxis=few,
                yaxis={"rangemode": "tozero", "autorangeoptions": {"include": [0]}},
                corner={"x": 0.99, "xanchor": "right", "y": 0.98, "yanchor": "top"},
            ),
        },
    }


def append(moment: Moment) -> Json:
    """What this half-step adds to the series."""
    if moment.joint is None:
        return {}
    changed = {
        f"timeline/{_MAIN}/x": [moment.index],
        f"timeline/{_MAIN}/y": [moment.joint],
        f"timeline/{_MAIN}/text": [moment.step.move],
        f"timeline/{_MAIN}/marker.symbol": [_symbol(moment)],
        f"timeline/{_MAIN}/marker.color": [_color(moment)],
        "terms/0/x": [moment.index],
        "terms/0/y": [moment.misfit],
        "terms/1/x": [moment.index],
        "terms/1/y": [moment.penalty],
    }
    if moment.second is not None:
        changed |= {f"timeline/{_SECOND}/x": [moment.index], f"timeline/{_SECOND}/y": [moment.second.joint]}
    return changed


def here(moment: Moment, past: list[Moment]) -> Json:
    """Rings at the half-step in view, and the last few half-steps by themselves."""
    shown = [other for other in (*past[-(_LATEST - 1) :], moment) if other.joint is not None]
    places, there = [other.index for other in shown], moment.joint is not None
    ring = {"x": [moment.index] if there else [], "y": [moment.joint] if there else []}
    result: Json = {
        f"latest/{_MAIN}/x": places,
        f"latest/{_MAIN}/y": [other.joint for other in shown],
        f"latest/{_MAIN}/text": [other.step.move for other in shown],
        f"latest/{_MAIN}/marker.symbol": [_symbol(other) for other in shown],
        f"latest/{_MAIN}/marker.color": [_color(other) for other in shown],
        f"terms/{_RING}/x": ring["x"] * 2,
        f"terms/{_RING}/y": [moment.misfit, moment.penalty] if there else [],
    }
    for figure in ("timeline", "latest", "terms"):
        result |= {f"{figure}/annotations": [] if there else [_NOTHING], f"{figure}/yaxis.visible": there}
    for figure in ("timeline", "latest"):
        result |= {f"{figure}/{_RING}/{axis}": ring[axis] for axis in "xy"}
    if moment.second is not None:
        result[f"latest/{_SECOND}/x"] = places
        result[f"latest/{_SECOND}/y"] = [other.second.joint for other in shown if other.second is not None]
    return result


def _symbol(moment: Moment) -> str:
    return SYMBOLS.get(moment.step.move or "", "diamond")


def _color(moment: Moment) -> str:
    """The colour of what moved: codes or atoms."""
    return "$fit" if moment.step.move == "H" else "$text"


def _curve(name: str, color: str, hover: str, dash: str = "solid", **more: object) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [],
        "y": [],
        "line": {"color": color, "width": 2.5, "dash": dash},
        "marker": {"color": color, "size": 8, "symbol": []},
        "hovertemplate": f"{hover}<extra></extra>",
        **more,
    }


def _ring() -> Json:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [],
        "y": [],
        "marker": {"color": "$text", "size": 15, "symbol": "circle-open", "line": {"width": 2.5}},
        "hoverinfo": "skip",
        "showlegend": False,
    }
