"""What Python says to the browser after every run of the page: the message of docs/stage.md as types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

Json = dict[str, Any]


class _Told:
    """A record whose JSON has all its names, None or not."""

    def json(self) -> Json:
        return {entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    if isinstance(value, _Told):
        return value.json()
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


@dataclass(frozen=True)
class Fill(_Told):
    """A whole frame in place of the light one that the browser has. at: its number."""

    at: int
    frame: Json


@dataclass(frozen=True)
class Between(_Told):
    """The finer frames of one frame. frame: its id."""

    frame: str
    frames: Sequence[Json]


@dataclass(frozen=True)
class Within(_Told):
    """The beats on the way from one frame to the next. frame, next: their ids, next None where there is none.

    unit: the one that is followed, of so many `units`. why: what is said where there are no beats.
    """

    frame: str
    next: str | None
    unit: int
    units: int
    beats: Sequence[Json]
    why: str


@dataclass(frozen=True)
class Held(_Told):
    """What is shown while the reader holds a handle somewhere else. frame: the id of the one that it lies over.

    shown: what that changes; None where the place cannot be: `refused` says why.
    """

    frame: str
    shown: Json | None
    refused: str


@dataclass(frozen=True)
class Message(_Told):
    """Scene and frames are those of figures/scene.py as JSON. What each part means stands in docs/stage.md.

    scene: of one that the browser has, the id alone. frames: all from number `first` on, which follows the frame with
    the id `after`. cursor: where to go if `turn` is new. answer: the number of the act that this answers. more: asks
    for the next slice of work, which leads to `goal`. idle: tools that can do nothing now. aside: what is said of what
    was put aside. foresees: how many frames the browser may know before the reader asks for them; foreseen: those that
    are made, with what the page will say at each. lesson: the step of a lesson that is on the page; room: the room that
    its reader leads. withheld: where a question is open, beyond which there is nothing.
    bare: what the address says where it says nothing. alone: whether the page's controls wait to be asked for.
    """

    scene: Json
    first: int
    after: str | None
    frames: Sequence[Json]
    fills: Sequence[Fill]
    cursor: int
    turn: int
    entry: int
    look: Json
    linked: bool
    answer: int | None
    ended: str | None
    coming: Sequence[Json]
    more: Json | None
    goal: int | None
    waiting: bool
    paused: str
    inner: Between | None
    inside: Within | None
    idle: Sequence[str]
    aside: str
    held: Held | None
    foresees: int = 0
    foreseen: Sequence[Json] = ()
    lesson: Json | None = None
    room: Json | None = None
    withheld: Json | None = None
    bare: str = ""
    alone: bool = False
