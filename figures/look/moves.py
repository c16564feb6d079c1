"""Moves as every page's tape names them."""

from __future__ import annotations

from em_core.kinds import MOVES
from figures.scene import Chip

START = Chip("start", "Go to the start", "$muted")


def called(letter: str) -> str:
    """The half-step that a move makes: E-step, Hard E-step, Gradient M-step, …"""
    move = MOVES[letter]
    step = f"{move.kind}-step"
    return step if letter == move.kind else f"{move.word} {step}"


def coming(letter: str, index: int) -> dict[str, object]:
    """The place on the tape of a half-step that the schedule has ahead: a click makes all up to it."""
    color = "$elbo" if MOVES[letter].kind == "E" else "$text"
    return Chip(letter, f"Go on to {index} ({letter}: {MOVES[letter].name})", color, index).json()
