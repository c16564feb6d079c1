"""Rooms in the process: as long as the server runs, and on no other."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

from ui import limits
from ui.room import words
from ui.room.records import Closed, NoRoom, NotYours, Room, TooMany, Voted
from ui.room.store import Opened, Store, check_voter, code_of, hashed, new


@dataclass
class _Kept:
    """A room with its key, hashed, and who has voted in the present ballot."""

    room: Room
    key: str
    voters: set[str] = field(default_factory=set)


class Memory(Store):
    """A `Store` in the process. lasting: seconds that a room lives; clock: seconds since 1970."""

    def __init__(self, lasting: float = limits.ROOM_SECONDS, clock: Callable[[], float] = time.time) -> None:
        self.lasting = lasting
        self.clock = clock
        self._rooms: dict[str, _Kept] = {}
        self._lock = Lock()

    def open(self) -> Opened:
        with self._lock:
            self._forget()
            if len(self._rooms) >= limits.ROOMS:
                raise TooMany(words.full(limits.ROOMS))
            opened = new()
            while opened.code in self._rooms:
                opened = new()
            self._rooms[opened.code] = _Kept(Room(opened.code, self.clock()), hashed(opened.key))
        return opened

    def read(self, code: str) -> Room:
        with self._lock:
            return self._found(code).room

    def hosted(self, code: str, key: str) -> Room:
        return self.turn(code, key, lambda room: room)

    def end(self, code: str, key: str) -> None:
        with self._lock:
            kept = self._hosted(code, key)
            del self._rooms[kept.room.code]

    def vote(self, code: str, voter: str, ballot: int, choices: Mapping[str, str]) -> None:
        check_voter(voter)
        with self._lock:
            kept = self._found(code)
            room = kept.room
            if room.phase != "voting" or ballot != room.ballot or room.question is None:
                raise Closed
            room.question.check_vote(choices)
            if voter in kept.voters:
                raise Voted
            if len(kept.voters) >= limits.ROOM_VOTERS:
                raise TooMany(words.crowded(limits.ROOM_VOTERS))
            kept.voters.add(voter)
            votes = {
                part: {option: count + (choices[part] == option) for option, count in options.items()}
                for part, options in room.votes[-1].items()
            }
            kept.room = replace(
                room,
                votes=(*room.votes[:-1], votes),
                voted=(*room.voted[:-1], room.voted[-1] + 1),
                revision=room.revision + 1,
            )

    def turn(self, code: str, key: str, turn: Callable[[Room], Room]) -> Room:
        with self._lock:
            kept = self._hosted(code, key)
            after = turn(kept.room)
            if after.ballot != kept.room.ballot or after.question is None:
                kept.voters = set()
            kept.room = after
            return after

    def _hosted(self, code: str, key: str) -> _Kept:
        kept = self._found(code)
        if not hmac.compare_digest(kept.key, hashed(key)):
            raise NotYours
        return kept

    def _found(self, code: str) -> _Kept:
        self._forget()
        kept = self._rooms.get(code_of(code))
        if kept is None:
            raise NoRoom(code)
        return kept

    def _forget(self) -> None:
        """The rooms whose time is over; the oldest stands first."""
        over = self.clock() - self.lasting
        while self._rooms and (oldest := next(iter(self._rooms.values()))).room.opened <= over:
            del self._rooms[oldest.room.code]
