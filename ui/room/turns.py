"""What a lecturer does with a room: each from a room to the room after it, the same wherever rooms are kept.

idle → voting → closed → (second round: voting → closed →) revealed → idle, or the next question at any time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ui import limits
from ui.room import words
from ui.room.records import Answer, Counts, Invalid, NotNow, Phase, Question, Room

_VIEW = re.compile(r"[a-z]*(\?[!$-;=?-~]*)?")


def asked(room: Room, question: Question) -> Room:
    """Open the first vote on a question, whatever was asked before. Raises `Invalid`."""
    question.check()
    none = question.none()
    begun: dict[str, Any] = {"votes": (none,), "voted": (0,), "hands": (none,), "answer": None}
    return _next(room, "voting", question=question, ballot=room.ballot + 1, round=1, **begun)


def again(room: Room) -> Room:
    """Open the second vote on the same question. Raises `NotNow`."""
    question = _asked(room)
    if room.phase == "voting":
        raise NotNow(words.STILL_OPEN)
    if room.phase == "revealed":
        raise NotNow(words.REVEALED)
    if room.round == 2:
        raise NotNow(words.LAST_ROUND)
    none = question.none()
    begun: dict[str, Any] = {"votes": (*room.votes, none), "voted": (*room.voted, 0), "hands": (*room.hands, none)}
    return _next(room, "voting", ballot=room.ballot + 1, round=2, **begun)


def closed(room: Room) -> Room:
    """End the vote; the same room where it has ended. Raises `NotNow` where nothing was asked."""
    _asked(room)
    return _next(room, "closed") if room.phase == "voting" else room


def revealed(room: Room, answer: Answer) -> Room:
    """Say what is true, which ends the vote. Raises `NotNow`, `Invalid`."""
    answer.check(_asked(room))
    return _next(room, "revealed", answer=answer)


def resting(room: Room) -> Room:
    """Leave the question."""
    left: dict[str, Any] = {"votes": (), "voted": (), "hands": (), "answer": None}
    return _next(room, "idle", question=None, round=0, **left)


def counted(room: Room, numbers: Counts) -> Room:
    """Add the hands that were raised in this round to what phones say; typed in again, they replace those before.

    numbers: for each part how many hands each option had; what is left out had none. Raises `NotNow`, `Invalid`.
    """
    none = _asked(room).none()
    if room.phase == "revealed":
        raise NotNow(words.REVEALED)
    if not isinstance(numbers, Mapping) or not numbers.keys() <= none.keys():
        raise Invalid("hands", numbers, f"parts of the question: {', '.join(none)}")
    hands = {part: _hands(numbers.get(part, {}), options) for part, options in none.items()}
    return _next(room, room.phase, hands=(*room.hands[:-1], hands))


def followed(room: Room, view: str) -> Room:
    """Say where the lecturer is, as page?query; empty: no longer. Raises `Invalid` for what leads out of the app."""
    if not isinstance(view, str) or len(view) > limits.ROOM_VIEW or not _VIEW.fullmatch(view):
        raise Invalid("view", view, f"page?query of this app, at most {limits.ROOM_VIEW:,} characters")
    return room if view == room.view else _next(room, room.phase, view=view)


def _hands(given: Mapping[str, int], options: Mapping[str, int]) -> dict[str, int]:
    if not isinstance(given, Mapping) or not given.keys() <= options.keys():
        raise Invalid("hands", given, f"options of the question: {', '.join(options)}")
    for count in given.values():
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= limits.ROOM_VOTERS:
            raise Invalid("hands", count, f"a whole number from 0 to {limits.ROOM_VOTERS:,}")
    return {option: given.get(option, 0) for option in options}


def _asked(room: Room) -> Question:
    if room.question is None:
        raise NotNow(words.NOTHING_ASKED)
    return room.question


def _next(room: Room, phase: Phase, **changes: Any) -> Room:
    return replace(room, phase=phase, turn=room.turn + 1, revision=room.revision + 1, **changes)
