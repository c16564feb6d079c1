"""What stays on the server while a question is open, a lesson's or a room's: all after the half-step in view.

What is not sent cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# what may be asked for meanwhile: it brings nothing that comes after
_HARMLESS = {"controls", "fill", "foresee", "inner", "nothing", "resend", "rest"}
_SENTENCE = re.compile(r"(?<=\.)\s+(?=\w)")


@dataclass(frozen=True)
class Withheld:
    """at: the half-step in view, the last that is sent. says: what the main button says; why: the line for whoever
    would go on all the same. veiled: whether the pictures at it leave out where the next one leads; a lesson chooses
    its pictures itself. inner: whether its finer frames may be seen.
    """

    at: int
    says: str
    why: str
    veiled: bool = False
    inner: bool = True

    def permits(self, act: Mapping[str, Any]) -> bool:
        """Whether an act may be done: none that leads beyond the half-step in view."""
        if act["act"] == "inner":
            return self.inner or bool(act["at"] < self.at)
        return act["act"] in _HARMLESS or bool(act["act"] == "advance" and act["to"] <= self.at)

    def frames(self, frames: Sequence[Json]) -> list[Json]:
        """Those that may be seen: no handles, which show what another θ would bring, and no word on what comes."""
        seen = [{**frame, "handles": []} if frame.get("handles") else frame for frame in frames[: self.at + 1]]
        if len(seen) == self.at + 1 and "caption" in seen[-1].get("text", {}):
            seen[-1] = {**seen[-1], "text": seen[-1]["text"] | {"caption": done(seen[-1]["text"]["caption"])}}
        if len(seen) == self.at + 1 and self.veiled:
            seen[-1] = {**seen[-1], "id": f"{seen[-1]['id']}/asked"}  # another one to the browser than what it had
        return seen

    def json(self) -> Json:
        return {"at": self.at, "says": self.says}


def done(caption: str) -> str:
    """Of a caption the first sentence, which says what was done: those after it tell what comes, or what to expect."""
    return _SENTENCE.split(caption, maxsplit=1)[0]
