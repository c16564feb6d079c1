"""What the app says around lessons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from figures.ascent.words import DRAG
from figures.em.data_views.words import coin

FIRST = "Predict first"
LOCKED = "First say what you expect: the answer comes after that."
UNREADABLE = "That answer could not be read. Please give it again."
A_LESSON = "a step of a lesson that is there"

LESSONS = "Lessons"

# columns of a run's numbers, as a question names them
_NAMES = {
    "log_evidence": "log p(v)",
    "elbo": "ELBO",
    "gap": "gap",
    "kl": "KL",
    "expected_log_joint": "expected log p(h, v)",
    "duality_gap": "duality gap",
    "theta": "θ",
}
_COLUMN = re.compile(r"(\w+?)\[(\d+)\](?:\[(\d+)\])?")


def no_lesson(name: str, known: Iterable[str], broken: Iterable[str] = ()) -> str:
    """broken: a line for each file that is left out; that of the lesson says why it is not there."""
    for line in broken:
        if line.startswith(f"{name}.toml, line "):
            return f"Link: {line}"
    return f"Link: there is no lesson “{name[:40]}”. There are: {', '.join(known)}."


def no_step(name: str, lesson: str, known: Iterable[str]) -> str:
    return f"Link: “{lesson}” has no step “{name[:40]}”. It has: {', '.join(known)}. It begins with the first."


def unopened(lesson: str, step: str, error: object) -> str:
    return f"Lesson {lesson}, {step}: {error}. The defaults are shown instead."


def column(name: str, model: str = "", columns: Sequence[str] = ()) -> str:
    """What a column of numbers is called on the screen, where a model calls its own by name as it does.

    columns: of the data.
    """
    if model == "dictionary_learning" and name == "expected_log_joint":
        return "log p(v, h)"
    if name in _NAMES:
        return _NAMES[name]
    found = _COLUMN.fullmatch(name)
    if not found:
        return name.replace("_", " ")
    what, row, place = found[1], int(found[2]), found[3]
    if model == "binomial_mixture" and what == "probabilities":
        return f"coin {coin(row)}"
    if model == "hidden_markov" and what == "probabilities" and place is not None and columns:
        return f"state {row + 1}, {columns[0].partition(' (')[0]} {int(place) + 1}"
    if what == "code":
        return f"h{row + 1}"
    called = f"{_one(what).replace('_', ' ')} {row + 1}"
    return called if place is None else f"{called}, {entry(what, int(place), columns)}"


def entry(what: str, place: int, columns: Sequence[str]) -> str:
    """What one number of a row is called: a coordinate of a mean by the data's column. place: from 0."""
    return columns[place] if what == "means" and place < len(columns) else f"entry {place + 1}"


def _one(names: str) -> str:
    """The singular of what a column has many of."""
    return f"{names[:-3]}y" if names.endswith("ies") else names.removesuffix("s")


def still(note: str) -> str:
    """A note where nothing can be dragged."""
    return note.removeprefix(f"{DRAG}; ").removeprefix(DRAG)


def kind(asks: bool, sets: bool) -> str:
    """What a step is called among the others, which tells nothing of its answer. asks: a question; sets: a task."""
    return "question" if asks else "task" if sets else "picture"
