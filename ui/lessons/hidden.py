"""Traces that a step leaves out while its question is open: a mark at the optimum tells the answer before it is asked.

What is not sent cannot be read: the points stay away from the scene and from every frame up to the one in view; those
that come after it bring them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from em_core.files.errors import InvalidExperiment

Json = dict[str, Any]

# where a trace has its points, and what is written beside them
_POINTS = ("x", "y", "z", "text", "customdata")


def check(hidden: Sequence[str], scene: Json) -> None:
    """Raises `InvalidExperiment` for a trace, such as `code.optimum`, that no figure of the page has."""
    known = [f"{figure}.{trace['meta']}" for figure, trace in _traces(scene["figures"])]
    for name in hidden:
        if name not in known:
            figure = f"{name.partition('.')[0]}."
            near = [one for one in known if one.startswith(figure)] or sorted(scene["figures"])
            raise InvalidExperiment("hidden", name, f"one of {', '.join(near)}")


def figures(figures: Json, hidden: Sequence[str]) -> Json:
    """The figures of a scene, the traces that are left out without their points."""
    bare: Json = {}
    for name, figure in figures.items():
        traces = figure.get("data", [])
        emptied = [
            trace | dict.fromkeys(_parts(trace), []) if f"{name}.{trace.get('meta')}" in hidden else trace
            for trace in traces
        ]
        bare[name] = figure | {"data": emptied} if traces else figure
    return bare


def scene(whole: Json, hidden: Sequence[str]) -> Json:
    """A scene that tells nothing of these traces, neither of the points nor of what could be chosen by them."""
    inside = whole.get("inside")
    if inside and hidden:
        away = {name.replace(".", "/", 1) for name in hidden}
        inside = {**inside, "chooses": {name: of for name, of in inside["chooses"].items() if name not in away}}
    return {**whole, "figures": figures(whole["figures"], hidden), "inside": inside}


def changes(told: Mapping[str, Any], scene: Json, hidden: Sequence[str], open_: bool) -> Json:
    """What a frame sets, with the points of these traces; without them while the question is open (`open_`)."""
    points = {
        f"{figure}/{trace['meta']}/{part}": [] if open_ else trace[part]
        for figure, trace in _traces(scene["figures"])
        if f"{figure}.{trace['meta']}" in hidden
        for part in _parts(trace)
    }
    return points | (without(told, hidden) if open_ else dict(told))


def without(told: Mapping[str, Any], hidden: Sequence[str]) -> Json:
    """What a frame sets or appends, but not of these traces."""
    away = tuple(f"{name.replace('.', '/', 1)}/" for name in hidden)
    return {address: value for address, value in told.items() if not address.startswith(away)}


def _traces(figures: Json) -> list[tuple[str, Json]]:
    return [(name, trace) for name, figure in figures.items() for trace in figure.get("data", []) if "meta" in trace]


def _parts(trace: Json) -> list[str]:
    return [part for part in _POINTS if part in trace]
