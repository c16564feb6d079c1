"""What is inside the half-steps of a saved run: the beats on the way to each, of the unit that is followed first."""

from __future__ import annotations

from typing import Any

from em_core.work import Progress
from ui.export.packing import packed
from ui.stage.message import Within
from ui.tape import Tape

Json = dict[str, Any]


def told(scene: Json) -> Json:
    """`inside` of a scene, where no other unit can be chosen."""
    return {**scene["inside"], "chooses": {}}


def finding(run: Tape, frames: list[Json], room: int) -> Progress[dict[str, str]]:
    """Those of as many half-steps as there is room for, the first ones first, packed, by the id of the frame before.

    room: bytes.
    """
    found: dict[str, str] = {}
    for at, (here, following) in enumerate(zip(frames, frames[1:], strict=False)):
        made = _within(run, at, here["id"], following["id"])
        size = len(made) + len(here["id"]) + 6
        if size > room:
            break
        found[here["id"]], room = made, room - size
        yield (at + 1) / len(frames)
    return found


def _within(run: Tape, at: int, frame: str, following: str) -> str:
    unit, _, made, why = run.beats(at + 1, None)
    return packed(Within(frame, following, unit, 1, [run.still(beat, at + 1) for beat in made], why).json())
