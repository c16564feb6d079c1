"""Where rooms live: one interface, kept in the process (`memory.py`) or by Redis for several of them (`shared.py`)."""

from __future__ import annotations

import hashlib
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ui.room import turns
from ui.room.records import Answer, Counts, InvalidVote, Question, Room
from ui.room.words import UNREADABLE

# no vowels, so that no code is a word, and nothing that is taken for another when it is read out or copied down
LETTERS = "BCDFGHJKLMNPRSTVWXYZ"
CODE = re.compile(f"[{LETTERS}]{{4}}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Opened(NamedTuple):
    """A room that was opened. key: what only its lecturer knows, and all that leads it."""

    code: str
    key: str


class Store(ABC):
    """Rooms by their code. Safe for many threads at once.

    Every method raises `NoRoom` for a code that is unknown, ended or expired, and `Away` where rooms cannot be reached;
    with a key that is not the room's, `NotYours`. A code may be given in small letters. What a method makes of a room
    `turns.py` says, with what else it raises; it returns the room after it.
    """

    @abstractmethod
    def open(self) -> Opened:
        """A new room, idle. Raises `TooMany`."""

    @abstractmethod
    def read(self, code: str) -> Room: ...

    @abstractmethod
    def hosted(self, code: str, key: str) -> Room:
        """The room, for who has its key: a lecturer who comes back."""

    @abstractmethod
    def turn(self, code: str, key: str, turn: Callable[[Room], Room]) -> Room:
        """What the lecturer does with the room."""

    def ask(self, code: str, key: str, question: Question) -> Room:
        return self.turn(code, key, lambda room: turns.asked(room, question))

    def again(self, code: str, key: str) -> Room:
        return self.turn(code, key, turns.again)

    def close(self, code: str, key: str) -> Room:
        return self.turn(code, key, turns.closed)

    def reveal(self, code: str, key: str, answer: Answer) -> Room:
        return self.turn(code, key, lambda room: turns.revealed(room, answer))

    def rest(self, code: str, key: str) -> Room:
        return self.turn(code, key, turns.resting)

    def count(self, code: str, key: str, numbers: Counts) -> Room:
        return self.turn(code, key, lambda room: turns.counted(room, numbers))

    def follow(self, code: str, key: str, view: str) -> Room:
        return self.turn(code, key, lambda room: turns.followed(room, view))

    @abstractmethod
    def end(self, code: str, key: str) -> None:
        """Forget the room, at once and entirely."""

    @abstractmethod
    def vote(self, code: str, voter: str, ballot: int, choices: Mapping[str, str]) -> None:
        """Count a vote: whole or not at all, once for each voter and ballot. Once it returns, the vote is counted.

        voter: a random token of the browser's. choices: an option of each part. Raises `Closed` unless this ballot is
        open, `Voted` for a second vote, `TooMany` for one voter more than a room holds, `InvalidVote`.
        """


def new() -> Opened:
    """A code, which may be another room's, and a key, which is nobody's."""
    return Opened("".join(secrets.choice(LETTERS) for _ in range(4)), secrets.token_urlsafe(24))


def code_of(text: str) -> str:
    """A code as it was typed; what is none stays what it is, in capitals."""
    return text.strip().upper()[:8]


def hashed(key: object) -> str:
    """A key as it is kept: whoever reads what is kept leads no room."""
    return hashlib.sha256(str(key).encode("utf-8", "surrogatepass")).hexdigest()


def check_voter(voter: object) -> None:
    """Raises `InvalidVote` for what is no token of a browser."""
    if not isinstance(voter, str) or not _TOKEN.fullmatch(voter):
        raise InvalidVote(UNREADABLE)
