"""Moves as every page's tape names them."""

from __future__ import annotations

from dataclasses import replace

from em_core.kinds import MOVES
from em_core.records import BY_HAND
from figures.scene import Chip

START = Chip("start", "Go to the start", "$muted")
# words that are names
_PROPER = ("Adam", "Newton", "L-BFGS")
# where θ was set by hand, and where settings of moves were changed
HAND, ADJUSTED = "☞", "⚙"


def by_hand(index: int) -> Chip:
    """The place on the tape of θ set by hand."""
    return Chip(f"{HAND} by hand", f"Go to {index}: by hand", "$text")


# moves of θ that go to a maximum; the others climb some way
_MAXIMISES = "MC"


def called(letter: str) -> str:
    """The half-step that a move makes: E-step, Hard E-step, M-step, Gradient step, …"""
    move = MOVES[letter]
    step = f"{move.kind}-step" if move.kind == "E" or letter in _MAXIMISES else "step"
    return step if letter == move.kind else f"{move.word} {step}"


def numbered(index: int, letter: str | None) -> str:
    """A half-step for those who hear of it: its number, and what it was."""
    if letter is None:
        return "Start"
    return f"Half-step {index}, {'by hand' if letter == BY_HAND else within(letter)}"


def within(letter: str) -> str:
    """The same within a sentence."""
    name = called(letter)
    return name if name[1] == "-" or MOVES[letter].word in _PROPER else f"{name[0].lower()}{name[1:]}"


def coming(letter: str, index: int) -> dict[str, object]:
    """The place on the tape of a half-step that the schedule has ahead: a click makes all up to it."""
    if letter == BY_HAND:
        return replace(by_hand(index), name=f"Go on to {index}: by hand", to=index).json()
    color = "$elbo" if MOVES[letter].kind == "E" else "$text"
    return Chip(letter, f"Go on to {index} ({letter}: {MOVES[letter].name})", color, index).json()
