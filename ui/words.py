"""What the app says around every stage; what a page alone says stands in the `words.py` of its folder."""

from __future__ import annotations

from collections.abc import Sequence

# below the name of the app: what each page is for
PURPOSES = {
    "em": "Watch the EM algorithm climb: press E, then M.",
    "ascent": "Watch EM climb its own hill: E along q, M along θ.",
    "race": "See which M-steps get there first, and at what cost.",
    "starts": "See where EM ends from many random starts: press Play.",
    "map": "Watch coefficients become exactly 0, step by step.",
    "posterior": "See what a simpler q costs, down to a single point.",
    "dictionary": "Watch a dictionary being learned: press H, then M.",
}

# why no half-step follows
STOPPED = "The run stopped here."
SCHEDULE_DONE = "Schedule complete. The next step repeats its last cycle."
# where half-steps were put aside
ASIDE = "The previous run was set aside. Undo (Ctrl+Z) brings it back."

# where another schedule is chosen for a run under way
FOLLOWS = "The run continues from half-step {} with the new schedule; Reset starts again."

# what is shown in place of what makes no sense in a link
DEFAULT = "The default is shown instead."
DEFAULTS = "The defaults are shown instead."
USUAL_VIEW = "The usual view is shown instead."
EMPTY_TAPE = "The tape starts empty."
FROM_THE_START = "The run starts again."
NOT_BY_HAND = "The run is shown without what was changed by hand."

OPENING_LINK = "Replaying the run in this link …"
OPENING_FILE = "Replaying the run in this file …"

# in the sidebar
TAKE = "Take it away"
TAKE_HELD = "The run on this page as a file. An experiment can be opened here again, and on the command line."
OPEN = "Open an experiment"
YOUR_OWN = "Your own"
SAVE = "Experiment (JSON)"
STOP, STOP_HELP = "Stop", "Make no file; the run on the page stays as it is."
NOT_THERE = "This file is no longer there. Press its button on the page once more."
SAVED_END = "This is the end of the saved run."
NO_LINK = "This run is too long for a link. Save it as a file to share it."
GLOSSARY = "Glossary"
# of a table that the reader brings
FIRST_ROWS = "First rows"
MORE_KEYS = "Press . for presenter mode and ? for a list of all keys."


# two runs side by side: A, which is kept, and B, the one on the page
KEPT_TOO_LONG = "Run A is too long for a link, so the address holds B alone. Save each as a file to share both."
NOT_KEPT = "The run is shown without one to compare with."
SAME = "B = A: now change one thing"
OTHER_DATA = "log p of other data is another quantity: a difference would mean nothing."
OTHER_MODEL = "log p of another model of other data is another quantity: a difference would mean nothing."
# what no control describes
OTHER_PARTS = {
    "data": "other data",
    "start": "another start",
    "dictionary": "another dictionary",
    "mean": "another μ",
    "settings": "other settings from a file",
}


def differing(parts: Sequence[str]) -> str:
    """The sentence of what B has otherwise than A."""
    return f"B has {'; '.join(parts)}" if parts else SAME


def instead(label: str, now: str, before: str) -> str:
    """Of a setting that is another."""
    return f"{label} {now} instead of {before}"


def lowered(label: str) -> str:
    """A label within a sentence: Components K, but not EM."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def switched(label: str, on: bool) -> str:
    """Of a switch."""
    return f"“{label}” {'on' if on else 'off'}"


def other_moves(first: int, now: str, before: str) -> str:
    """Of a tape that goes another way."""
    return f"other moves from half-step {first} on ({now} instead of {before})"


def by_hand(places: str) -> str:
    """Of θ that was set."""
    return f"θ set by hand at {places}"


def keys(moves: str) -> str:
    """What the keyboard does on the stage; moves: what more on this page."""
    return f"Keys: → ← step, Space plays, Home goes to the start, End runs to the end{moves}."


def link(error: object, instead: str) -> str:
    return f"Link: {error}. {instead}"


def unopened(file: str, error: object) -> str:
    return f"{file}: {error}. The run on the page is unchanged."


def beside_file(label: str, message: str) -> str:
    """What is said of a file that was made."""
    return f"{label}: {message}"


def untaken(label: str, error: object) -> str:
    """Of a file that cannot be made."""
    return f"{label}: {error}. The run on the page is unchanged."


def writing(label: str, share: float) -> str:
    """How far a file is."""
    return f"{label}: {int(100 * share)} %"


def stopped(label: str) -> str:
    """Of a file that was not made to its end."""
    return f"{label}: stopped, no file was made. The run on the page is unchanged."


def unfetched(name: str) -> str:
    """Of a file that was made."""
    return f"{name}: the browser has not fetched the file. Allow downloads from this page, and press the button again."


def paused(steps: int) -> str:
    """At the end of the way that End goes at once."""
    return f"{steps} more steps, not converged yet. Press End to continue."


def full(most: int, what: str) -> str:
    """Why nothing can follow on a full page. what: `steps` or `half-steps`."""
    return f"This page holds up to {most:,} {what}. Use the command line for more."


def cut_short(whose: str, count: int, most: int, what: str) -> str:
    """Of a file or schedule that is longer than the page holds."""
    return f"{whose} has {count:,} {what}; this page holds up to {most:,}. Use the command line for more."


def fault(number: str) -> str:
    """What nothing else has caught."""
    return (
        f"Something went wrong (error {number}). Reload the page: its address keeps your view. "
        "If it happens again, open the app without the rest of the address."
    )
