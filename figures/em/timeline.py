"""log p and ELBO by half-step: the sawtooth; and the gap alone on a logarithmic scale."""

from __future__ import annotations

import math

from em_core.moves import MOVES
from figures.em.moment import Moment
from figures.look import layout, wording
from figures.look.encode import Json, finite
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL

# half-steps that the figure of the latest ones holds
_LATEST = 7
# size of a half-step's marker, and how many half-steps stand so close that half of it does
_MARKER, _CROWD = 7, 80
_OBJECTIVE, _CEILING, _PLAIN, _FLOOR = 3, 4, 5, 2


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
        # both are there only where q asks for them
        {**_curve("log p(h*, v)", "$muted", hover="log p(h*, v) %{y:.4f}"), "visible": False},
        {**_dotted("factorised", ELBO, hover="best factorised q %{y:.4f}"), "visible": False},
        {**_dotted("plain EM", "$muted", hover="log p, plain EM %{y:.4f}"), "visible": False},
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
        {**_dotted("floor", GAP, hover="floor %{y:.4g}"), "visible": False},
    ]
    few = {"autorangeoptions": {"include": [0, 6]}, "tickformat": "d"}
    return {
        "latest": {
            "data": bounds,
            "layout": layout.figure(
                y="nats",
                legend=True,
                xaxis={"tickformat": "d", "dtick": 1, "autorangeoptions": {"clipmin": -0.4}},
                yaxis={"autorangeoptions": {"include": []}},
                hovermode="x unified",
                **layout.LEGEND_BELOW,
            ),
        },
        "timeline": {
            "data": bounds,
            "layout": layout.figure(y="nats", legend=True, xaxis=few, hovermode="x unified", **layout.LEGEND_BELOW),
        },
        "gap": {
            "data": gap,
            "layout": layout.figure(
                y="gap (nats)",
                legend=True,
                **layout.LEGEND_BELOW,
                xaxis=few,
                yaxis={"type": "log", "exponentformat": "power"},
            ),
        },
    }


def append(moment: Moment) -> Json:
    """What this half-step adds to the series."""
    index, bound = moment.index, moment.bound
    changed = {
        "timeline/0/x": [index],
        "timeline/0/y": [finite(bound.elbo)],
        "timeline/0/marker.symbol": [_symbol(moment)],
        "timeline/1/x": [index],
        "timeline/1/y": [bound.log_evidence],
        "timeline/1/marker.symbol": [_symbol(moment)],
        f"timeline/{_OBJECTIVE}/x": [index],
        f"timeline/{_OBJECTIVE}/y": [_objective(moment)],
        f"timeline/{_OBJECTIVE}/marker.symbol": [_symbol(moment)],
        f"timeline/{_CEILING}/x": [index],
        f"timeline/{_CEILING}/y": [_ceiling(moment)],
        f"timeline/{_PLAIN}/x": [index],
        f"timeline/{_PLAIN}/y": [moment.plain],
        f"gap/{_FLOOR}/x": [index],
        f"gap/{_FLOOR}/y": [moment.floor],
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
    result: Json = {"gap/1/x": [index], "gap/1/y": [None if bound.kl is None else _drawable(moment)]}
    result[f"gap/{_FLOOR}/visible"] = any(other.floor is not None for other in (*past, moment))
    result["gap/yaxis.dtick"] = _decades([*past, moment])
    result["latest/yaxis.autorangeoptions.include"] = layout.steady(bound.log_evidence)
    # no gap to fill where an ELBO is −∞
    result["latest/1/fill"] = "none" if any(other.pointed for other in shown) else "tonexty"
    result["timeline/1/fill"] = "none" if any(other.pointed for other in (*past, moment)) else "tonexty"
    size = _MARKER if len(past) < _CROWD else _MARKER / 2
    result |= {f"timeline/{trace}/marker.size": size for trace in (0, 1, _OBJECTIVE)} | {"gap/0/marker.size": size}
    for figure in ("timeline", "latest"):
        result[f"{figure}/2/x"] = [index, index]
        result[f"{figure}/2/y"] = [bound.log_evidence, finite(bound.elbo)]
        result[f"{figure}/{_OBJECTIVE}/visible"] = any(other.pointed for other in (*past, moment))
        result[f"{figure}/{_CEILING}/visible"] = any(other.floor is not None for other in (*past, moment))
        result[f"{figure}/{_PLAIN}/visible"] = any(other.plain is not None for other in (*past, moment))
        more = any(result[f"{figure}/{trace}/visible"] for trace in (_OBJECTIVE, _CEILING, _PLAIN))
        result[f"{figure}/margin.b"] = layout.TWO_ROWS if more else layout.ONE_ROW
    for trace, heights in (
        (0, [finite(other.bound.elbo) for other in shown]),
        (1, [other.bound.log_evidence for other in shown]),
        (_OBJECTIVE, [_objective(other) for other in shown]),
        (_CEILING, [_ceiling(other) for other in shown]),
        (_PLAIN, [other.plain for other in shown]),
    ):
        result[f"latest/{trace}/x"] = places
        result[f"latest/{trace}/y"] = heights
        if trace not in (_CEILING, _PLAIN):
            result[f"latest/{trace}/marker.symbol"] = symbols
    return result


def _decades(moments: list[Moment]) -> float | str:
    """Marks on the logarithmic scale: every so many decades, and within a few at 1, 2 and 5."""
    heights = [_drawable(moment) for moment in moments if moment.bound.kl is not None]
    drawn = [height for height in heights if height is not None]
    decades = math.log10(max(drawn) / min(drawn)) if drawn else 0.0
    return "D2" if decades < 2 else math.ceil(decades / 5)


def _objective(moment: Moment) -> float | None:
    """The complete-data objective, where the ELBO is −∞ and leaves the picture to it."""
    return moment.bound.expected_log_joint if moment.pointed else None


def _ceiling(moment: Moment) -> float | None:
    """How high the ELBO could rise with a factorised q and this θ."""
    return None if moment.floor is None else moment.bound.log_evidence - moment.floor


def _drawable(moment: Moment) -> float | None:
    """A gap of 0 has no place on a logarithmic scale: it stands at the level of rounding, and says 0 when asked."""
    floor = wording.ROUNDING * max(1.0, abs(moment.bound.log_evidence))
    return finite(max(moment.bound.kl or 0.0, floor))


def _symbol(moment: Moment) -> str:
    return "diamond" if moment.step.move is None else "circle" if MOVES[moment.step.move].kind == "E" else "square"


def _dotted(name: str, color: str, hover: str) -> Json:
    return {**_curve(name, color, hover), "mode": "lines", "line": {"color": color, "width": 2.5, "dash": "dot"}}


def _curve(name: str, color: str, hover: str, **more: str) -> Json:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [],
        "y": [],
        "line": {"color": color, "width": 2.5},
        "marker": {"color": color, "size": _MARKER, "symbol": []},
        "hovertemplate": f"{hover}<extra></extra>",
        **more,
    }
