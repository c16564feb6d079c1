"""Puts any run on the stage: answers what the reader asks a slice at a time, sends only what the browser lacks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from em_core.files.errors import InvalidExperiment
from ui import limits, stage, words
from ui.lessons.taught import Taught
from ui.look import Look
from ui.stage.lean import Lean
from ui.stage.message import Between, Fill, Held, Message, Within
from ui.tape import Json, Tape
from ui.withheld import Withheld

# so many frames on each side of the one in view are whole, so that a step never waits
NEAR = 2
# what the stage asks for by itself
AUTOMATIC = frozenset({"rest", "fill", "foresee", "inner", "resend", "controls"})
# seconds between two pictures on the way to the end
_GLIMPSE = 0.5
# what the stage asks for while a tape is being opened again
_REST = {"act": "rest"}
# Play never needs more whole frames at once
_MOST_AHEAD = 100


@dataclass
class Player:
    """One reader's place in a run, and what their browser holds.

    due: where the reader is to stand once a tape that is being opened again has come so far; None where that is past.
    clock: tells the seconds of a slice.
    entry: rises when something else comes into view, to which the browser's Back shall lead.
    look: how the reader looks at it.
    linked: whether the address holds the view. bare: what a bare address would have to say of it.
    idle: tools that can do nothing now. aside: what is said of what was put aside.
    foresees, foreseen, lesson, room, alone: as in a message.
    taught: the step of a lesson, which says what of the run is sent. asked: what a room's open question withholds.
    """

    cursor: int = 0
    turn: int = 0
    due: int | None = None
    clock: Callable[[], float] = time.monotonic
    entry: int = 0
    look: Look = Look()
    linked: bool = True
    bare: str = ""
    idle: Sequence[str] = ()
    aside: str = ""
    foresees: int = 0
    foreseen: Sequence[Json] = ()
    lesson: Json | None = None
    room: Json | None = None
    alone: bool = False
    taught: Taught | None = None
    asked: Withheld | None = None
    _answered: int = 0
    _sent: list[str] = field(default_factory=list)
    _whole: set[int] = field(default_factory=set)
    _scene_sent: str = ""
    _inner: Between | None = None
    _inside: Within | None = None
    _held: Held | None = None
    _veil: Json | None = None
    _more: dict[str, Any] | None = None
    _goal: int | None = None
    _paused: str = ""
    _view: Sequence[int] | None = None
    _until: float | None = None
    _moved: float = -math.inf
    _lean: Lean = field(default_factory=Lean)

    @property
    def place(self) -> int:
        """Where the reader is, or will be once the tape is there."""
        return self.cursor if self.due is None else self.due

    def within(self, run: Tape) -> int:
        """The half-step in view: the cursor, or the run's last one where that is past the end."""
        return min(self.cursor, len(run) - 1)

    @property
    def reopening(self) -> bool:
        """Whether more of a tape is to be made again than a slice allowed."""
        return self._more == _REST

    @property
    def sent(self) -> bool:
        """Whether the stage has had a message."""
        return bool(self._scene_sent)

    @property
    def withheld(self) -> Withheld | None:
        """What stays on the server while a question is open, a lesson's or a room's."""
        return self.asked or (self.taught.withheld if self.taught else None)

    def ask(self, asked: Withheld | None) -> None:
        """Withhold what comes after a question of a room's, or no longer. What was on its way is not gone on with."""
        self.asked = asked
        self._more, self._goal, self._paused, self._veil = None, None, "", None
        self._inner, self._inside, self._held = None, None, None
        if asked:
            self.go(asked.at)

    def go(self, cursor: int) -> None:
        """Order the browser to a frame."""
        self.cursor, self.due = cursor, None
        self.turn += 1

    def follow(self, before: Player) -> None:
        """Take the place of another reader's place on the same stage."""
        self.turn += before.turn
        self.entry = before.entry
        self._answered = before._answered

    def _scene(self, run: Tape) -> Any:
        return self.taught.scene(run.scene) if self.taught else run.scene

    def take(self, run: Tape) -> None:
        """Go on with the run of which the browser knew the last frames before the reader came to them."""
        if self._scene(run).id == self._scene_sent:
            self._whole.update(range(len(self._sent), len(run)))
            self._sent = [frame["id"] for frame in run.frames([len(run) - 1])]
        self._more, self._goal, self._paused, self.aside = None, None, "", ""

    def reopen(self, run: Tape, cursor: int | None = None) -> None:
        """Put a tape on the stage that is to be made again: its first slice now, and the stage asks for the others.

        The reader stands at `cursor` (None: at the end) as soon as that is there, and at the start until then.
        """
        last = len(run) - 1 + run.remaining
        self.go(0)
        self._begin()
        self.due = last if cursor is None else min(cursor, last)
        self._reopen(run)

    def go_on(self, run: Tape) -> bool:
        """Another slice of a tape that is being opened again; False where it is whole, or none is opened."""
        if not self.reopening:
            return False
        self._begin()
        self._reopen(run)
        return True

    def listen(self, key: str, last: int) -> dict[str, Any] | None:
        """What the reader has just asked for, None if nothing new; the cursor follows what the browser reports.

        last: the run's last frame; a place beyond it, from before a cut, is that frame.

        A place from before our last order to move is out of date: two keys pressed quickly both count.
        """
        act = self.see(key, last)
        if not act or act["n"] == self._answered:
            return None
        self._answered, self._held = act["n"], None
        if "at" in act and act.get("turn") == self.turn:
            self.cursor = min(act["at"], last)
        return act

    def see(self, key: str, last: int) -> dict[str, Any] | None:
        """Follow the browser's reports of place and look; returns the act that is still to be answered, if any."""
        result = stage.asked(key)
        self.look = Look.read(result.look) or self.look
        if result.cursor is not None and result.turn == self.turn:
            self.cursor, self.due = min(result.cursor, last), None
        return result.act

    def answer(self, run: Tape, act: dict[str, Any]) -> bool:
        """Have the run do what is asked, as much as a slice allows; False for an act that wants another run."""
        what = act["act"]
        self._begin(going_on=what in (AUTOMATIC - {"rest"} | {"inside"}) or bool(act.get("live")))
        self._inner = self._inside = None  # a browser that has them keeps them
        if what not in AUTOMATIC and not act.get("live"):
            self.due = None
        if what == "advance":
            # pressed before our last order to move: as many steps, from where that led
            late = act.get("turn", self.turn) != self.turn
            to = max(0, act["to"] + (self.cursor - act["at"] if late else 0))
            before = len(run)
            run.advance(to, self._late)
            if (before < len(run) or run.underway) and len(run) <= to and self._late():
                self._more, self._goal = {"act": "advance", "to": to}, to
            self.cursor = min(to, len(run) - 1)  # the browser goes there by itself
            if late:
                self.go(self.cursor)
        elif what == "move":
            self.go(run.move(act["letter"], self.within(run)))
        elif what == "ahead":
            known = len(run)
            while run.ended is None and run.step():
                self._view = range(known, len(run))
                run.frames(self._view)  # Play is about to show them
                if self._late() and not run.underway:
                    break
        elif what == "end":
            # a slice at a time: the reader sees how far it is, and can stop it
            most = act.get("since", len(run) - 1) + limits.END
            run.ahead(most, self._late)
            if run.ended is None and len(run) - 1 < most:
                self._more = {"act": "end", "since": most - limits.END}
            elif run.ended is None:
                self._paused = words.paused(limits.END)
            # a picture costs the browser as much as a slice: it sees some of the places on the way
            if not self._more or self.clock() - self._moved >= _GLIMPSE:
                self._moved = self.clock()
                self.go(len(run) - 1)
        elif what == "rest":
            self._reopen(run)
        elif what == "fill":
            at, ahead = self.cursor, min(act.get("ahead", 0), _MOST_AHEAD)
            self._view = range(at, at + ahead + 1) if ahead else self._near()
            self._whole.difference_update(self._view)  # what it asks for it does not have, whatever we have sent
        elif what in ("foresee", "controls"):
            pass  # the session makes what comes next, and has the page show its controls
        elif what == "inner":
            index = min(act["at"], len(run) - 1)
            self._inner = Between(run.frames([index])[index]["id"], run.between(index))
        elif what == "inside":
            self._inside = self._within(run, self.cursor, act.get("unit"))
        elif what == "resend":
            self._sent = []
        elif what == "drag" and act.get("live"):
            self.hold(run, act["at"], lambda: run.preview(act["at"], act["handle"], act["x"], act["y"]))
        else:
            return False
        return True

    def _within(self, run: Tape, at: int, unit: int | None) -> Within:
        """The beats on the way from frame `at` to the next, which is made if it is not there."""
        run.advance(at + 1)
        unit, units, beats, why = run.beats(at + 1, unit)
        beats = [run.still(beat, at + 1) for beat in beats]
        frames = run.frames([at])
        following = frames[at + 1]["id"] if at + 1 < len(frames) else None
        return Within(frames[at]["id"], following, unit, units, beats, why)

    def hold(self, run: Tape, at: int, look: Callable[[], dict[str, Any]]) -> None:
        """Show frame `at` as `look` has it while the reader holds a handle; a place that cannot be is refused there."""
        self._view, frame = (), run.frames([at])[at]["id"]
        try:
            self._held = Held(frame, run.still(look(), at), "")
        except InvalidExperiment as error:
            self._held = Held(frame, None, str(error))

    def show(self, run: Tape, key: str) -> None:
        """Send the scene and the frames that the browser does not have yet, whole where they are in view."""
        self.cursor = self.within(run)
        if self._more is None and run.pending:  # whatever the reader did meanwhile, it goes on
            self._more = _REST
        scene, frames, withheld = self._scene(run), self._drawn(run), self.withheld
        if withheld:
            frames = withheld.frames(self._veiled(run, frames, withheld))
        if self.taught:
            frames = self.taught.frames(frames, run.scene)
        ids = [frame["id"] for frame in frames]
        sent = self._sent if scene.id == self._scene_sent else []
        first = next((i for i, (a, b) in enumerate(zip(ids, sent, strict=False)) if a != b), None)
        if first is None:
            first = min(len(ids), len(sent))
        whole = {index for index, frame in enumerate(frames) if not frame.get("light")}
        there = {index for index in self._whole if index < first}
        has_scene = bool(self._sent) and scene.id == self._scene_sent
        message = Message(
            scene={"id": scene.id} if has_scene else scene.json | {"id": scene.id},
            first=first,
            after=ids[first - 1] if first else None,
            frames=self._lean.frames(frames[first:], ids[first - 1] if first - 1 in whole & there else None),
            fills=[
                Fill(index, self._lean.frame(frames[index], None)) for index in sorted(whole - there) if index < first
            ],
            cursor=self.cursor,
            turn=self.turn,
            entry=self.entry,
            look=self.look.json(),
            linked=self.linked,
            answer=self._answered,
            ended=None if withheld else run.ended,
            coming=[] if withheld else run.coming(),
            more=self._more,
            goal=self._goal,
            waiting=self.due is not None,
            paused=self._paused,
            inner=self._inner,
            inside=self._inside,
            idle=list(self.idle),
            aside=self.aside,
            held=self._held,
            foresees=self.foresees,
            foreseen=self._coming(frames[-1], run),
            lesson=self.lesson,
            room=self.room,
            withheld=withheld and withheld.json(),
            bare=self.bare,
            alone=self.alone,
        )
        stage.show(message, key=key)
        # a message that was interrupted is sent again: the browser drops what it has
        self._sent, self._scene_sent, self._whole = ids, scene.id, whole | there
        self._view = self._until = None
        run.lighten(self.cursor)

    def _coming(self, last: Json, run: Tape) -> list[Json]:
        """What is foreseen after the last frame, of its frames what each has beyond the one before."""
        result, before = [], None if last.get("light") else last["id"]
        for entry in self.foreseen:
            frame = entry.get("frame")
            if frame and self.taught:
                frame = self.taught.frame(frame, run.scene)
            drawn = {"frame": self._lean.frame(frame, before)} if frame else {}
            result.append({**entry, **drawn})
            before = entry["id"]
        return result

    def _begin(self, going_on: bool = False) -> None:
        self._until, self._view = self.clock() + limits.SLICE, None
        if not going_on:
            self._more, self._goal, self._paused = None, None, ""

    def _late(self) -> bool:
        """Whether the slice is over."""
        if self._until is None:
            self._until = self.clock() + limits.SLICE
        return self.clock() >= self._until

    def _reopen(self, run: Tape) -> None:
        run.reopen(self._late)
        if self.due is not None and (self.due < len(run) or not run.remaining):
            self.go(min(self.due, len(run) - 1))
        if run.remaining:
            self._more, self._goal = _REST, len(run) - 1 + run.remaining
        elif run.pending:
            self._more = _REST

    def _veiled(self, run: Tape, frames: list[Json], withheld: Withheld) -> list[Json]:
        """The frames, that of the half-step in view without where the next one leads."""
        at = withheld.at
        if not withheld.veiled or at >= len(frames) or frames[at].get("light"):
            return frames
        if self._veil is None or self._veil["id"] != frames[at]["id"]:
            self._veil = run.veiled(at)
        return [*frames[:at], self._veil]

    def _near(self) -> list[int]:
        """The frame in view, then those beside it."""
        return [self.cursor, *(self.cursor + side * far for far in range(1, NEAR + 1) for side in (1, -1))]

    def _drawn(self, run: Tape) -> list[dict[str, Any]]:
        """All frames, with as many whole ones as the slice allows: that of the cursor at least."""
        # on the way to somewhere else only what is in view counts
        beside = self._view if self._view is not None else () if self._more else self._near()
        wanted = [self.cursor, *beside]
        view = wanted[:1]
        frames = run.frames(view)
        for index in wanted[1:]:
            if self._late():
                break
            view.append(index)
            frames = run.frames(view)
        return frames
