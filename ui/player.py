"""Puts any run on the stage: answers what the reader asks, sends only what the browser lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from ui import stage

# End goes on for so many frames at most
END_FRAMES = 500


class Run(Protocol):
    """What the player needs: frames that grow. `scene.json` and frames are as in docs/stage.md.

    `ahead` adds what a short while allows, up to number `most`, or nothing where the run has ended.
    """

    scene: Any

    def __len__(self) -> int: ...
    @property
    def ended(self) -> str | None: ...
    def frames(self) -> list[dict[str, Any]]: ...
    def coming(self) -> list[dict[str, Any]]: ...
    def inner(self, index: int) -> list[dict[str, Any]]: ...
    def advance(self, to: int) -> None: ...
    def ahead(self, most: int | None = None) -> None: ...


@dataclass
class Player:
    """One reader's place in a run, and what their browser holds.

    entry: rises when something else comes into view, to which the browser's Back shall lead.
    """

    cursor: int = 0
    turn: int = 0
    entry: int = 0
    _answered: int = 0
    _sent: list[str] = field(default_factory=list)
    _scene_sent: str = ""
    _inner: dict[str, Any] | None = None
    _more: bool = False
    _paused: str = ""

    def go(self, cursor: int) -> None:
        """Order the browser to a frame."""
        self.cursor = cursor
        self.turn += 1

    def listen(self, key: str) -> dict[str, Any] | None:
        """What the reader has just asked for, None if nothing new; the cursor follows what the browser reports.

        A place from before our last order to move is out of date: two keys pressed quickly both count.
        """
        result = stage.asked(key)
        if result.cursor is not None and result.turn == self.turn:
            self.cursor = result.cursor
        act = result.act
        if not act or act["n"] == self._answered:
            return None
        self._answered = act["n"]
        if "at" in act and act.get("turn") == self.turn:
            self.cursor = act["at"]
        return act

    def answer(self, run: Run, act: dict[str, Any]) -> bool:
        """Do what every run can do; False for an act that is the page's own."""
        what = act["act"]
        self._more, self._paused = False, ""
        if what == "advance":
            # pressed before our last order to move: as many steps, from where that led
            late = act.get("turn", self.turn) != self.turn
            to = act["to"] + (self.cursor - act["at"] if late else 0)
            run.advance(to)
            self.cursor = min(to, len(run) - 1)  # the browser goes there by itself
            if late:
                self.go(self.cursor)
        elif what == "ahead":
            run.ahead()
        elif what == "end":
            # a batch at a time: the reader sees how far it is, and can stop it
            most = act.get("since", len(run) - 1) + END_FRAMES
            run.ahead(most)
            self._more = run.ended is None and len(run) - 1 < most
            if run.ended is None and not self._more:
                self._paused = f"{END_FRAMES} more, and not at the end: End goes on."
            self.go(len(run) - 1)
        elif what == "inner":
            index = min(act["at"], len(run) - 1)
            self._inner = {"frame": run.frames()[index]["id"], "frames": run.inner(index)}
        elif what == "resend":
            self._sent = []
        else:
            return False
        return True

    def show(self, run: Run, key: str) -> None:
        """Send the scene and the frames that the browser does not have yet."""
        frames = run.frames()
        ids = [frame["id"] for frame in frames]
        if run.scene.id != self._scene_sent:
            self._sent, self._scene_sent = [], run.scene.id
        first = next((i for i, (a, b) in enumerate(zip(ids, self._sent, strict=False)) if a != b), None)
        if first is None:
            first = min(len(ids), len(self._sent))
        self._sent = ids
        self.cursor = min(self.cursor, len(frames) - 1)
        stage.show(
            {
                "scene": run.scene.json,
                "first": first,
                "after": ids[first - 1] if first else None,
                "frames": frames[first:],
                "cursor": self.cursor,
                "turn": self.turn,
                "entry": self.entry,
                "answer": self._answered,
                "ended": run.ended,
                "coming": run.coming(),
                "more": self._more,
                "paused": self._paused,
                "inner": self._inner,
            },
            key=key,
        )
