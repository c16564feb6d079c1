"""The look that all figures share: few ticks, faint grid, no frame."""

from __future__ import annotations

from typing import Any

from figures.look.encode import Json

# what Plotly, or the stage, would read as markup, a picture's address, a value or a colour
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "%": "&#37;", "$": "&#36;"}


def literal(name: str) -> str:
    """A name from outside, such as a column's, as titles, ticks and hovers show it letter by letter."""
    return "".join(_MARKUP.get(letter, letter) for letter in name)


def axis(title: str = "", **more: Any) -> Json:
    return {
        "title": {"text": title, "standoff": 6, "font": {"size": 13, "color": "$muted"}},
        "tickfont": {"size": 12, "color": "$muted"},
        "gridcolor": "$grid",
        "linecolor": "$grid",
        "zeroline": False,
        "nticks": 6,
        "automargin": "left",
        # else Plotly measures every label at every change, to hide one that the figure's edge would cut
        "ticklabeloverflow": "allow",
        **more,
    }


# for curves that may go anywhere: the legend stands above them
LEGEND_ABOVE: Json = {
    "corner": {"y": 1.02, "yanchor": "bottom"},
    "margin": {"l": 48, "r": 12, "t": 28, "b": 46},
}


# the same where the height is scarce: the legend takes the row of the axis title, which the heading of the view tells
LEGEND_BELOW: Json = {
    "corner": {
        "x": 0.99,
        "xanchor": "right",
        "yref": "container",
        "y": 0.01,
        "yanchor": "bottom",
        # entries of one width, so that Plotly sets two beside each other where four do not fit
        "itemwidth": 30,
        "entrywidth": 78,
    },
}
# what lies below the axes, with a legend of one row and of two
ONE_ROW, TWO_ROWS = 52, 70


def steady(level: float) -> list[float]:
    """What the y axis of numbers near `level` includes at least, so that rounding does not fill a picture."""
    room = 1e-9 * max(1.0, abs(level))
    return [level - room, level + room]


def hidden_axis(low: float, high: float, **more: Any) -> Json:
    return {"visible": False, "range": [low, high], "fixedrange": True, **more}


def blocks(head: Json, rows: Json) -> Json:
    """Layout of pictures in two blocks, a head and rows, that the stage places by the size of the figure.

    Each gives its width and height in pixels of its pictures, rows those of one band and how many `bands` there are;
    what else it may give says docs/stage.md. The first pixel of each lies at 0, 0 of its own axes; `lift` is how far
    above it, in pixels, the words above it stand.
    """
    lift = head.pop("lift", 0.0)
    head["height"] += lift
    ends = [(block["width"] - 0.5, block.get("bands", 1) * block["height"] - 0.5) for block in (head, rows)]
    (x, y), (x2, y2) = ends
    y -= lift
    return {
        "meta": {
            "blocks": {
                "head": {"axes": ["xaxis", "yaxis"], **head},
                "rows": {"axes": ["xaxis2", "yaxis2"], **rows},
            }
        },
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": hidden_axis(-0.5, x, anchor="y"),
        "yaxis": hidden_axis(y, -0.5 - lift, anchor="x", domain=[0.6, 1]),
        "xaxis2": hidden_axis(-0.5, x2, anchor="y2"),
        "yaxis2": hidden_axis(y2, -0.5, anchor="x2", domain=[0, 0.58]),
    }


def figure(
    x: str = "",
    y: str = "",
    *,
    xaxis: Json | None = None,
    yaxis: Json | None = None,
    legend: bool = False,
    corner: Json | None = None,
    **more: Any,
) -> Json:
    """A layout with one pair of axes. corner: where the legend stands, if not at the upper left."""
    return {
        # the height below is fixed: measuring the labels at every frame would cost a third of its drawing
        "xaxis": axis(x, **{"automargin": False, **(xaxis or {})}),
        "yaxis": axis(y, **(yaxis or {})),
        "margin": {"l": 50, "r": 12, "t": 8, "b": 46},
        # in a small window Plotly would rather let labels overlap than draw curves lower than this
        "minreducedheight": 16,
        "showlegend": legend,
        "legend": {
            "orientation": "h",
            "x": 0.01,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 13},
            **(corner or {}),
        },
        "hoverlabel": {"font": {"size": 13}},
        "uirevision": "kept",
        "separators": ".",
        **more,
    }
