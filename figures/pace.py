"""How fast EM comes to rest, and why: what is said of it, and the pictures that every page draws of it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from em_core.observe.overlap import SEPARATIONS, Overlap
from em_core.observe.rates import Rates
from figures.drawing import Figure
from figures.look import layout
from figures.look.encode import Json
from figures.scene import SliderHandle, View

# so many parameters are named
_NAMED = 3
# so many eigenvalues are drawn
_DRAWN = 24
CARD = View("pace", ("How fast, and why", "How fast"), describe="describe.pace", heading="heading.pace")
PREDICTED, BAND = "predicted slope: r² per round", "grey band"
# as broad as shows on both sides of a curve that lies on it
_BAND = 8
MISSING, APART = "Missing information", "Overlap"
WORKING = "Following EM to its optimum …"
# below an axis
_UNDER = {"x": 0, "xanchor": "left", "y": 0, "yshift": -26, "align": "left"}
# where small shares leave room
_CORNER = {"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper", "yanchor": "top"}
_TOLD: Json = {**_CORNER, "align": "right", "showarrow": False, "font": {"size": 14, "color": "$muted"}}
_MIDDLE = {"x": 0.5, "xref": "paper", "y": 0.5, "yref": "paper", "showarrow": False, "font": {"size": 14}}
# under the line of all that could be missing, where the smaller shares leave room
_BELOW: Json = {"y": 0.97, "yref": "y"}
_STEP, _UNIT = 0.5, "standard deviations"


def rates(found: Rates | str | None) -> str:
    """What r is, as predicted and as measured, or why it cannot be told."""
    if found is None:
        return ""
    if isinstance(found, str):
        return f"{found[0].upper()}{found[1:]}."
    measured = found.measured.parameters
    told = "" if measured is None else f"; measured on the run to the optimum: {measured:.4f}"
    return f"r = {found.predicted:.4f}, the largest fraction of missing information{told}{_held(found.left_out)}"


def _held(names: Sequence[str]) -> str:
    """What has no part in it: some by name, more by their number."""
    if not names:
        return ""
    return f"; left out: {', '.join(names) if len(names) <= _NAMED else f'{len(names)} parameters at a boundary'}"


def slope(figure: Figure, **more: Any) -> None:
    """What falls by r² a round: a broad grey band, which no run is drawn as, and which shows on both sides of one."""
    figure.curve("predicted", "$quiet", width=_BAND, hover=PREDICTED, **more)


def per_round(found: Rates | str | None, drawn: bool, what: str) -> tuple[str, ...]:
    """What r does to the error of θ, and r² to what is drawn. drawn: so is a band with that slope."""
    if not isinstance(found, Rates):
        return ()
    squared = f"{what} × r² = {found.predicted**2:.4f} per round"
    return f"error × r = {found.predicted:.4f} per round", squared + f" ({BAND})" * drawn


def below(found: Rates, drawn: bool) -> list[Json]:
    """The same below the axis of gaps, where no line runs."""
    return [{**_TOLD, **_UNDER, "text": "<br>".join(per_round(found, drawn, "gap"))}]


def missing_title(found: Rates | str | None) -> str:
    """What the eigenvalues say."""
    if not isinstance(found, Rates):
        return MISSING
    if found.predicted == 0:
        return "Nothing is hidden: r = 0"
    return f"r = {found.predicted:.4f}, the largest fraction of missing information"


def told(found: Rates | str | None) -> str:
    """What r means for this run, as a sentence; why there is none; or that it is being worked out."""
    if not isinstance(found, Rates):
        return rates(found) or WORKING
    if found.predicted == 0:
        return "Nothing is hidden, so r = 0: one round of EM leads all the way to the optimum."
    share, squared = f"{found.predicted:.4f}", f"{found.predicted**2:.4f}"
    return (
        f"Of what the complete data would tell, up to {100 * found.predicted:.0f} % is missing, because h is hidden: "
        f"so a round of EM multiplies the error of θ by r = {share}, and gap and distance by r² = {squared}."
    )


def overlap_title(overlap: Overlap | None) -> str:
    if overlap is None or overlap.here is None:
        return "The closer, the slower"
    return f"r = {overlap.here:.4f} at {overlap.separation:g} standard deviations"


def texts(found: Rates | str | None, overlap: Overlap | None) -> Json:
    """What the card says."""
    return {
        "heading.pace.missing": missing_title(found),
        "heading.pace.overlap": overlap_title(overlap),
        "describe.pace": told(found),
    }


def shrinks(found: Rates) -> str:
    """By how much a round shrinks what is left to go, in lines."""
    if found.predicted == 0:
        return "one round of EM<br>leads all the way"
    return f"a round of EM:<br>error of θ × {found.predicted:.4f}<br>gap, distance × {found.predicted**2:.4f}"


def _lines(text: str) -> str:
    """A sentence in lines that a small picture holds."""
    return "\n".join(textwrap.wrap(text, 56))


class Spectrum:
    """The eigenvalues of the missing information, the largest first: r."""

    def __init__(self) -> None:
        self.figure = figure = Figure(
            "missing",
            MISSING,
            x="directions in θ, the most hidden first",
            y="fraction of missing information",
            xaxis={"range": [0.4, 3.6], "tickformat": "d"},
            yaxis={"range": [0, 1.18], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
            margin={"l": 56, "r": 12, "t": 8, "b": 40},
            bargap=0.3,
            annotations=[],
        )
        figure.bars("others", "$quiet", hovertemplate="λ %{x}: %{y:.4f}<extra></extra>", cliponaxis=False)
        figure.bars("r", "$gap", hovertemplate="r = %{y:.4f}<extra></extra>")
        figure.curve("all", "$muted", width=1, dash="dot", x=[0, _DRAWN + 1], y=[1, 1])

    def changes(self, found: Rates | str | None) -> Json:
        values = list(found.missing_information[:_DRAWN]) if isinstance(found, Rates) else []
        count = len(values)
        notes: list[Json] = []
        if isinstance(found, Rates):
            text = f"r = {values[0]:.4f}" if values[0] > 0 else "r = 0"
            notes.append({"x": 1, "y": values[0], "text": text, "showarrow": False, "yanchor": "bottom"})
            notes[0] |= {"xanchor": "left" if count > 3 else "center", "xshift": -12 if count > 3 else 0}
            notes[0] |= {"font": {"size": 15, "color": "$gap"}}
            more = len(found.missing_information) - count
            notes.append(
                {**_TOLD, **_BELOW, "text": shrinks(found) + (f"<br>and {more:,} smaller ones" if more else "")}
            )
        else:
            notes.append({**_MIDDLE, "text": layout.literal(_lines(rates(found) or WORKING)).replace("\n", "<br>")})
        right = max(count, 3) + 0.6
        return {
            **self.figure["others"].set(x=list(range(2, count + 1)), y=values[1:]),
            **self.figure["r"].set(x=[1][:count], y=values[:1]),
            **self.figure.set(annotations=notes, xaxis_range=[0.4, right], xaxis_dtick=1 if right < 13 else 4),
        }


class OverlapCurve:
    """r against how far apart two clusters lie, as far as it is worked out; that in view is marked."""

    def __init__(self) -> None:
        self.figure = figure = Figure(
            "overlap",
            APART,
            x="separation of the two clusters (standard deviations)",
            y="r",
            xaxis={"range": [0, SEPARATIONS[-1] + 0.3], "dtick": 1},
            yaxis={"range": [-0.05, 1.12], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
            margin={"l": 56, "r": 12, "t": 8, "b": 40},
            annotations=[],
        )
        figure.curve("all", "$muted", width=1, dash="dot", x=[0, 100], y=[1, 1])
        figure.curve(
            "rates",
            "$gap",
            mode="lines+markers",
            marker={"size": 7, "color": "$gap"},
            hover="%{x:g} standard deviations: r = %{y:.4f}",
        )
        figure.ring("here", "$text", size=16)

    def changes(self, overlap: Overlap | None) -> Json:
        if overlap is None:
            return {}
        x, here = overlap.separation, overlap.here
        right = max(SEPARATIONS[-1], x) + 0.3
        line = {"color": "$muted", "width": 1, "dash": "dot"}
        upright = {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line}
        return {
            **self.figure["rates"].at(*overlap.rates),
            **self.figure["here"].at(*([] if here is None else [(x, here)])),
            **self.figure.set(
                xaxis_range=[0, right],
                shapes=[upright],
                annotations=[] if overlap.rates else [{**_MIDDLE, "text": WORKING}],
            ),
        }


def handle(overlap: Overlap | None) -> list[SliderHandle]:
    """The control of the separation, below the curve."""
    if overlap is None:
        return []
    low, high = min(SEPARATIONS[0], overlap.separation), max(SEPARATIONS[-1], overlap.separation)
    return [
        SliderHandle("setting/separation", "overlap", "Separation", low, high, overlap.separation, _STEP, unit=_UNIT)
    ]
