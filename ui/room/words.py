"""What a room says."""

from __future__ import annotations


def no_room(code: str) -> str:
    return f"There is no room “{code}”: its code is another one, or it has ended."


def full(most: int) -> str:
    return f"There are {most} rooms open on this server, which is all it takes. Try again later."


NOT_YOURS = "This room is led by someone else."
CLOSED = "This vote is closed."
VOTED = "You have already voted in this round."
NOTHING_ASKED = "There is no question to do this with: ask one first."
STILL_OPEN = "The vote is still open: close it first."
LAST_ROUND = "There have been two rounds: reveal the answer, or ask the next question."
REVEALED = "The answer is on the screen already."
AWAY = (
    "The rooms cannot be reached just now. The lecture goes on by a show of hands; they are tried again by themselves."
)
UNREADABLE = "This vote could not be read. Load the page again."


def crowded(most: int) -> str:
    return f"This room has its {most:,} voters."


def not_valid(what: str, value: object, valid: str) -> str:
    shown = " ".join(str(value).split())
    return f"{what}: {shown[:40]!r} is not valid; expected {valid}"


NOT_A_VOTE = "Votes come from the room's own page."
SLOWER = "Too many votes at once. Try again in a moment."


def no_store(variable: str, found: str, valid: str) -> str:
    return f"{variable}: {found[:40]!r} is not valid; expected {valid}, or nothing for rooms in this process"


def no_redis(variable: str) -> str:
    return f"{variable} asks for Redis, whose package is not installed: pip install -r requirements-redis.txt"


ONLY_HERE = "Only this computer reaches the app. Start it with --server.address=0.0.0.0, and phones in its network do."
SAME_NETWORK = (
    "For phones in this computer's network. If none gets through, its firewall or the network keeps them out."
)
NO_NETWORK = "This computer is in no network that phones could share."
