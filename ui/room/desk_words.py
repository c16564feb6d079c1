"""What a room says to whoever leads it."""

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
NO_ROOM = "There is no room open here."
UNREADABLE = "These numbers could not be read. Type them again."

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
