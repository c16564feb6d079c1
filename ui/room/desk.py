"""The room that one reader leads, in their session: which it is, and where its question stands.

Who loses the store goes on by a show of hands, in a room of their own in this process, until it is found again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ui import limits
from ui.room import words
from ui.room.address import reached
from ui.room.asking import Asked
from ui.room.memory import Memory
from ui.room.qr import svg
from ui.room.records import Answer, Away, Counts, Invalid, NoRoom, NotNow, NotYours, Question, Room, RoomError
from ui.room.store import Opened, Store

Json = dict[str, Any]
_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
# a deed with a room: its store, code and key are given
Deed = Callable[[Store, str, str], Room]


@dataclass
class Hosting:
    """opened: the room of the store. room: as it was after the last deed. apart: the one in which hands are counted, in
    place of the store's. asked: what the open question is about. following: whether the audience may see where the
    lecturer is; told: the view that it knows. said: what came of the last deed. offered: rises when the room is to be
    shown in full. chosen: finds where rooms live."""

    chosen: Callable[[], Store]
    opened: Opened | None = None
    room: Room | None = None
    apart: tuple[Memory, Opened] | None = None
    asked: Asked | None = None
    following: bool = False
    told: str = ""
    said: str = ""
    offered: int = 0
    _joined: Json | None = None

    @property
    def hands(self) -> bool:
        """Whether hands are counted, in place of phones."""
        return self.apart is not None

    @property
    def open(self) -> bool:
        """Whether a question is open: nothing that comes after it may be seen."""
        return self.room is not None and self.room.phase in ("voting", "closed")

    # --- the room -----------------------------------------------------------------------------------------------
    def begin(self, hands: bool) -> None:
        """Open a room, for phones or for a show of hands. Where no store is to be reached it is the latter."""
        self.end()
        self.offered += 1
        if hands:
            self.go_apart()
            return
        try:
            self.opened = self.chosen().open()
            self.room = self.chosen().read(self.opened.code)
        except Away as away:
            self.go_apart()
            self.said = str(away)
        except RoomError as refused:
            self.said = str(refused)

    def back(self, code: str, key: str) -> bool:
        """Have the room again that this reader opened, after the page was loaded anew; whether it is there.

        Where no store is to be reached, hands are counted until it is.
        """
        self.said = ""
        try:
            if not _KEY.fullmatch(key):
                raise NotYours
            self.room, self.opened = self.chosen().hosted(code, key), Opened(code, key)
        except Away as away:
            self.opened = Opened(code, key)
            self.go_apart()
            self.said = str(away)
            return True
        except RoomError as refused:
            self.offered += 1  # who thought to lead a room is told
            self.said = str(refused)
            return False
        self.following, self.told = bool(self.room.view), self.room.view
        return True

    def end(self) -> None:
        """Close the room: it is forgotten at once."""
        self.said = ""
        if self.opened:
            try:
                self.chosen().end(*self.opened)
            except RoomError as refused:
                self.said = str(refused)
        self._forget()

    def _forget(self) -> None:
        self.opened = self.room = self.apart = self.asked = self._joined = None
        self.following, self.told = False, ""

    def go_apart(self) -> None:
        """Count hands from here on: a question that is open stays open, with what was counted."""
        memory, room = Memory(), self.room
        opened = memory.open()
        self.apart, self.room = (memory, opened), memory.read(opened.code)
        if room is None or room.question is None:
            return
        self.room = memory.ask(*opened, room.question)
        for place, counted in enumerate(room.counts):
            if place:
                self.room = memory.again(*opened)
            self.room = memory.count(*opened, _bounded(counted))
            if place < len(room.counts) - 1 or room.phase != "voting":
                self.room = memory.close(*opened)
        if room.phase == "revealed" and room.answer:
            self.room = memory.reveal(*opened, room.answer)

    def by_phone(self) -> bool:
        """Leave counting hands, where the store is found again; whether it was."""
        if not self.apart or not self.opened:
            return False
        try:
            self.room = self.chosen().rest(*self.opened)
        except Away:
            return False
        except RoomError:  # forgotten meanwhile
            self.opened = None
            return False
        self.apart = None
        return True

    def do(self, deed: Deed, redo: bool = True) -> bool:
        """Do something with the room; whether it was done.

        Where the store is lost, hands are counted from here on. redo: whether it is done there.
        """
        self.said = ""
        try:
            self._done(deed)
        except Away as away:
            self.go_apart()
            done = redo and self.do(deed)
            self.said = self.said or str(away)
            return done
        except (NoRoom, NotYours) as gone:
            self._forget()
            self.said = str(gone)
            return False
        except RoomError as refused:
            self.said = str(refused)
            return False
        return True

    def _done(self, deed: Deed) -> None:
        if self.apart:
            memory, opened = self.apart
            self.room = deed(memory, *opened)
        elif self.opened:
            self.room = deed(self.chosen(), *self.opened)
        else:
            raise NotNow(words.NO_ROOM)

    # --- a question ---------------------------------------------------------------------------------------------
    def ask(self, asked: Asked) -> bool:
        """Open the first vote. By hand no longer than it must be."""
        before, found = self.opened, self.by_phone()
        if not self.do(lambda store, code, key: store.ask(code, key, asked.question)):
            return False
        self.asked = asked
        if found:
            self.said = words.BACK_BY_PHONE
        elif before and not self.opened:
            self.said = words.LOST
        return True

    def close(self, hands: str) -> bool:
        """End the vote. hands: how many were raised, as JSON, where they were counted: beside the phones, or alone."""
        if hands and not self.count(hands):
            return False
        # where the votes are lost with the store, hands are counted before the vote is closed
        return self.do(lambda store, code, key: store.close(code, key), redo=False)

    def count(self, hands: str) -> bool:
        """Take the hands of this round."""
        assert self.room is not None and self.room.question is not None
        try:
            numbers = read_hands(hands, self.room.question)
        except Invalid as invalid:
            self.said = str(invalid)
            return False
        return self.do(lambda store, code, key: store.count(code, key, numbers))

    def again(self) -> bool:
        return self.do(lambda store, code, key: store.again(code, key))

    def reveal(self, answer: Answer) -> bool:
        return self.do(lambda store, code, key: store.reveal(code, key, answer))

    def rest(self) -> bool:
        self.asked = None
        return self.do(lambda store, code, key: store.rest(code, key))

    def follow(self, view: str) -> None:
        """Tell the audience where the lecturer is, where that is another view than it knows."""
        if self.room is None or self.apart or view == self.told:
            return
        said, self.told = self.said, view
        if self.do(lambda store, code, key: store.follow(code, key, view)):
            self.said = self.said or said

    # --- what the stage is told ---------------------------------------------------------------------------------
    def joined(self, browser: str, listening: str) -> Json:
        """Where the room is joined, each address with its picture, and what helps others to get there.

        browser: the address of the page; listening: what the server is told to listen to.
        """
        if self.apart or not self.opened:
            return {"join": [], "hint": ""}
        if self._joined is None:
            found = reached(browser, self.opened.code, listening)
            join = [{"address": address, "qr": svg(address)} for address in found.addresses]
            self._joined = {"join": join, "hint": found.note}
        return self._joined

    def json(self, here: bool, lasting: bool) -> Json | None:
        """As the stage shows it; None where nothing is to be shown. here: whether the question is about this view.

        lasting: whether rooms outlive the server.
        """
        room = self.room
        if room is None:
            about = words.ABOUT_SHARED if lasting else words.ABOUT
            return {"offered": self.offered, "about": about, "said": self.said} if self.offered else None
        return {
            "code": self.opened.code if self.opened else "",
            "key": self.opened.key if self.opened else "",
            "offered": self.offered,
            "hands": self.hands,
            "follow": self.following,
            "here": here,
            "at": self.asked.at if self.asked else 0,
            "to": self.asked.to if self.asked else 0,
            "mark": self.asked.mark if self.asked else "",
            "phase": room.phase,
            "ballot": room.ballot,
            "round": room.round,
            "turn": room.turn,
            "revision": room.revision,
            "question": room.question and room.question.json(),
            "counts": list(room.counts),
            "voters": list(room.voters),
            "answer": room.answer and room.answer.json(),
            "said": self.said or ("" if here or not self.open else words.ELSEWHERE),
        }


def _bounded(counts: Counts) -> Counts:
    """As many as can be typed in; phones and hands together may be more."""
    return {
        part: {option: min(count, limits.ROOM_VOTERS) for option, count in options.items()}
        for part, options in counts.items()
    }


def read_hands(text: str, question: Question) -> Counts:
    """How many hands each option had. Raises `Invalid`; what is in bounds the room itself says."""
    try:
        told = json.loads(text[:20_000])
    except (ValueError, RecursionError):
        raise Invalid("hands", text[:20], words.UNREADABLE_HANDS) from None
    if not isinstance(told, dict) or not all(isinstance(part, dict) for part in told.values()):
        raise Invalid("hands", text[:20], words.UNREADABLE_HANDS)
    return told
