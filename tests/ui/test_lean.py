"""What is sent of a frame, together with what was sent before it, is all that the frame holds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.figures.runs import em_run
from ui.stage.lean import Lean


def completed(columns, before):
    """As complete() of ui/stage/frontend/decode.js has them."""
    result, moved = [], None
    for column, was in zip(columns, before, strict=True):
        if not isinstance(column, dict):
            result.append(was if column is None else column)
            continue
        others = moved or [0] * len(was)
        by = column.get("by") or [left - more for left, more in zip(column["rest"], others, strict=True)]
        result.append([then + more for then, more in zip(was, by, strict=True)])
        moved = [more + other for more, other in zip(by, others, strict=True)]
    return result


class Browser:
    """Holds what it was sent, as ui/stage/frontend/history.js does."""

    def __init__(self):
        self.set: dict[str, Any] = {}
        self.slots: dict[str, Any] = {}

    def take(self, frame):
        for name, value in frame["set"].items():
            if isinstance(value, dict) and "columns" in value:
                before = self.set.get(name, value)
                value = {"columns": completed(value["columns"], before["columns"])}
            if isinstance(value, dict) and "of" in value:
                # what follows from columns is read by tests/javascript/test_sent.py
                assert "columns" in frame["set"].get(value["of"], self.set.get(value["of"]))
                value = {"of": value["of"]}
            self.set[name] = value
        values = frame.get("value") or {}
        self.slots |= {slot: (text, values.get(slot)) for slot, text in frame["text"].items()}


@pytest.mark.parametrize("name", ["old_faithful", "one_dimension", "tied", "hidden_markov, nile"])
def test_the_browser_holds_what_it_would_hold(name):
    frames = em_run(name).frames()
    lean, whole, given = Lean(), Browser(), Browser()
    before, less = None, 0
    for frame in frames:
        sent = lean.frames([frame], before)[0]
        less += len(str(sent)) < len(str(frame))
        whole.take(frame)
        given.take(sent)
        assert given.set == whole.set and given.slots == whole.slots
        assert {key: part for key, part in sent.items() if key not in ("set", "text", "value")} == {
            key: part for key, part in frame.items() if key not in ("set", "text", "value")
        }
        before = frame["id"]
    assert less >= len(frames) - 1


def test_nothing_is_left_out_after_a_light_frame_or_one_that_is_not_known():
    frame = {"id": "b", "set": {"a/x": 1}, "text": {"t": "1"}, "value": {"t": 1.0}}
    lean = Lean()
    first = {**frame, "id": "a"}
    assert lean.frames([first, frame], None) == [first, {**frame, "set": {}, "text": {}, "value": {}}]
    assert lean.frames([{"id": "c", "light": True}, {**frame, "id": "d"}], "b")[1]["set"] == frame["set"]
    assert lean.frame({**frame, "id": "e"}, "unknown") == {**frame, "id": "e"}


def test_a_number_that_changes_behind_the_same_text_is_sent():
    lean = Lean()
    frames = [
        {"id": name, "set": {}, "text": {"t": "1.00"}, "value": {"t": value}}
        for name, value in (("a", 1), ("b", 1.001))
    ]
    assert lean.frames(frames, None) == frames
