"""What a frame says beyond the one before it: only that is sent, for the browser accumulates (docs/stage.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

# so many frames may have others sent after them: the one in view and those that come next
_KEPT = 6


class Lean:
    """What the browser holds at the last frames that it was sent, by their ids."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Json, Json]] = {}

    def frames(self, frames: Sequence[Json], before: str | None) -> list[Json]:
        """Frames one after another, as they are to be sent. before: the id of the whole one before them, if any."""
        result = []
        for frame in frames:
            result.append(frame if frame.get("light") else self.frame(frame, before))
            before = None if frame.get("light") else frame["id"]
        return result

    def frame(self, frame: Json, before: str | None) -> Json:
        """A whole frame without what is as in the one before it."""
        attributes, slots = self._held.get(before or "", ({}, {}))
        values = frame.get("value") or {}
        said = {slot: (text, values.get(slot)) for slot, text in (frame.get("text") or {}).items()}
        new = {slot: text for slot, (text, value) in said.items() if slots.get(slot) != (text, value)}
        changed = frame.get("set") or {}
        self._hold(frame["id"], {**attributes, **changed}, {**slots, **said})
        return {
            **frame,
            "set": {
                name: _derived(_beyond(value, attributes.get(name)), {**attributes, **changed})
                for name, value in changed.items()
                if name not in attributes or attributes[name] != value
            },
            "text": new,
            "value": {slot: value for slot, value in values.items() if slot in new},
        }

    def _hold(self, frame: str, attributes: Json, slots: Json) -> None:
        self._held.pop(frame, None)
        self._held[frame] = attributes, slots
        while len(self._held) > _KEPT:
            del self._held[next(iter(self._held))]


def _derived(value: Any, held: Json) -> Any:
    """Colours and names that follow from columns which the browser holds: how, and where it would make others."""
    if not isinstance(value, dict) or "of" not in value:
        return value
    columns = (held.get(value["of"]) or {}).get("columns")
    if columns is None:
        return {name: part for name, part in value.items() if name not in ("mixed", "of")}
    if "mixed" in value:
        return {"mixed": value["mixed"], "of": value["of"]}
    rows = zip(*columns[: len(value["names"])], strict=True)
    pairs = zip(value["each"], (row.index(max(row)) for row in rows), strict=True)
    other = [[place, largest] for place, (largest, found) in enumerate(pairs) if largest != found]
    return {"names": value["names"], "of": value["of"], "but": other}


def _beyond(value: Any, before: Any) -> Any:
    """Of a table of columns those that have changed, by how much; None stands for the others.

    Shares of a whole change so that their sum stays: of a column that makes up for those before it only what is left
    of that is told (`rest`), which is next to nothing.
    """
    if not (isinstance(value, dict) and isinstance(before, dict) and value.keys() == before.keys() == {"columns"}):
        return value
    if len(value["columns"]) != len(before["columns"]):
        return value
    pairs = zip(value["columns"], before["columns"], strict=True)
    result, moved = [], [0] * len(next(iter(before["columns"]), []))
    for column, was in pairs:
        further = _further(column, was)
        by = further.get("by") if isinstance(further, dict) else None
        if by and len(by) == len(moved):
            rest = [more + others for more, others in zip(by, moved, strict=True)]
            if any(moved) and sum(map(abs, rest)) < sum(map(abs, by)) / 4:
                further = {"rest": rest}
            moved = rest
        result.append(further)
    return {"columns": result}


def _further(column: list[int], was: list[int]) -> Any:
    if column == was:
        return None
    return {"by": [now - then for now, then in zip(column, was, strict=True)]} if len(column) == len(was) else column
