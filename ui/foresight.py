"""What the reader sees next, made before they ask for it: the run as it will be, one half-step further each time.

The browser asks when the reader rests at the end of the tape, and shows what it was given the moment they go on; the
session takes the run over when it hears of that (`visited`). Until then nothing of it is on the tape, in the address or
in a file. Everything here happens under the session's lock.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import RLock
from typing import Any, ClassVar
from urllib.parse import urlencode

from em_core.caching import footprint
from ui import limits
from ui.kept import KEPT, Kept
from ui.lessons.taught import Taught
from ui.player import Player
from ui.settings import fits
from ui.tape import Json, Tape

# so many frames of a scene are weighed, and so many of the latest half-steps timed
_WEIGHED, _TIMED = 3, 4


class Foresight:
    """Runs that go on from the one on the page by what comes next, each from the one before.

    on: whether the browser may ask. A page where the reader is to say first what comes turns it off: what is not sent
    cannot be read.
    clock: tells the seconds of the processor that this thread has used, so that others do not count.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self.on = True
        self._clock = clock
        self._runs: list[Tape] = []
        # what they go on from: settings, run, and its last frame
        self._from: tuple[Any, Tape, str] | None = None
        # the scene of a run that takes too long
        self._heavy = ""
        # which of the latest half-steps took too long: a move that does may come in turn with one that does not
        self._slow: deque[bool] = deque(maxlen=_TIMED)
        # how many frames of a scene have been weighed: the others are much like them
        self._weighed = ("", 0)
        self._asked: int | None = None

    def offered(self, run: Tape) -> int:
        """How many half-steps ahead the browser may know."""
        ready = self.on and run.foreseen and not run.remaining and not run.pending and run.scene.id != self._heavy
        return limits.FORESEEN_STEPS if ready else 0

    def make(self, settings: Any, run: Tape, known: int) -> None:
        """Make what comes next. known: how many of them the browser has already."""
        self._asked = known
        self._check(settings, run)
        while len(self._runs) < self.offered(run):
            last = self._runs[-1] if self._runs else run
            if self._too_large(_drawn(last), run.scene.id):
                self._heavy = run.scene.id
                return
            began = self._clock()
            further = last.twin()
            if not further.step():
                return
            _drawn(further)
            self._runs.append(further)
            # the first one of a page takes longer: what it draws is drawn for the first time
            self._slow.append(self._clock() - began > limits.FORESEEN)
            if sum(self._slow) > 1:
                self._heavy = run.scene.id
                self._slow.clear()

    def _too_large(self, frame: Json, scene: str) -> bool:
        weighed = self._weighed[1] if self._weighed[0] == scene else 0
        self._weighed = scene, weighed + 1
        return weighed < _WEIGHED and footprint(frame) > limits.FORESEEN_BYTES

    def visited(self, settings: Any, run: Tape, frame: str) -> Tape | None:
        """The run as it is once the reader has come to this frame; None where they have not come further."""
        if run.tip == frame:
            return None
        self._check(settings, run)
        if not self._runs:  # of a session that has begun anew
            self.make(settings, run, 0)
            self._asked = None
        for place, further in enumerate(self._runs):
            if further.tip == frame:
                self._runs, self._from = self._runs[place + 1 :], (settings, further, frame)
                return further
        return None

    def told(self, settings: Any, run: Tape) -> list[tuple[Tape, Json | None]]:
        """The runs, each with its last frame where the browser lacks that and has just asked."""
        self._check(settings, run)
        known, self._asked = self._asked, None
        return [
            (further, _drawn(further) if known is not None and place >= known else None)
            for place, further in enumerate(self._runs if self.on else ())
        ]

    def _check(self, settings: Any, run: Tape) -> None:
        """Give up what does not go on from this run as it is now."""
        before = self._from
        if before is None or before[0] is not settings or before[1] is not run or before[2] != run.tip:
            self._runs, self._from = [], (settings, run, run.tip)


class Foreseeing:
    """The part of a session that tells its browser what comes next, and hears when the reader has come there."""

    settings: Any
    run: Any
    player: Player
    messages: list[str]
    kept: Kept | None
    lock: RLock
    foresight: Foresight
    taught: Taught | None
    plain: ClassVar[dict[str, str]]

    def explicit(self, query: dict[str, str]) -> dict[str, str]:
        """An address that says something: on the home page the bare one leads to the lessons."""
        return query or self.plain

    def query_at(self, run: Tape, place: int) -> dict[str, str]:
        """The view as query parameters, on this run or another with the same settings; the kept run left out."""
        if self.taught:
            return {**self.taught.link, **self.player.look.query()}
        return {**self.settings.query(), **run.query(place), **self.player.look.query()}

    def foresee(self, act: Json) -> None:
        """Make what comes next, where the browser asks for that."""
        if act["act"] == "foresee":
            self.foresight.make(self.settings, self.run, act["has"])

    def catch_up(self, act: Json | None) -> None:
        """Take over what the browser was told ahead, as far as the reader has come since. act: in which it says so."""
        with self.lock:
            seen = act and act.get("seen")
            further = self.foresight.visited(self.settings, self.run, seen) if seen else None
            if further is not None:
                self.player.take(further)
                self.run, self.messages = further, []

    def tell_ahead(self) -> None:
        """Have the next message say what the page will say at each frame that comes. Frames are sent once."""
        self.player.foresees, told = self.foresight.offered(self.run), []
        for further, frame in self.foresight.told(self.settings, self.run):
            query = self.query_at(further, len(further) - 1)
            query |= {KEPT: self.kept.packed(query)} if self.kept and not self.taught else {}
            linked = fits(query)
            if linked != self.player.linked:
                break  # the ordinary road says so
            address = urlencode(self.explicit(query if linked else {}))
            entry = {"id": further.tip, "coming": further.coming(), "ended": further.ended, "address": address}
            told.append({**entry, **({"frame": frame} if frame else {})})
        self.player.foreseen = told


def _drawn(run: Tape) -> Json:
    """The last frame, whole."""
    return run.frames([len(run) - 1])[-1]
