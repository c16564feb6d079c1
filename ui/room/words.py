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


ONLY_HERE = (
    "Only this computer reaches the app. Started with --server.address=0.0.0.0 (deploy/start.py: --address=0.0.0.0), "
    "it lets in phones of its network."
)
SAME_NETWORK = (
    "For phones in this computer's network. If none gets through, its firewall or the network keeps them out."
)
BY_ADDRESS = "Phones cannot follow this address. Open the page by the server's own address, and ask for the room again."
NO_NETWORK = "This computer is in no network that phones could share."


# to whoever leads a room
ROOM = "Room"
ROOM_HELP = "Ask the class what comes next: they vote by phone, or by a show of hands."

ABOUT = (
    "The class votes by phone on what comes next: vote, talk, vote again, then the answer. "
    "The room is kept in this server's memory: it lives as long as the server runs, at most four hours."
)
ABOUT_SHARED = (
    "The class votes by phone on what comes next: vote, talk, vote again, then the answer. "
    "The room lives four hours, also where the server is started again."
)

FIRST = "Vote first"
VOTING = "A question is open: reveal the answer, or end the question with Esc."
OPENING = "The run is still being opened. Ask when it is there."
SEVERAL = "This page shows several runs at once: ask on the page of one run."
NOTHING_NEXT = "The run ends here: there is no next step to ask about."
NO_NUMBERS = "None of the numbers that could be asked about is finite here."
ALOUD = "This step asks for a number or a place, which no vote can give: have it answered aloud."
NOT_MADE = "The step that was asked about could not be made. The question is over."
ELSEWHERE = "The question is about another view. Go back to it, or end the question."
BACK_BY_PHONE = "The rooms can be reached again: the next question is asked by phone."
LOST = "The rooms can be reached again, but this one is gone with its votes. For phones close it, and open another."
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
