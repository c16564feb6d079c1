"""What the stage would show, in Python: frames accumulate as docs/stage.md says."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np


def decode(value: Any) -> Any:
    """Packed arrays as lists; colours as CSS."""
    if isinstance(value, dict):
        if "bdata" in value:
            return np.frombuffer(base64.b64decode(value["bdata"]), f"<{value['dtype']}").tolist()
        if isinstance(value.get("rgb"), str):
            triples = np.frombuffer(base64.b64decode(value["rgb"]), "u1").reshape(-1, 3)
            return [f"rgb({r},{g},{b})" for r, g, b in triples]
        if "names" in value:
            return [value["names"][one] for one in value["each"]]
        if "columns" in value:
            return table(value)
        if "round" in value:
            turns = [2 * math.pi * step / 48 for step in range(49)]
            return [
                place
                for c, a, b in value["round"]
                for place in [*(c + a * math.cos(turn) + b * math.sin(turn) for turn in turns), math.nan]
            ]
        return {key: decode(entry) for key, entry in value.items()}
    return [decode(entry) for entry in value] if isinstance(value, list) else value


def table(packed: dict[str, Any]) -> list[list[float]]:
    """The rows of a packed array."""
    if "columns" in packed:
        return [[told / 1000 for told in row] for row in zip(*packed["columns"], strict=True)]
    rows, columns = (int(size) for size in packed["shape"].split(","))
    flat = decode(packed)
    return [flat[row * columns : (row + 1) * columns] for row in range(rows)]


def painted(value: Any, colors: dict[str, str]) -> Any:
    """`$name` replaced by the theme's colour of that name."""
    if isinstance(value, dict):
        return {key: painted(entry, colors) for key, entry in value.items()}
    if isinstance(value, list):
        return [painted(entry, colors) for entry in value]
    return colors[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def as_number(text: str) -> float:
    """A positive number as the page tells it: 1,234, 0.057 or 3.2 × 10⁻⁷."""
    mantissa, _, exponent = text.replace("\u00a0", "").replace(",", "").partition("×10")
    return float(f"{mantissa}e{exponent.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789')) or 0}")


class Shown:
    """Figures, texts and exact numbers at a frame, the frames before it visited; that frame is not a light one."""

    def __init__(self, scene: dict[str, Any], frames: list[dict[str, Any]], at: int = -1) -> None:
        frames = frames[: at + 1 or None]
        # of what is set again and again the last alone is read: a frame costs the same wherever it stands in its run
        held: dict[str, Any] = {}
        series: dict[str, list[Any]] = {}
        texts: dict[str, str] = {}
        values: dict[str, float | None] = {}
        for frame in frames:
            for key, value in frame.get("set", {}).items():
                held.pop(key, None)  # in the order of the last writing: one may lie within another
                held[key] = value
            for key, more in frame["append"].items():
                series.setdefault(key, []).extend(more)
            texts |= frame.get("text", {})
            values |= frame.get("value", {})
        told = json.loads(json.dumps([scene, held, series, texts, values, frames[-1]], allow_nan=False))
        self.scene, held, series, self.text, self.value, self.frame = told
        self.figures = decode(self.scene["figures"])
        for key, value in held.items():
            self._write(key, decode(value))
        for key, more in series.items():
            self._write(key, [*(self._read(key) or []), *more])

    def over(self, inner: dict[str, Any]) -> Shown:
        """With an inner frame over it."""
        for key, value in json.loads(json.dumps(inner["set"], allow_nan=False)).items():
            self._write(key, decode(value))
        self.text |= inner["text"]
        self.value |= inner["value"]
        return self

    def passing(self, step: int) -> Shown:
        """At a step of the way from the frame before."""
        glide = json.loads(json.dumps(self.frame["glide"], allow_nan=False))
        for key, way in glide["set"].items():
            (kind,) = way
            if kind == "each":
                each = way["each"]
                self._write(key, table(each)[step] if isinstance(each, dict) else decode(each[step]))
            elif kind == "first":
                self._write(key, self._read(key)[: way["first"][step]])
            else:
                self._write(key, [*self._read(key)[:-1], way["last"][step]])
        self.text |= {slot: texts[step] for slot, texts in glide["text"].items()}
        return self

    def trace(self, address: str) -> dict[str, Any]:
        """A trace by name: `timeline.elbo`."""
        figure, name = address.split(".")
        (found,) = (trace for trace in self.figures[figure]["data"] if trace["meta"] == name)
        return found

    def matrix(self, name: str, height: int) -> np.ndarray:
        """(height, …) what an image of the data view holds."""
        return np.array(self.trace(f"data.{name}")["z"], dtype=float).reshape(height, -1)

    def points(self, address: str) -> np.ndarray:
        """(n, 2) places of a trace, breaks left out."""
        found = self.trace(address)
        pairs = np.array([found["x"], found["y"]], dtype=float).T
        return pairs[np.isfinite(pairs).all(axis=1)]

    def _place(self, key: str) -> tuple[dict[str, Any], list[str]]:
        figure, trace, *rest = key.split("/")
        if not rest:
            return self.figures[figure]["layout"], trace.split(".")
        (path,) = rest
        return self.trace(f"{figure}.{trace}"), path.split(".")

    def _read(self, key: str) -> Any:
        place, names = self._place(key)
        for name in names:
            place = (place or {}).get(name)
        return place

    def _write(self, key: str, value: Any) -> None:
        place, (*names, leaf) = self._place(key)
        for name in names:
            place = place.setdefault(name, {})
        place[leaf] = value


def finite(value: Any) -> bool:
    """Whether all numbers are: packed arrays too, which mark a break by NaN."""
    if isinstance(value, dict):
        if "bdata" in value:
            return not np.isinf(np.frombuffer(base64.b64decode(value["bdata"]), f"<{value['dtype']}")).any()
        return all(map(finite, value.values()))
    if isinstance(value, list):
        return all(map(finite, value))
    return not isinstance(value, float) or math.isfinite(value)
