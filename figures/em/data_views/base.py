"""What data views have in common."""

from __future__ import annotations

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.records import Array, Parameters
from figures.em.moment import Moment
from figures.look import palette
from figures.look.encode import Json

# text on a component's colour, in both themes
INK = "#16202c"
# from 0 to 1: paper to ink for pictures, faint to strong for probabilities
PICTURE = [[0, "#ffffff"], [1, "#000000"]]
SHARE = [[0, "$paper"], [1, "$muted"]]


class PlainView:
    """A view without trails and handles; subclasses override what they have."""

    title = "Data"
    gliding: list[str] = []
    # what the reader may choose two axes from; none to choose where there are fewer than three
    axis_names: tuple[str, ...] = ()

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        self.experiment = experiment
        self.model = experiment.model
        self.data = experiment.data
        self.columns = columns
        self.axes = axes

    def append(self, moment: Moment) -> Json:
        return {}

    def handles(self, theta: Parameters) -> list[Json]:
        return []

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        raise InvalidExperiment("drag", handle, "something on the picture that can be moved")

    def note(self, moment: Moment) -> str:
        return "" if moment.step.after.q is not None else "no q yet"


def curve(color: str, **more: object) -> Json:
    """An empty line."""
    return {"type": "scatter", "mode": "lines", "x": [], "y": [], "line": {"color": color, "width": 2.5}, **more}


def points(**more: object) -> Json:
    """Empty markers."""
    return {"type": "scatter", "mode": "markers", "x": [], "y": [], **more}


def badge(k: int, text: str) -> Json:
    """The marker that stands for component k."""
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [],
        "y": [],
        "text": [text],
        "textfont": {"color": INK, "size": 13, "weight": 700},
        "marker": {
            "color": palette.component(k),
            "symbol": palette.symbol(k),
            "size": 22,
            "line": {"color": "$text", "width": 1.5},
        },
        "hoverinfo": "skip",
        "showlegend": False,
    }


def bar(color: str, **more: object) -> Json:
    return {
        "type": "bar",
        "x": [],
        "y": [],
        "marker": {"color": color, "line": {"color": "$paper", "width": 1}},
        "textfont": {"color": INK, "size": 14},
        **more,
    }


def padded(values: Array, share: float = 0.09) -> list[float]:
    """The range of the values with some room on both sides."""
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    room = share * (high - low) or 1.0
    return [low - room, high + room]


def near(name: str, place: float, values: Array) -> float:
    """The place of a drag along an axis, or `InvalidExperiment` where it is far from the values."""
    low, high = padded(values)
    if not low - 10 * (high - low) <= place <= high + 10 * (high - low):
        raise InvalidExperiment(name, place, f"a place near the data, between {low:.4g} and {high:.4g}")
    return place


def ellipse(centre: Array, covariance: Array, *sizes: float) -> tuple[Array, Array]:
    """Outlines at so many standard deviations, one after the other with a break between. centre (2,)."""
    angles = np.linspace(0, 2 * np.pi, 49)
    spread, directions = np.linalg.eigh(covariance)
    circle = (directions * np.sqrt(np.maximum(spread, 0))) @ np.array([np.cos(angles), np.sin(angles)])
    gap = np.full((2, 1), np.nan)
    parts = [part for size in sizes for part in (centre[:, None] + size * circle, gap)]
    path = np.concatenate(parts[:-1], axis=1)
    return path[0], path[1]


def segments(x0: Array, y0: Array, x1: Array, y1: Array) -> tuple[Array, Array]:
    """Many separate lines as one trace: (3n,) each, with breaks between."""
    gap = np.full(len(x0), np.nan)
    return np.column_stack([x0, x1, gap]).ravel(), np.column_stack([y0, y1, gap]).ravel()


def names(columns: tuple[str, ...], dimensions: int) -> tuple[str, ...]:
    """The columns' names, or x1, x2, … where there are none."""
    return columns if len(columns) == dimensions else tuple(f"x{i + 1}" for i in range(dimensions))


def nearly_square(values: int) -> tuple[int, int] | None:
    """Height and width of an image with so many pixels, None where it is none."""
    side = round(values**0.5)
    return (side, side) if side * side == values and side > 2 else None


def montage(tiles: Array, shape: tuple[int, int], across: int) -> Array:
    """(n, pixels) images as one picture, `across` in a row with a gap between; NaN where nothing is."""
    height, width = shape
    down = -(-len(tiles) // across)
    picture = np.full((down * (height + 1) - 1, across * (width + 1) - 1), np.nan)
    for n, tile in enumerate(tiles):
        row, column = divmod(n, across)
        top, left = row * (height + 1), column * (width + 1)
        picture[top : top + height, left : left + width] = tile.reshape(shape)
    return picture
