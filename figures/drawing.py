"""Figures with named traces: drawn once, and they say at which addresses frames change them.

An address is `figure/trace/attribute`, and `figure/part` in the layout, as docs/stage.md describes. Attributes are
written as Plotly does in Python: `marker_line_width` is `marker.line.width`. Arrays travel packed, lists as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern
from typing import Any

import numpy as np

from em_core.records import Array
from figures.look import layout
from figures.look.encode import Json, numbers


@dataclass(frozen=True)
class Trace:
    """One trace of a figure. glides: its x and y travel from frame to frame."""

    figure: str
    name: str
    json: Json
    glides: bool = False

    @property
    def address(self) -> str:
        return f"{self.figure}/{self.name}"

    def set(self, **attributes: Any) -> Json:
        """Addresses of these attributes, with their values: a part of a frame's `set`."""
        # every frame of every reader has the same addresses: one string for all
        return {intern(f"{self.address}/{_path(name)}"): packed(value) for name, value in attributes.items()}

    # the same addresses in a frame's `append`, where values lengthen a series
    append = set

    def at(self, *points: tuple[float | None, float | None]) -> Json:
        """The trace at these places; None is no place."""
        return self.set(x=[x for x, _ in points], y=[y for _, y in points])

    def empty(self) -> Json:
        return self.set(x=[], y=[])


class Figure:
    """A figure of the stage, as `docs/stage.md` has it. `shape`: its layout, as `layout.figure` takes it.

    face: what it is called beside the other figures of its view.
    """

    def __init__(self, name: str, face: str = "", **shape: Any) -> None:
        self.name, self.face = name, face
        self.layout = layout.figure(**shape)
        self._traces: dict[str, Trace] = {}

    def __getitem__(self, name: str) -> Trace:
        return self._traces[name]

    def __iter__(self) -> Iterator[Trace]:
        return iter(self._traces.values())

    def set(self, **parts: Any) -> Json:
        """Addresses of these parts of the layout, with their values."""
        return {intern(f"{self.name}/{_path(name)}"): value for name, value in parts.items()}

    @property
    def json(self) -> Json:
        return {"data": [trace.json for trace in self], "layout": self.layout}

    def trace(
        self, name: str, kind: str, *, glides: bool = False, hover: str = "", label: str = "", **more: Any
    ) -> Trace:
        """Add a trace of any kind. label: its name in the legend, none without; hover: template, none without."""
        if name in self._traces or "/" in name:
            raise ValueError(f"{name!r} is no name for one more trace of {self.name!r}")
        told = {"hovertemplate": f"{hover}<extra></extra>"} if hover else {"hoverinfo": "skip"}
        listed = {"name": label} if label else {"showlegend": False}
        # `meta` is what Plotly leaves to us: the stage finds the trace by it
        json = {"type": kind, "meta": name, **_nested({**told, **listed, **more})}
        self._traces[name] = Trace(self.name, name, json, glides)
        return self._traces[name]

    def curve(
        self, name: str, color: str, label: str = "", *, width: float = 2.5, dash: str = "", **more: Any
    ) -> Trace:
        """A line, empty unless `more` gives its x and y."""
        line = {"color": color, "width": width} | ({"dash": dash} if dash else {})
        return self._scatter(name, label, **{"mode": "lines", "line": line, **more})

    def points(
        self, name: str, color: Any, label: str = "", *, size: Any = 8, symbol: Any = None, **more: Any
    ) -> Trace:
        """Markers."""
        given = {"color": color, "size": size, "symbol": symbol}
        marker = {name: value for name, value in given.items() if value is not None}
        return self._scatter(name, label, **{"mode": "markers", "marker": marker, **more})

    def ring(self, name: str, color: Any, label: str = "", *, size: float = 14, width: float = 3, **more: Any) -> Trace:
        """Open circles that say where the frame in view stands."""
        return self.points(name, color, label, size=size, symbol="circle-open", marker_line_width=width, **more)

    def text(self, name: str, color: Any = None, *, size: float = 13, **more: Any) -> Trace:
        """Words at places of the figure."""
        font = {"size": size} | ({"color": color} if color else {})
        return self._scatter(name, "", **{"mode": "text", "text": [], "textfont": font, "cliponaxis": False, **more})

    def bars(self, name: str, color: str, label: str = "", **more: Any) -> Trace:
        return self.trace(name, "bar", label=label, **{"x": [], "y": [], "marker": {"color": color}, **more})

    def image(self, name: str, z: Any = (), **more: Any) -> Trace:
        """A heatmap without a scale beside it. z (rows, columns), or packed."""
        return self.trace(name, "heatmap", z=packed(z) if len(z) else [], showscale=False, **more)

    def contours(self, name: str, x: np.ndarray, y: np.ndarray, z: np.ndarray, **more: Any) -> Trace:
        """Lines of equal height. z (len(y), len(x))."""
        places = {"x": x.tolist(), "y": y.tolist(), "z": z.round(5).tolist()}
        return self.trace(
            name, "contour", **places, contours_coloring="lines", showscale=False, line_smoothing=0, **more
        )

    def _scatter(self, name: str, label: str, **more: Any) -> Trace:
        return self.trace(name, "scatter", label=label, **{"x": [], "y": [], **more})


def broken(lines: Array) -> Array:
    """Lines (n, points) as one trace, with a break after each."""
    return np.pad(np.asarray(lines, dtype=float), ((0, 0), (0, 1)), constant_values=np.nan).ravel()


def packed(value: Any) -> Any:
    """An array in the form that the stage reads, one with two axes with its shape; anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    return numbers(value) if value.ndim == 1 else {**numbers(value), "shape": "{}, {}".format(*value.shape)}


def _path(name: str) -> str:
    return name.replace("_", ".")


def _nested(attributes: Json) -> Json:
    """Attributes by their parts: later ones join or replace earlier ones."""
    result: Json = {}
    for name, value in attributes.items():
        *parts, leaf = name.split("_")
        place = result
        for part in parts:
            place = place.setdefault(part, {})
        place[leaf] = {**place.get(leaf, {}), **value} if isinstance(value, dict) else packed(value)
    return result
