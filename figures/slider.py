"""The slider over the finer frames between two frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figures.look.encode import Json
from figures.record import Record


@dataclass(frozen=True)
class Slider(Record):
    """The slider through the finer frames of a frame, `inner` in the scene.

    stays: whether its stops mean the same in another run, where the reader then still stands at the same one. For a
    screen reader, says: what is said of a stop, as `format` unless it is given; heard: the numbers there, as label and
    slot; scale: of what the stops are places.
    """

    view: str
    label: str
    stops: Sequence[float]
    format: str = "{}"
    stays: bool = False
    says: str | None = None
    heard: Sequence[tuple[str, str]] = ()
    scale: str = ""

    def json(self) -> Json:
        told = super().json()
        heard = told.pop("heard")
        return {**told, "numbers": [{"label": label, "slot": slot} for label, slot in heard]}
