"""What a printed sheet says around the pictures and sentences of its half-steps, and a saved run where it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from figures.look.wording import without_coming

MODEL, DATA, SCHEDULE, SETTINGS, MOVES = "Model", "Data", "Schedule", "Settings", "Moves"
ALL, CHANGE, PARAMETERS = "All {}s", "change", "Unknowns"
SPARSE_CODING = {"sparse_coding": "Sparse coding, MAP", "sparse_coding_posterior": "Sparse coding, a ladder of q"}
OWN_DATA = "own data"
NO_SCRIPT = "No script: the M-step of this model, or this solver, has no short form."
STEP, WHY, KEY, NAME, DATE = "Step", "Why?", "{}: answers", "Name", "Date"
TASK, ONE_WAY = "A task for the app. What did you do, and what did you see?", "One way:"
STANDARDISED = "Standardised: every column has mean 0 and variance 1"

# of a saved run
NOT_INSIDE = "The working of this half-step is not in this file, which would otherwise be too large."


def at_the_end(text: dict[str, Any]) -> dict[str, Any]:
    """The texts of a frame after which nothing comes."""
    return {**text, "caption": without_coming(text["caption"])} if "caption" in text else text


def named(model: str, data: str) -> str:
    return f"{model}: {data}"


def source(source: str, licence: str) -> str:
    """Of shipped data."""
    return f"{source}. Licence: {licence}."


def shaped(name: str, shape: tuple[int, ...]) -> str:
    """Of numbers that are too many to list."""
    return f"{name}: {' × '.join(f'{length:,}' for length in shape)} numbers"


def needs(minutes: int, assumes: Sequence[str]) -> str:
    """Under the title of a lesson."""
    first = f"About {minutes} minutes." if minutes > 1 else "About a minute."
    return f"{first} Assumes: {', '.join(assumes)}." if assumes else first


def parameter(name: str) -> str:
    return "θ" if name == "theta" else name.replace("_", " ")


def parameters(shapes: dict[str, tuple[int, ...]]) -> str:
    """Of what a run learns or solves for, each with how many numbers it has."""
    told = (f"{parameter(name)} ({' × '.join(map(str, shape)) or 1})" for name, shape in shapes.items())
    return f"{PARAMETERS}: {', '.join(told)}"


def left_out(step: str, drawn: int, count: int) -> str:
    """Where not every half-step is drawn."""
    return (
        f"{drawn} of the {count:,} {step.lower()}s are drawn: the first ones and the last. The table at the end has "
        "the numbers of all of them."
    )


def heading(step: str, index: int, name: str) -> str:
    """Of a half-step. name: what the tape calls it."""
    return f"{step} {index}" if name.lower() == f"{step} {index}".lower() else f"{step} {index}: {name}"


# in a saved run, below the tape
NOT_ALL_FINER = "Only the first half-steps glide in this file: it has no room for the finer frames of the others."
# on the command line
STOPPED = "Stopped: nothing was written."


def share(done: float) -> str:
    """How far a file is."""
    return f"{int(100 * done)} %"
