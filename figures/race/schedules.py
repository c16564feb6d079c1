"""What each schedule is called, and what it does in a round, in words."""

from __future__ import annotations

from itertools import groupby

from em_core.observe.race import phases
from figures.look import layout, palette
from figures.look.moves import within

# what runs are called that are no schedules
_CALLED = {"squarem": "SQUAREM", "over_relaxed": "over-relaxed"}
_RIVALS = {
    "squarem": "extrapolates from two EM steps",
    "over_relaxed": "E-step, then ω times as far as M",
}
_COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# what stands before a name, in the shape of the run's own mark
_GLYPHS = {
    "circle": "●",
    "square": "■",
    "diamond": "◆",
    "triangle-up": "▲",
    "cross": "✚",
    "star": "★",
    "pentagon": "⬟",
    "hexagram": "✶",
}
_LONGEST = 15
# so many different half-steps in a row are told in words
_TOLD = 4


def called(word: str) -> str:
    """A run's name."""
    return _CALLED.get(word, word)


def short(word: str) -> str:
    """A run's name, cut where it is long."""
    name = called(word)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def sign(k: int) -> str:
    """The mark of a run, as text in its colour."""
    return f'<span style="color:{palette.component(k)}">{_GLYPHS.get(palette.symbol(k), "●")}</span>'


def marked(k: int, word: str, more: str = "") -> str:
    """A run's name behind its mark, as figures show it."""
    return f"{sign(k)} {layout.literal(short(word))}{more}"


def does(word: str) -> str:
    """What a run does in each round: "E-step, then five gradient steps"."""
    if word in _RIVALS:
        return _RIVALS[word]
    lead, cycle = phases(word)
    return f"first {_moves(lead, most=2)}; a round: {_moves(cycle)}" if lead else _moves(cycle)


def _moves(letters: str, most: int = _TOLD) -> str:
    groups = [(letter, len(list(same))) for letter, same in groupby(letters)]
    if len(groups) > most:
        return f"{len(letters):,} half-steps"
    return ", then ".join(_several(letter, count) for letter, count in groups)


def _several(letter: str, count: int) -> str:
    if count == 1:
        return within(letter)
    many = _COUNTS[count - 2] if count - 2 < len(_COUNTS) else f"{count:,}"
    return f"{many} {within(letter)}s"
