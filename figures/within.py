"""Inside a frame, on its way to the next: what the stage is told, as docs/stage.md has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from figures.look.encode import Json
from figures.record import Record, spoken


@dataclass(frozen=True)
class Inside(Record):
    """That a reader can step inside a frame on its way to the next, `inside` in the scene.

    view: the one that shows the working; label, title: of the button; hint: what stands in the view outside; previous,
    following: of the buttons that choose another unit. chooses: for traces whose points are units, by address, the unit
    of each point; None where these are their own numbers.
    """

    view: str
    label: str
    title: str
    hint: str
    previous: str
    following: str
    chooses: Mapping[str, Sequence[int] | None]

    def json(self) -> Json:
        return {**super().json(), "chooses": dict(self.chooses)}


@dataclass(frozen=True)
class Within(Record):
    """What a beat on the way to the next frame shows over the frame in view: as an inner frame, all that differs.

    lit: terms of the equation and views, by id; the others step back. next: what the main button says of the beat
    after.
    """

    set: Json
    text: Json
    value: Json
    lit: Sequence[str]
    next: str

    def json(self) -> Json:
        return {**super().json(), "text": spoken(self.text), "lit": list(self.lit)}
