"""An image of the reader's own, on which a patch is chosen by a click."""

from __future__ import annotations

import numpy as np

from em_core.records import Array
from figures.look import palette
from figures.look.encode import Json

# pixels between two places that a click finds
STEP = 2


def picker(image: Array, row: int, column: int, side: int) -> Json:
    """The image with the patch framed whose upper left pixel is there, as Plotly's JSON.

    Heatmaps cannot be clicked: what is clicked are unseen points, each the middle of a patch.
    """
    height, width = image.shape
    half = (side - 1) / 2
    rows, columns = np.arange(0, height - side + 1, STEP), np.arange(0, width - side + 1, STEP)
    across, down = np.meshgrid(columns + half, rows + half)
    hidden = {"visible": False, "fixedrange": True}
    shade = {"type": "heatmap", "z": image.round(3).tolist(), "zmin": 0, "zmax": 1, "showscale": False}
    places = {"type": "scatter", "mode": "markers", "x": across.ravel().tolist(), "y": down.ravel().tolist()}
    unseen = {"marker": {"size": 6, "opacity": 0}, "selected": {"marker": {"opacity": 0}}}
    frame = {"type": "rect", "x0": column - 0.5, "y0": row - 0.5, "x1": column + side - 0.5, "y1": row + side - 0.5}
    return {
        "data": [
            {**shade, "colorscale": palette.SHADES, "hoverinfo": "skip"},
            {**places, **unseen, "unselected": {"marker": {"opacity": 0}}, "hoverinfo": "none", "showlegend": False},
        ],
        "layout": {
            "xaxis": {**hidden, "range": [-0.5, width - 0.5], "constrain": "domain"},
            "yaxis": {**hidden, "range": [height - 0.5, -0.5], "scaleanchor": "x", "constrain": "domain"},
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "height": 300,
            "dragmode": False,
            "hovermode": "closest",
            "hoverdistance": -1,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "shapes": [{**frame, "line": {"color": palette.DARK["gap"], "width": 3}}],
        },
    }
