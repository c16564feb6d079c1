"""What a room says."""

from __future__ import annotations


def no_room(code: str) -> str:
    return f"There is no room “{code}”. Check the code; the room may have ended."


def full(most: int) -> str:
    return f"This server has {most} rooms open and takes no more. Try again later."


NOT_YOURS = "This room is led by someone else."
CLOSED = "This vote is closed."
VOTED = "You have already voted in this round."
NOTHING_ASKED = "There is no question to do this with: ask one first."
STILL_OPEN = "The vote is still open: close it first."
LAST_ROUND = "There have been two rounds: reveal the answer, or ask the next question."
REVEALED = "The answer is on the screen already."
AWAY = "The rooms cannot be reached just now. The lecture goes on by a show of hands, and the app keeps trying."
UNREADABLE = "This vote could not be read. Load the page again."


def crowded(most: int) -> str:
    return f"This room is full: {most:,} have voted."


def not_valid(what: str, value: object, valid: str) -> str:
    shown = " ".join(str(value).split())
    return f"{what}: {shown[:40]!r} is not valid; expected {valid}"


NOT_A_VOTE = "Votes come from the room's own page."
SLOWER = "Too many votes at once. Try again in a moment."


def no_store(variable: str, found: str, valid: str) -> str:
    return f"{variable}: {found[:40]!r} is not valid; expected {valid}, or nothing for rooms in this process"


def no_redis(variable: str) -> str:
    return f"{variable} asks for Redis, whose package is not installed: pip install -r requirements-redis.txt"


ONLY_HERE = (
    "Only this computer can reach the app. Start it with --server.address=0.0.0.0 (deploy/start.py: --address=0.0.0.0) "
    "to let in phones on the same network."
)
SAME_NETWORK = (
    "For phones on this computer's network. If none gets through, a firewall or the network is blocking them."
)
BY_ADDRESS = "Phones cannot reach this address. Open the page at the server's own address, then show the code again."
NO_NETWORK = "This computer is on no network that phones could share."


# to whoever leads a room
ROOM = "Room"
ROOM_HELP = "Ask the class what comes next: they vote by phone, or by a show of hands."

ABOUT = (
    "The class votes by phone on what comes next: vote, talk, vote again, then the answer. "
    "The room is kept in this server's memory: it lasts as long as the server runs, four hours at most."
)
ABOUT_SHARED = (
    "The class votes by phone on what comes next: vote, talk, vote again, then the answer. "
    "The room lasts four hours, even if the server restarts."
)

FIRST = "Vote first"
VOTING = "A question is open: reveal the answer, or end the question with Esc."
OPENING = "The run is still loading. Ask once it is there."
SEVERAL = "This page shows several runs at once: ask on the page of one run."
NOTHING_NEXT = "The run ends here: there is no next step to ask about."
NO_NUMBERS = "None of the numbers that could be asked about is finite here."
ALOUD = "This step asks for a number or a place, which cannot be voted on: take answers aloud."
NOT_MADE = "The step that was asked about could not be made. The question is over."
ELSEWHERE = "The question is about another view. Go back to it, or end the question."
BACK_BY_PHONE = "The rooms can be reached again: the next question goes to the phones."
LOST = "The rooms can be reached again, but this one is gone with its votes. To use phones, close it and open another."
NO_ROOM = "There is no room open here."
UNREADABLE_HANDS = "These numbers could not be read. Type them again."

# of TeX in a question, as plain text
SIGNS = {
    "beta": "β",
    "lambda": "λ",
    "theta": "θ",
    "mu": "μ",
    "log": "log ",
    "mathcal{L}": "ℒ",
    "lVert": "‖",
    "rVert": "‖",
}


def what_next(label: str, detail: str) -> str:
    """What is asked of every half-step."""
    return f"{label}{': ' if detail else ''}{detail}. What will it do to each number?"


def way(label: str, change: str, before: str, after: str) -> str:
    """What became of a number. change: rises, falls or stays; empty where it is not defined any more."""
    return f"{label} {change} {after}" if change == "stays" else f"{label} {change or 'goes'} from {before} to {after}"
