"""log p and ELBO by half-step: the sawtooth; and the gap alone on a logarithmic scale."""

from __future__ import annotations

from figures import layout, wording
from figures.encode import Json
from figures.moment import Moment
from figures.palette import ELBO, EVIDENCE, GAP, GAP_FILL

# half-steps that the figure of the latest ones holds
_LATEST = 7


def figures() -> dict[str, Json]:
    """Three figures, empty: frames fill them. The bound rises, so that the lower right corner is free."""
    bounds = [
        _curve("ELBO", ELBO, hover="ELBO %{y:.4f}"),
        _curve("log p(v)", EVIDENCE, hover="log p(v) %{y:.4f}", fill="tonexty", fillcolor=GAP_FILL),
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [],
            "y": [],
            "line": {"color": GAP, "width": 4},
            "marker": {"color": [EVIDENCE, ELBO], "size": 13, "symbol": "circle-open", "line": {"width": 3}},
            "hoverinfo": "skip",
            "showlegend": False,
        },
    ]
    gap = [
        {**_curve("gap", GAP, hover="gap %{customdata}"), "customdata": []},
        {
            "type": "scatter",
            "mode": "markers",
            "x": [],
            "y": [],
            "marker": {"color": GAP, "size": 14, "symbol": "circle-open", "line": {"width": 3}},
            "hoverinfo": "skip",
            "showlegend": False,
        },
    ]
    legend = {"x": 0.99, "xanchor": "right", "y": 0.02, "yanchor": "bottom"}
    few = {"autorangeoptions": {"include": [0, 6]}, "tickformat": "d"}
    return {
        "latest": {
            "data": bounds,
            "layout": layout.figure(
                x="half-step",
                y="nats",
                legend=True,
                xaxis={"tickformat": "d", "dtick": 1, "autorangeoptions": {"clipmin": -0.4}},
                hovermode="x unified",
                corner=legend,
            ),
        },
        "timeline": {
            "data": bounds,
            "layout": layout.figure(
                x="half-step", y="nats", legend=True, xaxis=few, hovermode="x unified", corner=legend
            ),
        },
        "gap": {
            "data": gap,
            "layout": layout.figure(
                x="half-step", y="gap (nats)", xaxis=few, yaxis={"type": "log", "exponentformat": "power"}
            ),
        },
    }


def append(moment: Moment) -> Json:
    """What this half-step adds to the series."""
    index, bound = moment.index, moment.bound
    changed = {
        "timeline/0/x": [index],
        "timeline/0/y": [bound.elbo],
        "timeline/0/marker.symbol": [_symbol(moment)],
        "timeline/1/x": [index],
        "timeline/1/y": [bound.log_evidence],
        "timeline/1/marker.symbol": [_symbol(moment)],
    }
    if bound.kl is not None:
        changed |= {
            "gap/0/x": [index],
            "gap/0/y": [_drawable(moment)],
            "gap/0/marker.symbol": [_symbol(moment)],
            "gap/0/customdata": [wording.gap(bound.kl, bound.log_evidence)],
        }
    return changed


def here(moment: Moment, past: list[Moment]) -> Json:
    """The rings at the half-step in view with the gap between them, and the last few half-steps by themselves.

    Over a whole run the first rise dwarfs every gap; the last half-steps alone show the saw's teeth.
    """
    index, bound = moment.index, moment.bound
    shown = [*past[-(_LATEST - 1) :], moment]
    places = [other.index for other in shown]
    symbols = [_symbol(other) for other in shown]
    result = {"gap/1/x": [index], "gap/1/y": [None if bound.kl is None else _drawable(moment)]}
    for figure in ("timeline", "latest"):
        result[f"{figure}/2/x"] = [index, index]
        result[f"{figure}/2/y"] = [bound.log_evidence, bound.elbo]
    for trace, heights in (
        (0, [other.bound.elbo for other in shown]),
        (1, [other.bound.log_evidence for other in shown]),
    ):
        result[f"latest/{trace}/x"] = places
        result[f"latest/{trace}/y"] = heights
        result[f"latest/{trace}/marker.symbol"] = symbols
    return result


def _drawable(moment: Moment) -> float:
    """A gap of 0 has no place on a logarithmic scale: it stands at the level of rounding, and says 0 when asked."""
    floor = wording.ROUNDING * max(1.0, abs(moment.bound.log_evidence))
    return max(moment.bound.kl or 0.0, floor)


def _symbol(moment: Moment) -> str:
    return "diamond" if moment.step.move is None else "circle" if moment.step.move == "E" else "square"


def _curve(name: str, color: str, hover: str, **more: str) -> Json:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [],
        "y": [],
        "line": {"color": color, "width": 2.5},
        "marker": {"color": color, "size": 7, "symbol": []},
        "hovertemplate": f"{hover}<extra></extra>",
        **more,
    }
